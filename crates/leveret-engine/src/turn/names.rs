//! Names as clients give them, and what they stand for.

use alloc::vec::Vec;

use leveret_protocol::ShortStr;

use super::Turn;
use crate::{
    channel::ChannelKey,
    error::ResourceError,
    exchange::Exchange,
    identity::{ExchangeId, QueueId},
};

/// What begins so was named by the server.
const RESERVED_PREFIX: &[u8] = b"amq.";

/// A name as it is; it has to be UTF-8.
fn legal(name: &ShortStr) -> Result<ShortStr, ResourceError> {
    if name.to_str().is_err() { Err(ResourceError::NameNotUtf8) } else { Ok(name.clone()) }
}

/// A name without line ends, which RabbitMQ strips where something is declared, bound or deleted,
/// and only there.
pub(super) fn clean(name: &ShortStr) -> Result<ShortStr, ResourceError> {
    let name = legal(name)?;
    let is_line_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
    if !name.iter().any(is_line_end) {
        return Ok(name);
    }
    let kept: Vec<u8> = name.iter().copied().filter(|byte| !is_line_end(byte)).collect();
    Ok(ShortStr::new(kept).unwrap_or_default())
}

pub(super) fn is_reserved(name: &ShortStr) -> bool {
    name.starts_with(RESERVED_PREFIX)
}

impl Turn<'_> {
    /// The queue of that name; of the last declared one, if the name is empty.
    pub(super) fn queue_name(
        &mut self,
        at: ChannelKey,
        name: &ShortStr,
    ) -> Result<ShortStr, ResourceError> {
        if !name.is_empty() {
            return legal(name);
        }
        let last = self.host.channel_mut(at).map(|channel| channel.last_queue.clone());
        last.filter(|name| !name.is_empty()).ok_or(ResourceError::NothingDeclared)
    }

    /// A queue that exists and that the connection may use.
    pub(super) fn usable_queue(
        &mut self,
        at: ChannelKey,
        name: &ShortStr,
    ) -> Result<QueueId, ResourceError> {
        let name = self.queue_name(at, name)?;
        let Some(queue) = self.host.queues.named(&name) else {
            return Err(ResourceError::NotFound { resource: self.host.queue_resource(&name) });
        };
        if queue.is_locked_for(at.connection) {
            return Err(ResourceError::Locked { resource: self.host.queue_resource(&name) });
        }
        Ok(queue.id)
    }

    /// An exchange that exists; the default exchange is none that a method may name.
    pub(super) fn named_exchange(&self, name: &ShortStr) -> Result<ExchangeId, ResourceError> {
        let name = clean(name)?;
        if name.is_empty() {
            return Err(ResourceError::DefaultExchange);
        }
        let exchange = self.host.exchanges.named(&name).map(|exchange: &Exchange| exchange.id);
        exchange
            .ok_or_else(|| ResourceError::NotFound { resource: self.host.exchange_resource(&name) })
    }
}
