//! Handlers that take many messages at a time.

use std::time::Duration;

use super::{Handler, HandlerFn};
use crate::effects::{Effects, IntoEffects};
use crate::topology::Queue;

/// The most messages a batch may have.
pub const BATCH_SIZE_MAX: usize = 10_000;

/// The longest a batch may wait for more messages: brokers close a channel that keeps messages
/// in hand for much longer.
pub(crate) const BATCH_WINDOW_MAX: Duration = Duration::from_mins(10);

/// How large a batch is unless told otherwise.
const SIZE_DEFAULT: usize = 100;

/// How long a batch waits for more messages unless told otherwise.
const WINDOW_DEFAULT: Duration = Duration::from_millis(200);

/// When a batch is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Batching {
    pub(crate) size: usize,
    pub(crate) window: Duration,
}

impl Default for Batching {
    fn default() -> Self {
        Self { size: SIZE_DEFAULT, window: WINDOW_DEFAULT }
    }
}

impl Handler {
    /// Runs `function` for many messages at a time: it takes a [`Batch`](crate::Batch).
    ///
    /// A batch is full with 100 messages, or 200 ms after its first: [`size`](Handler::size) and
    /// [`window`](Handler::window) change that. Besides the batch the function may take what is no
    /// message's own: `State`, `Settings`, `Publisher`, extractors of yours. What it returns is for
    /// all of the batch, or with [`Each`] for each message.
    ///
    /// - *All succeed* (`()`, `Ok`, messages to publish): outputs and acknowledgements are one
    ///   unit, in transaction mode one commit.
    /// - *The batch fails* (`Err`, a panic, the time limit): nobody knows which message is at
    ///   fault. None is charged with an attempt; each is tried alone, in its order, and what fails
    ///   alone is retried by the [policy](Handler::retry) and becomes a dead letter alone.
    ///   [`Class::Busy`](crate::Class::Busy) is no message's fault either: all come back later.
    /// - *One message fails* ([`Each`]): it is retried by the policy, its neighbours are settled
    ///   before that.
    /// - *A message asks for an answer*: an [`Each`] of `Reply`s, or of results with them, has one
    ///   for each. A `Reply` for all of the batch goes to nobody.
    /// - *A message cannot be read*: a dead letter, and not in the batch.
    ///
    /// Messages that were delivered before may be what took a process down, so a new channel
    /// begins with those one by one, as many as a batch has. Prefetch is the size of a batch, for
    /// each of the [`concurrency`](Handler::concurrency) workers. When the application stops, a
    /// batch that waits for more is handled as it is. A batch has no [inbox](Handler::inbox).
    ///
    /// ```
    /// use std::time::Duration;
    /// use leveret::{Batch, Handler, Json};
    ///
    /// async fn store(batch: Batch<Json<u32>>) -> Result<(), std::io::Error> {
    ///     let rows: Vec<u32> = batch.into_iter().map(|Json(row)| row).collect();
    ///     println!("one insert of {} rows", rows.len());
    ///     Ok(())
    /// }
    ///
    /// let handler = Handler::batch("rows", store).size(500).window(Duration::from_secs(1));
    /// # let _ = handler;
    /// ```
    pub fn batch<Args: 'static>(queue: impl Into<Queue>, function: impl HandlerFn<Args>) -> Self {
        let mut handler = Self::new(queue, function);
        handler.batching = Some(Batching::default());
        handler
    }

    /// With this many messages a batch is full: 1 to [`BATCH_SIZE_MAX`]. For handlers of batches.
    #[must_use]
    pub fn size(mut self, messages: usize) -> Self {
        self.batching.get_or_insert_default().size = messages;
        self
    }

    /// A batch that is not full waits this long, from its first message on, ten minutes at most.
    /// For handlers of batches.
    #[must_use]
    pub fn window(mut self, window: Duration) -> Self {
        self.batching.get_or_insert_default().window = window;
        self
    }
}

/// What is to become of each message of a batch: one value for each, in their order.
///
/// ```
/// use leveret::{Batch, Each, Json, Outcome};
///
/// async fn check(batch: Batch<Json<u32>>) -> Each<Outcome> {
///     let outcome = |Json(number): Json<u32>| match number {
///         13 => Outcome::DeadLetter("unlucky".to_owned()),
///         _ => Outcome::Ack,
///     };
///     Each(batch.into_iter().map(outcome).collect())
/// }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use = "it says what becomes of each message when a handler returns it"]
pub struct Each<T>(pub Vec<T>);

impl<T: IntoEffects> IntoEffects for Each<T> {
    fn add_to(self, effects: &mut Effects) {
        let one = |value: T| {
            let mut effects = Effects::default();
            value.add_to(&mut effects);
            effects
        };
        effects.each = Some(self.0.into_iter().map(one).collect());
    }
}

impl<T> FromIterator<T> for Each<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}
