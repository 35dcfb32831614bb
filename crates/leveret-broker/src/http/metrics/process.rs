//! Families of the process and the machine.

use std::sync::{Arc, atomic::Ordering};

use super::exposition::{Exposition, Kind};
use crate::{
    alarm::Alarms,
    attempts::Outcomes,
    readings::{Readings, descriptors_max, descriptors_used},
    shared::Shared,
};

/// What is known of them now.
struct Process<'a> {
    shared: &'a Shared,
    readings: Readings,
    alarms: Alarms,
}

/// A number of them by its name.
type Field = (&'static str, Kind, &'static str, fn(&Process<'_>) -> u64);

const FIELDS: [Field; 13] = [
    ("rabbitmq_erlang_uptime_seconds", Kind::Gauge, "Time since the start.", |process| {
        process.shared.uptime().as_secs()
    }),
    ("rabbitmq_process_resident_memory_bytes", Kind::Gauge, "Memory of the process.", |process| {
        process.readings.memory_used.unwrap_or(0)
    }),
    ("rabbitmq_resident_memory_limit_bytes", Kind::Gauge, "Memory at an alarm.", |process| {
        process.readings.memory_limit.unwrap_or(0)
    }),
    ("rabbitmq_disk_space_available_bytes", Kind::Gauge, "Free on the disk.", |process| {
        process.readings.disk_free.unwrap_or(0)
    }),
    ("rabbitmq_disk_space_available_limit_bytes", Kind::Gauge, "Free at an alarm.", |process| {
        process.shared.config().alarms.disk_free_min
    }),
    ("rabbitmq_process_open_fds", Kind::Gauge, "Open files and sockets.", |_| descriptors_used()),
    ("rabbitmq_process_max_fds", Kind::Gauge, "How many there may be.", |_| descriptors_max()),
    ("rabbitmq_process_open_tcp_sockets", Kind::Gauge, "Open connections.", |process| {
        process.shared.admission.connections() as u64
    }),
    ("rabbitmq_process_max_tcp_sockets", Kind::Gauge, "How many there may be.", |process| {
        process.shared.limits().connections_max as u64
    }),
    ("rabbitmq_alarms_memory_used_watermark", Kind::Gauge, "1 in an alarm.", |process| {
        process.alarms.memory.into()
    }),
    ("rabbitmq_alarms_free_disk_space_watermark", Kind::Gauge, "1 in an alarm.", |process| {
        process.alarms.disk.into()
    }),
    (
        "rabbitmq_alarms_file_descriptor_limit",
        Kind::Gauge,
        "Never 1: connections are bounded.",
        |_| 0,
    ),
    ("leveret_connection_panics_total", Kind::Counter, "Connections lost to a panic.", |process| {
        process.shared.panics.load(Ordering::Relaxed)
    }),
];

/// A number of logins by its name.
type Logins = (&'static str, &'static str, fn(&Outcomes) -> u64);

/// Logins by what they came to.
const LOGINS: [Logins; 2] = [
    ("rabbitmq_auth_attempts_succeeded_total", "Logins that succeeded.", Outcomes::succeeded),
    ("rabbitmq_auth_attempts_failed_total", "Logins that failed.", Outcomes::failed),
];

pub(super) fn of_process(exposition: &mut Exposition, shared: &Arc<Shared>) {
    let (readings, alarms) = (*shared.readings.borrow(), *shared.alarms.borrow());
    let process = Process { shared, readings, alarms };
    for (name, kind, help, of) in FIELDS {
        exposition.one((name, kind, help), &[], of(&process));
    }
    let attempts = [("amqp091", shared.attempts.amqp()), ("http", shared.attempts.http())];
    for (name, help, of) in LOGINS {
        exposition.family(name, Kind::Counter, help);
        for (protocol, outcomes) in &attempts {
            exposition.sample(name, &[("protocol", protocol)], of(outcomes));
        }
    }
    let name = "leveret_config_reloads_total";
    exposition.family(name, Kind::Counter, "New settings while it runs, by what became of them.");
    for (result, count) in shared.reloads.counts() {
        exposition.sample(name, &[("result", result)], count);
    }
    if let Some(expires_at) = shared.certificate_expires_at() {
        let name = "leveret_certificate_expires_timestamp_seconds";
        let family = (name, Kind::Gauge, "When our certificate ends.");
        exposition.one(family, &[], u64::try_from(expires_at).unwrap_or(0));
    }
}
