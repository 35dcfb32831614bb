//! Commits that the broker would not do, as no queue takes some of their messages.
//!
//! A broker that says so beforehand (`leveret.refused_commits`) does nothing of such a
//! transaction. So what nobody takes becomes a dead letter in the same transaction as the
//! acknowledgement: no crash comes between the two.

use std::collections::BTreeSet;
use std::mem::take;

use leveret_client::{Publish, Returned, TxChannel};

use super::bundle::{Bundle, tell_within};
use super::lane::{Lane, LaneError, Settled};
use super::settling::{KEEPING_TRIES, Unsettled};
use super::{Leave, Worker};
use crate::link::BackOff;

impl Worker {
    /// Settles one message, with dead letters in place of what no queue takes; `settled` came of
    /// the first try.
    pub(super) async fn settle_whole(
        &self,
        lane: &Lane,
        unsettled: &mut Unsettled<'_>,
        mut settled: Result<Settled, LaneError>,
    ) -> Result<Settled, LaneError> {
        let Unsettled { delivery, settlement, entry, .. } = unsettled;
        let mut back_off = BackOff::new();
        for _ in 0..KEEPING_TRIES {
            let Err(LaneError::Undone(returned)) = settled else { return settled };
            let left = self.bury_lost([&mut settlement.outputs], returned);
            self.restore(lane, left, &mut back_off).await;
            settled = lane.settle(delivery, settlement, entry.as_ref()).await;
        }
        settled
    }

    /// The same for many; gives the number of outputs of handled messages.
    pub(super) async fn commit_bundle(
        &self,
        lane: &Lane,
        channel: &TxChannel,
        bundle: &mut Bundle<'_>,
        in_hand: &BTreeSet<u64>,
    ) -> Result<u64, Leave> {
        let (mut tries, mut back_off) = (0, BackOff::new());
        loop {
            let published = self.stage(lane, channel, bundle).await?;
            for entry in bundle.items.iter().filter_map(|item| item.entry.clone()) {
                channel.publish(entry).await.map_err(LaneError::from)?;
            }
            tell_within(channel, bundle, in_hand)?;
            let returned = match Lane::commit(channel).await {
                Ok(Settled { returned }) => {
                    self.keep_returned(lane, returned).await?;
                    return Ok(published);
                }
                Err(LaneError::Undone(returned)) if tries < KEEPING_TRIES => returned,
                // They all come again, once the channel is over.
                Err(error) => return Err(error.into()),
            };
            tries += 1;
            let of_items = bundle.items.iter_mut().map(|item| &mut item.settlement.outputs);
            let left = self.bury_lost([&mut bundle.shared].into_iter().chain(of_items), returned);
            self.restore(lane, left, &mut back_off).await;
        }
    }

    async fn restore(&self, lane: &Lane, left: usize, back_off: &mut BackOff) {
        if left > 0 {
            self.restore_queues(lane, left, back_off).await;
        }
    }

    /// Puts a dead letter in the place of each output that came back. How many are left, as they
    /// are dead letters themselves, or no outputs: they need their queue.
    fn bury_lost<'a>(
        &self,
        outputs: impl IntoIterator<Item = &'a mut Vec<Publish>>,
        returned: Vec<Returned>,
    ) -> usize {
        // They come back in the order in which they were published.
        let mut returned = returned.into_iter().peekable();
        let mut left = 0;
        for outputs in outputs {
            for output in take(outputs) {
                match returned.next_if(|returned| is_of(returned, &output)) {
                    None => outputs.push(output),
                    Some(returned) if self.is_own(&returned) => {
                        left += 1;
                        outputs.push(output);
                    }
                    Some(returned) => outputs.extend(self.buried(returned)),
                }
            }
        }
        left + returned.count()
    }
}

fn is_of(returned: &Returned, output: &Publish) -> bool {
    (&returned.exchange, &returned.routing_key) == (&output.exchange, &output.routing_key)
        && returned.properties.message_id() == output.properties.message_id()
}
