//! How a settlement reaches the broker: in one transaction, or confirmed first.

use std::mem::take;
use std::sync::Arc;
use std::time::Duration;

use leveret_client::{
    Channel, ChannelError, Committed, Connection, ConsumeOptions, Consumer, Delivery, Publish,
    PublishError, Refusal, Returned, SettleError, TxChannel,
};
use leveret_protocol::ShortStr;
use tokio::sync::OnceCell;
use tokio::time::timeout;
use tracing::error;

use super::attempt::{Fate, Settlement};
use super::fitting::fit;
use crate::handler::Mode;
use crate::later::{Postponed, Timer};
use crate::link::{Declaration, DeclareError, Outlet, declare};
use crate::stats::Counters;

/// How long a settlement waits for the connection that its outputs need.
const PATIENCE: Duration = Duration::from_secs(10);

/// A worker's own channel.
#[derive(Debug)]
pub(crate) struct Lane {
    pub(super) way: Way,
    timer: Timer,
    connection: Connection,
    counters: Arc<Counters>,
    /// Where outputs are published, if that is another connection.
    outlet: Option<Arc<Outlet>>,
    /// Opened with the first of them.
    outputs: OnceCell<Channel>,
    /// Whether what the timer needs is declared.
    can_postpone: OnceCell<()>,
}

/// What a lane is opened for.
pub(super) struct Opening<'a> {
    pub(super) mode: Mode,
    pub(super) queue: &'a ShortStr,
    pub(super) prefetch: u16,
    pub(super) outlet: Option<Arc<Outlet>>,
    pub(super) counters: Arc<Counters>,
}

#[derive(Debug)]
pub(super) enum Way {
    Transaction(TxChannel),
    Confirmed(Channel),
}

/// The broker has the settlement; what it could not place comes back.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    pub(crate) returned: Vec<Returned>,
}

/// The broker has not got the settlement, or nobody knows.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LaneError {
    /// The channel is over; the message comes again.
    #[error(transparent)]
    Channel(#[from] ChannelError),
    /// The channel was over before the settlement was sent; the message comes again.
    #[error(transparent)]
    Settle(#[from] SettleError),
    /// Nothing was published: there is no connection for that.
    #[error("no connection to publish on")]
    NoOutlet,
    /// Nothing was done, as the broker has no queue for these.
    #[error("no queue takes {} of its messages", .0.len())]
    Undone(Vec<Returned>),
    /// An output was not confirmed. The channel may be over or not.
    #[error(transparent)]
    Publish(#[from] PublishError),
}

impl Lane {
    pub(super) async fn open(
        connection: &Connection,
        opening: Opening<'_>,
    ) -> Result<(Self, Consumer), ChannelError> {
        let Opening { mode, queue, prefetch, outlet, counters } = opening;
        let channel = connection.channel().await?;
        channel.qos(prefetch).await?;
        let (way, consumer) = match mode {
            Mode::Transaction => {
                let channel = channel.into_tx().await?;
                let consumer = channel.consume(queue.clone(), ConsumeOptions::default()).await?;
                (Way::Transaction(channel), consumer)
            }
            Mode::Confirmed => {
                channel.confirm_select().await?;
                let consumer = channel.consume(queue.clone(), ConsumeOptions::default()).await?;
                (Way::Confirmed(channel), consumer)
            }
        };
        // A transaction holds outputs and acknowledgements on one channel.
        let outlet = outlet.filter(|_| mode == Mode::Confirmed);
        let lane = Self {
            way,
            timer: Timer::of(connection),
            outlet,
            outputs: OnceCell::new(),
            connection: connection.clone(),
            counters,
            can_postpone: OnceCell::new(),
        };
        Ok((lane, consumer))
    }

    /// Publishes, records, acknowledges. `entry` is the id for the inbox. What is not confirmed
    /// may have to be settled again, so a transaction leaves the outputs where they are.
    pub(crate) async fn settle(
        &self,
        delivery: &Delivery,
        settlement: &mut Settlement,
        entry: Option<&Publish>,
    ) -> Result<Settled, LaneError> {
        let Settlement { outputs, fate, postponed } = settlement;
        if let Some(postponed) = postponed.take() {
            outputs.push(Box::pin(self.hold_back(*postponed)).await?);
        }
        if matches!(fate, Fate::DeadLettered | Fate::Postponed) {
            self.fit_all(outputs);
        }
        match &self.way {
            Way::Transaction(channel) => {
                for publish in outputs.iter().chain(entry) {
                    channel.publish(publish.clone()).await?;
                }
                match fate {
                    Fate::Handled
                    | Fate::Duplicate
                    | Fate::Expired
                    | Fate::Dropped
                    | Fate::DeadLettered
                    | Fate::Reported
                    | Fate::Postponed => {
                        channel.ack(delivery)?;
                    }
                    Fate::Rejected => channel.reject(delivery, Refusal::Discard)?,
                }
                Self::commit(channel).await
            }
            Way::Confirmed(channel) => {
                if !outputs.is_empty() {
                    self.confirm_all(take(outputs)).await?;
                }
                // Only when the outputs are safe: an id says that they are.
                if let Some(entry) = entry {
                    self.confirm_all([entry.clone()]).await?;
                }
                match fate {
                    Fate::Handled
                    | Fate::Duplicate
                    | Fate::Expired
                    | Fate::Dropped
                    | Fate::DeadLettered
                    | Fate::Reported
                    | Fate::Postponed => {
                        channel.ack(delivery)?;
                    }
                    Fate::Rejected => channel.reject(delivery, Refusal::Discard)?,
                }
                Ok(Settled::default())
            }
        }
    }

    pub(super) async fn commit(channel: &TxChannel) -> Result<Settled, LaneError> {
        let Committed { returned, is_undone, .. } = channel.commit().await?;
        if is_undone { Err(LaneError::Undone(returned)) } else { Ok(Settled { returned }) }
    }

    /// Addresses a copy so that it comes back after its pause.
    pub(super) async fn hold_back(&self, postponed: Postponed) -> Result<Publish, LaneError> {
        self.counters.hold_back(postponed.pause);
        let queue = &postponed.copy.routing_key;
        let declaring = async {
            declare(&self.connection, &self.timer.declarations(queue)).await.map_err(|error| {
                error!(what = error.what, error = %error.source, "cannot declare what holds messages back");
                error.source
            })
        };
        self.can_postpone.get_or_try_init(|| declaring).await?;
        Ok(self.timer.address(postponed))
    }

    pub(super) fn fit_all(&self, copies: &mut [Publish]) {
        let frame_max = self.connection.negotiated().frame_max;
        for copy in copies {
            fit(copy, frame_max);
        }
    }

    /// Publishes copies without settling anything.
    pub(crate) async fn publish(&self, mut outputs: Vec<Publish>) -> Result<Settled, LaneError> {
        self.fit_all(&mut outputs);
        match &self.way {
            Way::Transaction(channel) => {
                for publish in outputs {
                    channel.publish(publish).await?;
                }
                Self::commit(channel).await
            }
            Way::Confirmed(_) => {
                self.confirm_all(outputs).await?;
                Ok(Settled::default())
            }
        }
    }

    /// The channel for what is published with confirms; `own` is the one that is consumed on.
    pub(super) async fn outputs<'a>(&'a self, own: &'a Channel) -> Result<&'a Channel, LaneError> {
        let Some(outlet) = &self.outlet else { return Ok(own) };
        let opening = async {
            outlet.want();
            let mut link = outlet.link().clone();
            let generation = timeout(PATIENCE, link.newer_than(0)).await.ok().flatten();
            let generation = generation.ok_or(LaneError::NoOutlet)?;
            let channel = generation.connection.channel().await?;
            channel.confirm_select().await?;
            Ok::<_, LaneError>(channel)
        };
        self.outputs.get_or_try_init(|| Box::pin(opening)).await
    }

    async fn confirm_all(
        &self,
        publishes: impl IntoIterator<Item = Publish>,
    ) -> Result<(), LaneError> {
        let Way::Confirmed(own) = &self.way else { return Ok(()) };
        confirm_all(self.outputs(own).await?, publishes).await.map_err(LaneError::from)
    }

    /// Declares on the same connection, on a channel of its own.
    pub(super) async fn declare(&self, declarations: &[Declaration]) -> Result<(), DeclareError> {
        declare(&self.connection, declarations).await
    }

    /// Takes back what a transaction holds so far; what was confirmed is out.
    pub(crate) async fn forget(&self) -> Result<(), LaneError> {
        match &self.way {
            Way::Transaction(channel) => Ok(channel.rollback().await?),
            Way::Confirmed(_) => Ok(()),
        }
    }

    /// Gives the message back to its queue.
    pub(crate) async fn requeue(&self, delivery: &Delivery) -> Result<(), LaneError> {
        self.forget().await?;
        match &self.way {
            Way::Transaction(channel) => {
                channel.nack(delivery, Refusal::Requeue)?;
                channel.commit().await.map(drop)?;
            }
            Way::Confirmed(channel) => channel.nack(delivery, Refusal::Requeue)?,
        }
        Ok(())
    }

    /// Gives back what was delivered and not begun.
    pub(crate) async fn stop(self, consumer: Consumer) {
        // If the channel is over, all of it has gone back already.
        consumer.cancel().await.ok();
        drop(consumer);
        self.close().await;
    }

    /// Ends the channel; all that was not settled goes back with it.
    pub(super) async fn close(self) {
        match self.way {
            Way::Transaction(channel) => channel.close().await,
            Way::Confirmed(channel) => channel.close().await,
        }
    }
}

async fn confirm_all(
    channel: &Channel,
    publishes: impl IntoIterator<Item = Publish>,
) -> Result<(), PublishError> {
    let mut confirms = Vec::new();
    for publish in publishes {
        confirms.push(channel.publish(publish).await?);
    }
    let mut outcome = Ok(());
    for confirm in confirms {
        outcome = outcome.and(confirm.await);
    }
    outcome
}
