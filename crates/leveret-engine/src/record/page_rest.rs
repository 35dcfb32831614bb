//! What is left of a page in which little is needed any more.

use alloc::{collections::BTreeSet, vec::Vec};

use bytes::Bytes;

use super::{
    page::PageIds,
    page_content::{PageContent, PageReader},
};
use crate::identity::{MessageId, PageId, QueueId};

/// The messages of a page that are still needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRest {
    page: PageId,
    queue: QueueId,
    ids: PageIds,
}

impl PageRest {
    pub(crate) const fn new(page: PageId, queue: QueueId, ids: PageIds) -> Self {
        Self { page, queue, ids }
    }

    /// A page with nothing else in it, made from the page as it is; nothing if any of that is
    /// damaged or missing, for then it is to stay as it is.
    pub fn of(&self, content: Bytes) -> Option<Bytes> {
        let wanted: BTreeSet<MessageId> = self.ids.iter().collect();
        let mut reader = PageReader::new(self.page, self.queue, content);
        let (mut lines, mut bytes) = (Vec::new(), 0_usize);
        while let Some(line) = reader.next() {
            if line.is_kept && wanted.contains(&line.message.id) {
                let line = Bytes::copy_from_slice(reader.last_line());
                bytes = bytes.saturating_add(line.len());
                lines.push(line);
            }
        }
        if reader.damage.is_some() || lines.len() != wanted.len() {
            return None;
        }
        let mut rest = PageContent::new(self.page, self.queue, lines.len(), bytes);
        for line in lines {
            rest.put_line(&line);
        }
        Some(rest.finish())
    }
}
