//! Which metrics there are. Their only labels are names of handlers and queues.

use super::exposition::{Exposition, Kind};
use super::{Monitor, Watched};
use crate::stats::HandlerStats;

type Number = fn(&HandlerStats) -> u64;

/// A number of each handler, in a family of its own.
struct Family {
    name: &'static str,
    kind: Kind,
    help: &'static str,
    of: Number,
}

/// By OpenTelemetry's names.
const CONVENTIONAL: [Family; 2] = [
    Family {
        name: "messaging_client_consumed_messages_total",
        kind: Kind::Counter,
        help: "Messages delivered to the handler, each time they were.",
        of: |stats| stats.received,
    },
    Family {
        name: "messaging_client_sent_messages_total",
        kind: Kind::Counter,
        help: "Messages published by the handler and taken by the broker.",
        of: |stats| stats.published,
    },
];

/// By names of our own.
const OWN: [Family; 8] = [
    Family {
        name: "leveret_handler_failed_attempts_total",
        kind: Kind::Counter,
        help: "Attempts that failed.",
        of: |stats| stats.failed,
    },
    Family {
        name: "leveret_handler_retries_total",
        kind: Kind::Counter,
        help: "Failed attempts that were followed by another at once.",
        of: |stats| stats.retried,
    },
    Family {
        name: "leveret_handler_unroutable_messages_total",
        kind: Kind::Counter,
        help: "Outputs that no queue took.",
        of: |stats| stats.unroutable,
    },
    Family {
        name: "leveret_handler_dropped_replies_total",
        kind: Kind::Counter,
        help: "Replies to messages that wanted none.",
        of: |stats| stats.replies_dropped,
    },
    Family {
        name: "leveret_handler_pauses_total",
        kind: Kind::Counter,
        help: "How often it stopped because what it depends on failed.",
        of: |stats| stats.pauses,
    },
    Family {
        name: "leveret_handler_kill_switch",
        kind: Kind::Gauge,
        help: "0: it handles messages; 1: it has stopped; 2: it tries one message.",
        of: |stats| stats.flow as u64,
    },
    Family {
        name: "leveret_handler_in_flight_messages",
        kind: Kind::Gauge,
        help: "Messages being handled now.",
        of: |stats| stats.in_flight,
    },
    Family {
        name: "leveret_handler_consumers",
        kind: Kind::Gauge,
        help: "Workers to which the broker delivers on the present connection.",
        of: |stats| stats.consumers,
    },
];

/// What becomes of messages, once they are settled.
const OUTCOMES: [(&str, Number); 7] = [
    ("handled", |stats| stats.handled),
    ("dead_lettered", |stats| stats.dead_lettered),
    ("postponed", |stats| stats.postponed),
    ("rejected", |stats| stats.rejected),
    ("dropped", |stats| stats.dropped),
    ("duplicate", |stats| stats.duplicates),
    ("expired", |stats| stats.expired),
];

impl Monitor {
    /// What has happened so far in Prometheus' text format: see `docs/observing.md` for the names.
    ///
    /// The labels are names of handlers and queues, so there are no more series than these need.
    pub fn metrics(&self) -> String {
        let mut out = Exposition::default();
        let watched: Vec<(&Watched, HandlerStats)> =
            self.handlers().iter().map(|one| (one, one.counters.read())).collect();
        for family in &CONVENTIONAL {
            out.family(family.name, family.kind, family.help);
            for (one, stats) in &watched {
                out.sample(&conventional(one), (family.of)(stats));
            }
        }
        histograms(&mut out, self.handlers());
        out.family(
            "leveret_handler_messages_total",
            Kind::Counter,
            "Messages that left the handler, by what became of them.",
        );
        for (one, stats) in &watched {
            for (outcome, of) in OUTCOMES {
                let [handler, queue] = own(one);
                out.sample(&[handler, queue, ("outcome", outcome)], of(stats));
            }
        }
        for family in &OWN {
            out.family(family.name, family.kind, family.help);
            for (one, stats) in &watched {
                out.sample(&own(one), (family.of)(stats));
            }
        }
        out.family(
            "leveret_handler_workers",
            Kind::Gauge,
            "How many messages it handles at a time.",
        );
        for (one, _) in &watched {
            out.sample(&own(one), one.gate.workers() * one.queues.len());
        }
        out.family(
            "leveret_handler_paused",
            Kind::Gauge,
            "1 while an operator has paused it, otherwise 0.",
        );
        for (one, _) in &watched {
            out.sample(&own(one), u8::from(one.gate.is_halted()));
        }
        out.family(
            "leveret_reconnects_total",
            Kind::Counter,
            "How often a connection was lost and had to be opened again.",
        );
        out.sample(&[], self.stats().reconnects);
        out.family(
            "leveret_config_reloads_total",
            Kind::Counter,
            "How often the configuration was read again while it runs, by what became of that.",
        );
        for (result, count) in self.reloads() {
            out.sample(&[("result", result)], count);
        }
        out.into_text()
    }
}

fn histograms(out: &mut Exposition, handlers: &[Watched]) {
    out.family(
        "messaging_process_duration_seconds",
        Kind::Histogram,
        "How long single attempts of the handler took.",
    );
    for one in handlers {
        out.histogram(&conventional(one), &one.counters.attempts.read());
    }
    out.family(
        "leveret_handler_message_age_seconds",
        Kind::Histogram,
        "Time since a message's timestamp, in whole seconds, whenever it was received.",
    );
    for one in handlers {
        out.histogram(&own(one), &one.counters.ages.read());
    }
    out.family(
        "leveret_handler_queue_wait_seconds",
        Kind::Histogram,
        "The same for messages received for the first time: how long they were in the queue.",
    );
    for one in handlers {
        out.histogram(&own(one), &one.counters.waits.read());
    }
}

fn conventional(one: &Watched) -> [(&str, &str); 4] {
    [
        ("messaging_system", "rabbitmq"),
        ("messaging_operation_name", "process"),
        ("messaging_destination_name", &one.queue),
        ("leveret_handler", &one.name),
    ]
}

fn own(one: &Watched) -> [(&str, &str); 2] {
    [("handler", &one.name), ("queue", &one.queue)]
}
