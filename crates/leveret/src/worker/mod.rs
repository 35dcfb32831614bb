//! Workers: each takes one message at a time, on a channel of its own.
//!
//! A worker outlives connections: when its channel ends it opens another on the newest
//! generation of its link. Whatever was not settled on the old one is delivered again.

mod aftermath;
mod attempt;
mod batch;
mod bundle;
mod course;
mod fitting;
mod keyed;
mod lane;
mod report;
mod returns;
mod round;
mod suspects;
mod switch;
mod watched;
mod window;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use leveret_client::{
    ChannelError, ConnectionEnd, Consumer, Delivery, Publish, PublishError, Returned,
};
use leveret_protocol::{ReplyCode, ShortStr};
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{error, warn};

use crate::failure::Failure;
use crate::handler::{Batching, Mode};
use crate::inbox::{Arrival, Inbox, StoreError, inbox_key, ledger_entry};
use crate::later::{Past, arrived};
use crate::lineage::now_secs;
use crate::link::{BackOff, Declaration, DeclareError, Generation, Link, declare};
use crate::message::Message;
use crate::phase::{Phase, PhaseListener};
use crate::stats::Count;

pub(crate) use attempt::Attempts;
use attempt::{Ended, Fate, Settlement};
pub(crate) use keyed::Keys;
use lane::{Lane, LaneError, Settled};
use returns::Returns;
pub(crate) use suspects::Suspects;
pub(crate) use switch::Switch;
use switch::{Asker, Probe};

/// A worker has one message at a time, so one is delivered ahead of its acknowledgement.
const PREFETCH: u16 = 1;

/// How long a message is kept in hand over all pauses: brokers close a channel that keeps one
/// longer, `RabbitMQ` after half an hour.
pub(crate) const HELD_MAX: Duration = Duration::from_mins(15);

/// One of a handler's workers.
#[derive(Clone)]
pub(crate) struct Worker {
    pub(crate) attempts: Arc<Attempts>,
    pub(crate) queue: ShortStr,
    pub(crate) mode: Mode,
    pub(crate) manner: Manner,
    pub(crate) link: Link,
    pub(crate) phase: PhaseListener,
    pub(crate) suspects: Arc<Suspects>,
    pub(crate) returns: Arc<Returns>,
    pub(crate) desk: Option<InboxDesk>,
    /// Declared again before a channel is opened after one that failed: the queue may be gone.
    pub(crate) declarations: Arc<[Declaration]>,
}

/// How a worker takes messages.
#[derive(Debug, Clone)]
pub(crate) enum Manner {
    Single,
    Batches(Batching),
    Keyed(Keys),
}

/// A worker's way to the inbox.
#[derive(Debug, Clone)]
pub(crate) struct InboxDesk {
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) ledger: ShortStr,
    pub(crate) drained: watch::Receiver<u64>,
}

/// A message a worker is at.
struct InHand<'a> {
    delivery: &'a Delivery,
    message: Message,
    past: Past,
}

/// Why a worker has stopped on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stopped {
    Draining,
    Paused,
}

/// What became of a message in hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Done,
    /// It goes back to its queue with the channel.
    GivenBack,
}

/// Why a worker leaves its channel.
#[derive(Debug, thiserror::Error)]
enum Leave {
    #[error(transparent)]
    Lane(#[from] LaneError),
    #[error("the consumer ended{}", .0.as_ref().map(|end| format!(": {end}")).unwrap_or_default())]
    Consumer(Option<leveret_client::ConsumerEnd>),
    #[error(transparent)]
    Inbox(#[from] StoreError),
}

impl Worker {
    pub(crate) async fn run(mut self) {
        let mut last = 0;
        let mut back_off = BackOff::new();
        let mut phase = self.phase.clone();
        let mut draining = pin!(phase.reached(Phase::Draining));
        loop {
            let switch = self.attempts.switch.clone();
            let (probe, generation) = tokio::select! {
                biased;
                () = &mut draining => return,
                ready = async {
                    let probe = switch.pass(Asker::Idle).await;
                    (probe, self.next_generation(last).await)
                } => ready,
            };
            let Some(generation) = generation else { return };
            let (leave, progress) = match self.work_on(&generation, probe).await {
                Ok(Stopped::Draining) => return,
                Ok(Stopped::Paused) => {
                    last = generation.number - 1;
                    continue;
                }
                Err(left) => left,
            };
            last = generation.number;
            if generation.connection.end().is_some() {
                continue;
            }
            warn!(handler = %self.attempts.handler, error = %leave, "channel ended, opening another");
            last -= 1;
            if progress > 0 {
                back_off = BackOff::new();
            }
            tokio::select! {
                () = &mut draining => return,
                () = back_off.pause() => {}
            }
            if let Err(DeclareError { what, source }) =
                declare(&generation.connection, &self.declarations).await
            {
                warn!(handler = %self.attempts.handler, what, error = %source, "cannot declare");
            }
        }
    }

    /// The next connection, once the inbox knows all that was handled on earlier ones.
    async fn next_generation(&mut self, last: u64) -> Option<Generation> {
        let generation = self.link.newer_than(last).await?;
        if let Some(desk) = &mut self.desk {
            let number = generation.number;
            desk.drained.wait_for(|drained| *drained >= number).await.ok()?;
        }
        Some(generation)
    }

    async fn work_on(
        &self,
        generation: &Generation,
        probe: Option<Probe>,
    ) -> Result<Stopped, (Leave, u64)> {
        match &self.manner {
            Manner::Single => self.serve(generation, probe).await,
            Manner::Batches(batching) => self.serve_batches(generation, probe, *batching).await,
            Manner::Keyed(keys) => self.serve_keys(generation, probe, keys).await,
        }
    }

    /// Works until the application drains, the handler pauses, or the channel ends.
    async fn serve(
        &self,
        generation: &Generation,
        probe: Option<Probe>,
    ) -> Result<Stopped, (Leave, u64)> {
        let (lane, mut consumer) =
            Lane::open(&generation.connection, self.mode, &self.queue, PREFETCH)
                .await
                .map_err(|error| (Leave::Lane(error.into()), 0))?;
        let _consuming = self.attempts.counters.consume();
        let mut phase = self.phase.clone();
        let mut draining = pin!(phase.reached(Phase::Draining));
        let mut paused = pin!(self.attempts.switch.stopped(probe.as_ref()));
        let mut progress = 0;
        let stopped = loop {
            let delivery = tokio::select! {
                biased;
                () = &mut draining => break Stopped::Draining,
                () = &mut paused => break Stopped::Paused,
                delivery = consumer.recv() => delivery,
            };
            let Some(delivery) = delivery else {
                return Err((Leave::Consumer(consumer.end()), progress));
            };
            let _in_flight = self.attempts.counters.begin();
            let handled = self.handle(&lane, &mut consumer, &delivery).await;
            match handled.map_err(|leave| (leave, progress))? {
                Step::Done => progress += 1,
                Step::GivenBack => match consumer.end() {
                    end @ Some(_) => return Err((Leave::Consumer(end), progress)),
                    None => break Stopped::Paused,
                },
            }
        };
        stop(lane, consumer).await;
        Ok(stopped)
    }

    async fn handle(
        &self,
        lane: &Lane,
        consumer: &mut Consumer,
        delivery: &Delivery,
    ) -> Result<Step, Leave> {
        let in_hand = InHand::of(delivery, self.attempts.login.as_ref());
        let message = &in_hand.message;
        if let Some(letter) = self.condemned(message) {
            self.settle(lane, &in_hand, letter, None).await?;
            return Ok(Step::Done);
        }
        let Some((desk, id)) = self.desk.as_ref().zip(message.message_id()) else {
            let Some(settlement) = self.attempt(consumer, &in_hand).await else {
                return Ok(Step::GivenBack);
            };
            self.settle(lane, &in_hand, settlement, None).await?;
            return Ok(Step::Done);
        };
        let key = inbox_key(&self.attempts.handler, id.as_bytes());
        match desk.inbox.begin(key.clone()).await? {
            Arrival::Duplicate => {
                let settlement = Settlement::new(Fate::Handled, Vec::new());
                lane.settle(delivery, settlement, None).await?;
                self.attempts.counters.add(Count::Duplicate, 1);
            }
            Arrival::New(reservation) => {
                let Some(settlement) = self.attempt(consumer, &in_hand).await else {
                    return Ok(Step::GivenBack);
                };
                let entry = ledger_entry(&desk.ledger, &key);
                let fate = self.settle(lane, &in_hand, settlement, Some(entry)).await?;
                if fate == Some(Fate::Handled) {
                    reservation.handled();
                }
            }
        }
        Ok(Step::Done)
    }

    /// All attempts at a message, through pauses of its handler; nothing if it is to go back.
    async fn attempt(&self, consumer: &mut Consumer, in_hand: &InHand<'_>) -> Option<Settlement> {
        let mut past = in_hand.past;
        let mut give_back_at = None;
        let mut probe = None;
        loop {
            match self.attempts.run(in_hand.message.clone(), past).await {
                Ended::Settled(settlement) => return Some(settlement),
                Ended::Paused(now) => past = now,
                Ended::GivenBack => return None,
            }
            drop(probe);
            let give_back_at = *give_back_at.get_or_insert_with(|| Instant::now() + HELD_MAX);
            let _hold = self.attempts.switch.hold()?;
            let mut phase = self.phase.clone();
            probe = tokio::select! {
                biased;
                () = phase.reached(Phase::Draining) => return None,
                // Nothing is delivered beside the message in hand, so the channel has ended.
                _ = consumer.recv() => return None,
                () = tokio::time::sleep_until(give_back_at) => return None,
                probe = self.attempts.switch.pass(Asker::Holding) => probe,
            };
        }
    }

    /// Tells what became of the message; nothing if it went back to its queue.
    async fn settle(
        &self,
        lane: &Lane,
        in_hand: &InHand<'_>,
        settlement: Settlement,
        entry: Option<Publish>,
    ) -> Result<Option<Fate>, Leave> {
        let InHand { delivery, message, .. } = in_hand;
        let (fate, outputs) = (settlement.fate, settlement.outputs.len() as u64);
        // A dead letter may be sent again under its id, so that is not recorded.
        let entry = entry.filter(|_| fate == Fate::Handled);
        let error = match lane.settle(delivery, settlement, entry).await {
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
            return Box::pin(self.settle(lane, in_hand, letter, None)).await;
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
    fn condemned(&self, message: &Message) -> Option<Settlement> {
        if message.properties.has_unreadable_headers() {
            let text = "the table of headers cannot be read: broken, or nested too deep";
            let failure = Failure::permanent(text).named("undecodable");
            return Some(self.attempts.give_up(message, &failure, 1, now_secs()));
        }
        let failure = self.suspects.verdict(message, self.attempts.retry.attempts_max())?;
        // Whoever asked is told nothing: the reply may be what the broker refused.
        Some(self.attempts.bury(message, &failure, 1, now_secs()))
    }

    fn count(&self, fate: Fate, outputs: u64) {
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
    async fn keep_returned(&self, lane: &Lane, returned: Vec<Returned>) -> Result<(), Leave> {
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

/// Gives back what was delivered and not begun.
async fn stop(lane: Lane, consumer: Consumer) {
    // If the channel is over, all of it has gone back already.
    consumer.cancel().await.ok();
    drop(consumer);
    lane.close().await;
}

impl<'a> InHand<'a> {
    fn of(delivery: &'a Delivery, login: Option<&ShortStr>) -> Self {
        let mut message = Message {
            exchange: delivery.exchange.clone(),
            routing_key: delivery.routing_key.clone(),
            properties: delivery.properties.clone(),
            body: delivery.body.clone(),
            redelivered: delivery.redelivered,
        };
        let past = arrived(&mut message, login);
        Self { delivery, message, past }
    }
}

/// Why an output can never be published as it is, though the channel goes on.
fn unpublishable(error: &LaneError) -> Option<Failure> {
    match error {
        LaneError::Publish(PublishError::Unroutable { returned, .. }) => Some(unroutable(returned)),
        LaneError::Publish(PublishError::NotSent(error @ ChannelError::TooLarge { .. })) => {
            Some(Failure::permanent(error).named("too-large"))
        }
        LaneError::Publish(_) | LaneError::Channel(_) | LaneError::Settle(_) => None,
    }
}

fn unroutable(returned: &Returned) -> Failure {
    let (exchange, key) = (&returned.exchange, &returned.routing_key);
    let text =
        format!("no queue takes messages from exchange `{exchange}` with routing key `{key}`");
    Failure::permanent(text).named("unroutable")
}

/// The broker's words if it closed the channel over what this message led to; or the connection, when
/// that led to a failure of its own (541): `RabbitMQ` 3.10 does that for a forged direct reply-to.
fn refusal(error: &LaneError) -> Option<String> {
    let (code, text) = match error {
        LaneError::Channel(ChannelError::Closed { code, text })
        | LaneError::Publish(
            PublishError::ChannelClosed { code, text }
            | PublishError::NotSent(ChannelError::Closed { code, text }),
        ) => (*code, text),
        LaneError::Channel(ChannelError::ConnectionEnded(end))
        | LaneError::Publish(PublishError::ConnectionLost(end)) => failure_of_broker(end)?,
        LaneError::Channel(_) | LaneError::Settle(_) | LaneError::Publish(_) => return None,
    };
    Some(format!("the broker refused the outputs: {code} {text}"))
}

fn failure_of_broker(end: &ConnectionEnd) -> Option<(u16, &String)> {
    let ConnectionEnd::ClosedByBroker { code, text } = end else { return None };
    (*code == ReplyCode::InternalError.as_u16()).then_some((*code, text))
}
