//! The task behind an application's publisher: confirmed and pipelined.

use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use leveret_client::{Channel, Confirm, PublishError as ClientError};
use leveret_protocol::ShortStr;
use tokio::sync::mpsc;
use tokio::sync::oneshot;
use tokio::time::timeout;
use tracing::warn;

use crate::lineage::seal_first;
use crate::link::{Generation, Link};
use crate::phase::{Phase, PhaseListener};
use crate::publisher::{Outgoing, PublishError, PublishOrder};

/// How many messages may wait for their confirm.
const WINDOW: usize = 1024;

/// How many messages may wait to be sent; beyond it publishers wait.
pub(crate) const ORDERS_MAX: usize = 256;

/// How long a message waits for a connection before its publisher is told.
const PATIENCE: Duration = Duration::from_secs(30);

/// Publishes what it is told to, over one generation after the other.
pub(crate) struct Publishing {
    pub(crate) link: Link,
    pub(crate) app_id: ShortStr,
    pub(crate) orders: mpsc::Receiver<PublishOrder>,
    pub(crate) phase: PhaseListener,
}

type Answer = oneshot::Sender<Result<(), PublishError>>;

/// Why one generation is no longer published on.
enum Leave {
    Stopped,
    Broken,
}

impl Publishing {
    pub(crate) async fn run(mut self) {
        let mut last = 0;
        loop {
            let Some(generation) = self.next_generation(last).await else { return };
            last = generation.number;
            match self.serve(&generation).await {
                Leave::Stopped => return,
                Leave::Broken => {
                    // The channel alone may have ended: the connection is still the newest.
                    if generation.connection.end().is_none() {
                        last -= 1;
                    }
                }
            }
        }
    }

    /// Waits for a connection; those who wait too long with it are told.
    async fn next_generation(&mut self, last: u64) -> Option<Generation> {
        loop {
            let found = tokio::select! {
                () = self.phase.reached(Phase::Stopped) => return None,
                found = timeout(PATIENCE, self.link.newer_than(last)) => found,
            };
            if let Ok(generation) = found {
                return generation;
            }
            while let Ok(order) = self.orders.try_recv() {
                order.answer.send(Err(PublishError::Disconnected)).ok();
            }
        }
    }

    async fn serve(&mut self, generation: &Generation) -> Leave {
        let channel = match confirming(generation).await {
            Ok(channel) => channel,
            Err(error) => {
                warn!(connection = %self.link.name, %error, "no channel to publish on");
                tokio::time::sleep(Duration::from_millis(100)).await;
                return Leave::Broken;
            }
        };
        let mut confirms = FuturesUnordered::new();
        let mut stopping = pin!({
            let mut phase = self.phase.clone();
            async move { phase.reached(Phase::Stopped).await }
        });
        let mut lost = pin!(generation.connection.closed());
        let leave = loop {
            tokio::select! {
                biased;
                Some(()) = confirms.next() => {}
                () = &mut stopping => {
                    self.refuse_the_rest();
                    break Leave::Stopped;
                }
                _ = &mut lost => break Leave::Broken,
                order = self.orders.recv(), if confirms.len() < WINDOW => {
                    let Some(PublishOrder { publish, answer }) = order else {
                        break Leave::Stopped;
                    };
                    let sealed = match publish {
                        Outgoing::Open(publish) => seal_first(*publish, &self.app_id),
                        Outgoing::Sealed(sealed) => *sealed,
                    };
                    let names = (sealed.exchange.clone(), sealed.routing_key.clone());
                    match channel.publish(sealed).await {
                        Ok(confirm) => confirms.push(settle(confirm, answer, names)),
                        Err(error) => {
                            answer.send(Err(told(error, &names))).ok();
                        }
                    }
                }
            }
            // The broker may close the channel alone: over an exchange that is missing.
            if channel.end().is_some() {
                break Leave::Broken;
            }
        };
        while confirms.next().await.is_some() {}
        leave
    }

    fn refuse_the_rest(&mut self) {
        self.orders.close();
        while let Ok(order) = self.orders.try_recv() {
            order.answer.send(Err(PublishError::Closed)).ok();
        }
    }
}

async fn confirming(generation: &Generation) -> Result<Channel, leveret_client::ChannelError> {
    let channel = generation.connection.channel().await?;
    channel.confirm_select().await?;
    Ok(channel)
}

async fn settle(confirm: Confirm, answer: Answer, names: (ShortStr, ShortStr)) {
    let fate = confirm.await.map_err(|error| told(error, &names));
    // Nobody waits any more: the publisher's future was dropped.
    answer.send(fate).ok();
}

/// The client's words in the framework's.
pub(crate) fn told(error: ClientError, names: &(ShortStr, ShortStr)) -> PublishError {
    match error {
        ClientError::Unroutable { .. } => PublishError::Unroutable {
            exchange: names.0.to_string(),
            routing_key: names.1.to_string(),
        },
        ClientError::Nacked => PublishError::Refused("negative acknowledgement".to_owned()),
        ClientError::ChannelClosed { code, text } => {
            PublishError::Refused(format!("{code} {text}"))
        }
        ClientError::NotSent(_) | ClientError::NotConfirming => PublishError::Disconnected,
        // Closed here, lost, or an end that is not known yet.
        ClientError::ClosedHere | ClientError::ConnectionLost(_) | _ => PublishError::Unconfirmed,
    }
}
