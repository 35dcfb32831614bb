//! Handlers that keep the order of messages that belong together.

use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;
use std::time::Duration;

use super::Handler;
use super::partitions::HashOn;
use crate::message::Message;

/// How many messages an ordered handler has in hand unless told otherwise.
const LOOK_AHEAD_DEFAULT: u16 = 64;

/// What messages have in common whose order is kept.
#[derive(Clone)]
pub struct OrderKey(Source);

#[derive(Clone)]
enum Source {
    RoutingKey,
    Header(String),
    Word(usize),
    Function(Arc<Draw>),
}

type Draw = dyn Fn(&Message) -> Option<String> + Send + Sync;

/// What happens to a key whose message has had all its attempts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// The message becomes a dead letter, and the key goes on with its next.
    #[default]
    DeadLetter,
    /// The key waits: its message is tried again each time this has passed, until it is handled.
    /// A permanent failure makes a dead letter all the same.
    ParkKey(Duration),
}

/// How a handler keeps an order: by which key, and what holds up a key.
///
/// ```
/// use std::time::Duration;
/// use leveret::{OnFailure, OrderKey, Ordered};
///
/// let ordered = Ordered::by(OrderKey::header("account"))
///     .on_failure(OnFailure::ParkKey(Duration::from_secs(60)))
///     .look_ahead(200);
/// # let _ = ordered;
/// ```
#[derive(Debug, Clone)]
pub struct Ordered {
    pub(crate) key: OrderKey,
    pub(crate) on_failure: OnFailure,
    pub(crate) look_ahead: u16,
}

impl Ordered {
    /// Messages of one key are handled one after another.
    pub fn by(key: OrderKey) -> Self {
        Self { key, on_failure: OnFailure::default(), look_ahead: LOOK_AHEAD_DEFAULT }
    }

    /// What happens to a key whose message has had all its attempts.
    #[must_use]
    pub fn on_failure(self, on_failure: OnFailure) -> Self {
        Self { on_failure, ..self }
    }

    /// How many messages the handler has in hand at most, those that wait for their key with
    /// them: 64 unless told otherwise, at least its concurrency. When all of them wait, other
    /// keys wait, too.
    #[must_use]
    pub fn look_ahead(self, messages: u16) -> Self {
        Self { look_ahead: messages, ..self }
    }

    /// How long a key waits whose message has had all its attempts, if that does not die.
    pub(crate) const fn parks(&self) -> Option<Duration> {
        match self.on_failure {
            OnFailure::DeadLetter => None,
            OnFailure::ParkKey(pause) => Some(pause),
        }
    }
}

impl From<OrderKey> for Ordered {
    fn from(key: OrderKey) -> Self {
        Self::by(key)
    }
}

impl OrderKey {
    /// The routing key.
    pub fn routing_key() -> Self {
        Self(Source::RoutingKey)
    }

    /// A header that holds text.
    pub fn header(name: impl Into<String>) -> Self {
        Self(Source::Header(name.into()))
    }

    /// A word of the routing key, counted from zero: `42` is word 1 of `order.42.paid`.
    pub fn word(number: usize) -> Self {
        Self(Source::Word(number))
    }

    /// Whatever the function draws from a message.
    pub fn of(function: impl Fn(&Message) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Source::Function(Arc::new(function)))
    }

    /// How a broker tells these keys apart; nothing if it cannot.
    pub(super) fn hash_on(&self) -> Option<HashOn> {
        match &self.0 {
            Source::RoutingKey => Some(HashOn::RoutingKey),
            Source::Header(name) => Some(HashOn::Header(name.clone())),
            Source::Word(_) | Source::Function(_) => None,
        }
    }

    /// The key of this message; nothing if it has none.
    pub(crate) fn draw(&self, message: &Message) -> Option<String> {
        match &self.0 {
            Source::RoutingKey => Some(message.routing_key().into_owned()),
            Source::Header(name) => message.header_text(name),
            Source::Word(number) => {
                message.routing_key().split('.').nth(*number).map(str::to_owned)
            }
            Source::Function(function) => function(message),
        }
    }
}

impl Handler {
    /// Handles messages of one key one after another, in the order in which they came; different
    /// keys side by side, as many as its [`concurrency`](Handler::concurrency).
    ///
    /// A message that is to be tried again after a pause stays in hand, and its key waits with it;
    /// other keys go on. A pause therefore cannot be longer than what a broker leaves a message
    /// in hand: all pauses of the [policy](Handler::retry) together are at most 15 minutes. What
    /// has had all its attempts becomes a dead letter, or parks its key: see [`Ordered`].
    /// Messages without a key are in no order.
    ///
    /// The order is kept in one process, also when its connection breaks. Where several consume
    /// the queue, give it the argument `x-single-active-consumer`: one of them has it at a time.
    /// With [`Handler::partitions`] they share the keys.
    ///
    /// ```
    /// use leveret::{Handler, OrderKey, Queue, Text};
    ///
    /// async fn follow(Text(step): Text) {
    ///     println!("{step}");
    /// }
    ///
    /// let queue = Queue::new("orders").argument("x-single-active-consumer", true);
    /// let handler = Handler::new(queue, follow)
    ///     .bind("shop", "order.*.*")
    ///     .ordered_by(OrderKey::word(1))
    ///     .concurrency(8);
    /// # let _ = handler;
    /// ```
    #[must_use]
    pub fn ordered_by(mut self, ordered: impl Into<Ordered>) -> Self {
        self.ordered = Some(ordered.into());
        self
    }
}

impl Debug for OrderKey {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::RoutingKey => f.write_str("the routing key"),
            Source::Header(name) => write!(f, "header `{name}`"),
            Source::Word(number) => write!(f, "word {number} of the routing key"),
            Source::Function(_) => f.write_str("a function of the message"),
        }
    }
}
