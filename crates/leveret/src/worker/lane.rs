//! How a settlement reaches the broker: in one transaction, or confirmed first.

use leveret_client::{
    Channel, ChannelError, Connection, ConsumeOptions, Consumer, Delivery, Publish, PublishError,
    Refusal, Returned, SettleError, TxChannel,
};
use leveret_protocol::ShortStr;
use tokio::sync::OnceCell;
use tracing::error;

use super::attempt::{Fate, Settlement};
use super::fitting::fit;
use crate::handler::Mode;
use crate::later::{Postponed, Timer};
use crate::link::declare;

/// A worker's own channel.
#[derive(Debug)]
pub(crate) struct Lane {
    pub(super) way: Way,
    timer: Timer,
    connection: Connection,
    /// Whether what the timer needs is declared.
    can_postpone: OnceCell<()>,
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
    /// An output was not confirmed. The channel may be over or not.
    #[error(transparent)]
    Publish(#[from] PublishError),
}

impl Lane {
    pub(crate) async fn open(
        connection: &Connection,
        mode: Mode,
        queue: &ShortStr,
        prefetch: u16,
    ) -> Result<(Self, Consumer), ChannelError> {
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
        let (timer, connection) = (Timer::of(connection), connection.clone());
        Ok((Self { way, timer, connection, can_postpone: OnceCell::new() }, consumer))
    }

    /// Publishes, records, acknowledges. `entry` is the id for the inbox.
    pub(crate) async fn settle(
        &self,
        delivery: &Delivery,
        settlement: Settlement,
        entry: Option<Publish>,
    ) -> Result<Settled, LaneError> {
        let Settlement { mut outputs, fate, postponed } = settlement;
        if let Some(postponed) = postponed {
            outputs.push(self.hold_back(*postponed).await?);
        }
        if matches!(fate, Fate::DeadLettered | Fate::Postponed) {
            self.fit_all(&mut outputs);
        }
        match &self.way {
            Way::Transaction(channel) => {
                for publish in outputs.into_iter().chain(entry) {
                    channel.publish(publish).await?;
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
                Ok(Settled { returned: channel.commit().await?.returned })
            }
            Way::Confirmed(channel) => {
                if !outputs.is_empty() {
                    confirm_all(channel, outputs).await?;
                }
                // Only when the outputs are safe: an id says that they are.
                if entry.is_some() {
                    confirm_all(channel, entry).await?;
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

    /// Addresses a copy so that it comes back after its pause.
    pub(super) async fn hold_back(&self, postponed: Postponed) -> Result<Publish, LaneError> {
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
                Ok(Settled { returned: channel.commit().await?.returned })
            }
            Way::Confirmed(channel) => {
                confirm_all(channel, outputs).await?;
                Ok(Settled::default())
            }
        }
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
