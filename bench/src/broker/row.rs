//! The kinds of work that brokers are compared at.

/// One kind of work, as arguments of `leveret bench`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) title: &'static str,
    pub(super) arguments: &'static [&'static str],
    pub(super) shows: Shows,
    pub(super) reach: Reach,
}

/// What the project wants to reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Reach {
    /// Nothing in processor time or memory.
    Open,
    /// Microseconds of the broker's processor per message.
    Micros(f64),
    /// So many times the microseconds of the row [`DIRECT`].
    TimesDirect(f64),
    /// Memory, in MiB.
    Mebibytes(f64),
}

/// The row that topic exchanges are compared with: as many queues, without a search.
pub(super) const DIRECT: &str = "direct to 10 queues, automatic ack";

/// Which figure of a run is of interest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shows {
    /// Deliveries, or publishes where nothing is delivered.
    Rate,
    /// How long confirms took.
    Confirm,
    /// How long messages took to their consumer.
    Delivery,
    /// By how much the broker has grown, measured once all is done rather than by time.
    Memory,
}

pub(super) const ROWS: [Row; 16] = [
    Row {
        title: "transient 100 B, automatic ack",
        arguments: &["--ack", "0", "--prefetch", "0"],
        shows: Shows::Rate,
        reach: Reach::Micros(1.0),
    },
    Row {
        title: "transient 1 KiB, automatic ack",
        arguments: &["--ack", "0", "--prefetch", "0", "--size", "1024"],
        shows: Shows::Rate,
        reach: Reach::Micros(2.0),
    },
    Row {
        title: "transient 100 B, ack each, prefetch 200",
        arguments: &["--prefetch", "200"],
        shows: Shows::Rate,
        reach: Reach::Micros(1.2),
    },
    Row {
        title: "persistent 100 B, window 1,000",
        arguments: &["--persistent", "--window", "1000", "--ack", "100", "--prefetch", "2000"],
        shows: Shows::Rate,
        reach: Reach::Micros(1.8),
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
        reach: Reach::Micros(3.0),
    },
    Row {
        title: "persistent, window 1",
        arguments: &["--persistent", "--window", "1"],
        shows: Shows::Confirm,
        reach: Reach::Open,
    },
    Row {
        title: "persistent at 5,000/s",
        arguments: &["--persistent", "--window", "1000", "--rate", "5000"],
        shows: Shows::Delivery,
        reach: Reach::Open,
    },
    Row {
        title: "fan-out 1 to 10, per delivery",
        arguments: &["--pattern", "fanout", "--queues", "10", "--ack", "0", "--prefetch", "0"],
        shows: Shows::Rate,
        reach: Reach::Micros(0.6),
    },
    Row {
        title: DIRECT,
        arguments: &["--queues", "10", "--ack", "0", "--prefetch", "0"],
        shows: Shows::Rate,
        reach: Reach::Open,
    },
    Row {
        title: "topic, 1,000 bindings, 1 match",
        arguments: &["--pattern", "topic", "--queues", "10", "--ack", "0", "--prefetch", "0"],
        shows: Shows::Rate,
        reach: Reach::TimesDirect(1.2),
    },
    Row {
        title: "topic, 100,000 bindings, 10,000 keys",
        arguments: &[
            "--pattern",
            "topic",
            "--bindings",
            "100000",
            "--keys",
            "10000",
            "--queues",
            "10",
            "--ack",
            "0",
            "--prefetch",
            "0",
        ],
        shows: Shows::Rate,
        reach: Reach::TimesDirect(1.5),
    },
    Row {
        title: "transient 100 B at 50,000/s",
        arguments: &["--ack", "0", "--prefetch", "0", "--rate", "50000"],
        shows: Shows::Delivery,
        reach: Reach::Open,
    },
    Row {
        title: "persistent 100 B at 50,000/s",
        arguments: &[
            "--persistent",
            "--window",
            "1000",
            "--ack",
            "100",
            "--prefetch",
            "2000",
            "--rate",
            "50000",
        ],
        shows: Shows::Delivery,
        reach: Reach::Open,
    },
    Row {
        title: "1 M x 100 B waiting",
        arguments: &["--consumers", "0", "--window", "1000", "--messages", "1000000"],
        shows: Shows::Memory,
        reach: Reach::Mebibytes(60.0),
    },
    Row {
        title: "1 M x 1 KiB persistent waiting",
        arguments: &[
            "--consumers",
            "0",
            "--persistent",
            "--window",
            "1000",
            "--size",
            "1024",
            "--messages",
            "1000000",
        ],
        shows: Shows::Memory,
        reach: Reach::Mebibytes(60.0),
    },
    Row {
        title: "1,000 idle connections",
        arguments: &["--idle", "1000", "--producers", "0", "--consumers", "0", "--messages", "0"],
        shows: Shows::Memory,
        reach: Reach::Mebibytes(20.0),
    },
];
