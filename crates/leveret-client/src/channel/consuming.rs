//! Consuming and getting.

use std::sync::Arc;

use leveret_protocol::{FieldTable, Method, ShortStr, basic};

use crate::{
    channel::{Channel, Consumer, unexpected},
    error::ChannelError,
    message::Got,
    state::{Aftermath, ConsumerQueue, Recipient, Reply},
};

/// Whether deliveries are to be settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AckMode {
    /// The broker keeps each message until it is acknowledged.
    #[default]
    Manual,
    /// The broker forgets each message as it sends it: what is not handled is lost.
    NoAck,
}

/// How to consume.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConsumeOptions {
    /// The consumer's name on its channel; empty asks the broker for one.
    pub tag: ShortStr,
    /// Whether deliveries are to be settled.
    pub ack_mode: AckMode,
    /// Whether no other may consume from the queue.
    pub exclusive: bool,
    /// Whether own messages are not delivered, where a broker heeds it.
    pub no_local: bool,
    /// Extension arguments.
    pub arguments: FieldTable,
}

impl ConsumeOptions {
    /// The same with a priority: while consumers of a higher one take more, others get nothing.
    #[must_use]
    pub fn priority(mut self, priority: i32) -> Self {
        let table = self
            .arguments
            .iter()
            .fold(FieldTable::builder(), |table, (name, value)| table.insert_named(&name, value));
        self.arguments = table.insert("x-priority", priority).build();
        self
    }
}

impl Channel {
    /// Limits how many unsettled deliveries each consumer started from now on has; 0 is no limit.
    pub async fn qos(&self, prefetch: u16) -> Result<(), ChannelError> {
        self.limit(prefetch, false).await?;
        self.core().note_prefetch(prefetch);
        Ok(())
    }

    /// Limits how many unsettled deliveries all consumers of the channel have together.
    pub async fn qos_shared(&self, prefetch: u16) -> Result<(), ChannelError> {
        self.core().residue.note_lasting();
        self.limit(prefetch, true).await
    }

    async fn limit(&self, prefetch_count: u16, global: bool) -> Result<(), ChannelError> {
        self.call(basic::Qos { prefetch_size: 0, prefetch_count, global }).await.map(drop)
    }

    /// Starts a consumer.
    ///
    /// Deliveries wait in a buffer until they are taken. Where the limit of
    /// [`qos`](Self::qos) does not bound it, it is full with 4 MiB: then the connection reads
    /// no more, for none of its channels, except while someone waits for an answer of the
    /// broker (up to 64 MiB). So a consumer without acknowledgement that may fall behind gets a
    /// connection of its own.
    pub async fn consume(
        &self,
        queue: ShortStr,
        options: ConsumeOptions,
    ) -> Result<Consumer, ChannelError> {
        let is_no_ack = options.ack_mode == AckMode::NoAck;
        let gate = Arc::clone(&self.core().gate);
        let buffer = Arc::new(ConsumerQueue::new(gate, is_no_ack, self.core().prefetch()));
        // Made before the reply comes: dropped while waiting, it cancels what is about to start.
        let mut consumer = Consumer::new(self.clone(), queue.clone(), Arc::clone(&buffer));
        let method = basic::Consume {
            queue,
            consumer_tag: options.tag,
            no_local: options.no_local,
            no_ack: is_no_ack,
            exclusive: options.exclusive,
            no_wait: false,
            arguments: options.arguments,
        };
        let start = Aftermath::Start(Recipient::Queue(buffer));
        match self.ask(&method.into(), start).await? {
            Reply::Method(Method::BasicConsumeOk(started)) => {
                consumer.name(started.consumer_tag);
                Ok(consumer)
            }
            Reply::Method(reply) => Err(unexpected(&reply)),
            Reply::Got(_) => Err(unexpected(&Method::BasicGetOk(basic::GetOk::default()))),
        }
    }

    /// Takes one message from a queue, if there is one.
    pub async fn get(
        &self,
        queue: ShortStr,
        ack_mode: AckMode,
    ) -> Result<Option<Got>, ChannelError> {
        let method = basic::Get { queue, no_ack: ack_mode == AckMode::NoAck };
        let aftermath = match ack_mode {
            AckMode::Manual => Aftermath::Nothing,
            AckMode::NoAck => Aftermath::GotNoAck,
        };
        match self.ask(&method.into(), aftermath).await? {
            Reply::Got(got) => Ok(Some(*got)),
            Reply::Method(_) => Ok(None),
        }
    }

    /// Has everything that was delivered and not settled delivered again, to whom the broker
    /// likes.
    pub async fn recover(&self) -> Result<(), ChannelError> {
        self.call(basic::Recover { requeue: true }).await.map(drop)
    }
}
