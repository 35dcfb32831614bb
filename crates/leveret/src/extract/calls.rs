//! Calls from within a handler: a client that is as new as the connection.

use std::future::{Future, ready};
use std::sync::{Mutex, PoisonError};

use leveret_client::{RpcClient, RpcOptions};

use super::FromMessage;
use crate::failure::Failure;
use crate::link::Link;
use crate::request::Request;

/// Where handlers get their client: one for each life of the unnamed connection.
#[derive(Debug)]
pub(crate) struct CallDesk {
    link: Option<Link>,
    // A lock, as workers ask for it at any time; held for one look, or to make one client.
    client: Mutex<Option<(u64, RpcClient)>>,
}

impl CallDesk {
    pub(crate) fn new(link: Option<Link>) -> Self {
        Self { link, client: Mutex::default() }
    }

    fn client(&self) -> Option<RpcClient> {
        let generation = self.link.as_ref()?.current()?;
        let mut kept = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((number, client)) = &*kept
            && *number == generation.number
        {
            return Some(client.clone());
        }
        let client = RpcClient::new(&generation.connection, RpcOptions::default());
        *kept = Some((generation.number, client.clone()));
        Some(client)
    }
}

/// Calls servers from within a handler, over the unnamed connection as it is now.
///
/// A call is no part of the handler's unit: it leaves at once, and again at each further attempt.
/// While there is no connection the attempt fails as a transient one, `no-connection`.
///
/// ```
/// use leveret::{App, EncodeError, Handler, Json, Publish, Reply, RpcClient, RpcError};
///
/// #[derive(Debug, thiserror::Error, leveret::Classify)]
/// #[classify(transient)]
/// enum SumError {
///     #[error(transparent)]
///     Call(#[from] RpcError),
///     #[error(transparent)]
///     Encode(#[from] EncodeError),
/// }
///
/// async fn add(Json((a, b)): Json<(i64, i64)>) -> Result<Reply, EncodeError> {
///     Reply::json(&(a + b))
/// }
///
/// async fn next(Json(number): Json<i64>, client: RpcClient) -> Result<Publish, SumError> {
///     let sum: i64 = client.call("sums", &(number, 1)).await?;
///     Ok(Publish::to_queue("results").json(&sum)?)
/// }
///
/// async fn show(Json(sum): Json<i64>) {
///     assert_eq!(sum, 42);
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let running = App::new("sums")
///     .in_memory()
///     .handler(Handler::new("sums", add))
///     .handler(Handler::new("numbers", next))
///     .handler(Handler::new("results", show))
///     .start()
///     .await?;
/// running.publisher().publish(Publish::to_queue("numbers").json(&41)?).await?;
/// running.wait_until(|stats| stats.handler("show").handled == 1).await;
/// # running.shutdown().await?;
/// # Ok(())
/// # }
/// ```
impl FromMessage for RpcClient {
    type Rejection = Failure;

    fn from_message(request: &Request) -> impl Future<Output = Result<Self, Failure>> + Send {
        let client = request.state::<CallDesk>().and_then(CallDesk::client);
        ready(client.ok_or_else(|| {
            Failure::transient("there is no connection to call over").named("no-connection")
        }))
    }
}
