//! Calls of threads.

use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    blocking::{client::Client, connection::Connection, driver::Driver, error::Error},
    message::{Delivery, Publish},
    rpc::{self, DrainTimeout, Route, RpcError, RpcOptions, RpcStats},
};

/// As [`RpcClient`](crate::RpcClient), for threads; a clone is the same client.
#[derive(Debug, Clone)]
pub struct RpcClient {
    client: rpc::RpcClient,
    driver: Driver,
}

impl RpcClient {
    /// Makes calls on this connection, until it ends.
    pub fn new(connection: &Connection, options: RpcOptions) -> Self {
        let client = rpc::RpcClient::new(connection.as_async(), options);
        Self::over(client, connection.driver().clone())
    }

    /// Makes calls on whichever connection for publishing the client has open.
    pub fn on(client: &Client, options: RpcOptions) -> Self {
        Self::over(rpc::RpcClient::on(client.as_async(), options), client.driver().clone())
    }

    /// Lets threads make calls on a connection that was opened on the driver's runtime.
    pub const fn over(client: rpc::RpcClient, driver: Driver) -> Self {
        Self { client, driver }
    }

    /// The client for async callers.
    pub const fn as_async(&self) -> &rpc::RpcClient {
        &self.client
    }

    /// Asks, and waits for the answer.
    pub fn call<Q, A>(&self, route: impl Into<Route>, question: &Q) -> Result<A, Error<RpcError>>
    where
        Q: Serialize + ?Sized,
        A: DeserializeOwned,
    {
        self.driver.wait(self.client.call(route, question))?.map_err(Error::Operation)
    }

    /// The same, but with a time of its own.
    pub fn call_within<Q, A>(
        &self,
        route: impl Into<Route>,
        question: &Q,
        within: Duration,
    ) -> Result<A, Error<RpcError>>
    where
        Q: Serialize + ?Sized,
        A: DeserializeOwned,
    {
        let call = self.client.call_within(route, question, within);
        self.driver.wait(call)?.map_err(Error::Operation)
    }

    /// Sends a request as it is, and waits for the reply as it comes.
    pub fn request(&self, request: Publish) -> Result<Delivery, Error<RpcError>> {
        self.driver.wait(self.client.request(request))?.map_err(Error::Operation)
    }

    /// The same, but with a time of its own.
    pub fn request_within(
        &self,
        request: Publish,
        within: Duration,
    ) -> Result<Delivery, Error<RpcError>> {
        let request = self.client.request_within(request, within);
        self.driver.wait(request)?.map_err(Error::Operation)
    }

    /// Refuses new calls from now on, and waits until those under way are over.
    pub fn drain(&self, within: Duration) -> Result<(), Error<DrainTimeout>> {
        self.driver.wait(self.client.drain(within))?.map_err(Error::Operation)
    }

    /// What was counted so far.
    pub fn stats(&self) -> RpcStats {
        self.client.stats()
    }
}
