//! One thing that is declared again on a new connection.

use std::fmt;

use leveret_protocol::ShortStr;

/// One thing that is declared again on a new connection.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecoveryStep {
    /// An exchange.
    Exchange {
        /// Its name.
        name: ShortStr,
    },
    /// A queue.
    Queue {
        /// Its name; if the broker named it, that when it was first declared.
        name: ShortStr,
    },
    /// A binding between exchanges.
    ExchangeBinding {
        /// The exchange that gives.
        source: ShortStr,
        /// The exchange that receives.
        destination: ShortStr,
        /// The routing key or pattern.
        routing_key: ShortStr,
    },
    /// A binding of a queue.
    QueueBinding {
        /// The queue, as in [`RecoveryStep::Queue`].
        queue: ShortStr,
        /// The exchange.
        exchange: ShortStr,
        /// The routing key or pattern.
        routing_key: ShortStr,
    },
}

impl fmt::Display for RecoveryStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exchange { name } => write!(f, "exchange `{name}`"),
            Self::Queue { name } => write!(f, "queue `{name}`"),
            Self::ExchangeBinding { source, destination, routing_key } => write!(
                f,
                "binding of exchange `{destination}` to exchange `{source}` with key \
                 `{routing_key}`"
            ),
            Self::QueueBinding { queue, exchange, routing_key } => write!(
                f,
                "binding of queue `{queue}` to exchange `{exchange}` with key `{routing_key}`"
            ),
        }
    }
}
