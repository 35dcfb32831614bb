//! A worker that handles one message at a time.
//!
//! A message that waits through a pause of its handler stays in hand as long as the broker allows.

use std::pin::pin;

use leveret_client::{Consumer, Delivery};
use tokio::time::Instant;

use super::attempt::{Ended, Fate, Settlement};
use super::dozing::Dozing;
use super::in_hand::{InHand, Step};
use super::lane::Lane;
use super::switch::{Asker, Probe};
use super::{HELD_MAX, InboxDesk, Leave, Stopped, Worker};
use crate::inbox::{Arrival, inbox_key, ledger_entry};
use crate::later::Past;
use crate::link::Generation;
use crate::phase::Phase;
use crate::request::Request;
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
        let (lane, mut consumer) = Lane::open(&generation.connection, self.opening(PREFETCH))
            .await
            .map_err(|error| (Leave::Lane(error.into()), 0))?;
        let _consuming = self.attempts.counters.consume();
        let halted = pin!(self.halted(probe.as_ref()));
        let mut halted = Dozing::new(halted);
        let mut progress = 0;
        let stopped = loop {
            let delivery = tokio::select! {
                biased;
                stopped = &mut halted => break stopped,
                delivery = consumer.recv() => delivery,
            };
            let Some(mut delivery) = delivery else {
                return Err((Leave::Consumer(consumer.end()), progress));
            };
            let _in_flight = self.attempts.counters.begin();
            let handled = self.handle(&lane, &mut consumer, &mut delivery).await;
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
        delivery: &mut Delivery,
    ) -> Result<Step, Leave> {
        let InHand { message, past } = InHand::taken(delivery, self.attempts.login.as_ref());
        let delivery = &*delivery;
        if let Some(letter) = self.condemned(&message) {
            self.settle(lane, (delivery, &message), letter, None).await?;
            return Ok(Step::Done);
        }
        let mut request = self.attempts.request(message);
        if let Some(desk) = &self.desk
            && let Some(id) = request.message().message_id()
        {
            let key = inbox_key(&self.attempts.handler, id.as_bytes());
            let arrived = (delivery, request, past);
            return Box::pin(self.handle_once(lane, consumer, arrived, (desk, key))).await;
        }
        let Some(settlement) = self.attempt(consumer, &mut request, past).await else {
            return Ok(Step::GivenBack);
        };
        self.settle(lane, (delivery, request.message()), settlement, None).await?;
        Ok(Step::Done)
    }

    /// Handles what the inbox does not know.
    async fn handle_once(
        &self,
        lane: &Lane,
        consumer: &mut Consumer,
        (delivery, mut request, past): (&Delivery, Request, Past),
        (desk, key): (&InboxDesk, Vec<u8>),
    ) -> Result<Step, Leave> {
        match desk.inbox.begin(key.clone()).await? {
            Arrival::Duplicate => {
                let mut settlement = Settlement::new(Fate::Handled, Vec::new());
                lane.settle(delivery, &mut settlement, None).await?;
                self.attempts.counters.add(Count::Duplicate, 1);
            }
            Arrival::New(reservation) => {
                let Some(settlement) = self.attempt(consumer, &mut request, past).await else {
                    return Ok(Step::GivenBack);
                };
                let entry = ledger_entry(&desk.ledger, &key);
                let message = request.message();
                let fate = self.settle(lane, (delivery, message), settlement, Some(entry)).await?;
                if fate == Some(Fate::Handled) {
                    reservation.handled();
                }
            }
        }
        Ok(Step::Done)
    }

    /// All attempts at a message, through pauses of its handler; nothing if it is to go back.
    async fn attempt(
        &self,
        consumer: &mut Consumer,
        request: &mut Request,
        past: Past,
    ) -> Option<Settlement> {
        match self.attempts.run(request, past).await {
            Ended::Settled(settlement) => Some(settlement),
            Ended::Paused(past) => Box::pin(self.attempt_later(consumer, request, past)).await,
            Ended::GivenBack => None,
        }
    }

    /// The attempts after the first pause.
    async fn attempt_later(
        &self,
        consumer: &mut Consumer,
        request: &mut Request,
        mut past: Past,
    ) -> Option<Settlement> {
        let give_back_at = Instant::now() + HELD_MAX;
        loop {
            let hold = self.attempts.switch.hold()?;
            let mut phase = self.phase.clone();
            let probe = tokio::select! {
                biased;
                () = phase.reached(Phase::Draining) => return None,
                // Nothing is delivered beside the message in hand, so the channel has ended.
                _ = consumer.recv() => return None,
                () = tokio::time::sleep_until(give_back_at) => return None,
                () = self.closed() => return None,
                probe = self.attempts.switch.pass(Asker::Holding) => probe,
            };
            drop(hold);
            match self.attempts.run(request, past).await {
                Ended::Settled(settlement) => return Some(settlement),
                Ended::Paused(now) => past = now,
                Ended::GivenBack => return None,
            }
            drop(probe);
        }
    }
}
