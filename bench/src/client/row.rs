//! The kinds of work that clients are compared at.

/// One kind of work.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) title: &'static str,
    pub(super) work: Work,
    /// How many messages our client handles in one run; slower ones handle fewer.
    pub(super) messages: u64,
    /// What the project wants to reach, in microseconds of the client's processor per message.
    pub(super) reach: Option<f64>,
}

/// What a client does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// Publishes and asks no more.
    Forget { body_bytes: usize },
    /// Publishes mandatory messages and awaits their confirms, so many at once.
    Confirm { window: usize },
    /// Consumes with a prefetch limit of 1,000 and acknowledges every so many.
    Consume { ack_every: u64 },
    /// Consumes, publishes a result, acknowledges and commits, one message after the other.
    Transact,
    /// Asks by direct reply-to, one call after the other.
    Call,
    /// Sends 64 bytes to a process that sends them back: no AMQP, what the machine allows.
    PingPong,
}

/// How long bodies are where the row does not say.
pub(super) const BODY_BYTES: usize = 100;

/// How many unsettled deliveries a consumer may have.
pub(super) const PREFETCH: u16 = 1000;

/// The row that calls are compared with.
pub(super) const PING_PONG: Row = Row {
    title: "TCP ping-pong, two processes",
    work: Work::PingPong,
    messages: 20_000,
    reach: None,
};

pub(super) const ROWS: [Row; 9] = [
    Row {
        title: "publish 100 B, no confirm",
        work: Work::Forget { body_bytes: BODY_BYTES },
        messages: 2_000_000,
        reach: Some(0.3),
    },
    Row {
        title: "publish 1 KiB, no confirm",
        work: Work::Forget { body_bytes: 1024 },
        messages: 1_000_000,
        reach: None,
    },
    Row {
        title: "publish, confirm, window 1",
        work: Work::Confirm { window: 1 },
        messages: 20_000,
        reach: None,
    },
    Row {
        title: "publish, confirm, window 100",
        work: Work::Confirm { window: 100 },
        messages: 500_000,
        reach: None,
    },
    Row {
        title: "publish, confirm, window 1,000",
        work: Work::Confirm { window: 1000 },
        messages: 1_000_000,
        reach: Some(0.6),
    },
    Row {
        title: "consume, ack each",
        work: Work::Consume { ack_every: 1 },
        messages: 1_000_000,
        reach: Some(0.3),
    },
    Row {
        title: "consume, ack every 500th",
        work: Work::Consume { ack_every: 500 },
        messages: 1_000_000,
        reach: None,
    },
    Row {
        title: "transaction: consume, publish, ack",
        work: Work::Transact,
        messages: 50_000,
        reach: None,
    },
    Row { title: "call by direct reply-to", work: Work::Call, messages: 20_000, reach: None },
];

impl Row {
    /// The row of that title, as a child process is told.
    pub(super) fn named(title: &str) -> Option<Self> {
        ROWS.into_iter().chain([PING_PONG]).find(|row| row.title == title)
    }
}
