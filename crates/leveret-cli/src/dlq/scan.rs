//! The messages of a dead-letter queue, one after another.

use leveret_client::{AckMode, ConsumerEnd, Delivery, QueueDeclare, ShortStr};

use super::{args::Which, filter::is_meant, letter::Record};
use crate::messages::{Failure, Session, looking};

/// The most messages that one look of a Leveret broker shows (docs/protocol.md).
const LOOK_MAX: u64 = 1_000;

/// A message that is meant.
pub(super) struct Found {
    pub(super) delivery: Delivery,
    pub(super) record: Record,
}

/// Messages that are meant, each shown to `see`; nothing changes, but for the mark that a broker
/// without looks sets.
pub(super) async fn look(
    session: &Session,
    which: &Which,
    see: impl FnMut(Found) -> Result<(), Failure>,
) -> Result<(), Failure> {
    if session.connection.has_capability("leveret.peek") {
        return peek(session, which, see).await;
    }
    let (mut see, mut taker) = (see, Taker::new(session, which).await?);
    while let Some(found) = taker.next().await? {
        see(found)?;
    }
    Ok(())
}

async fn peek(
    session: &Session,
    which: &Which,
    mut see: impl FnMut(Found) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let (mut offset, mut left) = (0, which.count.unwrap_or(u64::MAX));
    while offset < which.scan {
        let count = LOOK_MAX.min(which.scan - offset);
        let mut seen = 0;
        let mut consumer =
            session.channel.consume(which.queue.clone(), looking(offset, count)).await?;
        while let Some(delivery) = consumer.recv().await {
            seen += 1;
            let record = Record::of(&delivery);
            if left > 0 && is_meant(which, &delivery, &record) {
                left -= 1;
                see(Found { delivery, record })?;
            }
        }
        match consumer.end() {
            None | Some(ConsumerEnd::CancelledByBroker) => {}
            Some(end) => return Err(Failure::Ended(end)),
        }
        if left == 0 || seen < count {
            return Ok(());
        }
        offset += seen;
    }
    Ok(())
}

/// Takes messages; those that are not meant, and those that nobody settles, go back to their
/// places when the channel closes.
pub(super) struct Taker<'a> {
    session: &'a Session,
    which: &'a Which,
    queue: ShortStr,
    /// What may still be taken: of what waited at the start, so that a message which is sent back
    /// and fails again is not met a second time.
    left: u64,
    found: u64,
}

impl<'a> Taker<'a> {
    pub(super) async fn new(session: &'a Session, which: &'a Which) -> Result<Self, Failure> {
        let queue = which.queue.clone();
        let passive =
            QueueDeclare { name: queue.clone(), passive: true, ..QueueDeclare::default() };
        let waiting = session.channel.queue_declare(&passive).await?.messages;
        let left = which.scan.min(u64::from(waiting));
        Ok(Self { session, which, queue, left, found: 0 })
    }

    /// The next one that is meant.
    pub(super) async fn next(&mut self) -> Result<Option<Found>, Failure> {
        while self.left > 0 && self.which.count.is_none_or(|count| self.found < count) {
            let got = self.session.channel.get(self.queue.clone(), AckMode::Manual).await?;
            let Some(got) = got else { return Ok(None) };
            self.left -= 1;
            let record = Record::of(&got.delivery);
            if is_meant(self.which, &got.delivery, &record) {
                self.found += 1;
                return Ok(Some(Found { delivery: got.delivery, record }));
            }
        }
        Ok(None)
    }
}
