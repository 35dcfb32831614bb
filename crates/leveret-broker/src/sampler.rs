//! Looks at what engines have counted, again and again.

use std::{sync::atomic::Ordering, time::Duration};

use leveret_protocol::ShortStr;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::{
    presence::Present,
    readings::descriptors_used,
    samples::{MachineLook, Octets},
    shared::Shared,
};

/// Between two looks; `RabbitMQ` collects its statistics as often.
const INTERVAL: Duration = Duration::from_secs(5);

/// Looks at all virtual hosts, for as long as it is polled.
pub(crate) async fn look_on(shared: &Shared) {
    let mut ticks = interval_at(Instant::now(), INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let state = shared.registry.state();
        for name in state.virtual_hosts.keys() {
            if let Some(ingress) = shared.hosts.ingress(&ShortStr::truncated(name)) {
                shared.samples.look_at(name, &ingress, shared.clock.now()).await;
            }
        }
        shared.samples.retain(|name| state.virtual_hosts.contains_key(name));
        let present = shared.presence.all();
        let connections = present.iter().map(|present| (present.id, octets(present)));
        shared.samples.note_machine(machine(shared), connections, shared.clock.now());
    }
}

/// The broker as it is now.
fn machine(shared: &Shared) -> MachineLook {
    let readings = *shared.readings.borrow();
    MachineLook {
        turnover: shared.presence.turnover(),
        memory_used: readings.memory_used.unwrap_or(0),
        disk_free: readings.disk_free.unwrap_or(0),
        descriptors: descriptors_used(),
        sockets: shared.admission.connections() as u64,
    }
}

fn octets(present: &Present) -> Octets {
    let traffic = &present.traffic;
    Octets {
        received: traffic.received.load(Ordering::Relaxed),
        sent: traffic.sent.load(Ordering::Relaxed),
    }
}
