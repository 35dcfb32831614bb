//! Settling many messages of one channel as one unit.
//!
//! In a transaction all outputs and acknowledgements are one commit. In confirmed mode all
//! outputs are confirmed before the first acknowledgement; the oldest messages in hand are
//! acknowledged by one frame (`multiple`), as far as that goes without a gap.

use std::collections::BTreeSet;
use std::time::Duration;

use leveret_client::{
    Channel, ChannelError, Delivery, Publish, PublishError, Refusal, Returned, SettleError,
    TxChannel,
};
use tracing::error;

use super::attempt::{Fate, Settlement};
use super::lane::{Lane, LaneError, Way};
use super::refusal::refusal;
use super::{Leave, Worker};
use crate::failure::Failure;
use crate::lineage::now_secs;
use crate::link::BackOff;
use crate::message::Message;
use crate::phase::Phase;
use crate::stats::Count;

/// A message and what becomes of it.
#[derive(Debug)]
pub(super) struct Item<'a> {
    pub(super) delivery: &'a Delivery,
    pub(super) message: Message,
    pub(super) settlement: Settlement,
    /// The id for the inbox.
    pub(super) entry: Option<Publish>,
    /// Whether it goes back to its queue instead, as an output was refused.
    pub(super) is_refused: bool,
}

/// What is settled together.
#[derive(Debug, Default)]
pub(super) struct Bundle<'a> {
    /// In the order of their deliveries.
    pub(super) items: Vec<Item<'a>>,
    /// Outputs that belong to all of them.
    pub(super) shared: Vec<Publish>,
}

/// What the broker is told of deliveries.
enum Word<'a> {
    AckUpTo(&'a Delivery),
    Ack(&'a Delivery),
    Discard(&'a Delivery),
    Requeue(&'a Delivery),
}

impl Worker {
    /// Settles a bundle and says how each message ended; nothing for one that went back. `in_hand` are the tags of all deliveries
    /// of the channel that are not settled; those of the bundle are taken out.
    pub(super) async fn settle_bundle(
        &self,
        lane: &Lane,
        mut bundle: Bundle<'_>,
        in_hand: &mut BTreeSet<u64>,
    ) -> Result<Vec<Option<Fate>>, Leave> {
        if bundle.items.is_empty() {
            return Ok(Vec::new());
        }
        for item in bundle.items.iter_mut().filter(|item| item.settlement.fate != Fate::Handled) {
            // A dead letter may be sent again under its id, so that is not recorded.
            item.entry = None;
        }
        let published = match self.publish_bundle(lane, &mut bundle, in_hand).await {
            Ok(published) => published,
            Err(leave) => {
                self.accuse_one(&bundle, &leave);
                return Err(leave);
            }
        };
        let fate = |item: &Item<'_>| (!item.is_refused).then_some(item.settlement.fate);
        let fates: Vec<Option<Fate>> = bundle.items.iter().map(fate).collect();
        for item in &bundle.items {
            in_hand.remove(&item.delivery.tag);
        }
        fates.iter().flatten().for_each(|fate| self.count(*fate, 0));
        self.attempts.counters.add(Count::Published, published);
        Ok(fates)
    }

    /// The broker refused a bundle. Of many nobody knows which it was: they come one by one.
    fn accuse_one(&self, bundle: &Bundle<'_>, leave: &Leave) {
        if let (Leave::Lane(error), [only]) = (leave, bundle.items.as_slice())
            && let Some(text) = refusal(error)
        {
            self.suspects.accuse(&only.message, Failure::permanent(text).named("refused"));
        }
    }

    /// Gives the number of outputs of handled messages.
    async fn publish_bundle(
        &self,
        lane: &Lane,
        bundle: &mut Bundle<'_>,
        in_hand: &BTreeSet<u64>,
    ) -> Result<u64, Leave> {
        for item in &mut bundle.items {
            if let Some(postponed) = item.settlement.postponed.take() {
                item.settlement.outputs.push(lane.hold_back(*postponed).await?);
            }
        }
        match &lane.way {
            Way::Transaction(channel) => self.commit_bundle(lane, channel, bundle, in_hand).await,
            Way::Confirmed(channel) => {
                let outputs =
                    if bundle.has_outputs() { lane.outputs(channel).await? } else { channel };
                let (published, returned) = self.confirm(lane, outputs, bundle).await?;
                // Safe before what they came of is gone.
                self.keep_returned(lane, returned).await?;
                // Only when the outputs are safe: an id says that they are.
                let entries = bundle.items.iter_mut().filter_map(|item| item.entry.take());
                for entry in entries {
                    let outputs = lane.outputs(channel).await?;
                    outputs.publish_and_confirm(entry).await.map_err(LaneError::from)?;
                }
                tell(bundle, in_hand, |word| match word {
                    Word::AckUpTo(delivery) => channel.ack_up_to(delivery),
                    Word::Ack(delivery) => channel.ack(delivery),
                    Word::Discard(delivery) => channel.reject(delivery, Refusal::Discard),
                    Word::Requeue(delivery) => channel.nack(delivery, Refusal::Requeue),
                })?;
                Ok(published)
            }
        }
    }

    /// Publishes within the transaction. Begins again, if an output can never be published.
    pub(super) async fn stage(
        &self,
        lane: &Lane,
        channel: &TxChannel,
        bundle: &mut Bundle<'_>,
    ) -> Result<u64, Leave> {
        'again: loop {
            let mut published = 0;
            for publish in bundle.shared.clone() {
                if let Err(error) = channel.publish(publish).await {
                    lane.forget().await?;
                    self.bury_all(bundle, error)?;
                    continue 'again;
                }
                published += 1;
            }
            for item in &mut bundle.items {
                item.fit(lane);
                for publish in item.settlement.outputs.clone() {
                    if let Err(error) = channel.publish(publish).await {
                        lane.forget().await?;
                        self.bury_instead(item, error)?;
                        continue 'again;
                    }
                    published += u64::from(item.settlement.fate == Fate::Handled);
                }
            }
            return Ok(published);
        }
    }

    /// Publishes and waits for all confirms; gives what no queue took.
    async fn confirm(
        &self,
        lane: &Lane,
        channel: &Channel,
        bundle: &mut Bundle<'_>,
    ) -> Result<(u64, Vec<Returned>), Leave> {
        let (mut published, mut returned) = (0, Vec::new());
        let mut confirms = Vec::new();
        for publish in std::mem::take(&mut bundle.shared) {
            match channel.publish(publish).await {
                Ok(confirm) => confirms.push((None, confirm)),
                Err(error) => self.bury_all(bundle, error)?,
            }
        }
        loop {
            for (place, item) in bundle.items.iter_mut().enumerate() {
                item.fit(lane);
                for publish in std::mem::take(&mut item.settlement.outputs) {
                    match channel.publish(publish).await {
                        Ok(confirm) => confirms.push((Some(place), confirm)),
                        Err(error) => {
                            self.bury_instead(item, error)?;
                            break;
                        }
                    }
                }
            }
            if confirms.is_empty() {
                return Ok((published, returned));
            }
            let mut pause = Duration::ZERO;
            for (place, confirm) in std::mem::take(&mut confirms) {
                let item = place.and_then(|place| bundle.items.get_mut(place));
                // A report that no queue takes is kept as an output is.
                let is_output = item.as_ref().is_none_or(|item| {
                    matches!(item.settlement.fate, Fate::Handled | Fate::Reported)
                });
                match (confirm.await, item) {
                    (Ok(()), _) => published += u64::from(is_output),
                    (Err(PublishError::Unroutable { returned: output, .. }), _) if is_output => {
                        returned.push(*output);
                    }
                    (
                        Err(error @ (PublishError::Unroutable { .. } | PublishError::Nacked)),
                        Some(item),
                    ) => {
                        let handler = &self.attempts.handler;
                        error!(%handler, %error, "output not kept, message goes back to its queue");
                        (item.is_refused, item.entry) = (true, None);
                        pause = pause.max(self.returns.pause(&item.message));
                    }
                    (Err(error), _) => return Err(LaneError::from(error).into()),
                }
            }
            // Whatever they came of is delivered again at once.
            if !pause.is_zero() {
                self.restore_queues(lane, 1, &mut BackOff::new()).await;
                let mut phase = self.phase.clone();
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = phase.reached(Phase::Draining) => {}
                }
            }
        }
    }

    /// A dead letter instead of an output that is too large for any broker.
    fn bury_instead(&self, item: &mut Item<'_>, error: PublishError) -> Result<(), Leave> {
        let PublishError::NotSent(error @ ChannelError::TooLarge { .. }) = error else {
            return Err(LaneError::from(error).into());
        };
        if item.settlement.fate != Fate::Handled {
            return Err(LaneError::from(error).into());
        }
        let failure = Failure::permanent(error).named("too-large");
        item.settlement = self.attempts.give_up(&item.message, &failure, 1, now_secs());
        Ok(())
    }

    /// The same for an output that belongs to all.
    fn bury_all(&self, bundle: &mut Bundle<'_>, error: PublishError) -> Result<(), Leave> {
        bundle.shared.clear();
        let is_handled = |item: &&mut Item<'_>| item.settlement.fate == Fate::Handled;
        for item in bundle.items.iter_mut().filter(is_handled) {
            self.bury_instead(item, error.clone())?;
        }
        Ok(())
    }
}

/// Acknowledges and refuses with the next commit.
pub(super) fn tell_within(
    channel: &TxChannel,
    bundle: &Bundle<'_>,
    in_hand: &BTreeSet<u64>,
) -> Result<(), LaneError> {
    tell(bundle, in_hand, |word| match word {
        Word::AckUpTo(delivery) => channel.ack_up_to(delivery),
        Word::Ack(delivery) => channel.ack(delivery),
        Word::Discard(delivery) => channel.reject(delivery, Refusal::Discard),
        Word::Requeue(delivery) => channel.nack(delivery, Refusal::Requeue),
    })
}

/// Acknowledges and refuses.
fn tell(
    bundle: &Bundle<'_>,
    in_hand: &BTreeSet<u64>,
    say: impl Fn(Word<'_>) -> Result<(), SettleError>,
) -> Result<(), LaneError> {
    let oldest = bundle
        .items
        .iter()
        .zip(in_hand)
        .take_while(|(item, tag)| item.delivery.tag == **tag && item.is_acknowledged());
    let in_one = oldest.count();
    let (head, rest) = bundle.items.split_at(in_one);
    match head {
        [] => {}
        [only] => say(Word::Ack(only.delivery))?,
        [.., last] => say(Word::AckUpTo(last.delivery))?,
    }
    for item in rest {
        say(match item.settlement.fate {
            _ if item.is_refused => Word::Requeue(item.delivery),
            Fate::Rejected => Word::Discard(item.delivery),
            Fate::Handled
            | Fate::Duplicate
            | Fate::Expired
            | Fate::Dropped
            | Fate::DeadLettered
            | Fate::Reported
            | Fate::Postponed => Word::Ack(item.delivery),
        })?;
    }
    Ok(())
}

impl Bundle<'_> {
    fn has_outputs(&self) -> bool {
        let mut items = self.items.iter();
        !self.shared.is_empty() || items.any(|item| !item.settlement.outputs.is_empty())
    }
}

impl<'a> Item<'a> {
    pub(super) const fn new(
        delivery: &'a Delivery,
        message: Message,
        settlement: Settlement,
    ) -> Self {
        Self { delivery, message, settlement, entry: None, is_refused: false }
    }

    /// Copies of it fit a frame.
    fn fit(&mut self, lane: &Lane) {
        if self.settlement.fate != Fate::Handled {
            lane.fit_all(&mut self.settlement.outputs);
        }
    }

    fn is_acknowledged(&self) -> bool {
        !self.is_refused && self.settlement.fate != Fate::Rejected
    }
}
