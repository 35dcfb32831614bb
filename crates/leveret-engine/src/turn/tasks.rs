//! What is left for later goes on, as far as this turn's steps reach.

use super::Turn;
use crate::{
    channel::{Delivery, Verdict},
    series::IntoValues,
    work::Task,
};

impl Turn<'_> {
    pub(super) fn work(&mut self) {
        while self.steps_left > 0
            && let Some(task) = self.host.work.take()
        {
            match task {
                Task::Tend(id) => {
                    if let Some(queue) = self.host.queues.get_mut(id) {
                        queue.is_work = false;
                        self.stirred.push_back(id);
                    }
                }
                Task::UnbindTo(destination) => self.go_on_unbinding_to(destination),
                Task::UnbindFrom(source) => self.go_on_unbinding_from(source),
                Task::Settle { deliveries, verdict } => self.go_on_settling(deliveries, verdict),
                Task::Forget(gone) => self.go_on_forgetting(gone),
                Task::Requeue(deliveries) => self.go_on_requeueing(deliveries),
                Task::Discard { queue, remains } => self.go_on_discarding(queue, remains),
                Task::Follow(followed) => self.go_on_following(followed),
                Task::Leave { connection, consumers, farewell } => {
                    self.go_on_leaving(connection, consumers, farewell);
                }
                Task::Relocate { upto } => self.go_on_relocating(upto),
            }
            self.deliver_stirred();
        }
    }

    fn go_on_requeueing(&mut self, mut deliveries: IntoValues<Delivery>) {
        while self.steps_left > 0 {
            let Some(delivery) = deliveries.next() else { return };
            self.steps_left -= 1;
            if let Some(queue) = self.host.queues.get_mut(delivery.queue) {
                queue.returns = queue.returns.saturating_sub(1);
            }
            self.settle(delivery, Verdict::Requeue);
        }
        self.host.work.add(Task::Requeue(deliveries));
    }
}
