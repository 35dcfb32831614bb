//! A message leaves a queue for good.
//!
//! First that is put on record, then the message is forgotten. A large transaction does the second
//! step by step; until that is done nothing is relocated, or a message would be written again that
//! is on record as gone.

use alloc::{sync::Arc, vec};

use super::Turn;
use crate::{identity::QueueId, message::Message, queue::Queue, work::Task};

/// Copies that are on record as gone, and are to be forgotten.
pub(super) type Gone = vec::IntoIter<(QueueId, Arc<Message>)>;

impl Turn<'_> {
    pub(super) fn leave(&mut self, queue: QueueId, message: &Message) {
        self.forget_copy(queue, message);
        self.note_gone(queue, message);
    }

    /// Puts it on record that the queue has the message no more.
    pub(super) fn note_gone(&mut self, queue: QueueId, message: &Message) {
        let keeps = |queue: &Queue| queue.keeps(message);
        if message.letter.persistent && self.host.queues.get(queue).is_some_and(keeps) {
            self.settled.push((queue, message.id));
        }
    }

    /// Forgets what this turn put on record as gone, now or in later turns.
    pub(super) fn forget_all(&mut self, gone: Gone) {
        self.host.forgetting += 1;
        self.go_on_forgetting(gone);
    }

    pub(super) fn go_on_forgetting(&mut self, mut gone: Gone) {
        while self.steps_left > 0 {
            let Some((queue, message)) = gone.next() else {
                self.host.forgetting = self.host.forgetting.saturating_sub(1);
                return;
            };
            self.steps_left -= 1;
            self.forget_copy(queue, &message);
        }
        self.host.work.add(Task::Forget(gone));
    }

    fn forget_copy(&mut self, queue: QueueId, message: &Message) {
        self.host.tallies.forget((queue, message.id));
        if !message.letter.persistent {
            return;
        }
        match message.page {
            Some(page) => self.leave_page(page, message),
            None => self.host.store.settle(queue, message.id),
        }
    }
}
