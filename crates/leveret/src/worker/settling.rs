//! Settling one message, and what follows if the broker does not take it.

use leveret_client::{ChannelError, Delivery, Publish, PublishError, Returned};
use tracing::error;

use super::attempt::{Fate, Settlement};
use super::lane::{Lane, LaneError, Settled};
use super::refusal::{refusal, unpublishable, unroutable};
use super::{Leave, Worker};
use crate::failure::Failure;
use crate::lineage::now_secs;
use crate::message::Message;
use crate::phase::Phase;
use crate::stats::Count;

impl Worker {
    /// Tells what became of the message; nothing if it went back to its queue.
    pub(super) async fn settle(
        &self,
        lane: &Lane,
        (delivery, message): (&Delivery, &Message),
        settlement: Settlement,
        entry: Option<Publish>,
    ) -> Result<Option<Fate>, Leave> {
        let (fate, outputs) = (settlement.fate, settlement.outputs.len() as u64);
        // A dead letter may be sent again under its id, so that is not recorded.
        let entry = entry.filter(|_| fate == Fate::Handled);
        let error = match lane.settle(delivery, settlement, entry).await {
            Ok(Settled { returned }) => {
                self.count(fate, outputs);
                if !returned.is_empty() {
                    self.keep_returned(lane, returned).await?;
                }
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
            return Box::pin(self.settle(lane, (delivery, message), letter, None)).await;
        }
        if let LaneError::Publish(
            error @ (PublishError::Unroutable { .. }
            | PublishError::Nacked
            | PublishError::NotSent(ChannelError::TooLarge { .. })),
        ) = error
        {
            let pause = self.returns.pause(message);
            let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
            error!(handler = %self.attempts.handler, %error, pause_ms, "output not kept, message goes back to its queue");
            let mut phase = self.phase.clone();
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = phase.reached(Phase::Draining) => {}
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

    /// A transaction is committed even if a queue is missing for some of it: that becomes dead letters.
    pub(super) async fn keep_returned(
        &self,
        lane: &Lane,
        returned: Vec<Returned>,
    ) -> Result<(), Leave> {
        if returned.is_empty() {
            return Ok(());
        }
        self.attempts.counters.add(Count::Unroutable, returned.len() as u64);
        let letters = returned.into_iter().flat_map(|returned| {
            let failure = unroutable(&returned);
            let message = Message {
                exchange: returned.exchange,
                routing_key: returned.routing_key,
                properties: returned.properties,
                body: returned.body,
                redelivered: false,
            };
            self.attempts.bury(&message, &failure, 1, now_secs()).outputs
        });
        let lost = lane.publish(letters.collect()).await?.returned;
        if !lost.is_empty() {
            let (handler, queue) = (&self.attempts.handler, &self.attempts.dead_letters);
            error!(%handler, %queue, messages = lost.len(), "dead-letter queue missing, outputs lost");
        }
        Ok(())
    }
}
