//! Requests whose reply is left out.

use leveret_protocol::{ShortStr, basic, exchange, queue};

use crate::{
    channel::Channel,
    error::ChannelError,
    topology::{
        ExchangeBinding, ExchangeDeclare, ExchangeDelete, QueueBinding, QueueDeclare, QueueDelete,
    },
};

/// The requests of a channel, sent without waiting: the broker does not answer them.
///
/// None waits and all happen in order, so a long topology costs no round trips. What the broker
/// refuses closes the channel later; the next request that does wait tells why.
///
/// ```no_run
/// # async fn example(channel: leveret_client::Channel) -> Result<(), leveret_client::ChannelError> {
/// use leveret_client::{QueueDeclare, ShortStr};
///
/// for name in ["red", "green", "blue"] {
///     let name = ShortStr::from_static(name);
///     channel.no_wait().queue_declare(&QueueDeclare { name, ..QueueDeclare::default() })?;
/// }
/// channel.qos(10).await
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct NoWait<'a> {
    channel: &'a Channel,
}

impl Channel {
    /// The same requests without replies.
    pub const fn no_wait(&self) -> NoWait<'_> {
        NoWait { channel: self }
    }
}

impl NoWait<'_> {
    /// As [`Channel::exchange_declare`].
    pub fn exchange_declare(&self, exchange: &ExchangeDeclare) -> Result<(), ChannelError> {
        let method = exchange::Declare { no_wait: true, ..exchange.clone().into() };
        self.channel.core().send(&method.into())
    }

    /// As [`Channel::exchange_delete`].
    pub fn exchange_delete(&self, exchange: &ExchangeDelete) -> Result<(), ChannelError> {
        let ExchangeDelete { name, if_unused } = exchange.clone();
        let method = exchange::Delete { exchange: name, if_unused, no_wait: true };
        self.channel.core().send(&method.into())
    }

    /// As [`Channel::exchange_bind`].
    pub fn exchange_bind(&self, binding: &ExchangeBinding) -> Result<(), ChannelError> {
        let ExchangeBinding { destination, source, routing_key, arguments } = binding.clone();
        let no_wait = true;
        let method = exchange::Bind { destination, source, routing_key, no_wait, arguments };
        self.channel.core().send(&method.into())
    }

    /// As [`Channel::exchange_unbind`].
    pub fn exchange_unbind(&self, binding: &ExchangeBinding) -> Result<(), ChannelError> {
        let ExchangeBinding { destination, source, routing_key, arguments } = binding.clone();
        let no_wait = true;
        let method = exchange::Unbind { destination, source, routing_key, no_wait, arguments };
        self.channel.core().send(&method.into())
    }

    /// As [`Channel::queue_declare`]; a queue without a name gets one that nobody hears of.
    pub fn queue_declare(&self, queue: &QueueDeclare) -> Result<(), ChannelError> {
        let method = queue::Declare { no_wait: true, ..queue.clone().into() };
        self.channel.core().send(&method.into())
    }

    /// As [`Channel::queue_delete`].
    pub fn queue_delete(&self, queue: &QueueDelete) -> Result<(), ChannelError> {
        let QueueDelete { name, if_unused, if_empty } = queue.clone();
        let method = queue::Delete { queue: name, if_unused, if_empty, no_wait: true };
        self.channel.core().send(&method.into())
    }

    /// As [`Channel::queue_purge`].
    pub fn queue_purge(&self, queue: ShortStr) -> Result<(), ChannelError> {
        self.channel.core().send(&queue::Purge { queue, no_wait: true }.into())
    }

    /// As [`Channel::queue_bind`].
    pub fn queue_bind(&self, binding: &QueueBinding) -> Result<(), ChannelError> {
        let QueueBinding { queue, exchange, routing_key, arguments } = binding.clone();
        let method = queue::Bind { queue, exchange, routing_key, no_wait: true, arguments };
        self.channel.core().send(&method.into())
    }

    /// As [`Channel::recover`], in the way of old clients: basic.recover-async.
    pub fn recover(&self) -> Result<(), ChannelError> {
        self.channel.core().send(&basic::RecoverAsync { requeue: true }.into())
    }
}
