//! Connections for threads.

use crate::{
    blocking::{
        channel::Channel,
        driver::{Driver, InsideAsync},
        error::Error,
    },
    connection,
    error::{ChannelError, ConnectError, ConnectionEnd},
    options::ConnectOptions,
};

/// As [`Connection`](crate::Connection), for threads.
#[derive(Debug, Clone)]
pub struct Connection {
    connection: connection::Connection,
    driver: Driver,
}

impl Connection {
    /// Connects to the broker at an AMQP URI, on the shared [`Driver`].
    pub fn open(uri: &str) -> Result<Self, Error<ConnectError>> {
        let options = ConnectOptions::from_uri(uri);
        let options = options.map_err(|error| Error::Operation(error.into()))?;
        Self::connect(&options)
    }

    /// Connects over TCP, on the shared [`Driver`].
    pub fn connect(options: &ConnectOptions) -> Result<Self, Error<ConnectError>> {
        Self::connect_on(Driver::shared().map_err(Error::Thread)?, options)
    }

    /// Connects over TCP.
    pub fn connect_on(
        driver: Driver,
        options: &ConnectOptions,
    ) -> Result<Self, Error<ConnectError>> {
        let connected = driver.wait(connection::Connection::connect(options))?;
        Ok(Self::over(connected.map_err(Error::Operation)?, driver))
    }

    /// Lets threads use a connection that was opened on the driver's runtime.
    pub const fn over(connection: connection::Connection, driver: Driver) -> Self {
        Self { connection, driver }
    }

    /// Opens a channel.
    pub fn channel(&self) -> Result<Channel, Error<ChannelError>> {
        let channel = self.driver.wait(self.connection.channel())?;
        Ok(Channel::over(channel.map_err(Error::Operation)?, self.driver.clone()))
    }

    /// Closes the connection and waits until the broker has agreed.
    pub fn close(&self) -> Result<ConnectionEnd, InsideAsync> {
        self.driver.wait(self.connection.close())
    }

    /// Waits until the connection is over, and says why.
    pub fn closed(&self) -> Result<ConnectionEnd, InsideAsync> {
        self.driver.wait(self.connection.closed())
    }

    pub(super) const fn driver(&self) -> &Driver {
        &self.driver
    }

    /// The connection for async callers, which also tells its state.
    pub const fn as_async(&self) -> &connection::Connection {
        &self.connection
    }
}
