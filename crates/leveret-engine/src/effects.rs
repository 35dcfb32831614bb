//! All that an engine can ask for.

use alloc::{
    boxed::Box,
    vec::{self, Vec},
};
use core::slice;

use bytes::Bytes;
use leveret_protocol::{AmqpError, ChannelNumber, Method, Properties};

use crate::{
    content::Content,
    identity::{ConnectionId, Lsn, PageId},
    record::PageRest,
};

/// What is to be done, in this order. Only `Append` and the pages reach the disk; nothing has to
/// wait for them, for the engine holds back itself what may only follow.
///
/// It is small, for it is handed on several times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send a method without content.
    Send {
        /// On which connection.
        connection: ConnectionId,
        /// On which channel.
        channel: ChannelNumber,
        /// The method.
        method: Box<Method>,
    },
    /// Send a method with content: `basic.deliver`, `basic.get-ok` or `basic.return`.
    Content {
        /// On which connection.
        connection: ConnectionId,
        /// On which channel.
        channel: ChannelNumber,
        /// The method and its content.
        content: Content,
    },
    /// The answer to `Input::CloseChannel`: now close-ok may go out.
    ChannelClosed {
        /// On which connection.
        connection: ConnectionId,
        /// Which.
        channel: ChannelNumber,
    },
    /// The answer to `Input::Disconnect`: its exclusive queues are gone, now close-ok may go out.
    ConnectionClosed {
        /// Which.
        connection: ConnectionId,
    },
    /// Close the channel with this error; the engine has already forgotten it.
    FailChannel {
        /// On which connection.
        connection: ConnectionId,
        /// Which.
        channel: ChannelNumber,
        /// Why.
        error: Box<AmqpError>,
    },
    /// Close the connection with this error; the engine has already forgotten it.
    FailConnection {
        /// Which.
        connection: ConnectionId,
        /// Why.
        error: Box<AmqpError>,
    },
    /// Write a record.
    Append {
        /// The record's number.
        lsn: Lsn,
        /// The record.
        record: Bytes,
    },
    /// Once the record `through` is on disk, none up to and with `upto` is needed.
    Relocated {
        /// The last that is not needed.
        upto: Lsn,
        /// The last that has to be on disk.
        through: Lsn,
    },
    /// Keep a page outside the log; answered by `Input::PageStored`.
    StorePage {
        /// Which.
        page: PageId,
        /// Whether it has to survive a power loss once it is answered for.
        durable: bool,
        /// Its bytes.
        content: Bytes,
    },
    /// Read a page that was stored; answered by `Input::PageLoaded`.
    LoadPage {
        /// Which.
        page: PageId,
    },
    /// The page is not needed any more, also if it is still being stored or read.
    DropPage {
        /// Which.
        page: PageId,
    },
    /// Little of a page that was stored is needed any more: when there is time, it may be replaced by
    /// a smaller one. Nothing has to come of it, and it is not answered; until it is done, and
    /// whether it is done or not, the page as it was is as good.
    ThinPage {
        /// Which.
        page: PageId,
        /// What of it is needed.
        rest: Box<PageRest>,
    },
    /// A page was read and is not as it was stored. What could be read of it is in its queue;
    /// the page is kept, and read again after the next start, in case it is mended.
    PageDamaged {
        /// Which.
        page: PageId,
        /// Where in its bytes the first damage is.
        offset: usize,
        /// What is wrong there.
        problem: &'static str,
        /// How many messages could not be read.
        messages: u64,
    },
}

impl Effect {
    /// What frames and arguments of one delivery are taken to weigh.
    pub const DELIVERY_OVERHEAD_BYTES: u64 = 128;

    /// How much of its connection's credit this has used up: the size of a delivery, about.
    pub fn credit_bytes(&self) -> u64 {
        match self {
            Self::Content { content, .. } => content
                .as_delivery()
                .map_or(0, |delivery| Self::delivery_credit(delivery.properties, delivery.body)),
            Self::Send { .. }
            | Self::ChannelClosed { .. }
            | Self::ConnectionClosed { .. }
            | Self::FailChannel { .. }
            | Self::FailConnection { .. }
            | Self::Append { .. }
            | Self::Relocated { .. }
            | Self::StorePage { .. }
            | Self::LoadPage { .. }
            | Self::DropPage { .. }
            | Self::ThinPage { .. }
            | Self::PageDamaged { .. } => 0,
        }
    }

    pub(crate) fn delivery_credit(properties: &Properties, body: &Bytes) -> u64 {
        let bytes = properties.as_bytes().len().saturating_add(body.len());
        u64::try_from(bytes).unwrap_or(u64::MAX).saturating_add(Self::DELIVERY_OVERHEAD_BYTES)
    }
}

/// Where an engine puts its effects: the caller's buffer, emptied and used again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Effects {
    list: Vec<Effect>,
}

impl Effects {
    /// An empty buffer.
    pub const fn new() -> Self {
        Self { list: Vec::new() }
    }

    /// Takes all effects out, in order; the buffer keeps its space.
    pub fn drain(&mut self) -> vec::Drain<'_, Effect> {
        self.list.drain(..)
    }

    /// The effects in order.
    pub fn iter(&self) -> slice::Iter<'_, Effect> {
        self.list.iter()
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(crate) fn push(&mut self, effect: Effect) {
        self.list.push(effect);
    }
}

impl<'a> IntoIterator for &'a Effects {
    type Item = &'a Effect;
    type IntoIter = slice::Iter<'a, Effect>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::Effect;

    #[test]
    fn an_effect_is_cheap_to_hand_on() {
        assert!(size_of::<Effect>() <= 56, "{}", size_of::<Effect>());
    }
}
