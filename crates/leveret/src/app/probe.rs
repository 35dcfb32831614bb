//! What an application asks of others before it calls itself idle.

use std::fmt::{self, Debug, Formatter};
use std::future::Future;
use std::pin::Pin;

type Asking = Pin<Box<dyn Future<Output = bool> + Send>>;

/// Those that are asked.
#[derive(Default)]
pub(super) struct Probes(Vec<Box<dyn Fn() -> Asking + Send + Sync>>);

impl Probes {
    pub(super) fn add<Fut>(&mut self, is_idle: impl Fn() -> Fut + Send + Sync + 'static)
    where
        Fut: Future<Output = bool> + Send + 'static,
    {
        self.0.push(Box::new(move || Box::pin(is_idle())));
    }

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
