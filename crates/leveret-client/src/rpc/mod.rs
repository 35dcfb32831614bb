//! Calls: requests that wait for their reply, by direct reply-to.
//!
//! What is on the wire stands in `docs/protocol.md`, "Calls".

mod admission;
mod deadline;
mod error;
mod lane;
mod lanes;
mod reply;
mod route;
mod source;

use std::{
    fmt,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use serde::{Serialize, de::DeserializeOwned};
use tokio::time::timeout;

use self::{admission::Admission, deadline::Deadline, lanes::Lanes, source::Source};
pub use self::{
    error::{DrainTimeout, RpcError},
    reply::RemoteError,
    route::Route,
};
use crate::{
    client::Client,
    codec::Codecs,
    connection::Connection,
    message::{Delivery, Publish},
    state::{CallOutcome, ReplyTally},
};

/// Calls servers and waits for their replies; a clone is the same client.
///
/// All calls share one channel for each exchange they go to, and one consumer of replies on it:
/// a call costs no declaration and no task. Each is answered once; a reply that comes when its
/// call has given up is dropped and counted. A request is sent once and never again: one that
/// failed with [an unknown outcome](RpcError::is_outcome_unknown) may have been handled.
///
/// An exchange that does not exist costs the calls to that exchange, by an error that names it.
#[derive(Clone)]
pub struct RpcClient {
    shared: Arc<Shared>,
}

struct Shared {
    options: RpcOptions,
    admission: Admission,
    lanes: Lanes,
    tally: Arc<ReplyTally>,
}

/// How calls are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RpcOptions {
    /// How long a call may take, unless it says so itself; 5 seconds unless said otherwise.
    pub timeout: Duration,
    /// How many calls may be under way, at least one; others wait for their turn, and for their
    /// deadline. 1,024 unless said otherwise.
    pub calls_max: u16,
    /// How requests are written and replies read.
    pub codecs: Codecs,
}

impl Default for RpcOptions {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(5), calls_max: 1024, codecs: Codecs::default() }
    }
}

/// What an [`RpcClient`] has counted so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct RpcStats {
    /// Calls under way now.
    pub in_flight: usize,
    /// Replies that a call took, errors of servers among them.
    pub replies: u64,
    /// Replies that came when their call had given up; they were dropped.
    pub late: u64,
    /// Replies that came when their call had one; they were dropped.
    pub duplicate: u64,
    /// Replies with no correlation id, or one that no call here ever had; they were dropped.
    pub unknown: u64,
}

impl RpcClient {
    /// Makes calls on this connection, until it ends.
    pub fn new(connection: &Connection, options: RpcOptions) -> Self {
        Self::from_source(Source::Connection(connection.clone()), options)
    }

    /// Makes calls on the client's connection for publishing.
    ///
    /// While there is none, calls wait up to their deadline. Calls that are under way when it is
    /// lost fail, as [`RpcError::Lost`]; the next go over the new one.
    pub fn on(client: &Client, options: RpcOptions) -> Self {
        Self::from_source(Source::Client(client.clone()), options)
    }

    fn from_source(source: Source, options: RpcOptions) -> Self {
        let tally = Arc::new(ReplyTally::default());
        let admission = Admission::new(options.calls_max);
        let lanes = Lanes::new(source, Arc::clone(&tally));
        Self { shared: Arc::new(Shared { options, admission, lanes, tally }) }
    }

    /// Asks, and waits for the answer.
    ///
    /// A route is an exchange and a routing key, or a queue's name.
    ///
    /// ```no_run
    /// use leveret_client::{Connection, RpcClient, RpcOptions};
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let connection = Connection::open("amqp://guest:guest@localhost/%2F").await?;
    /// let client = RpcClient::new(&connection, RpcOptions::default());
    /// let sum: i64 = client.call("sums", &[1, 2, 3]).await?;
    /// let same = client.call::<[i64], i64>(("math", "sum"), &[1, 2, 3]).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn call<Q, A>(&self, route: impl Into<Route>, question: &Q) -> Result<A, RpcError>
    where
        Q: Serialize + ?Sized,
        A: DeserializeOwned,
    {
        self.call_within(route, question, self.shared.options.timeout).await
    }

    /// The same, but with a time of its own.
    pub async fn call_within<Q, A>(
        &self,
        route: impl Into<Route>,
        question: &Q,
        within: Duration,
    ) -> Result<A, RpcError>
    where
        Q: Serialize + ?Sized,
        A: DeserializeOwned,
    {
        let codecs = &self.shared.options.codecs;
        let request = route.into().request()?.encode_with(codecs, question)?;
        let reply = self.request_within(request, within).await?;
        reply.decode_with(codecs).map_err(|source| RpcError::Decode { source, reply: reply.into() })
    }

    /// Sends a request as it is, and waits for the reply as it comes.
    ///
    /// Its `reply-to`, `correlation-id`, `mandatory` and deadline are filled in; a shorter
    /// `expiration` stays.
    pub async fn request(&self, request: Publish) -> Result<Delivery, RpcError> {
        self.request_within(request, self.shared.options.timeout).await
    }

    /// The same, but with a time of its own.
    pub async fn request_within(
        &self,
        request: Publish,
        within: Duration,
    ) -> Result<Delivery, RpcError> {
        let deadline = Deadline::within(within);
        let mut is_sent = false;
        let answered = timeout(within, self.shared.ask(request, deadline, &mut is_sent)).await;
        answered.unwrap_or(Err(RpcError::Timeout { within, is_sent }))
    }

    /// Refuses new calls from now on, and waits until those under way are over.
    ///
    /// Those that are not by then go on.
    pub async fn drain(&self, within: Duration) -> Result<(), DrainTimeout> {
        self.shared.admission.drain(within).await
    }

    /// What was counted so far.
    pub fn stats(&self) -> RpcStats {
        let tally = &self.shared.tally;
        RpcStats {
            in_flight: self.shared.admission.in_flight(),
            replies: tally.taken.load(Ordering::Relaxed),
            late: tally.late.load(Ordering::Relaxed),
            duplicate: tally.duplicate.load(Ordering::Relaxed),
            unknown: tally.unknown.load(Ordering::Relaxed),
        }
    }
}

impl Shared {
    async fn ask(
        &self,
        request: Publish,
        deadline: Deadline,
        is_sent: &mut bool,
    ) -> Result<Delivery, RpcError> {
        let _place = self.admission.enter().await?;
        let mut sent = self.lanes.send(request, deadline).await?;
        *is_sent = true;
        match sent.outcome().await {
            CallOutcome::Replied(reply) => match RemoteError::of(&reply) {
                None => Ok(*reply),
                Some(error) => Err(RpcError::Remote { error, reply }),
            },
            CallOutcome::Returned(returned) => Err(RpcError::NoRoute { returned }),
            CallOutcome::Ended(end) => Err(RpcError::Lost(end)),
        }
    }
}

impl fmt::Debug for RpcClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RpcClient").field("stats", &self.stats()).finish_non_exhaustive()
    }
}
