//! How a handler handles, put together from what it and its application say.

use std::sync::Arc;

use leveret_protocol::ShortStr;

use super::App;
use crate::gate::Gate;
use crate::ground::Ground;
use crate::handler::{Handler, Ordered, Threading};
use crate::phase::PhaseListener;
use crate::shared::Shared;
use crate::stats::Counters;
use crate::threads::Threads;
use crate::worker::{Attempts, Switch};

/// What a handler runs among.
pub(super) struct Surroundings {
    pub(super) shared: Arc<Shared>,
    pub(super) counters: Arc<Counters>,
    pub(super) gate: Arc<Gate>,
    /// The name that the broker knows us by.
    pub(super) login: Option<ShortStr>,
    pub(super) phase: PhaseListener,
}

impl App {
    pub(super) fn attempts(&self, handler: &Handler, around: Surroundings) -> Attempts {
        let (shared, principal) = (around.shared.clone(), handler.principal.clone());
        let ground = Ground::new(&handler.name, shared, principal, handler.locals());
        let has_own_threads = handler.threading == Threading::Own;
        Attempts {
            handler: handler.name.clone(),
            queue: ShortStr::truncated(handler.queue()),
            dead_letters: ShortStr::truncated(&handler.dead_letter_queue()),
            version: self.version.clone(),
            retry: handler.retry,
            rules: handler.rules.clone(),
            time_limit: handler.time_limit,
            login: around.login,
            parks: handler.ordered.as_ref().and_then(Ordered::parks),
            threads: has_own_threads.then(|| {
                Threads::new(
                    &handler.name,
                    handler.concurrency_max() * handler.partitions.unwrap_or(1),
                )
            }),
            error_routes: handler.error_routes.clone(),
            service: handler.whole(&self.layers),
            shared: around.shared,
            ground: Arc::new(ground),
            switch: Switch::new(&handler.name, handler.kill_switch, around.counters.clone()),
            gate: around.gate,
            counters: around.counters,
            phase: around.phase,
        }
    }
}
