//! Exchanges, queues and bindings to declare besides what consumers need.

use leveret::Queue;

use super::Reading;
use super::raw::{RawBinding, RawExchange, RawQueue};

/// What is declared at the start, and again on each new connection.
#[derive(Debug, Default)]
pub(crate) struct Topology {
    /// Name and kind.
    pub(crate) exchanges: Vec<(String, String)>,
    pub(crate) queues: Vec<Queue>,
    /// Queue, exchange and key.
    pub(crate) bindings: Vec<(String, String, String)>,
}

impl Reading<'_> {
    pub(super) fn topology(
        &mut self,
        exchanges: Vec<RawExchange>,
        queues: Vec<RawQueue>,
        bindings: Vec<RawBinding>,
    ) -> Topology {
        let queue = |raw: RawQueue| {
            let mut queue = Queue::new(raw.name);
            for (name, value) in raw.arguments {
                if let Some(value) = self.field(&value) {
                    queue = queue.argument(name, value);
                }
            }
            queue
        };
        Topology {
            queues: queues.into_iter().map(queue).collect(),
            exchanges: exchanges
                .into_iter()
                .map(|raw| (raw.name, raw.kind.unwrap_or_else(|| "topic".to_owned())))
                .collect(),
            bindings: bindings
                .into_iter()
                .map(|raw| (raw.queue, raw.exchange, raw.key.unwrap_or_default()))
                .collect(),
        }
    }
}
