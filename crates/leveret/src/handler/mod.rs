//! A handler: a function, the queue it consumes from, and how it is run.

mod batch;
mod blocking;
mod bounds;
mod error_rules;
mod errors;
mod function;
mod group;
mod into_handler;
mod kill_switch;
mod layer;
mod observers;
mod order;
mod own;
mod partitions;
mod translator;

use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;
use std::time::Duration;

use crate::locals::{Locals, Scope};
use crate::principal::Principal;
use crate::report::ErrorRoute;
use crate::retry::RetryPolicy;
use crate::rules::Rules;
use crate::topology::{Binding, ExchangeKind, Queue};

pub use batch::{BATCH_SIZE_MAX, Each};
pub(crate) use batch::{BATCH_WINDOW_MAX, Batching};
pub use blocking::BlockingFn;
pub use function::HandlerFn;
pub(crate) use function::Service;
use function::{FunctionService, Step, own_name};
pub use group::Handlers;
pub use into_handler::IntoHandler;
pub use kill_switch::KillSwitch;
pub(crate) use layer::Wrap;
pub use layer::{HandlerFuture, HandlerService};
pub use observers::{Observers, Observes};
pub use order::{OnFailure, OrderKey, Ordered};
use own::Own;
pub use partitions::PARTITIONS_MAX;
pub(crate) use partitions::{EXCHANGE_SUFFIX, HashOn, hash_kind};
pub use translator::{IntoMessage, TranslatorFn};

/// The most messages one handler works on at a time: each takes a channel of its connection.
pub const CONCURRENCY_MAX: usize = 1024;

/// A function bound to a queue, and the way it is run. `#[handler]` makes one from attributes.
///
/// ```
/// use leveret::{EncodeError, Handler, Json, Publish};
///
/// async fn double(Json(number): Json<u32>) -> Result<Publish, EncodeError> {
///     Publish::new("doubles", "number.even").json(&(number * 2))
/// }
///
/// let handler = Handler::new("numbers", double)
///     .bind("numbers", "number.#")
///     .concurrency(4)
///     .transaction();
/// assert_eq!(handler.name(), "double");
/// assert_eq!(handler.queue(), "numbers");
/// ```
///
/// # What does not compile
///
/// `#[handler]` tells what does not fit where it is written:
///
/// ```compile_fail
/// #[leveret::handler(queue = "jobs")]
/// async fn work(number: u32) {} // no extractor: `Json(number): Json<u32>` is
/// ```
/// ```compile_fail
/// #[leveret::handler(queue = "jobs")]
/// async fn work() -> u32 { 7 } // no effect: a `Publish` is
/// ```
/// ```compile_fail
/// #[leveret::handler(queue = "jobs")]
/// fn work() {} // not async
/// ```
/// ```compile_fail
/// #[leveret::handler(exchange = "events", key = "#")]
/// async fn work() {} // no queue
/// ```
/// ```compile_fail
/// #[leveret::handler(queue = "jobs", exchange = "events")]
/// async fn work() {} // no key
/// ```
/// ```compile_fail
/// #[leveret::handler(queue = "jobs", concurency = 4)]
/// async fn work() {} // a slip
/// ```
#[derive(Clone)]
pub struct Handler {
    pub(crate) name: String,
    pub(crate) queue: Queue,
    pub(crate) bindings: Vec<Binding>,
    pub(crate) connection: Option<String>,
    pub(crate) concurrency: usize,
    /// How few and how many an operator may make it.
    pub(crate) concurrency_min: Option<usize>,
    pub(crate) concurrency_max: Option<usize>,
    /// Whether it pulls nothing until somebody resumes it.
    pub(crate) paused: bool,
    pub(crate) mode: Option<Mode>,
    pub(crate) retry: RetryPolicy,
    pub(crate) time_limit: Option<Duration>,
    pub(crate) inbox: Inboxing,
    pub(crate) principal: Option<Principal>,
    pub(crate) threading: Threading,
    pub(crate) kill_switch: Option<KillSwitch>,
    pub(crate) rules: Rules,
    /// Values of the groups it is in, the innermost first.
    pub(crate) scopes: Vec<Arc<Scope>>,
    /// What it says itself, so that no group says otherwise.
    pub(crate) own: Own,
    pub(crate) batching: Option<Batching>,
    /// Asked in this order.
    pub(crate) error_routes: Vec<ErrorRoute>,
    pub(crate) ordered: Option<Ordered>,
    /// Into how many its queue is divided, if it is.
    pub(crate) partitions: Option<usize>,
    pub(crate) service: Arc<dyn Service>,
    /// Between the message and the function, the first to be taken first.
    pub(crate) steps: Vec<Arc<dyn Step>>,
    /// Around each attempt, the outermost last.
    pub(crate) layers: Vec<Wrap>,
}

/// How outputs and acknowledgement belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// One AMQP transaction holds the outputs and the acknowledgement. On a Leveret broker it
    /// is atomic, whatever happens; `RabbitMQ` may keep a part of it when it is killed.
    Transaction,
    /// All outputs are confirmed by the broker, then the message is acknowledged. A crash between
    /// the two repeats the message, and its outputs with the same message-ids.
    Confirmed,
}

/// Whether a message that was handled before is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Inboxing {
    Off,
    On,
}

/// Where a handler's function runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Threading {
    /// On the runtime's threads, as a future.
    Shared,
    /// On threads of its own, as it may block.
    Own,
}

impl Handler {
    /// Runs `function` for each message of `queue`, one at a time until told otherwise.
    pub fn new<Args: 'static>(queue: impl Into<Queue>, function: impl HandlerFn<Args>) -> Self {
        fn name_of<F>(_: &F, queue: &Queue) -> String {
            own_name::<F>().unwrap_or_else(|| queue.name()).to_owned()
        }
        let queue = queue.into();
        let name = name_of(&function, &queue);
        Self::of_service(name, queue, Arc::new(FunctionService::new(function)))
    }

    pub(crate) fn of_service(name: String, queue: Queue, service: Arc<dyn Service>) -> Self {
        Self {
            name,
            queue,
            bindings: Vec::new(),
            connection: None,
            concurrency: 1,
            concurrency_min: None,
            concurrency_max: None,
            paused: false,
            mode: None,
            retry: RetryPolicy::default(),
            time_limit: None,
            inbox: Inboxing::Off,
            principal: None,
            threading: Threading::Shared,
            kill_switch: None,
            rules: Rules::default(),
            scopes: Vec::new(),
            own: Own::default(),
            batching: None,
            error_routes: Vec::new(),
            ordered: None,
            partitions: None,
            service,
            steps: Vec::new(),
            layers: Vec::new(),
        }
    }

    /// Another name: for logs, dead letters and the configuration file.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Binds the queue to a topic exchange; call again for more keys.
    ///
    /// Words of the key may have names, which the handler takes as [`Captures`](crate::Captures):
    /// `orders.{region}.created` is bound as `orders.*.created`, and `{rest..}` as `#`.
    #[must_use]
    pub fn bind(self, exchange: impl Into<String>, key: impl Into<String>) -> Self {
        self.bind_kind(ExchangeKind::Topic, exchange, key)
    }

    /// Binds the queue to an exchange of another kind.
    #[must_use]
    pub fn bind_kind(
        mut self,
        kind: impl Into<ExchangeKind>,
        exchange: impl Into<String>,
        key: impl Into<String>,
    ) -> Self {
        self.bindings.push(Binding {
            exchange: exchange.into(),
            kind: kind.into(),
            key: key.into(),
        });
        self
    }

    /// Consumes on a named connection instead of the unnamed one.
    #[must_use]
    pub fn on_connection(mut self, name: impl Into<String>) -> Self {
        self.connection = Some(name.into());
        self
    }

    /// How many messages it handles at a time, 1 to [`CONCURRENCY_MAX`]. The broker never
    /// delivers more than that ahead.
    #[must_use]
    pub fn concurrency(mut self, workers: usize) -> Self {
        self.concurrency = workers;
        self.own.concurrency = true;
        self
    }

    /// Outputs and acknowledgement in one transaction: the default on a Leveret broker.
    #[must_use]
    pub fn transaction(mut self) -> Self {
        self.mode = Some(Mode::Transaction);
        self
    }

    /// Outputs confirmed, then the acknowledgement: the default on other brokers.
    #[must_use]
    pub fn confirmed(mut self) -> Self {
        self.mode = Some(Mode::Confirmed);
        self
    }

    /// How often a message is tried.
    #[must_use]
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self.own.retry = true;
        self
    }

    /// How long one attempt may take; after that it is cancelled and counts as a transient failure.
    #[must_use]
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = Some(limit);
        self
    }

    /// Handles each message-id once: see [`inbox`](crate::inbox).
    #[must_use]
    pub fn inbox(mut self) -> Self {
        self.inbox = Inboxing::On;
        self
    }

    /// On whose behalf messages without a `user-id` are handled: see [`Principal`].
    #[must_use]
    pub fn principal(mut self, name: impl Into<String>) -> Self {
        self.principal = Some(Principal::new(name));
        self
    }

    /// Stops pulling when attempts fail too often, and begins again by itself.
    ///
    /// Every handler stops when an attempt fails with [`Class::Pause`](crate::Class::Pause); with
    /// a kill switch it also stops when transient failures become too many. All its workers stop:
    /// what was delivered and not begun goes back to the queue. After the pause one worker tries
    /// one message. If that succeeds all go on; if not, the pause is doubled, up to five minutes.
    ///
    /// The message that met the pause waits in its worker, and is the first to be tried again,
    /// if the pause is at most five minutes, a quarter of an hour in all; else it goes back to
    /// its queue. [`HandlerStats::flow`](crate::HandlerStats::flow) tells where it stands.
    #[must_use]
    pub fn kill_switch(mut self, kill_switch: KillSwitch) -> Self {
        self.kill_switch = Some(kill_switch);
        self
    }

    /// Consumes from this queue instead: for handlers that others have made.
    #[must_use]
    pub fn on_queue(mut self, queue: impl Into<Queue>) -> Self {
        self.queue = queue.into();
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The queue it consumes from.
    pub fn queue(&self) -> &str {
        self.queue.name()
    }

    /// What its messages have besides what all have.
    pub(crate) fn locals(&self) -> Locals {
        let named = self.bindings.iter().filter_map(|binding| {
            let template = binding.template().ok().flatten()?;
            template.names().next()?;
            Some((binding.exchange.clone(), template))
        });
        Locals::new(named.collect(), self.scopes.clone())
    }

    /// Where its dead letters go.
    pub fn dead_letter_queue(&self) -> String {
        format!("{}.dead", self.queue.name())
    }
}

impl Debug for Handler {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handler")
            .field("name", &self.name)
            .field("queue", &self.queue.name())
            .field("concurrency", &self.concurrency)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}
