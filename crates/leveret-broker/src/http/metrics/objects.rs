//! Families with a sample for each queue.

use leveret_engine::QueueView;

use super::{
    exposition::{Exposition, Kind},
    gathering::Gathering,
};

/// A number of a queue by its name.
type Field = (&'static str, Kind, &'static str, fn(&QueueView) -> u64);

/// Which families are wanted.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Families {
    coarse: bool,
    fine: bool,
    consumers: bool,
}

impl Families {
    pub(super) const fn all() -> Self {
        Self { coarse: true, fine: true, consumers: true }
    }

    /// By the names that `RabbitMQ` groups them by; others are of nothing that is here.
    pub(super) fn named(names: &[String]) -> Self {
        let has = |name: &str| names.iter().any(|found| found == name);
        let fine = has("queue_metrics");
        let consumers = fine || has("queue_consumer_count");
        Self { coarse: fine || has("queue_coarse_metrics"), fine, consumers }
    }
}

const COARSE: [Field; 3] = [
    ("queue_messages_ready", Kind::Gauge, "Messages that wait.", |queue| queue.ready),
    ("queue_messages_unacked", Kind::Gauge, "Messages that are not acknowledged.", |queue| {
        queue.unacked
    }),
    ("queue_messages", Kind::Gauge, "Messages that wait or are not acknowledged.", |queue| {
        queue.ready + queue.unacked
    }),
];

const FINE: [Field; 4] = [
    ("queue_messages_ready_bytes", Kind::Gauge, "Bytes that wait.", |queue| queue.ready_bytes),
    ("queue_messages_unacked_bytes", Kind::Gauge, "Bytes not acknowledged.", |queue| {
        queue.unacked_bytes
    }),
    ("queue_messages_bytes", Kind::Gauge, "Bytes of all messages.", |queue| {
        queue.ready_bytes + queue.unacked_bytes
    }),
    ("queue_messages_published_total", Kind::Counter, "Messages put into it.", |queue| {
        queue.counts.publish
    }),
];

const CONSUMERS: [Field; 1] =
    [("queue_consumers", Kind::Gauge, "Consumers of it.", |queue| queue.consumers)];

pub(super) fn every_queue(
    exposition: &mut Exposition,
    gathering: &Gathering,
    prefix: &str,
    families: Families,
) {
    let wanted = [
        (families.coarse, &COARSE[..]),
        (families.fine, &FINE[..]),
        (families.consumers, &CONSUMERS[..]),
    ];
    for (name, kind, help, of) in wanted.iter().filter(|(is, _)| *is).flat_map(|(_, all)| *all) {
        let name = format!("{prefix}_{name}");
        exposition.family(&name, *kind, help);
        for host in &gathering.hosts {
            for queue in &host.queues {
                let queue_name = queue.name.to_string_lossy();
                let labels = [("vhost", host.name.as_str()), ("queue", &queue_name)];
                exposition.sample(&name, &labels, of(queue));
            }
        }
    }
}
