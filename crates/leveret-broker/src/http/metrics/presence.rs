//! Families of what there is, and of what has come and gone.

use std::sync::{Arc, atomic::Ordering};

use super::{
    exposition::{Exposition, Kind, PROTOCOL},
    gathering::Gathering,
};
use crate::{presence::Turnover, shared::Shared};

/// What there is now.
struct Presence<'a> {
    gathering: &'a Gathering,
    turnover: Turnover,
    connections: u64,
    channels: u64,
    consumers: u64,
}

/// A number of it by its name.
type Field = (&'static str, Kind, &'static str, fn(&Presence<'_>) -> u64);

const FIELDS: [Field; 11] = [
    ("rabbitmq_connections", Kind::Gauge, "Open connections.", |now| now.connections),
    ("rabbitmq_channels", Kind::Gauge, "Open channels.", |now| now.channels),
    ("rabbitmq_queues", Kind::Gauge, "Queues.", |now| {
        now.gathering.hosts.iter().map(|host| host.queues.len() as u64).sum()
    }),
    ("rabbitmq_consumers", Kind::Gauge, "Consumers.", |now| now.consumers),
    ("rabbitmq_connections_opened_total", Kind::Counter, "Connections opened.", |now| {
        now.turnover.connections_opened
    }),
    ("rabbitmq_connections_closed_total", Kind::Counter, "Connections closed.", |now| {
        now.turnover.connections_closed
    }),
    ("rabbitmq_channels_opened_total", Kind::Counter, "Channels opened.", |now| {
        now.turnover.channels_opened
    }),
    ("rabbitmq_channels_closed_total", Kind::Counter, "Channels closed.", |now| {
        now.turnover.channels_closed
    }),
    ("rabbitmq_queues_declared_total", Kind::Counter, "Declarations of queues.", |now| {
        now.gathering.churn.queues_declared
    }),
    ("rabbitmq_queues_created_total", Kind::Counter, "Queues made.", |now| {
        now.gathering.churn.queues_created
    }),
    ("rabbitmq_queues_deleted_total", Kind::Counter, "Queues gone.", |now| {
        now.gathering.churn.queues_deleted
    }),
];

pub(super) fn of_presence(
    exposition: &mut Exposition,
    shared: &Arc<Shared>,
    gathering: &Gathering,
) {
    let present = shared.presence.all();
    let channels = present.iter().map(|one| u64::from(one.channels.load(Ordering::Relaxed)));
    let now = Presence {
        gathering,
        turnover: shared.presence.turnover(),
        connections: present.len() as u64,
        channels: channels.sum(),
        consumers: gathering.sum(|queue| queue.consumers),
    };
    for (name, kind, help, of) in FIELDS {
        exposition.one((name, kind, help), &[], of(&now));
    }
    let family = ("rabbitmq_global_publishers", Kind::Gauge, "Channels that have published.");
    exposition.one(family, &PROTOCOL, gathering.publishers);
    let family = ("rabbitmq_global_consumers", Kind::Gauge, "Consumers.");
    exposition.one(family, &PROTOCOL, now.consumers);
}
