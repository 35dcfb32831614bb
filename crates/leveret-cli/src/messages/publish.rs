//! `leveret publish`: messages from the shell, each confirmed.

use std::{
    collections::VecDeque,
    io::{self, BufReader, IsTerminal as _, Write as _},
    time::{Duration, Instant},
};

use bytes::Bytes;
use leveret_client::{Confirm, Publish, PublishError, ShortStr};

use super::{
    args::PublishArgs,
    failure::{Failure, LineError},
    input::{LinesEnd, Mould, all_of_stdin, lines},
    session::Session,
};
use crate::interruption::interruption;

/// How many messages may wait for their confirm.
const WINDOW: usize = 1000;
/// Between two lines of progress.
const PROGRESS: Duration = Duration::from_millis(200);

pub(super) async fn run(args: PublishArgs) -> Result<(), Failure> {
    let mould = Mould::of(&args)?;
    let session = Session::open(&args.broker).await?;
    if args.is_scheduled() && !session.connection.has_capability("leveret.scheduled_messages") {
        return Err(Failure::NoSchedule);
    }
    session.channel.confirm_select().await?;
    if let Some(name) = &args.cancel {
        cancel(&session, &mould, name).await?;
        session.close().await;
        return Ok(());
    }
    let mut line = Line::new(&session);
    if args.lines || args.json {
        from_lines(&mut line, &mould, args.json).await?;
    } else {
        let body = match (args.body, args.file) {
            (Some(body), _) => body.into(),
            (None, Some(path)) => std::fs::read(&path)
                .map(Bytes::from)
                .map_err(|source| Failure::File { path, source })?,
            (None, None) => all_of_stdin()?,
        };
        line.publish(mould.cast(body)).await?;
    }
    line.settle(0).await?;
    let published = line.confirmed;
    line.progress.end();
    // Whoever cannot be told still has the exit code.
    writeln!(io::stderr(), "published {published}, each confirmed by the broker").ok();
    session.close().await;
    Ok(())
}

/// Asks for the end of a message that waits, which comes back as unroutable if there is none.
async fn cancel(session: &Session, mould: &Mould, name: &ShortStr) -> Result<(), Failure> {
    let refused = |source| Failure::Publish { number: 1, confirmed: 0, source: Box::new(source) };
    let confirm = session.channel.publish(mould.cast(Bytes::new())).await.map_err(refused)?;
    match confirm.await {
        Err(PublishError::Unroutable { .. }) => Err(Failure::NothingWaits(name.to_string())),
        Err(source) => Err(refused(source)),
        Ok(()) => {
            writeln!(io::stderr(), "cancelled `{name}`, confirmed by the broker").ok();
            Ok(())
        }
    }
}

async fn from_lines(line: &mut Line<'_>, mould: &Mould, is_json: bool) -> Result<(), Failure> {
    let mut input = lines(BufReader::new(io::stdin()));
    let mut interrupted = interruption();
    loop {
        let next = tokio::select! {
            biased;
            _ = interrupted.changed() => {
                line.settle(0).await?;
                return Err(Failure::Interrupted { confirmed: line.confirmed });
            }
            next = input.recv() => next,
        };
        let Some(next) = next else { return Ok(()) };
        let number = line.sent + 1;
        let refused = |confirmed, reason| Failure::Line { line: number, reason, confirmed };
        let text = match next {
            Ok(text) => text,
            Err(LinesEnd::Input(error)) => return Err(Failure::Input(error)),
            Err(LinesEnd::TooLarge(max)) => {
                line.settle(0).await?;
                return Err(refused(line.confirmed, LineError::TooLarge(max)));
            }
        };
        let publish = if is_json {
            match mould.cast_json(&String::from_utf8_lossy(&text)) {
                Ok(publish) => publish,
                Err(reason) => {
                    line.settle(0).await?;
                    return Err(refused(line.confirmed, reason));
                }
            }
        } else {
            mould.cast(text.into())
        };
        line.publish(publish).await?;
    }
}

/// Publishes one after another, and waits for confirms in the same order.
struct Line<'a> {
    session: &'a Session,
    waiting: VecDeque<Confirm>,
    sent: u64,
    confirmed: u64,
    progress: Progress,
}

impl<'a> Line<'a> {
    fn new(session: &'a Session) -> Self {
        let waiting = VecDeque::with_capacity(WINDOW);
        Self { session, waiting, sent: 0, confirmed: 0, progress: Progress::new() }
    }

    async fn publish(&mut self, publish: Publish) -> Result<(), Failure> {
        self.settle(WINDOW - 1).await?;
        let sent = self.session.channel.publish(publish).await;
        self.sent += 1;
        let (number, confirmed) = (self.sent, self.confirmed);
        let confirm = sent.map_err(|source| Failure::Publish {
            number,
            confirmed,
            source: Box::new(source),
        })?;
        self.waiting.push_back(confirm);
        Ok(())
    }

    /// Waits until no more than so many confirms are open.
    async fn settle(&mut self, open: usize) -> Result<(), Failure> {
        while self.waiting.len() > open {
            let Some(confirm) = self.waiting.pop_front() else { break };
            let confirmed = self.confirmed;
            confirm.await.map_err(|source| Failure::Publish {
                number: confirmed + 1,
                confirmed,
                source: Box::new(source),
            })?;
            self.confirmed += 1;
            self.progress.tell(self.confirmed);
        }
        Ok(())
    }
}

/// How far it is, on a terminal.
struct Progress {
    is_shown: bool,
    last: Instant,
}

impl Progress {
    fn new() -> Self {
        Self { is_shown: io::stderr().is_terminal(), last: Instant::now() }
    }

    fn tell(&mut self, confirmed: u64) {
        if self.is_shown && self.last.elapsed() >= PROGRESS {
            self.last = Instant::now();
            write!(io::stderr(), "\r{confirmed} published").ok();
        }
    }

    fn end(&self) {
        if self.is_shown {
            write!(io::stderr(), "\r").ok();
        }
    }
}
