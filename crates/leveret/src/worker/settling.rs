//! Settling one message, and what follows if the broker does not take it.

use leveret_client::{ChannelError, Delivery, Publish, PublishError, Returned};
use tracing::{error, warn};

use super::attempt::{Fate, Settlement};
use super::lane::{Lane, LaneError, Settled};
use super::refusal::{refusal, unpublishable, unroutable};
use super::{Leave, Worker};
use crate::failure::Failure;
use crate::lineage::now_secs;
use crate::link::{BackOff, DeclareError};
use crate::message::Message;
use crate::phase::Phase;
use crate::stats::Count;

/// How often dead letters are sent that no queue takes, with its queue declared between.
pub(super) const KEEPING_TRIES: u32 = 6;

/// A message whose settlement the broker has not taken.
#[derive(Debug)]
pub(super) struct Unsettled<'a> {
    pub(super) delivery: &'a Delivery,
    pub(super) message: &'a Message,
    pub(super) settlement: Settlement,
    /// The id for the inbox.
    pub(super) entry: Option<Publish>,
}

impl Worker {
    /// Tells what became of the message; nothing if it went back to its queue.
    pub(super) async fn settle(
        &self,
        lane: &Lane,
        (delivery, message): (&Delivery, &Message),
        mut settlement: Settlement,
        entry: Option<Publish>,
    ) -> Result<Option<Fate>, Leave> {
        let (fate, outputs) = (settlement.fate, settlement.outputs.len() as u64);
        // A dead letter may be sent again under its id, so that is not recorded.
        let entry = entry.filter(|_| fate == Fate::Handled);
        let settled = lane.settle(delivery, &mut settlement, entry.as_ref()).await;
        if let Ok(Settled { returned }) = &settled
            && returned.is_empty()
        {
            self.count(fate, outputs);
            return Ok(Some(fate));
        }
        let unsettled = Unsettled { delivery, message, settlement, entry };
        Box::pin(self.settle_otherwise(lane, unsettled, settled)).await
    }

    /// The same after a first try that did not go as it should.
    async fn settle_otherwise(
        &self,
        lane: &Lane,
        mut unsettled: Unsettled<'_>,
        settled: Result<Settled, LaneError>,
    ) -> Result<Option<Fate>, Leave> {
        let outputs = unsettled.settlement.outputs.len() as u64;
        let settled = self.settle_whole(lane, &mut unsettled, settled).await;
        let Unsettled { delivery, message, settlement, .. } = unsettled;
        let fate = settlement.fate;
        let error = match settled {
            Ok(Settled { returned }) => {
                self.count(fate, outputs);
                self.keep_returned(lane, returned).await?;
                return Ok(Some(fate));
            }
            Err(error) => error,
        };
        if let (Some(failure), Fate::Handled | Fate::Reported) = (unpublishable(&error), fate) {
            if matches!(error, LaneError::Publish(PublishError::Unroutable { .. })) {
                self.attempts.counters.add(Count::Unroutable, 1);
            }
            lane.forget().await?;
            let letter = self.attempts.give_up(message, &failure, 1, now_secs());
            return self.settle(lane, (delivery, message), letter, None).await;
        }
        if is_not_kept(&error) {
            let pause = self.returns.pause(message);
            let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
            error!(handler = %self.attempts.handler, %error, pause_ms, "output not kept, message goes back to its queue");
            let mut phase = self.phase.clone();
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = phase.reached(Phase::Draining) => {}
            }
            if !matches!(error, LaneError::Publish(PublishError::Nacked)) {
                self.restore_queues(lane, 1, &mut BackOff::new()).await;
            }
            lane.requeue(delivery).await?;
            return Ok(None);
        }
        if let Some(text) = refusal(&error) {
            self.suspects.accuse(message, Failure::permanent(text).named("refused"));
        }
        Err(error.into())
    }

    /// The dead letter of a message that is not to be handled at all.
    pub(super) fn condemned(&self, message: &Message) -> Option<Settlement> {
        if message.properties.has_unreadable_headers() {
            let text = "the table of headers cannot be read: broken, or nested too deep";
            let failure = Failure::permanent(text).named("undecodable");
            return Some(self.attempts.give_up(message, &failure, 1, now_secs()));
        }
        let failure = self.suspects.verdict(message, self.attempts.retry.attempts_max())?;
        // Whoever asked is told nothing: the reply may be what the broker refused.
        Some(self.attempts.bury(message, &failure, 1, now_secs()))
    }

    pub(super) fn count(&self, fate: Fate, outputs: u64) {
        let counters = &self.attempts.counters;
        match fate {
            Fate::Handled => {
                counters.add(Count::Handled, 1);
                counters.add(Count::Published, outputs);
            }
            Fate::Duplicate => counters.add(Count::Duplicate, 1),
            Fate::Expired => counters.add(Count::Expired, 1),
            Fate::Dropped => counters.add(Count::Dropped, 1),
            Fate::DeadLettered => counters.add(Count::DeadLettered, 1),
            Fate::Reported => counters.add(Count::Reported, 1),
            Fate::Postponed => counters.add(Count::Postponed, 1),
            Fate::Rejected => counters.add(Count::Rejected, 1),
        }
    }

    /// Other brokers commit a transaction even if a queue is missing for some of it: that becomes dead letters,
    /// in a transaction of its own.
    pub(super) async fn keep_returned(
        &self,
        lane: &Lane,
        returned: Vec<Returned>,
    ) -> Result<(), Leave> {
        if returned.is_empty() {
            return Ok(());
        }
        let (letters, outputs): (Vec<Returned>, Vec<Returned>) =
            returned.into_iter().partition(|returned| self.is_own(returned));
        let buried = outputs.into_iter().flat_map(|returned| self.buried(returned));
        let mut letters: Vec<Publish> = letters.into_iter().map(again).chain(buried).collect();
        let mut back_off = BackOff::new();
        for _ in 0..KEEPING_TRIES {
            letters = match lane.publish(letters.clone()).await {
                Ok(Settled { returned }) if returned.is_empty() => return Ok(()),
                Ok(Settled { returned }) => returned.into_iter().map(again).collect(),
                Err(LaneError::Undone(_)) => letters,
                Err(error) => return Err(error.into()),
            };
            self.restore_queues(lane, letters.len(), &mut back_off).await;
        }
        let (handler, queue) = (&self.attempts.handler, &self.attempts.dead_letters);
        error!(%handler, %queue, messages = letters.len(), "dead-letter queue missing, messages lost");
        Ok(())
    }

    /// Whether it is one of the handler's dead letters.
    pub(super) fn is_own(&self, returned: &Returned) -> bool {
        returned.exchange.is_empty() && returned.routing_key == self.attempts.dead_letters
    }

    /// An output that no queue takes, as a dead letter.
    pub(super) fn buried(&self, returned: Returned) -> Vec<Publish> {
        self.attempts.counters.add(Count::Unroutable, 1);
        let failure = unroutable(&returned);
        let message = Message {
            exchange: returned.exchange,
            routing_key: returned.routing_key,
            properties: returned.properties,
            body: returned.body,
            redelivered: false,
        };
        self.attempts.bury(&message, &failure, 1, now_secs()).outputs
    }

    pub(super) async fn restore_queues(
        &self,
        lane: &Lane,
        messages: usize,
        back_off: &mut BackOff,
    ) {
        let (handler, queue) = (&self.attempts.handler, &self.attempts.dead_letters);
        warn!(%handler, %queue, messages, "dead-letter queue missing, declaring it again");
        if let Err(DeclareError { what, source }) = lane.declare(&self.declarations).await {
            warn!(%handler, what, error = %source, "cannot declare");
            back_off.pause().await;
        }
    }
}

/// Whether nothing can be kept of it now, though the channel goes on.
const fn is_not_kept(error: &LaneError) -> bool {
    match error {
        LaneError::Undone(_)
        | LaneError::Publish(
            PublishError::Unroutable { .. }
            | PublishError::Nacked
            | PublishError::NotSent(ChannelError::TooLarge { .. }),
        ) => true,
        LaneError::Publish(_)
        | LaneError::Channel(_)
        | LaneError::Settle(_)
        | LaneError::NoOutlet => false,
    }
}

/// A message that came back, to be sent once more.
fn again(returned: Returned) -> Publish {
    let Returned { exchange, routing_key, properties, body, .. } = returned;
    Publish { exchange, routing_key, properties, body, mandatory: true }
}
