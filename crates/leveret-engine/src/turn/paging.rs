//! What is beyond a queue's memory goes to pages, and comes back when wanted.
//!
//! A page is stored before a record says that it has the messages; from that record on the log
//! need not have them. It is dropped when none of its messages is needed, and the records that
//! say so are durable.

use alloc::{sync::Arc, vec::Vec};

use bytes::Bytes;

use super::{Turn, bounds::Progress};
use crate::{
    effects::Effect,
    identity::{PageId, QueueId},
    message::Message,
    outbox::Until,
    pages::{Kept, PageRecord, Weight},
    queue::{Drained, Entry, Refill, Remnant},
    record::{Fact, PageContent, PageDamage, PageIds, PageReader, PagedRecord},
    store::Entity,
    timers::Timer,
    work::Task,
};

impl Turn<'_> {
    /// Cuts pages off the queue's tail, if it has become long.
    pub(super) fn page_out(&mut self, id: QueueId) -> Progress {
        while let Some(queue) = self.host.queues.get(id)
            && queue.ready.is_crowded()
        {
            if self.steps_left == 0 {
                return Progress::OutOfSteps;
            }
            self.store_page(id);
        }
        Progress::Done
    }

    fn store_page(&mut self, queue: QueueId) {
        let host = &mut *self.host;
        let Some(home) = host.queues.get_mut(queue) else { return };
        let keeps_any = home.spec.is_recorded();
        let id = PageId(host.serials.next());
        let Some((lane, page)) = home.ready.cut(id) else { return };
        self.steps_left = self.steps_left.saturating_sub(page.count);
        let keeps = |entry: &&Entry| keeps_any && entry.message.letter.persistent;
        let mut content = PageContent::new(id, queue, page.count, page.content_bytes());
        for entry in page.entries() {
            content.put(entry, keeps(&entry));
        }
        let ids: PageIds = page.entries().filter(keeps).map(|entry| entry.message.id).collect();
        let newest = page.entries().map(|entry| entry.message.recorded).max().unwrap_or_default();
        let kept_bytes =
            page.entries().filter(keeps).map(|entry| entry.message.letter.body_bytes());
        let kept = (!ids.is_empty()).then(|| Kept::new(ids, kept_bytes.sum(), None));
        let (durable, content) = (kept.is_some(), content.finish());
        host.pages.insert(id, PageRecord { queue, lane, newest, kept, weight: None });
        self.effects.push(Effect::StorePage { page: id, durable, content });
    }

    pub(super) fn page_stored(&mut self, id: PageId) {
        let host = &mut *self.host;
        let Some(page) = host.pages.get_mut(&id) else { return };
        let queue_id = page.queue;
        let Some(queue) = host.queues.get_mut(queue_id) else { return };
        if !queue.ready.stored(page.lane, id) {
            return;
        }
        if let Some(kept) = &page.kept {
            for message in kept.ids().iter() {
                host.store.settle(queue_id, message);
            }
            self.write_paged(id);
        }
        self.stirred.push_back(queue_id);
    }

    /// Puts down what the page has, and what of it still counts.
    pub(super) fn write_paged(&mut self, id: PageId) {
        let lsn = self.draft.lsn();
        let Some(page) = self.host.pages.get_mut(&id) else { return };
        let (queue, lane) = (page.queue, page.lane);
        let Some(kept) = &mut page.kept else { return };
        let record = PagedRecord { page: id, queue, lane, bytes: kept.bytes, ids: kept.ids() };
        Fact::put_paged(self.draft.facts(), &record);
        if let Some(before) = kept.recorded.replace(lsn) {
            self.host.store.remove(before, Entity::Page(id));
        }
        self.host.store.add(lsn, Entity::Page(id));
    }

    /// Takes what the queue has next, if it is in memory, and sees to it that more will be.
    pub(super) fn take_next(&mut self, id: QueueId) -> Option<Entry> {
        let queue = self.host.queues.get_mut(id)?;
        if let Some(entry) = queue.ready.pop() {
            if queue.ready.is_low() {
                self.refill(id);
            }
            return Some(entry);
        }
        self.refill(id);
        self.host.queues.get_mut(id)?.ready.pop()
    }

    /// Sees to it that what comes next will be in memory.
    pub(super) fn refill(&mut self, id: QueueId) {
        while let Some(queue) = self.host.queues.get_mut(id)
            && let Some(refill) = queue.ready.refill()
        {
            match refill {
                Refill::Load(page) => self.effects.push(Effect::LoadPage { page }),
                Refill::Forget(page) => {
                    self.host.pages.remove(&page);
                    self.effects.push(Effect::DropPage { page });
                }
            }
        }
    }

    pub(super) fn page_loaded(&mut self, id: PageId, content: Bytes) {
        let Some(page) = self.host.pages.get_mut(&id) else { return };
        let (queue_id, lane) = (page.queue, page.lane);
        let Some(queue) = self.host.queues.get_mut(queue_id) else { return };
        let Some(is_recovered) = queue.ready.awaits(lane, id) else { return };
        let mut weight = Weight::of(content.len());
        let mut reader = PageReader::new(id, queue_id, content);
        let mut entries = Vec::new();
        for mut line in reader.by_ref() {
            match &mut page.kept {
                Some(kept) if line.is_kept => {
                    if !kept.has(line.message.id) {
                        continue;
                    }
                    line.message.page = Some(id);
                    weight.add(&line.message.letter);
                }
                // What need not survive did not.
                Some(_) | None if line.is_kept || is_recovered => continue,
                Some(_) | None => {}
            }
            line.message.recorded = page.newest;
            let redelivered = line.is_redelivered || is_recovered;
            let (message, expiry) = (Arc::new(line.message), line.expiry);
            entries.push(Entry { message, expiry, redelivered });
        }
        let messages = queue.ready.loaded(lane, entries);
        if page.kept.is_none() {
            self.host.pages.remove(&id);
            self.effects.push(Effect::DropPage { page: id });
        }
        match reader.damage {
            // What is damaged stays as it is, to be mended.
            Some(PageDamage { offset, problem }) => {
                self.effects.push(Effect::PageDamaged { page: id, offset, problem, messages });
            }
            None => self.weigh_page(id, weight),
        }
        self.stirred.push_back(queue_id);
    }

    /// A message that a page keeps has left its queue for good.
    pub(super) fn leave_page(&mut self, id: PageId, message: &Message) {
        let Some(page) = self.host.pages.get_mut(&id) else { return };
        let Some(kept) = &mut page.kept else { return };
        kept.settle(message.id);
        if kept.is_empty() {
            return self.forget_page(id);
        }
        self.lighten_page(id, &message.letter);
    }

    /// Nothing in the page counts any more, by the records of this turn at the latest.
    pub(super) fn forget_page(&mut self, id: PageId) {
        let Some(page) = self.host.pages.remove(&id) else { return };
        if let Some(recorded) = page.kept.as_ref().and_then(|kept| kept.recorded) {
            self.host.store.remove(recorded, Entity::Page(id));
        }
        if let Some(due) = page.weight.and_then(|weight| weight.due) {
            self.host.timers.cancel(due, Timer::Thin(id));
        }
        self.page_effects.push(Effect::DropPage { page: id });
    }

    pub(super) fn go_on_discarding(&mut self, queue: QueueId, mut remains: Drained) {
        while self.steps_left > 0 {
            self.steps_left -= 1;
            match remains.next() {
                Some(Remnant::Entry(entry)) => self.leave(queue, &entry.message),
                Some(Remnant::Page(page)) => self.discard_page(page),
                None => return,
            }
        }
        self.host.work.add(Task::Discard { queue, remains });
    }

    /// The page goes with all that is in it.
    fn discard_page(&mut self, id: PageId) {
        let Some(page) = self.host.pages.get(&id) else { return };
        if let Some(kept) = page.kept.as_ref().filter(|_| !self.host.tallies.is_empty()) {
            for message in kept.ids().iter() {
                self.host.tallies.forget((page.queue, message));
            }
        }
        let is_on_record = page.kept.as_ref().is_some_and(|kept| kept.recorded.is_some());
        // With a queue, all its pages are gone by the same record.
        if is_on_record && self.host.queues.contains(page.queue) {
            Fact::put_page_dropped(self.draft.facts(), id);
            self.part_ways();
        }
        self.forget_page(id);
    }

    /// When a client may see the message.
    pub(super) fn seen_after(&self, message: &Message) -> Until {
        let recorded = message.recorded;
        let until = self.host.spans.end_of(recorded);
        if until <= self.host.durable {
            Until::Turn
        } else if recorded > self.host.last_record {
            Until::EndOfTurn
        } else {
            Until::Durable(until)
        }
    }
}
