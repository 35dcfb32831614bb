//! The task that keeps a subscription's consumer running.
//!
//! Keeps true: it ends with the subscription or the client; between attempts that the broker
//! refuses there is a pause.

use std::sync::{Arc, atomic::AtomicBool};

use leveret_protocol::ShortStr;
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use super::{
    options::{Heal, SubscriptionEnd, SubscriptionOptions},
    received::Life,
    relay::Relay,
    running::Running,
};
use crate::{
    channel::AckMode,
    client::{events::ClientEvent, link::Link, pace::Pace, replay::Replay, shared::Shared},
    connection::{Connection, Generation},
    error::{ChannelError, ConsumerEnd},
};

/// Keeps a consumer running.
#[derive(Debug)]
pub(super) struct Keeper {
    pub(super) link: Link,
    pub(super) shared: Arc<Shared>,
    pub(super) options: SubscriptionOptions,
    /// The queue's first name.
    pub(super) first: ShortStr,
    pace: Pace,
}

/// How a subscription is doing.
#[derive(Debug, Clone, Default)]
pub(super) struct Status {
    /// On which connection the broker said that it consumes.
    pub(super) live: Option<Generation>,
    pub(super) end: Option<SubscriptionEnd>,
}

impl Keeper {
    pub(super) fn new(link: Link, shared: Arc<Shared>, options: SubscriptionOptions) -> Self {
        let first = shared.record.lock().subscribe(&options.queue);
        let pace = Pace::new(options.backoff);
        Self { link, shared, options, first, pace }
    }

    /// Keeps a consumer running until the subscription or the client is over.
    pub(super) async fn run(
        mut self,
        first: Running,
        relay: Arc<Relay>,
        status: watch::Sender<Status>,
    ) {
        let end = tokio::select! {
            biased;
            () = relay.closed() => SubscriptionEnd::CancelledHere,
            end = self.keep(first, &relay, &status) => end,
        };
        status.send_replace(Status { live: None, end: Some(end) });
        relay.finish();
    }

    async fn keep(
        &mut self,
        first: Running,
        relay: &Relay,
        status: &watch::Sender<Status>,
    ) -> SubscriptionEnd {
        let mut running = first;
        loop {
            let (buffer, life) = (running.consumer.buffer(), Arc::clone(&running.life));
            let tag = running.consumer.tag().clone();
            status.send_modify(|status| status.live = Some(life.generation));
            relay.put(running);
            let began_at = Instant::now();
            let end = buffer.ended().await;
            status.send_modify(|status| status.live = None);
            self.pace.note_life(began_at.elapsed());
            if let Some(end) = self.weigh(end, &life, tag).await {
                return end;
            }
            relay.room().await;
            running = match self.restart().await {
                Ok(running) => running,
                Err(end) => return end,
            };
        }
    }

    /// What the end of a consumer means; nothing if another is to be started.
    async fn weigh(
        &mut self,
        end: ConsumerEnd,
        life: &Life,
        tag: ShortStr,
    ) -> Option<SubscriptionEnd> {
        let queue = self.shared.record.lock().current_name(&self.first);
        if end != ConsumerEnd::CancelledByBroker && self.options.consume.ack_mode == AckMode::Manual
        {
            life.end();
        }
        let error = match end {
            // The next connection comes in its own time.
            ConsumerEnd::ConnectionEnded(_) => return None,
            ConsumerEnd::CancelledHere => return Some(SubscriptionEnd::CancelledHere),
            ConsumerEnd::CancelledByBroker => {
                self.shared.counters.consumers_cancelled.add_one();
                self.shared.tell(ClientEvent::ConsumerCancelled { queue: queue.clone(), tag });
                if self.options.on_cancel == Heal::End {
                    return Some(SubscriptionEnd::CancelledByBroker);
                }
                self.pause(|_| {}).await;
                self.mend().await;
                return self.pace.exhausted().map(|_| SubscriptionEnd::CancelledByBroker);
            }
            ConsumerEnd::ChannelClosed { ref code, ref text } => {
                ChannelError::Closed { code: *code, text: text.clone() }
            }
            ConsumerEnd::ChannelClosedHere => ChannelError::ClosedHere,
            ConsumerEnd::ChannelTimedOut { method, within } => {
                ChannelError::TimedOut { method, within }
            }
        };
        tracing::warn!(%queue, %end, "a subscription lost its channel");
        self.shared.tell(ClientEvent::ConsumerLost { queue, end });
        self.pause(|_| {}).await;
        self.pace.exhausted().map(|_| SubscriptionEnd::Refused(error))
    }

    /// Starts a consumer, however long it takes.
    async fn restart(&mut self) -> Result<Running, SubscriptionEnd> {
        loop {
            let connection = self.link.newer_than(None).await?;
            let error = match self.start(&connection).await {
                Ok(running) => return Ok(running),
                Err(error) if error.is_connection_end() => continue,
                Err(error) => error,
            };
            if self.options.on_refusal == Heal::End {
                return Err(SubscriptionEnd::Refused(error));
            }
            let queue = self.shared.record.lock().current_name(&self.first);
            tracing::warn!(%queue, %error, "a subscription was refused its consumer");
            let (shared, refusal) = (Arc::clone(&self.shared), error.clone());
            self.pause(|pause| {
                shared.tell(ClientEvent::ConsumerRefused { queue, error: refusal, pause });
            })
            .await;
            if self.pace.exhausted().is_some() {
                return Err(SubscriptionEnd::Refused(error));
            }
            self.mend().await;
        }
    }

    /// Starts a consumer on a channel of its own.
    pub(super) async fn start(&self, connection: &Connection) -> Result<Running, ChannelError> {
        let channel = connection.channel().await?;
        if self.options.prefetch > 0 {
            channel.qos(self.options.prefetch).await?;
        }
        let queue = self.shared.record.lock().current_name(&self.first);
        let consumer = channel.consume(queue.clone(), self.options.consume.clone()).await?;
        let generation = connection.generation();
        self.shared.counters.consumers_started.add_one();
        let tag = consumer.tag().clone();
        self.shared.tell(ClientEvent::ConsumerStarted { queue, tag, generation });
        let (shared, is_over) = (Arc::clone(&self.shared), AtomicBool::new(false));
        Ok(Running { consumer, life: Arc::new(Life { channel, generation, shared, is_over }) })
    }

    /// Declares the queue again, if that was done before.
    async fn mend(&self) {
        let Some(connection) = self.link.current() else { return };
        let score = self.shared.record.lock().score_of(&self.first);
        if let Err(error) = Replay::mending(&connection, &self.shared).play(score).await {
            tracing::debug!(%error, "connection lost while declaring a queue again");
        }
    }

    async fn pause(&mut self, tell: impl FnOnce(std::time::Duration)) {
        let pause = self.pace.next();
        tell(pause);
        sleep(pause).await;
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.shared.record.lock().unsubscribe(&self.first);
    }
}
