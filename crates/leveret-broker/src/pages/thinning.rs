//! Writes pages anew that have little left in them.
//!
//! One after the other, when nothing else is to be done.

use std::{
    collections::BTreeMap,
    io,
    time::{Duration, Instant},
};

use bytes::Bytes;
use leveret_engine::PageRest;
use leveret_journal::{Disk, StreamId};

use super::{key::PageKey, shelf::Shelf};

/// Bytes of pages that are read for this in a second, on average.
const BYTES_PER_SEC: u32 = 16 << 20;

/// Pages that could be smaller.
#[derive(Debug)]
pub(super) struct Thinning {
    pages: BTreeMap<PageKey, PageRest>,
    /// When the next may be written.
    from: Instant,
}

impl Thinning {
    pub(super) fn new() -> Self {
        Self { pages: BTreeMap::new(), from: Instant::now() }
    }

    /// The newest word of a page is what counts.
    pub(super) fn add(&mut self, key: PageKey, rest: PageRest) {
        self.pages.insert(key, rest);
    }

    /// The page goes.
    pub(super) fn forget(&mut self, key: PageKey) {
        self.pages.remove(&key);
    }

    pub(super) fn forget_stream(&mut self, stream: StreamId) {
        self.pages.retain(|key, _| key.stream != stream);
    }

    /// How long until the next is due, if there is one.
    pub(super) fn due_in(&self) -> Option<Duration> {
        (!self.pages.is_empty()).then(|| self.from.saturating_duration_since(Instant::now()))
    }

    /// Writes the next one anew. That it cannot be done is no harm, unless what was done cannot be
    /// made to last.
    pub(super) fn thin_one<D: Disk>(&mut self, store: &mut Shelf<D>) -> io::Result<()> {
        let Some((key, rest)) = self.pages.pop_first() else { return Ok(()) };
        let (stream, page) = (key.stream.0, key.page.0);
        let whole = match store.read(key) {
            Ok(whole) => Bytes::from(whole),
            Err(error) => {
                tracing::warn!(stream, page, %error, "a page cannot be read to be made smaller");
                return Ok(());
            }
        };
        let before = whole.len();
        self.from = Instant::now() + rest_after(before);
        let Some(rest) = rest.of(whole) else {
            tracing::warn!(stream, page, "a page is not whole, and is left as it is");
            return Ok(());
        };
        if let Err(error) = store.replace(key, &rest) {
            tracing::warn!(stream, page, %error, "a page cannot be made smaller");
            return Ok(());
        }
        tracing::debug!(stream, page, before, after = rest.len(), "made a page smaller");
        store.sync_names()
    }
}

fn rest_after(bytes: usize) -> Duration {
    Duration::from_secs(1).saturating_mul(u32::try_from(bytes).unwrap_or(u32::MAX)) / BYTES_PER_SEC
}
