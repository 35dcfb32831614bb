//! What a queue gives up goes to its dead-letter exchange, if it has one.
//!
//! The new message and the end of the old one are facts of one record: no crash loses it
//! between the two, or leaves it in both.

use alloc::vec::Vec;

use leveret_protocol::{FieldValue, ShortStr};

use super::Turn;
use crate::{
    death::{Death, Deaths, Reason},
    exchange::Keys,
    identity::QueueId,
    message::{Letter, Origin},
};

impl Turn<'_> {
    pub(super) fn dead_letter(&mut self, id: QueueId, letter: &Letter, reason: Reason) {
        let Some(queue) = self.host.queues.get(id) else { return };
        let Some(exchange) = queue.settings.dead_letter_exchange.clone() else { return };
        // RabbitMQ: what is sent to an exchange that does not exist is dropped.
        let Some(entrance) = self.host.exchanges.entrance(&exchange) else { return };
        let extra = carbon_copies(letter);
        let death = Death {
            reason,
            queue: queue.spec.name.clone(),
            exchange: letter.exchange.clone(),
            routing_keys: Keys { own: &letter.routing_key, extra: &extra }
                .iter()
                .cloned()
                .collect(),
            at: self.now,
            expiration: letter.properties.expiration(),
        };
        let deaths = Deaths::of(letter).with(death);
        let (routing_key, extra) = match &queue.settings.dead_letter_routing_key {
            Some(key) => (key.clone(), Vec::new()),
            None => (letter.routing_key.clone(), extra),
        };
        let dead = Letter {
            exchange,
            routing_key,
            properties: deaths.write(&letter.properties),
            body: letter.body.clone(),
            origin: Origin::DeadLetter,
            persistent: letter.persistent,
        };
        let mut queues = Vec::new();
        let keys = Keys { own: &dead.routing_key, extra: &extra };
        self.host.route(entrance, (keys, &dead.properties), &mut queues);
        queues.retain(|id| {
            let target = self.host.queues.get(*id);
            target.is_some_and(|queue| !deaths.is_cycle(&queue.spec.name))
        });
        if !queues.is_empty() {
            self.post(dead.detached(), &queues);
        }
    }
}

/// The routing keys of the CC header, which every copy keeps.
fn carbon_copies(letter: &Letter) -> Vec<ShortStr> {
    let header = letter.properties.headers().and_then(|headers| headers.get("CC"));
    let Some(FieldValue::Array(keys)) = header else { return Vec::new() };
    keys.iter()
        .filter_map(|key| {
            if let FieldValue::LongString(key) = key { ShortStr::new(key).ok() } else { None }
        })
        .collect()
}
