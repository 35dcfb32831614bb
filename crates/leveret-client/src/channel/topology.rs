//! Declaring, binding and deleting.

use leveret_protocol::{Method, ShortStr, exchange, queue};

use crate::{
    channel::{Channel, unexpected},
    error::ChannelError,
    topology::{
        ExchangeBinding, ExchangeDeclare, ExchangeDelete, QueueBinding, QueueDeclare,
        QueueDeclared, QueueDelete,
    },
};

impl Channel {
    /// Creates an exchange, or checks that the one there is like this.
    pub async fn exchange_declare(&self, exchange: &ExchangeDeclare) -> Result<(), ChannelError> {
        self.call(exchange::Declare::from(exchange.clone())).await.map(drop)
    }

    /// Deletes an exchange; one that does not exist is no error.
    pub async fn exchange_delete(&self, exchange: &ExchangeDelete) -> Result<(), ChannelError> {
        let ExchangeDelete { name, if_unused } = exchange.clone();
        self.call(exchange::Delete { exchange: name, if_unused, no_wait: false }).await.map(drop)
    }

    /// Binds an exchange to an exchange.
    pub async fn exchange_bind(&self, binding: &ExchangeBinding) -> Result<(), ChannelError> {
        let ExchangeBinding { destination, source, routing_key, arguments } = binding.clone();
        let no_wait = false;
        let method = exchange::Bind { destination, source, routing_key, no_wait, arguments };
        self.call(method).await.map(drop)
    }

    /// Removes a binding between exchanges.
    pub async fn exchange_unbind(&self, binding: &ExchangeBinding) -> Result<(), ChannelError> {
        let ExchangeBinding { destination, source, routing_key, arguments } = binding.clone();
        let no_wait = false;
        let method = exchange::Unbind { destination, source, routing_key, no_wait, arguments };
        self.call(method).await.map(drop)
    }

    /// Creates a queue, or checks that the one there is like this.
    pub async fn queue_declare(&self, queue: &QueueDeclare) -> Result<QueueDeclared, ChannelError> {
        let reply = self.call(queue::Declare::from(queue.clone())).await?;
        let Method::QueueDeclareOk(declared) = reply else { return Err(unexpected(&reply)) };
        let queue::DeclareOk { queue: name, message_count, consumer_count } = declared;
        Ok(QueueDeclared { name, messages: message_count, consumers: consumer_count })
    }

    /// Deletes a queue and says how many messages went with it; one that does not exist is no
    /// error.
    pub async fn queue_delete(&self, queue: &QueueDelete) -> Result<u32, ChannelError> {
        let QueueDelete { name, if_unused, if_empty } = queue.clone();
        let method = queue::Delete { queue: name, if_unused, if_empty, no_wait: false };
        let reply = self.call(method).await?;
        let Method::QueueDeleteOk(deleted) = reply else { return Err(unexpected(&reply)) };
        Ok(deleted.message_count)
    }

    /// Removes the ready messages of a queue and says how many there were.
    pub async fn queue_purge(&self, queue: ShortStr) -> Result<u32, ChannelError> {
        let reply = self.call(queue::Purge { queue, no_wait: false }).await?;
        let Method::QueuePurgeOk(purged) = reply else { return Err(unexpected(&reply)) };
        Ok(purged.message_count)
    }

    /// Binds a queue to an exchange.
    pub async fn queue_bind(&self, binding: &QueueBinding) -> Result<(), ChannelError> {
        let QueueBinding { queue, exchange, routing_key, arguments } = binding.clone();
        let method = queue::Bind { queue, exchange, routing_key, no_wait: false, arguments };
        self.call(method).await.map(drop)
    }

    /// Removes a binding of a queue.
    pub async fn queue_unbind(&self, binding: &QueueBinding) -> Result<(), ChannelError> {
        let QueueBinding { queue, exchange, routing_key, arguments } = binding.clone();
        self.call(queue::Unbind { queue, exchange, routing_key, arguments }).await.map(drop)
    }
}

impl From<ExchangeDeclare> for exchange::Declare {
    fn from(exchange: ExchangeDeclare) -> Self {
        Self {
            kind: exchange.kind.name(),
            exchange: exchange.name,
            passive: exchange.passive,
            durable: exchange.durable,
            auto_delete: exchange.auto_delete,
            internal: exchange.internal,
            no_wait: false,
            arguments: exchange.arguments,
        }
    }
}

impl From<QueueDeclare> for queue::Declare {
    fn from(queue: QueueDeclare) -> Self {
        Self {
            queue: queue.name,
            passive: queue.passive,
            durable: queue.durable,
            exclusive: queue.exclusive,
            auto_delete: queue.auto_delete,
            no_wait: false,
            arguments: queue.arguments,
        }
    }
}
