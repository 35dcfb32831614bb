//! Healing clients for threads.

use crate::{
    blocking::{
        connection::Connection,
        driver::{Driver, InsideAsync},
        error::Error,
    },
    client::{self, ClientError, ClientOptions, ClientStats},
};

/// As [`Client`](crate::Client), for threads; a clone is the same client.
#[derive(Debug, Clone)]
pub struct Client {
    client: client::Client,
    driver: Driver,
}

impl Client {
    /// Connects on the shared [`Driver`], and waits until all connections are open.
    pub fn connect(options: ClientOptions) -> Result<Self, Error<ClientError>> {
        let driver = Driver::shared().map_err(Error::Thread)?;
        let client = driver.wait(client::Client::connect(options))?.map_err(Error::Operation)?;
        Ok(Self::over(client, driver))
    }

    /// Lets threads use a client that was started on the driver's runtime.
    pub const fn over(client: client::Client, driver: Driver) -> Self {
        Self { client, driver }
    }

    /// The client for async callers, which also tells its state.
    pub const fn as_async(&self) -> &client::Client {
        &self.client
    }

    pub(super) const fn driver(&self) -> &Driver {
        &self.driver
    }

    /// The connection for publishing that is open now; waits for one.
    pub fn publishing_connection(&self) -> Result<Connection, Error<ClientError>> {
        let connection = self.driver.wait(self.client.publishing_connection())?;
        Ok(Connection::over(connection.map_err(Error::Operation)?, self.driver.clone()))
    }

    /// The connection for consuming, declaring and transactions that is open now; waits for one.
    pub fn consuming_connection(&self) -> Result<Connection, Error<ClientError>> {
        let connection = self.driver.wait(self.client.consuming_connection())?;
        Ok(Connection::over(connection.map_err(Error::Operation)?, self.driver.clone()))
    }

    /// What the client has counted so far.
    pub fn stats(&self) -> ClientStats {
        self.client.stats()
    }

    /// Closes all connections and waits until the broker has agreed.
    pub fn close(&self) -> Result<(), InsideAsync> {
        self.driver.wait(self.client.close())
    }
}
