//! What a queue gives up goes to its dead-letter exchange, if it has one.
//!
//! The new message and the end of the old one are facts of one record: no crash loses it
//! between the two, or leaves it in both.

use alloc::vec::Vec;

use super::{Turn, replies::Reply};
use crate::{
    copies::Copies,
    death::{Death, Deaths, Reason},
    exchange::{Keys, Routed},
    identity::QueueId,
    message::{Letter, Origin},
};

impl Turn<'_> {
    pub(super) fn dead_letter(&mut self, id: QueueId, letter: &Letter, reason: Reason) {
        if let Some((dead, routed)) = self.dead(id, letter, reason) {
            self.dispatch(dead, &routed, Reply::WhenWritten);
        }
    }

    /// The dead letter, and where it goes, if it goes anywhere.
    pub(super) fn dead(
        &mut self,
        id: QueueId,
        letter: &Letter,
        reason: Reason,
    ) -> Option<(Letter, Routed)> {
        let queue = self.host.queues.get(id)?;
        let (exchange, queue_type) =
            (queue.settings.dead_letter_exchange.clone()?, queue.settings.queue_type);
        // RabbitMQ: what is sent to an exchange that does not exist is dropped.
        let entrance = self.host.exchanges.entrance(&exchange)?;
        let beside = letter.copied_keys();
        let death = Death {
            reason,
            queue: queue.spec.name.clone(),
            exchange: letter.exchange.clone(),
            routing_keys: Keys { own: &letter.routing_key, extra: &beside.shown }
                .iter()
                .cloned()
                .collect(),
            at: self.now,
            expiration: letter.properties.expiration(),
        };
        let deaths = Deaths::of(letter).with(death);
        if deaths.len() > self.host.options.limits.dead_letter_hops_max {
            return None;
        }
        self.host.churn.note_death(queue_type, reason);
        let (routing_key, copies, extra) = match queue.settings.dead_letter_routing_key.clone() {
            Some(key) => (key, Copies::Replaced, Vec::new()),
            None => (letter.routing_key.clone(), letter.copies.clone(), beside.all()),
        };
        let dead = Letter {
            exchange,
            routing_key,
            copies,
            properties: deaths.write(&letter.properties),
            body: letter.body.clone(),
            origin: Origin::DeadLetter,
            persistent: letter.persistent,
        };
        let mut routed = Routed::default();
        let keys = Keys { own: &dead.routing_key, extra: &extra };
        self.host.route(entrance, (keys, &dead.properties), &mut routed);
        routed.queues.retain(|id| {
            let target = self.host.queues.get(*id);
            target.is_some_and(|queue| !deaths.is_cycle(&queue.spec.name))
        });
        let goes = !routed.is_nowhere() || !routed.held.is_empty();
        goes.then(|| (dead.detached(), routed))
    }
}
