//! What an application asks of others before it calls itself idle.

use std::fmt::{self, Debug, Formatter};
use std::future::Future;
use std::pin::Pin;

use super::App;

type Asking = Pin<Box<dyn Future<Output = bool> + Send>>;

/// Those that are asked.
#[derive(Default)]
pub(super) struct Probes(Vec<Box<dyn Fn() -> Asking + Send + Sync>>);

impl App {
    /// Something that has work of its own, beside queues and handlers: an outbox with messages in
    /// it, for example. [`RunningApp::idle`](crate::RunningApp::idle) and the test kit wait until
    /// all of these say that they have nothing to do. They are asked some forty times a second.
    #[must_use]
    pub fn idle_when<Fut>(mut self, is_idle: impl Fn() -> Fut + Send + Sync + 'static) -> Self
    where
        Fut: Future<Output = bool> + Send + 'static,
    {
        self.probes.0.push(Box::new(move || Box::pin(is_idle())));
        self
    }
}

impl Probes {
    pub(super) async fn are_idle(&self) -> bool {
        for is_idle in &self.0 {
            if !is_idle().await {
                return false;
            }
        }
        true
    }
}

impl Debug for Probes {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} probes", self.0.len())
    }
}
