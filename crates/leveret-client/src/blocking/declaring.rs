//! Declaring, binding and deleting through a healing client, for threads.

use std::future::Future;

use leveret_protocol::ShortStr;

use crate::{
    blocking::{client::Client, error::Error},
    client::{ClientError, Topology},
    topology::{
        ExchangeBinding, ExchangeDeclare, ExchangeDelete, QueueBinding, QueueDeclare,
        QueueDeclared, QueueDelete,
    },
};

/// As those of [`Client`](crate::Client): what is declared here is declared again on each new
/// connection.
impl Client {
    fn call<T>(
        &self,
        operation: impl Future<Output = Result<T, ClientError>>,
    ) -> Result<T, Error<ClientError>> {
        self.driver().wait(operation)?.map_err(Error::Operation)
    }

    /// Declares everything, in the order of its fields, and gives the queues.
    pub fn declare(&self, topology: Topology) -> Result<Vec<QueueDeclared>, Error<ClientError>> {
        self.call(self.as_async().declare(topology))
    }

    /// Creates an exchange, or checks that the one there is like this.
    pub fn exchange_declare(&self, exchange: &ExchangeDeclare) -> Result<(), Error<ClientError>> {
        self.call(self.as_async().exchange_declare(exchange))
    }

    /// Deletes an exchange; one that does not exist is no error.
    pub fn exchange_delete(&self, exchange: &ExchangeDelete) -> Result<(), Error<ClientError>> {
        self.call(self.as_async().exchange_delete(exchange))
    }

    /// Binds an exchange to an exchange.
    pub fn exchange_bind(&self, binding: &ExchangeBinding) -> Result<(), Error<ClientError>> {
        self.call(self.as_async().exchange_bind(binding))
    }

    /// Removes a binding between exchanges.
    pub fn exchange_unbind(&self, binding: &ExchangeBinding) -> Result<(), Error<ClientError>> {
        self.call(self.as_async().exchange_unbind(binding))
    }

    /// Creates a queue, or checks that the one there is like this.
    pub fn queue_declare(&self, queue: &QueueDeclare) -> Result<QueueDeclared, Error<ClientError>> {
        self.call(self.as_async().queue_declare(queue))
    }

    /// Deletes a queue and says how many messages went with it.
    pub fn queue_delete(&self, queue: &QueueDelete) -> Result<u32, Error<ClientError>> {
        self.call(self.as_async().queue_delete(queue))
    }

    /// Binds a queue to an exchange; the queue must be named.
    pub fn queue_bind(&self, binding: &QueueBinding) -> Result<(), Error<ClientError>> {
        self.call(self.as_async().queue_bind(binding))
    }

    /// Removes a binding of a queue; the queue must be named.
    pub fn queue_unbind(&self, binding: &QueueBinding) -> Result<(), Error<ClientError>> {
        self.call(self.as_async().queue_unbind(binding))
    }

    /// How a queue is called now that the broker first gave this name; other names stay as they
    /// are.
    pub fn current_name(&self, queue: &ShortStr) -> ShortStr {
        self.as_async().current_name(queue)
    }
}
