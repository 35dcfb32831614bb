//! Messages that wait for their time: taken in, cancelled, routed.
//!
//! One record says that a message waits, and one that it waits no longer, together with where
//! it went.

use leveret_protocol::{ShortStr, Timestamp};

use super::{Turn, post::Posted, replies::Reply};
use crate::{
    error::PublishError,
    exchange::{Keys, Routed, without_delay},
    identity::{ExchangeId, MessageId},
    message::{Letter, detached_name},
    record::Fact,
    schedule::{Appointment, Scheduled},
    store::Entity,
    timers::Timer,
};

impl Turn<'_> {
    /// Whether one more message can wait.
    pub(super) fn check_schedule(&self, bytes: usize) -> Result<(), PublishError> {
        let limits = &self.host.options.limits;
        let schedule = &self.host.schedule;
        if schedule.len() >= limits.scheduled_messages_max {
            let max = limits.scheduled_messages_max;
            return Err(PublishError::ScheduledMessages { max });
        }
        if schedule.bytes().saturating_add(bytes) > limits.scheduled_bytes_max {
            return Err(PublishError::ScheduledBytes { max: limits.scheduled_bytes_max });
        }
        Ok(())
    }

    /// Keeps a message for later; it takes the place of one of the same name.
    pub(super) fn schedule(&mut self, letter: Letter, appointment: Appointment) -> Posted {
        let Appointment { due, name } = appointment;
        let exchange = letter.exchange.clone();
        if let Some(name) = &name {
            self.unschedule_named(&exchange, name);
        }
        self.keep(Scheduled {
            due,
            exchange,
            name: name.as_ref().map(detached_name),
            letter,
            recorded: self.draft.lsn(),
        })
    }

    /// Keeps a message for each exchange that holds it back.
    pub(super) fn hold_back(&mut self, letter: &Letter, held: &[(ExchangeId, u64)]) -> Posted {
        let mut posted = Posted::InMemory;
        for (exchange, millis) in held {
            let Some(exchange) = self.host.exchanges.get(*exchange) else { continue };
            let exchange = exchange.spec.name.clone();
            let properties = without_delay(&letter.properties);
            posted = self.keep(Scheduled {
                due: Timestamp::from_millis(self.now.as_millis().saturating_add(*millis)),
                exchange,
                name: None,
                letter: Letter { properties, ..letter.clone() }.detached(),
                recorded: self.draft.lsn(),
            });
        }
        posted
    }

    fn keep(&mut self, scheduled: Scheduled) -> Posted {
        let id = MessageId(self.host.serials.next());
        let (due, recorded) = (scheduled.due, scheduled.recorded);
        Fact::put_scheduled(self.draft.facts(), id, &scheduled);
        self.host.store.add(recorded, Entity::Scheduled(id));
        self.host.timers.set(due, Timer::Scheduled(id));
        self.host.schedule.insert(id, scheduled);
        Posted::OnRecord(recorded)
    }

    /// Cancels the message of that name; what a confirm waits for, or nothing if there is none.
    pub(super) fn unschedule_named(
        &mut self,
        exchange: &ShortStr,
        name: &ShortStr,
    ) -> Option<Posted> {
        let id = self.host.schedule.named(exchange, name)?;
        let recorded = self.draft.lsn();
        let scheduled = self.unschedule(id)?;
        self.host.timers.cancel(scheduled.due, Timer::Scheduled(id));
        Some(Posted::OnRecord(recorded))
    }

    fn unschedule(&mut self, id: MessageId) -> Option<Scheduled> {
        let scheduled = self.host.schedule.remove(id)?;
        Fact::put_unscheduled(self.draft.facts(), id);
        self.host.store.remove(scheduled.recorded, Entity::Scheduled(id));
        Some(scheduled)
    }

    /// A message's time has come: it goes through its exchange, if that still exists.
    pub(super) fn route_scheduled(&mut self, id: MessageId) {
        let Some(scheduled) = self.unschedule(id) else { return };
        let Scheduled { exchange, letter, .. } = scheduled;
        let Some(entrance) = self.host.exchanges.entrance(&exchange) else { return };
        let mut routed = Routed::default();
        let extra = letter.copied_keys().all();
        let keys = Keys { own: &letter.routing_key, extra: &extra };
        self.host.route(entrance, (keys, &letter.properties), &mut routed);
        self.dispatch(letter, &routed, Reply::WhenWritten);
        self.part_ways();
    }
}
