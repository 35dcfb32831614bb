//! `x-expires`: a queue goes when nobody has used it for so long.
//!
//! RabbitMQ: used is what has a consumer; `basic.get`, declaring it again and the leaving of its
//! last consumer begin the time anew. Its messages go with it; they are not dead-lettered.

use super::Turn;
use crate::{identity::QueueId, timers::Timer};

impl Turn<'_> {
    /// The queue is used now.
    pub(super) fn touch(&mut self, id: QueueId) {
        self.host.touch_queue(id, self.now);
    }

    /// The queue may have been unused for long enough.
    pub(super) fn expire_idle(&mut self, id: QueueId) {
        let Some(queue) = self.host.queues.get_mut(id) else { return };
        queue.idle.armed = None;
        let Some(after) = queue.settings.expires else { return };
        // When its last consumer leaves, the time begins anew.
        if !queue.consumers.is_empty() {
            return;
        }
        let due = queue.idle.since.saturating_add(after);
        if due <= self.now {
            return self.remove_queue(id);
        }
        queue.idle.armed = Some(due);
        self.host.timers.set(due, Timer::Idle(id));
    }
}
