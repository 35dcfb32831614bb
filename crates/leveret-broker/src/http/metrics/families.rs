//! Families of the whole broker, those first that the official dashboard asks for.

use std::sync::Arc;

use leveret_engine::{Churn, Counts, DeadLetters, SIZE_BOUNDS};

use super::{
    exposition::{Exposition, Kind, PROTOCOL},
    gathering::Gathering,
    presence, process,
};
use crate::{figures::Snapshot, product, shared::Shared};

/// A family of one number.
type Plain = (&'static str, Kind, &'static str, u64);

/// Who tells all this; every panel of the dashboard is joined with it.
pub(super) fn of_identity(exposition: &mut Exposition, shared: &Arc<Shared>) {
    let state = shared.registry.state();
    let labels = [
        ("rabbitmq_node", product::NODE),
        ("rabbitmq_cluster", state.cluster_name().unwrap_or(product::NODE)),
        ("rabbitmq_cluster_permanent_id", &state.cluster_id),
    ];
    exposition.one(
        ("rabbitmq_identity_info", Kind::Gauge, "Which node and cluster this is."),
        &labels,
        1_u64,
    );
    let labels = [
        ("rabbitmq_version", product::RABBITMQ_VERSION),
        ("prometheus_plugin_version", product::RABBITMQ_VERSION),
        ("prometheus_client_version", ""),
        ("erlang_version", ""),
        ("product_name", product::NAME),
        ("product_version", product::VERSION),
    ];
    exposition.one(
        ("rabbitmq_build_info", Kind::Gauge, "Versions, as tools compare them."),
        &labels,
        1_u64,
    );
}

pub(super) fn of_broker(exposition: &mut Exposition, shared: &Arc<Shared>, gathering: &Gathering) {
    of_identity(exposition, shared);
    process::of_process(exposition, shared);
    presence::of_presence(exposition, shared, gathering);
    for (name, help, value) in globals(&gathering.counts, &gathering.churn) {
        let name = format!("rabbitmq_global_messages_{name}_total");
        exposition.one((&name, Kind::Counter, help), &PROTOCOL, value);
    }
    of_dead_letters(exposition, &gathering.churn);
    exposition.histogram(
        ("rabbitmq_message_size_bytes", "Bytes of published messages."),
        &sizes(&gathering.churn),
    );
    of_disk(exposition, shared);
    let now = shared.clock.now();
    let age =
        gathering.oldest_unacked.map_or(0, |at| now.as_millis().saturating_sub(at.as_millis()));
    exposition.one(
        (
            "leveret_oldest_unacked_age_seconds",
            Kind::Gauge,
            "Age of the oldest delivery that is not acknowledged.",
        ),
        &[],
        seconds(age),
    );
}

/// Sums over all queues.
pub(super) fn of_queues(exposition: &mut Exposition, gathering: &Gathering) {
    let sums: [Plain; 5] = [
        (
            "rabbitmq_queue_messages_ready",
            Kind::Gauge,
            "Messages that wait.",
            gathering.sum(|queue| queue.ready),
        ),
        (
            "rabbitmq_queue_messages_unacked",
            Kind::Gauge,
            "Messages that are not acknowledged.",
            gathering.sum(|queue| queue.unacked),
        ),
        (
            "rabbitmq_queue_messages",
            Kind::Gauge,
            "Messages that wait or are not acknowledged.",
            gathering.sum(|queue| queue.ready + queue.unacked),
        ),
        (
            "rabbitmq_queue_messages_bytes",
            Kind::Gauge,
            "Bytes of them.",
            gathering.sum(|queue| queue.ready_bytes + queue.unacked_bytes),
        ),
        (
            "rabbitmq_queue_consumers",
            Kind::Gauge,
            "Consumers of all queues.",
            gathering.sum(|queue| queue.consumers),
        ),
    ];
    plain(exposition, &sums);
}

fn plain(exposition: &mut Exposition, families: &[Plain]) {
    for (name, kind, help, value) in families {
        exposition.one((name, *kind, help), &[], *value);
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds of years are told a little less exactly"
)]
fn seconds(millis: u64) -> f64 {
    millis as f64 / 1e3
}

/// What has passed since the start.
fn globals(counts: &Counts, churn: &Churn) -> [(&'static str, &'static str, u64); 14] {
    [
        ("received", "Published by clients.", counts.publish),
        ("received_confirm", "Published by clients that want to know.", churn.published_to_confirm),
        ("confirmed", "Confirmed.", counts.confirm),
        ("routed", "Queues that messages were routed to.", churn.routed),
        ("unroutable_dropped", "Dropped, for they reached no queue.", counts.drop_unroutable),
        ("unroutable_returned", "Returned, for they reached no queue.", counts.return_unroutable),
        ("delivered", "Delivered and got.", counts.deliver_get()),
        ("delivered_consume_manual_ack", "Delivered, to be acknowledged.", counts.deliver),
        ("delivered_consume_auto_ack", "Delivered, not to be acknowledged.", counts.deliver_no_ack),
        ("delivered_get_manual_ack", "Got, to be acknowledged.", counts.get),
        ("delivered_get_auto_ack", "Got, not to be acknowledged.", counts.get_no_ack),
        ("get_empty", "Asked for in vain.", counts.get_empty),
        ("redelivered", "Delivered more than once.", counts.redeliver),
        ("acknowledged", "Acknowledged.", counts.ack),
    ]
}

/// Why there are dead letters, in `RabbitMQ`'s words and ours.
type Cause = (&'static str, &'static str, fn(&DeadLetters) -> u64);

const DEAD_LETTERS: [Cause; 4] = [
    ("rejected", "Dead letters: refused by a consumer.", |dead| dead.rejected),
    ("expired", "Dead letters: too old.", |dead| dead.expired),
    ("maxlen", "Dead letters: their queue was too long.", |dead| dead.max_length),
    ("delivery_limit", "Dead letters: delivered too often.", |dead| dead.delivery_limit),
];

fn of_dead_letters(exposition: &mut Exposition, churn: &Churn) {
    for (cause, help, count) in DEAD_LETTERS {
        let name = format!("rabbitmq_global_messages_dead_lettered_{cause}_total");
        exposition.family(&name, Kind::Counter, help);
        for (queue_type, dead) in [
            ("rabbit_classic_queue", &churn.dead_of_classic),
            ("rabbit_quorum_queue", &churn.dead_of_quorum),
        ] {
            let labels = [("queue_type", queue_type), ("dead_letter_strategy", "at_most_once")];
            exposition.sample(&name, &labels, count(dead));
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "bytes beyond 2^53 are told a little less exactly")]
fn sizes(churn: &Churn) -> Snapshot {
    let mut count = 0;
    let mut each = churn.sizes.iter().map(|of| {
        count += of;
        count
    });
    let bounds = SIZE_BOUNDS.iter().map(|bound| *bound as f64);
    let upto = bounds.zip(each.by_ref()).collect();
    each.for_each(drop);
    Snapshot { upto, count, sum: churn.size_bytes as f64 }
}

/// What only a broker with a log has.
fn of_disk(exposition: &mut Exposition, shared: &Arc<Shared>) {
    let Some(disk) = shared.hosts.disk() else { return };
    let figures = disk.log.figures();
    let syncs = figures.syncs.snapshot();
    let batches = figures.batches.snapshot();
    plain(
        exposition,
        &[
            ("rabbitmq_io_sync_ops_total", Kind::Counter, "Syncs of the log.", syncs.count),
            (
                "rabbitmq_io_write_bytes_total",
                Kind::Counter,
                "Bytes of records written to the log.",
                figures.bytes(),
            ),
        ],
    );
    let family = ("rabbitmq_io_sync_time_seconds_total", Kind::Counter, "Time that syncs took.");
    exposition.one(family, &[], syncs.sum);
    for (name, help, found) in [
        ("leveret_log_sync_seconds", "Time of a sync of the log.", &syncs),
        ("leveret_log_batch_records", "Records that one sync made durable.", &batches),
        (
            "leveret_confirm_seconds",
            "Time from a record's making until it is durable.",
            &figures.confirms.snapshot(),
        ),
        (
            "leveret_transaction_commit_seconds",
            "Time from tx.commit to tx.commit-ok.",
            &figures.commits.snapshot(),
        ),
    ] {
        exposition.histogram((name, help), found);
    }
    if let Some(recovered) = shared.recovered() {
        let family =
            ("leveret_recovery_seconds", Kind::Gauge, "How long the log was read at the start.");
        exposition.one(family, &[], recovered.took.as_secs_f64());
    }
}
