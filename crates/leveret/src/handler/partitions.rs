//! A queue in parts, so that several processes share the keys of its messages.

use super::Handler;
use crate::topology::{ExchangeKind, Presence};

/// The most partitions of one handler: each takes a channel of its connection.
pub const PARTITIONS_MAX: usize = 256;

/// The exchange that gives each key to one partition.
const HASH_KIND: &str = "x-consistent-hash";

/// What the exchange's name has behind the queue's.
pub(crate) const EXCHANGE_SUFFIX: &str = ".partitions";

/// By what the exchange tells keys apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HashOn {
    RoutingKey,
    Header(String),
}

impl Handler {
    /// Divides the queue into so many, 1 to [`PARTITIONS_MAX`], each of which one process consumes
    /// at a time: several processes share the keys, and the [order](Handler::ordered_by) of each holds.
    ///
    /// For a handler on `orders` there are the queues `orders.0`, `orders.1` and so on, each with a
    /// single active consumer, and the exchange `orders.partitions` of type `x-consistent-hash`,
    /// which gives all messages of a key to one of them. What the handler is
    /// [bound](Handler::bind) to leads to that exchange; there is no queue `orders` to publish to.
    /// Dead letters of all are in `orders.dead`.
    ///
    /// The key is the routing key or a header, as the broker draws it. [`Handler::concurrency`]
    /// and the look-ahead are for each partition. `RabbitMQ` needs its plug-in
    /// `rabbitmq_consistent_hash_exchange`. Another number of partitions than the broker holds is
    /// refused at the start: keys would change their queue while messages wait in the old one.
    ///
    /// ```
    /// use leveret::{Handler, OrderKey, Text};
    ///
    /// async fn book(Text(step): Text) {
    ///     println!("{step}");
    /// }
    ///
    /// let handler = Handler::new("bookings", book)
    ///     .bind("bank", "account.#")
    ///     .ordered_by(OrderKey::header("account"))
    ///     .partitions(8);
    /// # let _ = handler;
    /// ```
    #[must_use]
    pub fn partitions(mut self, partitions: usize) -> Self {
        self.partitions = Some(partitions);
        self
    }

    /// The queues it consumes from.
    pub(crate) fn queues(&self) -> Vec<String> {
        match self.partitions {
            None => vec![self.queue().to_owned()],
            Some(count) => (0..count).map(|number| self.partition(number)).collect(),
        }
    }

    /// The queue of one partition, whether it is one of the handler's or not.
    pub(crate) fn partition(&self, number: usize) -> String {
        format!("{}.{number}", self.queue())
    }

    /// The exchange before the partitions.
    pub(crate) fn partition_exchange(&self) -> String {
        format!("{}{EXCHANGE_SUFFIX}", self.queue())
    }

    /// How many workers each of its queues has at most.
    pub(crate) fn workers_max(&self) -> usize {
        // With an order one worker has all messages in hand.
        if self.ordered.is_some() { 1 } else { self.concurrency_max() }
    }

    /// By what its partitions are told apart; nothing if the broker cannot.
    pub(crate) fn hash_on(&self) -> Option<HashOn> {
        self.ordered.as_ref()?.key.hash_on()
    }

    /// Why it cannot have partitions as it is, in words that follow its name.
    pub(crate) fn partitions_misfit(&self) -> Option<String> {
        let reason = if self.ordered.is_none() {
            "has partitions and keeps no order: add `.ordered_by(..)`, or leave `.partitions(..)` \
             out and let all processes consume one queue"
        } else if self.hash_on().is_none() {
            "has partitions, and its key is one that no broker can draw: order it by \
             `OrderKey::routing_key()` or `OrderKey::header(..)`"
        } else if self.queue.presence() == Presence::Expect {
            "has partitions, whose queues it declares itself: leave `.expect_present()` out"
        } else {
            return None;
        };
        Some(reason.to_owned())
    }
}

impl HashOn {
    /// The argument of the exchange, if it needs one.
    pub(crate) fn argument(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::RoutingKey => None,
            Self::Header(name) => Some(("hash-header", name)),
        }
    }
}

/// The kind of the exchange before partitions.
pub(crate) fn hash_kind() -> ExchangeKind {
    ExchangeKind::Other(HASH_KIND.to_owned())
}
