//! What the records of an earlier life say, folded together.
//!
//! Facts may come twice, for what was relocated stands in two records, and they may come
//! before what they refer to, when that was relocated and they were not. So nothing is judged
//! before the end; then what refers to nothing is dropped. Messages that were in a queue are
//! all marked as redelivered: deliveries are not on record, and to call a message new that a
//! consumer may have seen would break those who look only at the mark.

mod error;
mod pages;
mod parts;

use alloc::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    vec::Vec,
};

use bytes::Bytes;
use leveret_protocol::Timestamp;

pub use self::error::ReplayError;
use self::{pages::Paged, parts::Parts};
use crate::{
    arguments::QueueSettings,
    exchange::{Binding, Destination, Exchange},
    host::Host,
    identity::{BindingId, ExchangeId, Lsn, MessageId, QueueId, Serials},
    message::{LastName, Message},
    queue::{PageSpace, Queue},
    record::{ExchangeRecord, Fact, Link, PublishedRecord, QueueRecord, Record, Unreadable},
    schedule::Scheduled,
    store::Entity,
    tallies::Tallies,
    timers::Timer,
    work::Task,
};

/// The state of a log, as far as it was read.
#[derive(Debug, Default)]
pub(crate) struct Recovery {
    last: Lsn,
    last_serial: u64,
    exchanges: BTreeMap<ExchangeId, (Lsn, ExchangeRecord)>,
    queues: BTreeMap<QueueId, (Lsn, QueueRecord)>,
    bindings: BTreeMap<BindingId, (Lsn, Link)>,
    messages: BTreeMap<MessageId, (Lsn, PublishedRecord)>,
    tallies: Tallies,
    scheduled: BTreeMap<MessageId, (Lsn, Scheduled)>,
    paged: Paged,
    parts: Parts,
    exchange_names: LastName,
}

impl Recovery {
    /// Takes the next record.
    pub(crate) fn take(&mut self, lsn: Lsn, record: &[u8]) -> Result<(), ReplayError> {
        if lsn <= self.last {
            return Err(ReplayError::OutOfOrder { lsn, after: self.last });
        }
        self.last = lsn;
        self.read(lsn, &Bytes::copy_from_slice(record)).map_err(|error| match error {
            Unreadable::Version(found) => {
                ReplayError::Version { lsn, found, wanted: crate::record::VERSION }
            }
            Unreadable::Damaged(what) => ReplayError::Damaged { lsn, what },
        })
    }

    fn read(&mut self, lsn: Lsn, record: &Bytes) -> Result<(), Unreadable> {
        match Record::read(record)? {
            Record::Whole(facts) => self.take_facts(lsn, facts),
            Record::Part { transaction, index, facts } => {
                self.parts.add(transaction, index, facts);
                Ok(())
            }
            Record::Commit { transaction, parts, checksum } => {
                for facts in self.parts.commit(transaction, parts, checksum)? {
                    self.take_facts(transaction, facts)?;
                }
                Ok(())
            }
        }
    }

    fn take_facts(&mut self, lsn: Lsn, facts: Bytes) -> Result<(), Unreadable> {
        Fact::read_all(facts, |fact| self.take_fact(lsn, fact))
    }

    fn take_fact(&mut self, lsn: Lsn, fact: Fact) {
        match fact {
            Fact::ExchangeDeclared(record) => {
                self.see(record.id.0);
                self.exchanges.insert(record.id, (lsn, record));
            }
            Fact::ExchangeDeleted(id) => {
                self.see(id.0);
                self.exchanges.remove(&id);
            }
            Fact::QueueDeclared(record) => {
                self.see(record.id.0);
                self.queues.insert(record.id, (lsn, record));
            }
            Fact::QueueDeleted(id) => {
                self.see(id.0);
                self.queues.remove(&id);
            }
            Fact::Bound(link) => {
                self.see(link.id.0);
                self.bindings.insert(link.id, (lsn, link));
            }
            Fact::Unbound(id) => {
                self.see(id.0);
                self.bindings.remove(&id);
            }
            Fact::Published(mut record) => {
                self.see(record.message.id.0);
                let letter = &mut record.message.letter;
                letter.exchange = self.exchange_names.detached(&letter.exchange);
                self.messages.insert(record.message.id, (lsn, record));
            }
            Fact::Scheduled(record) => {
                self.see(record.id.0);
                self.scheduled.insert(record.id, (lsn, record.scheduled));
            }
            Fact::Unscheduled(id) => {
                self.see(id.0);
                self.scheduled.remove(&id);
            }
            Fact::Settled(record) => {
                for id in record.messages {
                    self.see(id.0);
                    self.tallies.forget((record.queue, id));
                    if !self.take_out(record.queue, id) {
                        self.paged.settle(record.queue, id);
                    }
                }
            }
            Fact::Paged(record) => {
                self.see(record.page.0);
                for id in record.ids.iter() {
                    self.see(id.0);
                    self.take_out(record.queue, id);
                }
                self.paged.add(lsn, record);
            }
            Fact::Returned(record) => {
                self.see(record.message.0);
                self.tallies.put((record.queue, record.message), record.count, Some(lsn));
            }
            Fact::PageDropped(page) => {
                self.see(page.0);
                self.paged.remove(page);
            }
        }
    }

    /// No number that stands in a record is given again.
    fn see(&mut self, serial: u64) {
        self.last_serial = self.last_serial.max(serial);
    }

    /// The log need not keep the message for that queue; false if it does not anyway.
    fn take_out(&mut self, queue: QueueId, id: MessageId) -> bool {
        let Some((_, record)) = self.messages.get_mut(&id) else { return false };
        let before = record.queues.len();
        record.queues.retain(|known| *known != queue);
        let was_kept = record.queues.len() < before;
        if record.queues.is_empty() {
            self.messages.remove(&id);
        }
        was_kept
    }

    /// Puts all of it into a host that has nothing yet.
    pub(crate) fn install(self, host: &mut Host, now: Timestamp) {
        host.last_record = self.last;
        host.durable = self.last;
        host.serials = Serials::after(host.serials.last().max(self.last_serial));
        for (id, (lsn, record)) in self.exchanges {
            host.store.add(lsn, Entity::Exchange(id));
            host.exchanges.insert(Exchange::new(id, record.spec, Some(lsn)));
        }
        for (id, (lsn, record)) in self.queues {
            // The arguments were legal when they were recorded.
            let declared = QueueSettings::parse(&record.spec.arguments).unwrap_or_default();
            let settings = host.policed(&record.spec, declared.queue_type);
            host.store.add(lsn, Entity::Queue(id));
            let space = PageSpace::of(&host.options.limits);
            host.queues.insert(Queue::new(id, record.spec, settings, Some(lsn), space));
            host.touch_queue(id, now);
        }
        host.tallies = self.tallies;
        host.tallies.retain(|queue| host.queues.contains(queue));
        for (id, (lsn, link)) in self.bindings {
            install_binding(host, id, lsn, link);
        }
        // Pages first: messages find their place among them.
        self.paged.install(host);
        for (lsn, record) in self.messages.into_values() {
            install_message(host, lsn, record);
        }
        for id in host.queues.ids() {
            host.watch_front(id);
            // What is not where it should be goes there: to pages, or from them.
            if let Some(queue) = host.queues.get_mut(id)
                && (queue.ready.is_crowded() || queue.ready.is_low())
            {
                queue.is_work = true;
                host.work.add(Task::Tend(id));
            }
        }
        for (id, (recorded, scheduled)) in self.scheduled {
            host.store.add(recorded, Entity::Scheduled(id));
            host.timers.set(scheduled.due, Timer::Scheduled(id));
            host.schedule.insert(id, Scheduled { recorded, ..scheduled });
        }
    }
}

fn install_binding(host: &mut Host, id: BindingId, lsn: Lsn, link: Link) {
    let has_destination = match link.spec.destination {
        Destination::Queue(queue) => host.queues.contains(queue),
        Destination::Exchange(exchange) => host.exchanges.get(exchange).is_some(),
    };
    let Some(source) = host.exchanges.get_mut(link.spec.source) else { return };
    if has_destination && source.add(id, &link.spec).is_ok() {
        host.store.add(lsn, Entity::Binding(id));
        host.bindings.insert(id, Binding { spec: link.spec, recorded: Some(lsn) });
    }
}

fn install_message(host: &mut Host, lsn: Lsn, record: PublishedRecord) {
    let alive: BTreeSet<QueueId> =
        record.queues.into_iter().filter(|queue| host.queues.contains(*queue)).collect();
    if alive.is_empty() {
        return;
    }
    let message: Arc<Message> = Arc::new(record.message);
    let queues: Vec<QueueId> = alive.into_iter().collect();
    for id in &queues {
        if let Some(queue) = host.queues.get_mut(*id) {
            let entry = queue.entry(Arc::clone(&message), true);
            queue.ready.restore(entry);
        }
    }
    host.store.add_message(lsn, message, queues.into_iter().collect());
}
