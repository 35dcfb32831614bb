//! A single active consumer makes room for one of a higher priority.
//!
//! RabbitMQ 4, quorum queues: it gets no more messages, and the other takes over once it has
//! settled what it has, so that the two never work side by side.

use super::Turn;
use crate::{channel::Stall, identity::QueueId};

impl Turn<'_> {
    /// The queue's consumers have changed, or the active one has settled all: another takes over,
    /// if one should.
    pub(super) fn hand_over(&mut self, id: QueueId) {
        let host = &mut *self.host;
        let Some(queue) = host.queues.get_mut(id) else { return };
        let ring = &mut queue.consumers;
        let Some(consumer) = ring.active().and_then(|active| host.consumers.get_mut(&active))
        else {
            return;
        };
        let is_leaving = consumer.stall == Some(Stall::Succession);
        match (ring.is_outranked(), consumer.unacked) {
            (false, _) if is_leaving => {
                consumer.stall = None;
                ring.succeed_itself();
            }
            (false, _) => return,
            (true, 0) => {
                if is_leaving {
                    consumer.stall = None;
                }
                ring.succeed();
            }
            (true, _) => {
                ring.stand_aside();
                consumer.stall = Some(Stall::Succession);
                return;
            }
        }
        self.stirred.push_back(id);
    }
}
