//! The kinds of work that brokers are compared at.

/// One kind of work, as arguments of `leveret bench`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) title: &'static str,
    pub(super) arguments: &'static [&'static str],
    pub(super) shows: Shows,
    /// What the project wants to reach, in microseconds of the broker's processor per message.
    pub(super) reach: Option<f64>,
}

/// Which figure of a run is of interest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shows {
    /// Deliveries, or publishes where nothing is delivered.
    Rate,
    /// How long confirms took.
    Confirm,
    /// How long messages took to their consumer.
    Delivery,
}

pub(super) const ROWS: [Row; 9] = [
    Row {
        title: "transient 100 B, automatic ack",
        arguments: &["--ack", "0", "--prefetch", "0"],
        shows: Shows::Rate,
        reach: Some(1.0),
    },
    Row {
        title: "transient 1 KiB, automatic ack",
        arguments: &["--ack", "0", "--prefetch", "0", "--size", "1024"],
        shows: Shows::Rate,
        reach: Some(2.0),
    },
    Row {
        title: "transient 100 B, ack each, prefetch 200",
        arguments: &["--prefetch", "200"],
        shows: Shows::Rate,
        reach: Some(1.2),
    },
    Row {
        title: "persistent 100 B, window 1,000",
        arguments: &["--persistent", "--window", "1000", "--ack", "100", "--prefetch", "2000"],
        shows: Shows::Rate,
        reach: Some(1.8),
    },
    Row {
        title: "persistent 1 KiB, window 1,000",
        arguments: &[
            "--persistent",
            "--window",
            "1000",
            "--ack",
            "100",
            "--prefetch",
            "2000",
            "--size",
            "1024",
        ],
        shows: Shows::Rate,
        reach: Some(3.0),
    },
    Row {
        title: "persistent, window 1",
        arguments: &["--persistent", "--window", "1"],
        shows: Shows::Confirm,
        reach: None,
    },
    Row {
        title: "persistent at 5,000/s",
        arguments: &["--persistent", "--window", "1000", "--rate", "5000"],
        shows: Shows::Delivery,
        reach: None,
    },
    Row {
        title: "fan-out 1 to 10, per delivery",
        arguments: &["--pattern", "fanout", "--queues", "10", "--ack", "0", "--prefetch", "0"],
        shows: Shows::Rate,
        reach: Some(0.6),
    },
    Row {
        title: "topic, 1,000 bindings, 1 match",
        arguments: &["--pattern", "topic", "--queues", "10", "--ack", "0", "--prefetch", "0"],
        shows: Shows::Rate,
        reach: None,
    },
];
