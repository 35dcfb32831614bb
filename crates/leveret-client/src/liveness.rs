//! Whether a consumer lives, by the word of this side and of the broker.

use crate::{
    channel::Consumer,
    error::{ChannelError, ConsumerEnd},
    topology::QueueDeclare,
};

/// What the broker says of a consumer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Liveness {
    /// It runs here, and its queue has consumers at the broker.
    Live {
        /// How many the queue has; this one is counted among them.
        consumers: u32,
        /// How many messages are ready in the queue.
        ready: u32,
    },
    /// It runs here, and the broker's management API lists this very one.
    Listed {
        /// How many consumers the queue has; this one is counted among them.
        consumers: u32,
        /// Whether it is its turn, where a queue serves one consumer at a time.
        is_active: bool,
    },
    /// It runs here, but the broker's management API does not list it.
    Unlisted {
        /// How many other consumers the queue has.
        consumers: u32,
    },
    /// It has ended here.
    Ended(ConsumerEnd),
    /// It runs here, but the broker knows of no consumer of its queue.
    Unseen {
        /// How many messages are ready in the queue.
        ready: u32,
    },
    /// Its queue does not exist.
    QueueGone {
        /// The reply code, 404.
        code: u16,
        /// The broker's words.
        text: String,
    },
    /// It was started without the name of its queue, so nobody can be asked.
    Unnamed,
}

impl Liveness {
    /// Whether the broker confirmed it.
    pub const fn is_live(&self) -> bool {
        matches!(self, Self::Live { .. } | Self::Listed { .. })
    }
}

impl Consumer {
    /// Whether it runs as far as is known here; a broker that lost it in silence is not noticed.
    pub fn is_live(&self) -> bool {
        self.end().is_none() && self.channel().end().is_none()
    }

    /// Asks the broker whether the consumer's queue is there and is consumed from.
    ///
    /// The broker is asked on a channel of its own, so this one is in no danger. It tells how
    /// many consumers the queue has and not which, so of a queue that is consumed from elsewhere
    /// too it proves less.
    pub async fn verify_live(&self) -> Result<Liveness, ChannelError> {
        if let Some(end) = self.end() {
            return Ok(Liveness::Ended(end));
        }
        if self.queue().is_empty() {
            return Ok(Liveness::Unnamed);
        }
        let channel = self.channel().sibling().await?;
        let name = self.queue().clone();
        let look = QueueDeclare { name, passive: true, ..QueueDeclare::default() };
        let declared = match channel.queue_declare(&look).await {
            Ok(declared) => declared,
            Err(ChannelError::Closed { code: 404, text }) => {
                return Ok(Liveness::QueueGone { code: 404, text });
            }
            Err(error) => return Err(error),
        };
        // It may have ended while the broker was asked.
        if let Some(end) = self.end() {
            return Ok(Liveness::Ended(end));
        }
        let (consumers, ready) = (declared.consumers, declared.messages);
        if consumers == 0 {
            return Ok(Liveness::Unseen { ready });
        }
        Ok(Liveness::Live { consumers, ready })
    }
}
