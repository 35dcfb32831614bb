//! What the records of an earlier life say of pages.

use alloc::{collections::BTreeMap, vec::Vec};

use crate::{
    host::Host,
    identity::{Lsn, MessageId, PageId, QueueId},
    pages::{Kept, PageRecord},
    queue::Page,
    record::PagedRecord,
    store::Entity,
};

/// All pages that have messages which are not settled, as far as the records were read.
#[derive(Debug, Default)]
pub(super) struct Paged {
    pages: BTreeMap<PageId, PageFound>,
    /// The pages of a queue's lane by their first messages: none overlaps another.
    places: BTreeMap<(QueueId, u8), BTreeMap<MessageId, PageId>>,
}

#[derive(Debug)]
struct PageFound {
    place: (QueueId, u8),
    first: MessageId,
    kept: Kept,
}

impl Paged {
    /// The newest record of a page says all that counts of it.
    pub(super) fn add(&mut self, lsn: Lsn, record: PagedRecord) {
        let PagedRecord { page, queue, lane, bytes, ids } = record;
        self.remove(page);
        let Some(first) = ids.iter().next() else { return };
        let place = (queue, lane);
        self.places.entry(place).or_default().insert(first, page);
        let kept = Kept::new(ids, bytes, Some(lsn));
        self.pages.insert(page, PageFound { place, first, kept });
    }

    pub(super) fn remove(&mut self, page: PageId) {
        let Some(found) = self.pages.remove(&page) else { return };
        if let Some(places) = self.places.get_mut(&found.place) {
            places.remove(&found.first);
        }
    }

    pub(super) fn settle(&mut self, queue: QueueId, id: MessageId) {
        let lanes = self.places.range((queue, u8::MIN)..=(queue, u8::MAX));
        let candidates: Vec<PageId> = lanes
            .filter_map(|(_, places)| places.range(..=id).next_back())
            .map(|(_, page)| *page)
            .collect();
        for page in candidates {
            let Some(found) = self.pages.get_mut(&page) else { continue };
            if found.kept.settle(id) {
                if found.kept.is_empty() {
                    self.remove(page);
                }
                return;
            }
        }
    }

    /// Puts the pages into the queues that still exist.
    pub(super) fn install(mut self, host: &mut Host) {
        for ((queue_id, lane), places) in core::mem::take(&mut self.places) {
            for page in places.into_values() {
                let Some(found) = self.pages.remove(&page) else { continue };
                let Some(queue) = host.queues.get_mut(queue_id) else { continue };
                let ids = found.kept.ids();
                let (Some(first), Some(last)) = (ids.iter().next(), ids.iter().last()) else {
                    continue;
                };
                let page_ids = (first, last);
                let bytes = found.kept.bytes;
                let restored = Page::recovered(page, ids.iter().count(), page_ids, bytes);
                queue.ready.restore_page(lane, restored);
                if let Some(recorded) = found.kept.recorded {
                    host.store.add(recorded, Entity::Page(page));
                }
                let kept = Some(found.kept);
                let newest = Lsn::default();
                let record = PageRecord { queue: queue_id, lane, newest, kept, weight: None };
                host.pages.insert(page, record);
            }
        }
    }
}
