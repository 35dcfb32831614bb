//! Where messages go, and when they may leave where they were.

use std::time::Duration;

use leveret_client::{Channel, Confirm, Delivery, Publish, PublishError, ShortStr, TxChannel};
use tokio::{sync::watch, time::sleep};

use super::{
    failure::{MoveFailure, Progress},
    parcel::{Destination, packed},
    source::BATCH,
};

/// How long confirms may be missing in an alarm.
const ALARM_PATIENCE: Duration = Duration::from_secs(2);

/// How messages are given.
pub(super) enum Sink {
    /// Confirmed by the target, then settled on the channel that they came by, unless they only were
    /// looked at.
    Confirmed { target: Channel, settling: Option<Channel>, alarm: Alarm },
    /// Given and settled in one transaction of one broker.
    Transaction(TxChannel),
}

/// Why the target takes no more, if it says so.
pub(super) type Alarm = watch::Receiver<Option<ShortStr>>;

/// What became of a batch.
#[derive(Debug, Default)]
pub(super) struct Given {
    pub(super) moved: u64,
    /// User-ids that were taken off.
    pub(super) anonymous: u64,
}

impl Sink {
    /// Gives a batch; what fails stays, and the error counts what was moved.
    pub(super) async fn give(
        &self,
        batch: &[Delivery],
        destination: &Destination,
        (queue, progress): (&ShortStr, Progress),
    ) -> Result<Given, MoveFailure> {
        let mut publishes = Vec::with_capacity(batch.len());
        let mut given = Given::default();
        for delivery in batch {
            let (publish, is_anonymous) = packed(delivery, destination);
            given.anonymous += u64::from(is_anonymous);
            publishes.push(publish);
        }
        match self {
            Self::Confirmed { target, settling, alarm } => {
                let ways = (target, settling.as_ref(), alarm.clone());
                given.moved = confirmed(ways, batch, publishes, progress).await?;
            }
            Self::Transaction(channel) => {
                transacted(channel, batch, publishes, (queue, progress)).await?;
                given.moved = batch.len() as u64;
            }
        }
        Ok(given)
    }
}

/// Publishes all, then settles each that is confirmed, also behind one that is not.
async fn confirmed(
    (target, settling, mut alarm): (&Channel, Option<&Channel>, Alarm),
    batch: &[Delivery],
    publishes: Vec<Publish>,
    progress: Progress,
) -> Result<u64, MoveFailure> {
    let (mut confirms, mut failed) = (Vec::with_capacity(batch.len()), None);
    for publish in publishes {
        match target.publish(publish).await {
            Ok(confirm) => confirms.push(confirm),
            Err(error) => {
                failed = Some(error);
                break;
            }
        }
    }
    let (mut moved, mut unsure, mut patience) = (0, 0, ALARM_PATIENCE);
    for (confirm, delivery) in confirms.into_iter().zip(batch) {
        let Some(outcome) = outcome(confirm, &mut alarm, patience).await else {
            (unsure, patience) = (unsure + 1, Duration::ZERO);
            continue;
        };
        let Err(error) = outcome else {
            if let Some(Err(error)) = settling.map(|channel| channel.ack(delivery)) {
                let moved = progress.moved + moved;
                // What was acknowledged before may not have got there either.
                let unsure = u64::from(BATCH).min(moved + batch.len() as u64);
                let source = Box::new(error.into());
                return Err(MoveFailure::Cut { source, progress: Progress { moved, unsure } });
            }
            moved += 1;
            continue;
        };
        unsure += u64::from(error.is_outcome_unknown());
        failed.get_or_insert(error);
    }
    let progress = Progress { moved: progress.moved + moved, unsure };
    if patience.is_zero() {
        let reason =
            alarm.borrow().as_ref().map(ShortStr::to_string_lossy).unwrap_or_default().into_owned();
        return Err(MoveFailure::Blocked { reason, progress });
    }
    let Some(error) = failed else { return Ok(moved) };
    if let PublishError::Blocked { reason, .. } = error {
        return Err(MoveFailure::Blocked { reason, progress });
    }
    Err(MoveFailure::Refused { source: Box::new(error), progress })
}

/// What becomes of a message; nothing if the target has raised an alarm, in which it may not even
/// read what is sent, and says nothing for so long.
async fn outcome(
    confirm: Confirm,
    alarm: &mut Alarm,
    patience: Duration,
) -> Option<Result<(), PublishError>> {
    let silence = async {
        if alarm.wait_for(Option::is_some).await.is_err() {
            // The connection is over, and the confirm says so.
            std::future::pending::<()>().await;
        }
        sleep(patience).await;
    };
    tokio::select! {
        biased;
        outcome = confirm => Some(outcome),
        () = silence => None,
    }
}

/// All or nothing; what no queue took is put back, since its place is given up by then.
async fn transacted(
    channel: &TxChannel,
    batch: &[Delivery],
    publishes: Vec<Publish>,
    (queue, progress): (&ShortStr, Progress),
) -> Result<(), MoveFailure> {
    let Some(last) = batch.last() else { return Ok(()) };
    for publish in publishes {
        let refused = |error| MoveFailure::Refused { source: Box::new(error), progress };
        channel.publish(publish).await.map_err(refused)?;
    }
    channel.ack_up_to(last)?;
    let committed = channel.commit().await.map_err(|error| {
        let unsure = 0;
        let source = Box::new(error.into());
        MoveFailure::Cut { source, progress: Progress { unsure, ..progress } }
    })?;
    if committed.returned.is_empty() {
        return Ok(());
    }
    let returned = committed.returned.len();
    for message in committed.returned {
        let publish = Publish {
            routing_key: queue.clone(),
            properties: message.properties,
            body: message.body,
            ..Publish::default()
        };
        let refused = |error| MoveFailure::Refused { source: Box::new(error), progress };
        channel.publish(publish).await.map_err(refused)?;
    }
    drop(channel.commit().await?);
    let moved = progress.moved + (batch.len() - returned.min(batch.len())) as u64;
    let queue = queue.to_string_lossy().into_owned();
    Err(MoveFailure::Returned { returned, queue, progress: Progress { moved, ..progress } })
}
