//! Reads all there is on the disk once after a start, to find damage early.
//!
//! A start verifies what it reads of the log, and a page is verified when it is wanted, which may be
//! in a year. Changes nothing, and nobody waits for it. Keeps true: only what the log and the pages
//! say that they have is called damaged; a file that went, or became another, meanwhile is not.

mod figures;

use std::time::Duration;

use leveret_journal::{Checker, Disk, OpenError};
use tokio::{sync::watch, task::spawn_blocking};

pub use self::figures::{ScrubState, Scrubbed};
use crate::{
    causes::causes,
    hosts::DiskQueues,
    lifecycle::Watch,
    log::Segment,
    pages::{CheckedPage, PageCheck},
};

#[cfg(test)]
mod tests;

/// The two directories, open once more, for reading.
#[derive(Debug)]
pub(crate) struct Scrub<D> {
    log: Checker<D>,
    pages: PageCheck<D>,
}

/// What a pass asks, and whom it tells.
pub(crate) struct Terms {
    pub(crate) queues: DiskQueues,
    /// Bytes per second that hold now; none at all is off.
    pub(crate) rate: Box<dyn Fn() -> u64 + Send + Sync>,
    pub(crate) figures: watch::Sender<Scrubbed>,
}

/// The pass cannot go on: it was switched off, or the log or the pages have ended.
struct Over;

impl<D: Disk + Send + 'static> Scrub<D> {
    pub(crate) const fn new(log: D, pages: D) -> Self {
        Self { log: Checker::new(log), pages: PageCheck::new(pages) }
    }

    /// Reads all there is now; ends early if the broker does.
    pub(crate) async fn run(self, terms: Terms, mut lifecycle: Watch) {
        tokio::select! {
            () = self.pass(&terms) => {}
            _ = lifecycle.ended() => {}
        }
    }

    async fn pass(self, terms: &Terms) {
        if (terms.rate)() == 0 {
            return;
        }
        terms.note(|figures| figures.state = ScrubState::Running);
        let Self { log, pages } = self;
        let state = match terms.read(log, pages).await {
            Ok(()) => ScrubState::Done,
            Err(Over) => ScrubState::Off,
        };
        terms.note(|figures| figures.state = state);
        let Scrubbed { files, bytes, damaged, .. } = *terms.figures.borrow();
        tracing::info!(
            files,
            bytes,
            damaged,
            state = state.as_str(),
            "verified what is on the disk"
        );
    }
}

impl Terms {
    async fn read<D: Disk + Send + 'static>(
        &self,
        mut log: Checker<D>,
        mut pages: PageCheck<D>,
    ) -> Result<(), Over> {
        for segment in self.queues.log.list().await.ok_or(Over)? {
            log = self.read_segment(log, segment).await?;
        }
        for file in self.queues.pages.list().await.ok_or(Over)? {
            pages = self.read_page(pages, file).await?;
        }
        Ok(())
    }

    async fn read_segment<D: Disk + Send + 'static>(
        &self,
        log: Checker<D>,
        Segment { file, bytes }: Segment,
    ) -> Result<Checker<D>, Over> {
        let name = file.clone();
        let begin = move |log: &mut Checker<D>| log.begin(&name, bytes).and_then(|()| log.go_on());
        let (mut log, mut verified) = aside(log, begin).await;
        loop {
            match verified {
                Ok(0) => break,
                Ok(bytes) => self.rest_after(bytes).await?,
                Err(error) => {
                    // Only a segment that the log still has was one all the time.
                    let listed = self.queues.log.list().await.ok_or(Over)?;
                    if listed.iter().any(|segment| segment.file == file) {
                        self.tell_of_segment(&file, error);
                    }
                    break;
                }
            }
            (log, verified) = aside(log, Checker::go_on).await;
        }
        self.note(|figures| figures.files += 1);
        Ok(log)
    }

    async fn read_page<D: Disk + Send + 'static>(
        &self,
        pages: PageCheck<D>,
        file: String,
    ) -> Result<PageCheck<D>, Over> {
        let name = file.clone();
        let (pages, found) = aside(pages, move |pages| pages.check(&name)).await;
        match found {
            // It was dropped meanwhile.
            Ok(None) => return Ok(pages),
            Ok(Some(CheckedPage { bytes, damage })) => {
                if let Some((offset, problem)) = damage {
                    self.tell_of_page(&pages.path(&file), offset, problem);
                }
                self.note(|figures| figures.files += 1);
                self.rest_after(bytes).await?;
            }
            Err(error) => {
                self.tell_of_page(&pages.path(&file), 0, &error.to_string());
                self.note(|figures| figures.files += 1);
            }
        }
        Ok(pages)
    }

    fn tell_of_segment(&self, file: &str, error: OpenError) {
        self.note(|figures| figures.damaged += 1);
        let (file, offset, problem) = if let OpenError::Damage { file, offset, flaw } = error {
            (file, offset, flaw.to_string())
        } else {
            (file.to_owned(), 0, format!("{error}{}", causes(&error)))
        };
        tracing::error!(
            file,
            offset,
            problem,
            "a segment of the log is damaged, and the next start will refuse it: \
             see `leveret journal verify` and `leveret journal salvage`"
        );
    }

    fn tell_of_page(&self, file: &str, offset: u64, problem: &str) {
        self.note(|figures| figures.damaged += 1);
        tracing::error!(
            file,
            offset,
            problem,
            "a page is damaged, and gives out what of it can be read: \
             see `leveret journal verify`, and restore the file from a backup"
        );
    }

    /// Leaves the disk to others, so long that the rate holds.
    async fn rest_after(&self, bytes: u64) -> Result<(), Over> {
        self.note(|figures| figures.bytes += bytes);
        let rate = match (self.rate)() {
            0 => return Err(Over),
            rate => rate,
        };
        let micros = u128::from(bytes) * 1_000_000 / u128::from(rate);
        tokio::time::sleep(Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))).await;
        Ok(())
    }

    fn note(&self, change: impl FnOnce(&mut Scrubbed)) {
        self.figures.send_modify(change);
    }
}

/// Does a piece of work where it may block.
async fn aside<T: Send + 'static, R: Send + 'static>(
    mut tool: T,
    work: impl FnOnce(&mut T) -> R + Send + 'static,
) -> (T, R) {
    let done = spawn_blocking(move || {
        let result = work(&mut tool);
        (tool, result)
    })
    .await;
    done.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}
