//! The bindings of a place that is gone go as well, step by step.
//!
//! The place itself goes at once: meanwhile no message reaches it, though bindings lead there.

use super::Turn;
use crate::{exchange::Destination, identity::ExchangeId, work::Task};

impl Turn<'_> {
    /// A place that bindings lead to is gone.
    pub(super) fn remove_bindings_to(&mut self, destination: Destination) {
        if let Destination::Queue(_) = destination {
            self.host.queues_going += 1;
        }
        self.go_on_unbinding_to(destination);
    }

    /// An exchange that goes with its last binding takes the bindings to itself along, and so on.
    pub(super) fn go_on_unbinding_to(&mut self, destination: Destination) {
        while let Some(binding) = self.host.bindings.first_to(destination) {
            if self.steps_left == 0 {
                return self.host.work.add(Task::UnbindTo(destination));
            }
            self.steps_left -= 1;
            if let Some(source) = self.drop_binding(binding)
                && self.remove_if_unbound(source)
            {
                self.host.work.add(Task::UnbindTo(Destination::Exchange(source)));
            }
        }
        if let Destination::Queue(_) = destination {
            self.host.queues_going = self.host.queues_going.saturating_sub(1);
        }
    }

    /// The exchange is gone that these bindings begin at.
    pub(super) fn go_on_unbinding_from(&mut self, source: ExchangeId) {
        while let Some(binding) = self.host.bindings.first_from(source) {
            if self.steps_left == 0 {
                return self.host.work.add(Task::UnbindFrom(source));
            }
            self.steps_left -= 1;
            self.drop_binding(binding);
        }
    }
}
