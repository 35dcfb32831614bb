//! What is known of a queue. What is not known is nothing, never a guess.

use std::time::Duration;

/// All that could be found out.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    pub(super) queue: String,
    pub(super) virtual_host: String,
    pub(super) declared: Declared,
    pub(super) listed: Option<Listed>,
    pub(super) consumers: Option<Vec<Holder>>,
    /// What leads to the queue, without the default exchange.
    pub(super) bindings: Option<Vec<Route>>,
    /// The exchange that somebody publishes to, if one was named.
    pub(super) asked: Option<AskedRoute>,
    /// Alarms of nodes, in words.
    pub(super) alarms: Vec<String>,
    /// Users who may not read the queue, and what they may read.
    pub(super) shut_out: Vec<(String, String)>,
    /// The message that goes next.
    pub(super) head: Option<Head>,
    /// Queues that dead letters pass until they are back, from this one to this one; or none.
    pub(super) dead_letter_loop: Vec<String>,
    /// A queue of dead letters whose first message expired in this one.
    pub(super) expired_into: Option<String>,
    /// Handlers of this queue.
    pub(super) handlers: Vec<HandlerFacts>,
    pub(super) flow: Flow,
    /// For how long nothing may come out of a handler before that is told.
    pub(super) stuck_after: Duration,
    /// What could not be found out, and why.
    pub(super) unknown: Vec<String>,
}

/// What a passive declare said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Declared {
    #[default]
    Unknown,
    Found {
        ready: u64,
        consumers: u64,
    },
    Missing(String),
    /// It is another connection's alone.
    Locked(String),
    Refused(String),
    Unreachable(String),
}

/// The queue as the HTTP API shows it.
#[derive(Debug, Clone, Default)]
pub(super) struct Listed {
    pub(super) ready: Option<u64>,
    pub(super) unacked: Option<u64>,
    pub(super) consumers: Option<u64>,
    pub(super) state: Option<String>,
    /// The connection whose alone it is.
    pub(super) owner: Option<String>,
    /// How long a message may wait, in milliseconds.
    pub(super) ttl_ms: Option<u64>,
    pub(super) published: Option<u64>,
    /// Deliveries, however they were asked for.
    pub(super) delivered: Option<u64>,
}

/// A consumer.
#[derive(Debug, Clone, Default)]
pub(super) struct Holder {
    pub(super) connection: String,
    pub(super) tag: String,
    /// How many may be delivered ahead; 0 is any number.
    pub(super) prefetch: Option<u64>,
    /// Unacknowledged messages of its channel.
    pub(super) unacked: Option<u64>,
    pub(super) is_exclusive: bool,
}

/// A binding to the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) exchange: String,
    pub(super) key: String,
}

/// Where somebody publishes.
#[derive(Debug, Clone)]
pub(super) struct AskedRoute {
    pub(super) exchange: String,
    pub(super) key: Option<String>,
    /// Nothing if it does not exist.
    pub(super) kind: Option<String>,
}

/// The message that goes next.
#[derive(Debug, Clone, Default)]
pub(super) struct Head {
    pub(super) id: String,
    /// How often it came back from this queue as a dead letter.
    pub(super) deaths_here: u64,
    /// Deliveries that ended without an outcome, where the broker counts them.
    pub(super) deliveries: u64,
}

/// A handler of this queue.
#[derive(Debug, Clone, Default)]
pub(super) struct HandlerFacts {
    pub(super) app: String,
    pub(super) name: String,
    pub(super) state: String,
    pub(super) workers: u64,
    pub(super) in_hand: u64,
    pub(super) quiet_secs: u64,
    pub(super) handled_per_sec: f64,
    pub(super) failed_per_sec: f64,
    pub(super) last_error: Option<String>,
    /// By whom and why, and when it ends.
    pub(super) pause: Option<String>,
    /// Keys that wait: the key, attempts at its first message, messages behind it.
    pub(super) parked: Vec<(String, u64, u64)>,
}

/// How messages came and went while it was looked at.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Flow {
    pub(super) seconds: f64,
    pub(super) taken_per_sec: Option<f64>,
    pub(super) arrived_per_sec: Option<f64>,
}

impl Facts {
    pub(super) fn ready(&self) -> Option<u64> {
        match &self.declared {
            Declared::Found { ready, .. } => Some(*ready),
            Declared::Unknown
            | Declared::Missing(_)
            | Declared::Locked(_)
            | Declared::Refused(_)
            | Declared::Unreachable(_) => self.listed.as_ref()?.ready,
        }
    }

    pub(super) fn unacked(&self) -> Option<u64> {
        let held = || self.handlers.iter().map(|handler| handler.in_hand).reduce(|a, b| a + b);
        self.listed.as_ref().and_then(|listed| listed.unacked).or_else(held)
    }

    pub(super) fn consumer_count(&self) -> Option<u64> {
        match &self.declared {
            Declared::Found { consumers, .. } => Some(*consumers),
            Declared::Unknown
            | Declared::Missing(_)
            | Declared::Locked(_)
            | Declared::Refused(_)
            | Declared::Unreachable(_) => self.listed.as_ref()?.consumers,
        }
    }

    pub(super) fn is_taken_from(&self) -> bool {
        self.flow.taken_per_sec.is_some_and(|rate| rate > 0.0)
    }

    /// Whether something waits or is in hand.
    pub(super) fn has_messages(&self) -> bool {
        self.ready().unwrap_or_default() > 0 || self.unacked().unwrap_or_default() > 0
    }
}
