//! Message handlers as plain async functions.
//!
//! A handler takes what it needs from a message as arguments, and returns what is to happen.
//! An [`App`] runs handlers: on the durable broker inside the program, or on any AMQP 0-9-1 broker.
//!
//! ```
//! use leveret::{App, EncodeError, Json, Publish, handler};
//!
//! #[handler(queue = "numbers", exchange = "math", key = "number.#", concurrency = 4)]
//! async fn double(Json(number): Json<u32>) -> Result<Publish, EncodeError> {
//!     Publish::new("math", "double.even").json(&(number * 2))
//! }
//!
//! #[handler(queue = "doubles", exchange = "math", key = "double.#")]
//! async fn show(Json(double): Json<u32>) {
//!     assert_eq!(double, 42);
//! }
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let app = App::new("calculator").in_memory();
//! let running = app.handler(double::handler()).handler(show::handler()).start().await?;
//! running.publisher().publish(Publish::new("math", "number.one").json(&21)?).await?;
//! running.wait_until(|stats| stats.handler("show").handled == 1).await;
//! running.shutdown().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # What is promised
//!
//! - A message is acknowledged only after its handler has returned without an error, together
//!   with what it published: in one atomic transaction on a Leveret broker (the embedded one, or
//!   elsewhere), or after all outputs are confirmed on others ([`Mode`]). Nothing of a failed attempt gets out.
//! - A failed message is tried again at once, three times in all ([`RetryPolicy`]); then, or if the
//!   failure is permanent ([`Classify`]), it becomes a dead letter in `<queue>.dead`, its bytes
//!   unchanged, with a record of what went wrong in its headers.
//! - What cannot be decoded becomes a dead letter without being tried.
//! - With an [`inbox`], the same message-id has its effect once.
//! - No more messages are delivered ahead than there are workers.
//! - When the connection breaks, it is opened again with growing pauses, the topology is declared
//!   again, and handlers go on; acknowledgements of an old connection are never sent on a new one.
//! - When the program is asked to stop, handlers finish what they have in hand; what was not
//!   begun goes back to its queue.
//!
//! # Headers of a dead letter
//!
//! | header | says |
//! |---|---|
//! | `x-leveret-error-class` | the error's name, for grouping: `undecodable`, `panic`, `time-limit`, `unroutable`, or the error type's |
//! | `x-leveret-error` | the error's text, at most 1 kB |
//! | `x-leveret-first-failure`, `x-leveret-last-failure` | when |
//! | `x-leveret-attempts` | how many attempts there were |
//! | `x-leveret-exchange`, `x-leveret-routing-key`, `x-leveret-queue` | where it came from |
//! | `x-leveret-handler`, `x-leveret-app`, `x-leveret-version` | who could not handle it |

mod app;
mod bell;
mod captures;
mod config;
mod control;
mod copy;
mod dead_letter;
mod effects;
mod embedded;
mod endpoint;
mod event;
mod extract;
mod failure;
pub mod files;
mod gate;
mod ground;
mod handler;
mod histogram;
pub mod inbox;
mod last_error;
mod later;
mod lineage;
mod link;
mod listener;
mod locals;
mod logging;
mod message;
mod message_id;
mod message_log;
mod metrics;
mod parked;
mod participant;
mod phase;
mod principal;
mod publish;
mod publisher;
mod publishing;
#[cfg(feature = "test-kit")]
mod relay;
mod reply;
mod report;
mod request;
mod retry;
mod rules;
#[cfg(feature = "http")]
pub mod serve;
mod shared;
mod signals;
mod spans;
mod stats;
#[cfg(feature = "test-kit")]
pub mod test;
mod threads;
mod topology;
mod trace;
mod worker;

pub use bytes::Bytes;
pub use leveret_client::Publish as SealedPublish;
pub use leveret_client::{Codecs, RemoteError, RpcClient, RpcError, RpcOptions};
pub use leveret_protocol::{FieldArray, FieldTable, FieldValue, Properties, ShortStr};

pub use app::{
    App, BindingDescription, Description, HandlerDescription, HandlerPlan, RunError, RunningApp,
    SettlementPlan, StartError, StopError,
};
#[doc(hidden)]
pub use config::ConfigText;
pub use config::{Config, ConfigError, EXIT_CONFIG, HandlerConfig};
pub use control::{
    CONFIG_OWNER, Control, ControlError, ControlServer, DeskError, HandlerState, HandlerStatus,
    PAUSE_MAX, Pause, PauseStatus, Rates, WORDS_MAX,
};
pub use effects::{Effects, IntoEffects, Outcome};
pub use endpoint::Endpoint;
pub use event::{Event, Observed};
pub use extract::{
    Attempt, Batch, Captures, CapturesRejection, Deadline, FromMessage, Headers, Json,
    JsonRejection, MissingState, NoPrincipal, Redelivered, RoutingKey, Settings, State, Text,
    TextRejection,
};
pub use failure::{Class, Classify, FAILURE_TEXT_BYTES_MAX, Failure};
pub use handler::{
    BATCH_SIZE_MAX, BlockingFn, CONCURRENCY_MAX, Each, Handler, HandlerFn, HandlerFuture,
    HandlerService, Handlers, IntoHandler, IntoMessage, KillSwitch, Mode, Observers, Observes,
    OnFailure, OrderKey, Ordered, PARTITIONS_MAX, TranslatorFn,
};
pub use last_error::LastError;
pub use leveret_macros::{Classify, handler};
pub use listener::ListenerContext;
pub use logging::LogFormat;
pub use message::Message;
pub use message_id::derived_message_id;
pub use message_log::MessageLog;
pub use metrics::{Monitor, Readiness};
pub use parked::ParkedKey;
pub use participant::{Abandoning, AlreadyEnlisted, Completing, Participant};
pub use principal::Principal;
pub use publish::{EncodeError, Publish};
pub use publisher::{PublishError, Publisher};
pub use reply::Reply;
pub use report::{ErrorReport, ErrorRoute, NoErrorReport};
pub use request::Request;
pub use retry::{Delays, RetryPolicy};
pub use rules::{Errors, Rule};
pub use shared::Needs;
pub use spans::parse_span;
pub use stats::{Flow, HandlerStats, Stats};
pub use topology::{ExchangeKind, Presence, Queue};
pub use trace::{NoTraceContext, Propagator, TraceContext};

/// Runs the README's example.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

/// Runs the examples of the introduction to AMQP.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/amqp.md")]
struct Introduction;

/// Runs the examples of the guide to handlers.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/handlers.md")]
struct HandlersGuide;

/// Runs the examples of the guide to retries.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/retries.md")]
struct Retries;

/// Runs the examples of the guarantees.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/guarantees.md")]
struct Guarantees;

/// Runs the examples of the guide to observing.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/observing.md")]
struct Observing;

/// Runs the examples of the guide to operating.
#[cfg(all(doctest, feature = "http"))]
#[doc = include_str!("../../../docs/operating.md")]
struct Operating;

/// Runs the examples of the guide to web services.
#[cfg(all(doctest, feature = "http"))]
#[doc = include_str!("../../../docs/web.md")]
struct Web;

/// Runs the examples of the guide to testing.
#[cfg(all(doctest, feature = "test-kit"))]
#[doc = include_str!("../../../docs/testing.md")]
struct Testing;

/// Runs the examples of the guide for newcomers.
#[cfg(all(doctest, feature = "test-kit"))]
#[doc = include_str!("../../../docs/getting-started.md")]
struct GettingStarted;

/// Runs the examples of the guide from lapin.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/from-lapin.md")]
struct FromLapin;

/// Runs the examples of the guide from Celery.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/from-celery.md")]
struct FromCelery;

/// Runs the examples of the guide from Spring AMQP.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/from-spring-amqp.md")]
struct FromSpringAmqp;
