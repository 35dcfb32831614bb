//! The task behind an application's publisher: confirmed and pipelined.
//!
//! A message for which the broker closes the channel costs no other its confirm: what was under
//! way with it is sent again, each alone, so that the one it was is found.

use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use leveret_client::{Channel, ChannelError, Publish as Sealed, PublishError as ClientError};
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
    link: Link,
    app_id: ShortStr,
    orders: mpsc::Receiver<PublishOrder>,
    phase: PhaseListener,
    /// Under way when the broker closed the channel for one of them.
    suspects: Vec<Suspect>,
}

type Answer = oneshot::Sender<Result<(), PublishError>>;

/// A message that is to be sent, and where its fate is told.
#[derive(Debug)]
struct Parcel {
    sealed: Sealed,
    answer: Answer,
}

/// One of those that the broker may have closed the channel for.
#[derive(Debug)]
struct Suspect {
    /// Its place in the order of publishes.
    number: u64,
    parcel: Parcel,
    error: ClientError,
}

/// Why one generation is no longer published on.
enum Leave {
    Stopped,
    Broken,
}

impl Publishing {
    pub(crate) fn new(
        link: Link,
        app_id: ShortStr,
        orders: mpsc::Receiver<PublishOrder>,
        phase: PhaseListener,
    ) -> Self {
        Self { link, app_id, orders, phase, suspects: Vec::new() }
    }

    pub(crate) async fn run(mut self) {
        if let Some(outlet) = self.link.outlet.clone() {
            tokio::select! {
                () = self.phase.reached(Phase::Stopped) => return,
                () = outlet.wanted() => {}
            }
            self.link = outlet.link().clone();
        }
        let mut last = 0;
        loop {
            let Some(generation) = self.next_generation(last).await else { return };
            last = generation.number;
            let leave = self.serve(&generation).await;
            self.sift(&generation).await;
            match leave {
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
        let mut under_way = FuturesUnordered::new();
        let mut numbers = 0..;
        let mut stopping = pin!({
            let mut phase = self.phase.clone();
            async move { phase.reached(Phase::Stopped).await }
        });
        let mut lost = pin!(generation.connection.closed());
        let leave = loop {
            tokio::select! {
                // What was begun is polled before another is: so they leave in their order.
                biased;
                Some(suspect) = under_way.next() => self.suspects.extend(suspect),
                () = &mut stopping => {
                    self.refuse_the_rest();
                    break Leave::Stopped;
                }
                _ = &mut lost => break Leave::Broken,
                order = self.orders.recv(), if under_way.len() < WINDOW => {
                    let Some(PublishOrder { publish, answer }) = order else {
                        break Leave::Stopped;
                    };
                    let sealed = match publish {
                        Outgoing::Open(publish) => seal_first(*publish, &self.app_id),
                        Outgoing::Sealed(sealed) => *sealed,
                    };
                    let number = numbers.next().unwrap_or(u64::MAX);
                    under_way.push(send(&channel, number, Parcel { sealed, answer }));
                }
            }
            // The broker may close the channel alone: over an exchange that is missing.
            if channel.end().is_some() {
                break Leave::Broken;
            }
        };
        while let Some(suspect) = under_way.next().await {
            self.suspects.extend(suspect);
        }
        leave
    }

    /// Finds the one for which the broker closed the channel, and sends the others.
    async fn sift(&mut self, generation: &Generation) {
        let mut suspects = std::mem::take(&mut self.suspects);
        suspects.sort_by_key(|suspect| suspect.number);
        let is_sent =
            |suspect: &Suspect| matches!(suspect.error, ClientError::ChannelClosed { .. });
        let is_alone = suspects.len() == 1 && suspects.iter().all(is_sent);
        let mut channel: Option<Channel> = None;
        for Suspect { parcel, error, .. } in suspects {
            if is_alone {
                parcel.tell(Err(error));
                continue;
            }
            let opened = match channel.take().filter(|channel| channel.end().is_none()) {
                Some(channel) => Ok(channel),
                None => confirming(generation).await,
            };
            let Ok(open) = opened else {
                // It may have been sent, and was not refused for certain.
                parcel.tell(Err(ClientError::ClosedHere));
                continue;
            };
            let fate = publish(&open, &parcel.sealed).await;
            parcel.tell(fate);
            channel = Some(open);
        }
    }

    fn refuse_the_rest(&mut self) {
        self.orders.close();
        while let Ok(order) = self.orders.try_recv() {
            order.answer.send(Err(PublishError::Closed)).ok();
        }
    }
}

impl Parcel {
    fn tell(self, fate: Result<(), ClientError>) {
        let names = (self.sealed.exchange, self.sealed.routing_key);
        // Nobody may wait any more: the publisher's future was dropped.
        self.answer.send(fate.map_err(|error| told(error, &names))).ok();
    }
}

async fn confirming(generation: &Generation) -> Result<Channel, ChannelError> {
    let channel = generation.connection.channel().await?;
    channel.confirm_select().await?;
    Ok(channel)
}

/// Bounded: a broker in need reads no further, and may do so before it says so.
async fn publish(channel: &Channel, sealed: &Sealed) -> Result<(), ClientError> {
    channel.publish_and_confirm(sealed.clone()).await
}

/// Publishes, and tells what came of it; unless the broker has closed the channel.
async fn send(channel: &Channel, number: u64, parcel: Parcel) -> Option<Suspect> {
    match publish(channel, &parcel.sealed).await {
        Err(
            error @ (ClientError::ChannelClosed { .. }
            | ClientError::NotSent(ChannelError::Closed { .. })),
        ) => Some(Suspect { number, parcel, error }),
        fate => {
            parcel.tell(fate);
            None
        }
    }
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
        ClientError::NotSent(ChannelError::TooLarge { bytes, max }) => {
            PublishError::TooLarge { bytes, max }
        }
        ClientError::Blocked { reason, .. } => PublishError::Blocked(reason),
        ClientError::NoRoom { backlog, .. } => PublishError::Blocked(backlog.to_string()),
        ClientError::NotSent(_) | ClientError::NotConfirming | ClientError::NoConnection { .. } => {
            PublishError::Disconnected
        }
        ClientError::ClientEnded { .. } => PublishError::Closed,
        // Closed here, lost, late, or an end that is not known yet.
        ClientError::ClosedHere
        | ClientError::ConnectionLost(_)
        | ClientError::TimedOut { .. }
        | _ => PublishError::Unconfirmed,
    }
}
