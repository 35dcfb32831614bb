//! A worker that handles one message at a time.
//!
//! A message that waits through a pause of its handler stays in hand as long as the broker allows.

use std::pin::pin;

use leveret_client::{Consumer, Delivery};
use tokio::time::Instant;

use super::attempt::{Ended, Fate, Settlement};
use super::in_hand::{InHand, Step};
use super::lane::Lane;
use super::switch::{Asker, Probe};
use super::{HELD_MAX, Leave, Stopped, Worker};
use crate::inbox::{Arrival, inbox_key, ledger_entry};
use crate::link::Generation;
use crate::phase::Phase;
use crate::stats::Count;

/// A worker has one message at a time, so one is delivered ahead of its acknowledgement.
const PREFETCH: u16 = 1;

impl Worker {
    /// Works until the application drains, the handler pauses, or the channel ends.
    pub(super) async fn serve(
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
        lane.stop(consumer).await;
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
}
