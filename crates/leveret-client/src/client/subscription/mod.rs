//! Deliveries of a queue over all generations, as one stream.

mod keeper;
mod options;
mod received;
mod relay;
mod running;

use std::{
    fmt,
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures_core::Stream;
use leveret_protocol::ShortStr;
use tokio::{sync::watch, time::timeout};

use self::{
    keeper::{Keeper, Status},
    relay::Relay,
    running::Running,
};
pub use self::{
    options::{Heal, SubscriptionEnd, SubscriptionOptions},
    received::{Received, Settled},
};
use crate::{
    client::{Client, error::ClientError},
    topology::QueueDeclare,
};

/// The deliveries of a queue; a stream that goes on over lost connections and channels.
///
/// A consumer that ends is started again in the background: on the next connection at once, on
/// the same one after a pause. Each has a channel of its own. What a lost channel delivered and
/// nobody took is dropped, as the broker delivers it again; without acknowledgement it is kept.
///
/// After the last delivery, [`end`](Self::end) tells why. Dropped before, it cancels itself in
/// the background.
pub struct Subscription {
    client: Client,
    queue: ShortStr,
    running: Option<Running>,
    relay: Arc<Relay>,
    status: watch::Receiver<Status>,
}

impl Client {
    /// Consumes from a queue.
    ///
    /// Waits for a connection up to [`wait_deadline`](crate::ClientOptions::wait_deadline). What
    /// the broker refuses now is an error, whatever the options say; they are for later.
    pub async fn subscribe(
        &self,
        options: SubscriptionOptions,
    ) -> Result<Subscription, ClientError> {
        let (link, shared) = (self.inner.consuming.clone(), Arc::clone(&self.inner.shared));
        let queue = options.queue.clone();
        let keeper = Keeper::new(link, shared, options);
        let within = self.inner.options.wait_deadline;
        let first = match timeout(within, begin(&keeper)).await {
            Ok(first) => first?,
            Err(_) => return Err(self.inner.consuming.absent(within)),
        };
        let relay = Arc::new(Relay::default());
        let (status, watched) = watch::channel(Status::default());
        status.send_replace(Status { live: Some(first.life.generation), end: None });
        drop(tokio::spawn(keeper.run(first, Arc::clone(&relay), status)));
        let client = self.clone();
        Ok(Subscription { client, queue, running: None, relay, status: watched })
    }
}

async fn begin(keeper: &Keeper) -> Result<Running, ClientError> {
    loop {
        let connection = keeper.link.newer_than(None).await?;
        match keeper.start(&connection).await {
            Err(error) if error.is_connection_end() => {}
            started => return Ok(started?),
        }
    }
}

impl Subscription {
    /// The next delivery; nothing once the subscription is over.
    ///
    /// Nothing is lost if the future is dropped.
    pub async fn recv(&mut self) -> Option<Received> {
        poll_fn(|context| self.poll_received(context)).await
    }

    /// The queue, by the name it was asked for.
    pub const fn queue(&self) -> &ShortStr {
        &self.queue
    }

    /// Whether the broker has said, on the connection of this moment, that it consumes, and has
    /// not taken that back.
    pub fn is_live(&self) -> bool {
        let live = self.status.borrow().live;
        let current = self.client.inner.consuming.current();
        live.is_some() && live == current.map(|connection| connection.generation())
    }

    /// Waits until it [is live](Self::is_live), or over; tells which.
    pub async fn live(&self) -> bool {
        let mut status = self.status.clone();
        loop {
            let is_over = status.borrow_and_update().end.is_some();
            if is_over || self.is_live() {
                return !is_over;
            }
            if status.changed().await.is_err() {
                return false;
            }
        }
    }

    /// Asks the broker whether the queue has a consumer, and this side whether it
    /// [is live](Self::is_live).
    pub async fn verify(&self) -> Result<bool, ClientError> {
        let connection = self.client.consuming_connection().await?;
        let channel = connection.channel().await?;
        let name = self.client.current_name(&self.queue);
        let look = QueueDeclare { name, passive: true, ..QueueDeclare::default() };
        match channel.queue_declare(&look).await {
            Ok(queue) => Ok(queue.consumers > 0 && self.is_live()),
            Err(error) if error.code() == Some(404) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Why it is over; nothing while it is not.
    ///
    /// Some deliveries that came before may still be waiting to be received.
    pub fn end(&self) -> Option<SubscriptionEnd> {
        self.status.borrow().end.clone()
    }

    /// Ends it; what was delivered before can still be received and settled.
    pub async fn cancel(&mut self) {
        // Its keeper sees that, and goes.
        self.relay.close();
        if self.running.is_none() {
            self.running = poll_fn(|context| self.relay.poll_next(context)).await;
        }
        if let Some(running) = &self.running {
            // An error means that the channel is over, and the consumer with it.
            drop(running.consumer.cancel().await);
        }
        let mut status = self.status.clone();
        // An error means that the keeper is gone.
        drop(status.wait_for(|status| status.end.is_some()).await);
    }

    fn poll_received(&mut self, context: &mut Context<'_>) -> Poll<Option<Received>> {
        loop {
            if let Some(running) = self.running.as_mut().filter(|running| !running.life.is_over()) {
                let next = Pin::new(&mut running.consumer).poll_next(context);
                if let Some(delivery) = ready!(next) {
                    if running.life.is_over() {
                        continue;
                    }
                    let life = Arc::clone(&running.life);
                    return Poll::Ready(Some(Received::new(delivery, life)));
                }
            }
            self.running = None;
            let Some(running) = ready!(self.relay.poll_next(context)) else {
                return Poll::Ready(None);
            };
            self.running = Some(running);
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.relay.close();
    }
}

impl Stream for Subscription {
    type Item = Received;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Received>> {
        self.get_mut().poll_received(context)
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("queue", &self.queue)
            .field("is_live", &self.is_live())
            .field("end", &self.end())
            .finish_non_exhaustive()
    }
}
