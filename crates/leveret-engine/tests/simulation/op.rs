//! What clients may do, at random.

use proptest::prelude::{Just, Strategy, any, prop_oneof};

use super::QUEUES;

/// A channel of the four there are: plain, confirm, transaction, plain.
pub(crate) type Seat = usize;

pub(crate) const PLAIN: Seat = 0;
pub(crate) const CONFIRM: Seat = 1;
pub(crate) const TRANSACTION: Seat = 2;
pub(crate) const SEATS: usize = 4;

#[derive(Debug, Clone)]
pub(crate) enum Op {
    Publish {
        seat: Seat,
        target: usize,
        persistent: bool,
        large: bool,
    },
    Get {
        seat: Seat,
        queue: usize,
        no_ack: bool,
    },
    Consume {
        seat: Seat,
        queue: usize,
        no_ack: bool,
        prefetch: u16,
    },
    Cancel {
        seat: Seat,
    },
    /// Settles one of the unsettled, counted from the oldest, or all up to it.
    Settle {
        seat: Seat,
        nth: usize,
        multiple: bool,
        verdict: Verdict,
    },
    Recover {
        seat: Seat,
    },
    Close {
        seat: Seat,
    },
    Disconnect {
        connection: usize,
    },
    Commit,
    Rollback,
    Purge {
        queue: usize,
    },
    Delete {
        queue: usize,
    },
    /// The disk has got a part of what it has to get, in percent.
    Durable {
        percent: usize,
    },
    Relocate {
        percent: usize,
    },
    Credit {
        connection: usize,
    },
    /// Time goes on, so many times ten milliseconds.
    Tick {
        tens: u64,
    },
    /// Pages are stored and read, so many.
    Page {
        jobs: usize,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Ack,
    Requeue,
    Reject,
}

pub(crate) fn op() -> impl Strategy<Value = Op> {
    let seat = || 0..SEATS;
    let queue = || 0..QUEUES.len();
    let verdict = || prop_oneof![3 => Just(Verdict::Ack), 1 => Just(Verdict::Requeue), 1 => Just(Verdict::Reject)];
    prop_oneof![
        12 => (seat(), 0..=QUEUES.len(), any::<bool>(), any::<bool>())
            .prop_map(|(seat, target, persistent, large)| Op::Publish { seat, target, persistent, large }),
        4 => (seat(), queue(), any::<bool>())
            .prop_map(|(seat, queue, no_ack)| Op::Get { seat, queue, no_ack }),
        3 => (seat(), queue(), any::<bool>(), 0..4_u16)
            .prop_map(|(seat, queue, no_ack, prefetch)| Op::Consume { seat, queue, no_ack, prefetch }),
        1 => seat().prop_map(|seat| Op::Cancel { seat }),
        8 => (seat(), 0..4_usize, any::<bool>(), verdict())
            .prop_map(|(seat, nth, multiple, verdict)| Op::Settle { seat, nth, multiple, verdict }),
        1 => seat().prop_map(|seat| Op::Recover { seat }),
        1 => seat().prop_map(|seat| Op::Close { seat }),
        1 => (0..2_usize).prop_map(|connection| Op::Disconnect { connection }),
        3 => Just(Op::Commit),
        1 => Just(Op::Rollback),
        1 => queue().prop_map(|queue| Op::Purge { queue }),
        1 => queue().prop_map(|queue| Op::Delete { queue }),
        4 => (0..=100_usize).prop_map(|percent| Op::Durable { percent }),
        1 => (0..=100_usize).prop_map(|percent| Op::Relocate { percent }),
        4 => (0..4_usize).prop_map(|jobs| Op::Page { jobs }),
        2 => (0..2_usize).prop_map(|connection| Op::Credit { connection }),
        3 => (1..8_u64).prop_map(|tens| Op::Tick { tens }),
    ]
}
