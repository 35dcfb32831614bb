//! A consumer: deliveries as a stream.

use std::{
    collections::VecDeque,
    fmt,
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures_core::Stream;
use leveret_protocol::{Method, ShortStr, basic};

use crate::{
    channel::{
        Channel, Refusal,
        settling::{Reach, Settlement},
    },
    error::{ChannelError, ConsumerEnd},
    message::Delivery,
    state::{Aftermath, ConsumerQueue},
};

/// The deliveries of one consumer, until it ends.
///
/// After the last one, [`end`](Self::end) tells why. Dropped before, it cancels itself in the
/// background, and what it had not handed out goes back to the queue.
pub struct Consumer {
    channel: Channel,
    queue: ShortStr,
    /// Empty until the broker has said that it runs.
    tag: ShortStr,
    buffer: Arc<ConsumerQueue>,
    /// Taken from the buffer in one go.
    batch: VecDeque<Delivery>,
    ends_with_channel: bool,
}

impl Consumer {
    pub(super) const fn new(channel: Channel, queue: ShortStr, buffer: Arc<ConsumerQueue>) -> Self {
        Self {
            channel,
            queue,
            tag: ShortStr::EMPTY,
            buffer,
            batch: VecDeque::new(),
            ends_with_channel: false,
        }
    }

    pub(super) fn name(&mut self, tag: ShortStr) {
        self.tag = tag;
    }

    /// The consumer's name on its channel.
    pub const fn tag(&self) -> &ShortStr {
        &self.tag
    }

    /// The queue it consumes from, as it was named when it started.
    pub const fn queue(&self) -> &ShortStr {
        &self.queue
    }

    /// The channel it consumes on, which settles its deliveries.
    pub const fn channel(&self) -> &Channel {
        &self.channel
    }

    /// The next delivery; nothing once the consumer has ended.
    ///
    /// Nothing is lost if the future is dropped.
    #[inline]
    pub async fn recv(&mut self) -> Option<Delivery> {
        if let Some(delivery) = self.batch.pop_front() {
            return Some(delivery);
        }
        poll_fn(|context| self.poll_delivery(context)).await
    }

    /// A delivery that is there already.
    pub fn try_recv(&mut self) -> Option<Delivery> {
        if self.batch.is_empty() {
            self.buffer.take(&mut self.batch);
        }
        self.batch.pop_front()
    }

    /// Why no more deliveries come; nothing as long as they may.
    ///
    /// Some that came before may still be waiting to be received.
    pub fn end(&self) -> Option<ConsumerEnd> {
        self.buffer.why_ended()
    }

    /// Ends the consumer; what was delivered before can still be received.
    pub async fn cancel(&self) -> Result<(), ChannelError> {
        if self.end().is_some() {
            return Ok(());
        }
        let (method, stop) = cancellation(self.tag.clone());
        self.channel.ask(&method, stop).await.map(drop)
    }

    /// Dropped, it will not cancel itself: it ends with its channel, and what it has goes back
    /// then, all at once and in its order.
    ///
    /// For queues with a single active consumer: cancelled, it would let the next consumer have
    /// what comes later before that.
    pub const fn end_with_channel(&mut self) {
        self.ends_with_channel = true;
    }

    /// What tells of its end while someone else receives.
    pub(crate) fn buffer(&self) -> Arc<ConsumerQueue> {
        Arc::clone(&self.buffer)
    }

    fn poll_delivery(&mut self, context: &Context<'_>) -> Poll<Option<Delivery>> {
        if let Some(delivery) = self.batch.pop_front() {
            return Poll::Ready(Some(delivery));
        }
        self.buffer.poll_take(context, &mut self.batch).map(|()| self.batch.pop_front())
    }
}

fn cancellation(consumer_tag: ShortStr) -> (Method, Aftermath) {
    let method = basic::Cancel { consumer_tag: consumer_tag.clone(), no_wait: false };
    (method.into(), Aftermath::Stop(consumer_tag))
}

impl Stream for Consumer {
    type Item = Delivery;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Delivery>> {
        self.get_mut().poll_delivery(context)
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        if self.ends_with_channel {
            return;
        }
        let core = self.channel.core();
        let left = self.buffer.abandon();
        if let Some(tag) = left.running {
            let (method, stop) = cancellation(tag);
            // Nobody waits for the reply; an error means that the channel is over already.
            drop(core.ask(&method, stop));
        }
        for delivery in self.batch.drain(..).chain(left.deliveries) {
            let back = Settlement::Nack(Reach::One, Refusal::Requeue);
            // Without a channel, or without acknowledgement, there is nothing to give back.
            drop(back.send(core, &delivery));
        }
    }
}

impl fmt::Debug for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer")
            .field("tag", self.tag())
            .field("channel", &self.channel)
            .field("end", &self.end())
            .finish_non_exhaustive()
    }
}
