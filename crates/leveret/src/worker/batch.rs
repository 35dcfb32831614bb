//! A worker that handles many messages at a time.
//!
//! Prefetch is the size of a batch. A batch ends before the next begins, with all its retries at
//! once; what is settled early is settled, and does not wait for those.

use std::collections::{BTreeSet, VecDeque};
use std::pin::{Pin, pin};

use leveret_client::{Consumer, Delivery};
use tokio::time::Instant;
use tracing::warn;

use super::attempt::{Fate, Settlement};
use super::bundle::{Bundle, Item};
use super::dozing::Dozing;
use super::in_hand::{InHand, Step};
use super::lane::Lane;
use super::round::{Part, RoundEnd, has_expired};
use super::switch::{Asker, Probe};
use super::{HELD_MAX, Leave, Stopped, Worker};
use crate::handler::Batching;
use crate::link::Generation;
use crate::phase::Phase;
use crate::stats::{Counters, InFlight};

/// Where batches are taken from.
struct Intake<'a> {
    consumer: Consumer,
    counters: &'a Counters,
    /// The batch that is in hand, and the one that is being filled.
    in_flight: Vec<InFlight<'a>>,
    batching: Batching,
    /// Taken, but for the next batch.
    next: Option<Delivery>,
    /// How many messages that were delivered before are still handled one by one.
    alone: usize,
    /// Whether the handler tries with one message whether what it needs is there again.
    is_probe: bool,
}

/// What an intake gives.
enum Taken {
    Batch(Vec<Delivery>),
    /// No more are to be taken; these were.
    Halted(Stopped, Vec<Delivery>),
    Ended,
}

impl Worker {
    /// Works until the application drains, the handler pauses, or the channel ends.
    pub(super) async fn serve_batches(
        &self,
        generation: &Generation,
        probe: Option<Probe>,
        batching: Batching,
    ) -> Result<Stopped, (Leave, u64)> {
        let prefetch = u16::try_from(batching.size).unwrap_or(u16::MAX);
        let (lane, consumer) = Lane::open(&generation.connection, self.opening(prefetch))
            .await
            .map_err(|error| (Leave::Lane(error.into()), 0))?;
        let _consuming = self.attempts.counters.consume();
        let mut intake = Intake {
            consumer,
            counters: &self.attempts.counters,
            in_flight: Vec::new(),
            batching,
            next: None,
            alone: batching.size,
            is_probe: probe.is_some(),
        };
        let halted = pin!(self.halted(probe.as_ref()));
        let mut halted = Dozing::new(halted);
        let mut progress = 0;
        let stopped = loop {
            let (mut batch, stopped) = match intake.take(Pin::new(&mut halted)).await {
                Taken::Batch(batch) => (batch, None),
                Taken::Halted(Stopped::Draining, batch) => (batch, Some(Stopped::Draining)),
                // They go back to their queue with the channel.
                Taken::Halted(Stopped::Paused, _) => break Stopped::Paused,
                Taken::Ended => return Err((Leave::Consumer(intake.consumer.end()), progress)),
            };
            match self.handle_batch(&lane, &mut batch).await.map_err(|leave| (leave, progress))? {
                Step::Done => progress += 1,
                Step::GivenBack => break Stopped::Paused,
            }
            if let Some(stopped) = stopped {
                break stopped;
            }
        };
        lane.stop(intake.consumer).await;
        Ok(stopped)
    }

    async fn handle_batch(&self, lane: &Lane, batch: &mut [Delivery]) -> Result<Step, Leave> {
        let mut in_hand: BTreeSet<u64> = batch.iter().map(|delivery| delivery.tag).collect();
        let (parts, early) = self.sort(batch);
        self.settle_bundle(lane, early, &mut in_hand).await?;
        let give_back_at = Instant::now() + HELD_MAX;
        let mut groups = VecDeque::from([parts]);
        let mut probe = None;
        while let Some(mut parts) = groups.pop_front() {
            if parts.is_empty() {
                continue;
            }
            let end = self.attempts.round(&mut parts).await;
            drop(probe.take());
            match end {
                RoundEnd::Unattributed(failure) => {
                    let handler = &self.attempts.handler;
                    warn!(%handler, messages = parts.len(), %failure, "batch failed, trying its messages one by one");
                    parts.into_iter().rev().for_each(|part| groups.push_front(vec![part]));
                }
                RoundEnd::Uncounted => groups.push_front(parts),
                RoundEnd::GivenBack => return Ok(Step::GivenBack),
                RoundEnd::Each { settlements, outputs } => {
                    let mut bundle = Bundle { items: Vec::new(), shared: outputs };
                    let mut again = Vec::new();
                    for (part, settlement) in parts.into_iter().zip(settlements) {
                        match (settlement, batch.get(part.place)) {
                            (Some(settlement), Some(delivery)) => {
                                bundle.items.push(Item::new(delivery, part.message, settlement));
                            }
                            (Some(_) | None, _) => again.push(part),
                        }
                    }
                    self.settle_bundle(lane, bundle, &mut in_hand).await?;
                    groups.push_front(again);
                }
            }
            if in_hand.is_empty() {
                break;
            }
            match self.hold_until(give_back_at).await {
                Some(passed) => probe = passed,
                None => return Ok(Step::GivenBack),
            }
        }
        Ok(Step::Done)
    }

    /// Waits with messages in hand until the handler may go on; nothing if they are to go back.
    async fn hold_until(&self, give_back_at: Instant) -> Option<Option<Probe>> {
        let _hold = self.attempts.switch.hold()?;
        let mut phase = self.phase.clone();
        tokio::select! {
            biased;
            probe = self.attempts.switch.pass(Asker::Holding) => Some(probe),
            () = phase.reached(Phase::Draining) => None,
            () = tokio::time::sleep_until(give_back_at) => None,
            () = self.closed() => None,
        }
    }

    /// Parts of the batch, and what is settled without the function.
    fn sort<'a>(&self, batch: &'a mut [Delivery]) -> (Vec<Part>, Bundle<'a>) {
        let (mut parts, mut early) = (Vec::new(), Bundle::default());
        for (place, delivery) in batch.iter_mut().enumerate() {
            let InHand { message, past } = InHand::taken(delivery, self.attempts.login.as_ref());
            let delivery = &*delivery;
            if let Some(letter) = self.condemned(&message) {
                early.items.push(Item::new(delivery, message, letter));
                continue;
            }
            match self.attempts.part(place, message.clone(), past) {
                Ok(part) if has_expired(&part) => {
                    let expired = Settlement::new(Fate::Expired, Vec::new());
                    early.items.push(Item::new(delivery, message, expired));
                }
                Ok(part) => parts.push(part),
                Err(letter) => early.items.push(Item::new(delivery, message, *letter)),
            }
        }
        (parts, early)
    }
}

impl Intake<'_> {
    /// The next batch: full, or its window over.
    async fn take(&mut self, mut halted: Pin<&mut impl Future<Output = Stopped>>) -> Taken {
        self.in_flight.clear();
        let mut first = self.next.take();
        if first.is_none() {
            first = tokio::select! {
                biased;
                stopped = &mut halted => return Taken::Halted(stopped, Vec::new()),
                first = self.consumer.recv() => first,
            };
        }
        let Some(first) = first else { return Taken::Ended };
        self.in_flight.push(self.counters.begin());
        if self.is_alone(&first) || std::mem::take(&mut self.is_probe) {
            return Taken::Batch(vec![first]);
        }
        let until = Instant::now() + self.batching.window;
        let mut batch = vec![first];
        while batch.len() < self.batching.size {
            let mut next = self.consumer.try_recv();
            if next.is_none() {
                next = tokio::select! {
                    biased;
                    stopped = &mut halted => return Taken::Halted(stopped, batch),
                    next = self.consumer.recv() => next,
                    () = tokio::time::sleep_until(until) => break,
                };
            }
            let Some(next) = next else { return Taken::Ended };
            if next.redelivered && self.alone > 0 {
                self.next = Some(next);
                break;
            }
            self.in_flight.push(self.counters.begin());
            batch.push(next);
        }
        Taken::Batch(batch)
    }

    /// Whether it is to be handled alone: it may be what ended an earlier channel, or process.
    fn is_alone(&mut self, delivery: &Delivery) -> bool {
        let is_alone = delivery.redelivered && self.alone > 0;
        self.alone -= usize::from(is_alone);
        is_alone
    }
}
