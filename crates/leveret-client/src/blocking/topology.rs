//! Declaring, binding and deleting, for threads.

use leveret_protocol::ShortStr;

use crate::{
    blocking::{channel::Channel, error::Error},
    error::ChannelError,
    topology::{
        ExchangeBinding, ExchangeDeclare, ExchangeDelete, QueueBinding, QueueDeclare,
        QueueDeclared, QueueDelete,
    },
};

impl Channel {
    /// Creates an exchange, or checks that the one there is like this.
    pub fn exchange_declare(&self, exchange: &ExchangeDeclare) -> Result<(), Error<ChannelError>> {
        self.call(self.as_async().exchange_declare(exchange))
    }

    /// Deletes an exchange; one that does not exist is no error.
    pub fn exchange_delete(&self, exchange: &ExchangeDelete) -> Result<(), Error<ChannelError>> {
        self.call(self.as_async().exchange_delete(exchange))
    }

    /// Binds an exchange to an exchange.
    pub fn exchange_bind(&self, binding: &ExchangeBinding) -> Result<(), Error<ChannelError>> {
        self.call(self.as_async().exchange_bind(binding))
    }

    /// Removes a binding between exchanges.
    pub fn exchange_unbind(&self, binding: &ExchangeBinding) -> Result<(), Error<ChannelError>> {
        self.call(self.as_async().exchange_unbind(binding))
    }

    /// Creates a queue, or checks that the one there is like this.
    pub fn queue_declare(
        &self,
        queue: &QueueDeclare,
    ) -> Result<QueueDeclared, Error<ChannelError>> {
        self.call(self.as_async().queue_declare(queue))
    }

    /// Deletes a queue and says how many messages went with it; one that does not exist is no
    /// error.
    pub fn queue_delete(&self, queue: &QueueDelete) -> Result<u32, Error<ChannelError>> {
        self.call(self.as_async().queue_delete(queue))
    }

    /// Removes the ready messages of a queue and says how many there were.
    pub fn queue_purge(&self, queue: ShortStr) -> Result<u32, Error<ChannelError>> {
        self.call(self.as_async().queue_purge(queue))
    }

    /// Binds a queue to an exchange.
    pub fn queue_bind(&self, binding: &QueueBinding) -> Result<(), Error<ChannelError>> {
        self.call(self.as_async().queue_bind(binding))
    }

    /// Removes a binding of a queue.
    pub fn queue_unbind(&self, binding: &QueueBinding) -> Result<(), Error<ChannelError>> {
        self.call(self.as_async().queue_unbind(binding))
    }
}
