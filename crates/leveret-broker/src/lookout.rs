//! The task that raises alarms and takes them back.

use std::sync::Arc;

use tokio::sync::watch;

use crate::{
    alarm::{AlarmSettings, Alarms, Gauge},
    readings::Readings,
    shared::Shared,
};

/// Looks at the gauge until the broker stops.
pub(crate) async fn look_out(gauge: Arc<dyn Gauge>, shared: Arc<Shared>) {
    let mut lifecycle = shared.lifecycle.watch();
    loop {
        let settings = shared.config().alarms.clone();
        let readings = Readings {
            memory_used: gauge.memory_used(),
            memory_limit: settings.memory.bytes(gauge.memory_total()),
            disk_free: gauge.disk_free(),
        };
        note(&shared.alarms, judge(&readings, &settings));
        shared.readings.send_replace(readings);
        tokio::select! {
            () = tokio::time::sleep(settings.interval) => {}
            _ = lifecycle.ended() => return,
        }
    }
}

/// What cannot be measured raises no alarm.
fn judge(readings: &Readings, settings: &AlarmSettings) -> Alarms {
    let is_high = |used| readings.memory_limit.is_some_and(|mark| used > mark);
    let is_low = |free| free < settings.disk_free_min;
    Alarms {
        memory: readings.memory_used.is_some_and(is_high),
        disk: settings.disk_free_min > 0 && readings.disk_free.is_some_and(is_low),
    }
}

fn note(alarms: &watch::Sender<Alarms>, found: Alarms) {
    alarms.send_if_modified(|alarms| {
        if *alarms == found {
            return false;
        }
        if found.is_on() {
            tracing::warn!("{found}: publishers are blocked");
        } else {
            tracing::info!("no alarm any more: publishers go on");
        }
        *alarms = found;
        true
    });
}
