//! What a queue gives up: messages that are too old, and those over its length.
//!
//! RabbitMQ: only the next message is looked at. One that is too old behind one that is not stays
//! until it is the next; and what is over the length goes from the front.

use super::{Turn, replies::Reply};
use crate::{death::Reason, identity::QueueId, queue::Entry};

/// Whether something is done, or stopped where the turn's steps ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    Done,
    OutOfSteps,
}

impl Turn<'_> {
    /// The queue's settings are other ones: its length is bounded at once, times begin anew.
    ///
    /// RabbitMQ: what waits already keeps the life that it was given.
    pub(super) fn settings_changed(&mut self, id: QueueId) {
        self.touch(id);
        self.stirred.push_back(id);
    }

    /// Gives up messages from the front until no more wait than may.
    pub(super) fn trim(&mut self, id: QueueId) -> Progress {
        while let Some(queue) = self.host.queues.get_mut(id)
            && queue.returns == 0
            && queue.is_over_length()
        {
            if self.steps_left == 0 {
                return Progress::OutOfSteps;
            }
            let Some(entry) = self.take_next(id) else { break };
            self.give_up(id, &entry, Reason::MaxLength);
        }
        Progress::Done
    }

    /// Gives up messages from the front until the next is young enough; then waits for that one.
    pub(super) fn expire(&mut self, id: QueueId) -> Progress {
        let now = self.now;
        while let Some(queue) = self.host.queues.get(id) {
            // What is on its way back may come first; then the queue is tended again.
            if queue.returns > 0 {
                return Progress::Done;
            }
            let is_due = |entry: &Entry| entry.expiry.has_come(now);
            if !queue.ready.front().is_some_and(is_due) {
                break;
            }
            if self.steps_left == 0 {
                return Progress::OutOfSteps;
            }
            let Some(entry) = self.take_next(id) else { break };
            self.give_up(id, &entry, Reason::Expired);
        }
        self.host.watch_front(id);
        Progress::Done
    }

    /// Gives up messages that must not be delivered any more, before one is.
    pub(super) fn expire_past(&mut self, id: QueueId) -> Progress {
        let now = self.now;
        while let Some(queue) = self.host.queues.get_mut(id)
            && queue.ready.front().is_some_and(|entry| entry.expiry.is_past(now))
        {
            if self.steps_left == 0 {
                return Progress::OutOfSteps;
            }
            let Some(entry) = self.take_next(id) else { break };
            self.give_up(id, &entry, Reason::Expired);
        }
        Progress::Done
    }

    /// A message leaves its queue, and goes where the queue's dead letters go.
    fn give_up(&mut self, id: QueueId, entry: &Entry, reason: Reason) {
        self.steps_left -= 1;
        let dead = self.dead(id, &entry.message.letter, reason);
        self.leave(id, &entry.message);
        // Where nothing goes on, what has left needs few bytes for each, and goes down together.
        if let Some((letter, routed)) = dead {
            self.dispatch(letter, &routed, Reply::WhenWritten);
            self.part_ways();
        }
    }
}
