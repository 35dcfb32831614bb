//! Why an application does not start, or stops.

use leveret_client::{ChannelError, ConnectError};

use crate::control::DeskError;
use crate::files::ReadError;
use crate::inbox::StoreError;

/// The application cannot run as it was put together, or its broker does not let it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Two handlers would share the messages of one queue.
    #[error(
        "handlers `{first}` and `{second}` both consume from queue `{queue}`: give each its own queue, bound to the same keys"
    )]
    DuplicateQueue {
        /// The queue.
        queue: String,
        /// The handler that came first.
        first: String,
        /// The other.
        second: String,
    },
    /// Two handlers have one name.
    #[error(
        "two handlers are named `{name}`, on queues `{first}` and `{second}`: rename one with `.named(..)`"
    )]
    DuplicateName {
        /// The name.
        name: String,
        /// The queue of the handler that came first.
        first: String,
        /// The queue of the other.
        second: String,
    },
    /// A handler's arguments ask for what the application does not have.
    #[error("handler `{handler}` needs {}", missing.join(", and "))]
    Missing {
        /// The handler.
        handler: String,
        /// What is missing, in words.
        missing: Vec<String>,
    },
    /// A number is out of range.
    #[error("handler `{handler}` has a {what} of {found}, which is not {wanted}")]
    OutOfRange {
        /// The handler.
        handler: String,
        /// Which number.
        what: &'static str,
        /// What it is.
        found: String,
        /// What it may be.
        wanted: String,
    },
    /// Ways in which a handler is to be run do not go together.
    #[error("handler `{handler}` {reason}")]
    Unfit {
        /// The handler.
        handler: String,
        /// Which, and why.
        reason: String,
    },
    /// A handler names a connection that nobody described.
    #[error(
        "handler `{handler}` consumes on connection `{connection}`, which is not described{suggestion}"
    )]
    UnknownConnection {
        /// The handler.
        handler: String,
        /// The connection.
        connection: String,
        /// What was probably meant.
        suggestion: String,
    },
    /// The configuration speaks of a handler that is not there.
    #[error("the configuration describes handler `{handler}`, which is not there{suggestion}")]
    UnknownHandler {
        /// The name in the configuration.
        handler: String,
        /// What was probably meant.
        suggestion: String,
    },
    /// A name is longer than AMQP allows.
    #[error("handler `{handler}`: the {what} has {bytes} bytes, at most {max} are possible")]
    NameTooLong {
        /// The handler.
        handler: String,
        /// Which name.
        what: &'static str,
        /// Its length.
        bytes: usize,
        /// What it may be.
        max: usize,
    },
    /// A binding key names its words wrongly.
    #[error("handler `{handler}`: in the binding key `{key}`, {problem}")]
    BadKey {
        /// The handler.
        handler: String,
        /// The key.
        key: String,
        /// What is wrong with it, and what to write.
        problem: String,
    },
    /// A handler wants an inbox, and there is no place for it.
    #[error("handler `{handler}` has an inbox, and the app no place for it: add `.inbox_file(..)`")]
    NoInboxFile {
        /// The handler.
        handler: String,
    },
    /// The application must not lose a message, and on its brokers it may.
    #[error("messages may be lost: {}", reasons.join("; "))]
    MayLose {
        /// The handlers and what may lose their messages.
        reasons: Vec<String>,
    },
    /// The embedded broker does not start.
    #[error("the embedded broker does not start: {0}")]
    Broker(String),
    /// The broker cannot be reached, or refuses this application.
    #[error("cannot connect to {endpoint}")]
    Connect {
        /// Where to.
        endpoint: String,
        /// Why.
        source: Box<ConnectError>,
    },
    /// The broker holds the queues of a handler in another number of partitions.
    #[error(
        "handler `{handler}` has {wanted} partitions, and the broker holds {found} queues of `{queue}`: keys would change their queue while messages wait; see `Another number of partitions` in docs/handlers.md"
    )]
    Repartitioned {
        /// The handler.
        handler: String,
        /// The queue that is divided.
        queue: String,
        /// How many partitions the handler has.
        wanted: usize,
        /// `more` or `fewer`.
        found: &'static str,
    },
    /// The broker knows no exchange that divides messages by their key.
    #[error(
        "cannot declare {what}: the broker knows no exchange of type `x-consistent-hash`; on RabbitMQ enable the plug-in `rabbitmq_consistent_hash_exchange`, or leave `.partitions(..)` out"
    )]
    NoHashExchange {
        /// What.
        what: String,
        /// What the broker said.
        source: ChannelError,
    },
    /// A queue, exchange or binding cannot be declared.
    #[error("cannot declare {what}")]
    Declare {
        /// What.
        what: String,
        /// Why.
        source: ChannelError,
    },
    /// The inbox cannot be opened or brought up to date.
    #[error("cannot open the inbox")]
    Inbox(#[from] StoreError),
    /// Metrics cannot be served at this address.
    #[error("cannot serve metrics at {address}")]
    Metrics {
        /// Where.
        address: std::net::SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// Control cannot be served.
    #[error(transparent)]
    Control(#[from] DeskError),
    /// A hook failed.
    #[error("the start hook failed: {0}")]
    Hook(String),
}

/// The application ended otherwise than by being told to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// It did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// It did not stop properly.
    #[error(transparent)]
    Stop(#[from] StopError),
}

/// Stopping was not graceful.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StopError {
    /// Messages were still in hand at the deadline; they will be delivered again.
    #[error("{in_flight} messages were still in hand after {} s; they will be delivered again", grace.as_secs())]
    DeadlinePassed {
        /// How many.
        in_flight: u64,
        /// How long they were given.
        grace: std::time::Duration,
    },
    /// The program may not listen for signals.
    #[error("cannot listen for signals")]
    Signals(#[source] std::io::Error),
    /// A second signal came.
    #[error("stopped at once by a second signal")]
    Forced,
    /// The embedded broker cannot go on.
    #[error("the embedded broker stopped: {0}")]
    Broker(String),
    /// A directory could not be read any more.
    #[error(transparent)]
    Files(#[from] ReadError),
    /// The inbox could not be written.
    #[error("the inbox failed")]
    Inbox(#[from] StoreError),
}
