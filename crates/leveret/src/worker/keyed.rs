//! A worker that keeps the order of messages of one key, others beside them.
//!
//! All messages in hand are on one channel. The first of each key is with the handler, waits for
//! a free place, or waits for its next attempt; those behind it wait until it is settled. Once
//! the channel ends, what is with the handler is waited for: the same message comes again.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, VecDeque};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use leveret_client::{Connection, Consumer, Delivery};
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use tracing::{info, warn};

use super::attempt::{Ended, Fate, Settlement};
use super::bundle::{Bundle, Item};
use super::dozing::Dozing;
use super::in_hand::InHand;
use super::lane::Lane;
use super::share::{Share, Shares};
use super::switch::Probe;
use super::{HELD_MAX, Leave, Stopped, Worker, suspects};
use crate::handler::Ordered;
use crate::later::Past;
use crate::link::Generation;
use crate::message::Message;
use crate::parked::{ParkedKey, TOLD_MAX};

/// How keys are kept apart, and what is known over channels.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    pub(crate) ordered: Ordered,
    /// How many messages are still settled one by one, after the broker refused some together.
    pub(crate) alone: Arc<AtomicUsize>,
    /// If the handler's queue is divided: what this process has of it.
    pub(crate) shares: Option<Arc<Shares>>,
    /// The earlier attempts at messages that went back, at most as many as are in hand.
    pub(crate) pasts: Arc<Mutex<HashMap<u64, Past>>>,
}

/// A message in hand.
#[derive(Debug)]
struct Held {
    delivery: Delivery,
    message: Message,
    past: Past,
    key: Option<String>,
    since: Instant,
}

/// What is in hand of one channel, by delivery tag.
#[derive(Debug, Default)]
struct Hand {
    held: BTreeMap<u64, Held>,
    /// For each key its messages in hand, in their order.
    lines: HashMap<String, VecDeque<u64>>,
    ready: VecDeque<u64>,
    parked: BinaryHeap<Reverse<(Instant, u64)>>,
    running: JoinSet<(u64, Ended)>,
}

impl Worker {
    /// Works until the application drains, the handler pauses, or the channel ends.
    pub(super) async fn serve_keys(
        &self,
        generation: &Generation,
        probe: Option<Probe>,
        keys: &Keys,
    ) -> Result<Stopped, (Leave, u64)> {
        let prefetch = keys.ordered.look_ahead;
        let (lane, mut consumer) = Lane::open(&generation.connection, self.opening(prefetch))
            .await
            .map_err(|error| (Leave::Lane(error.into()), 0))?;
        // Cancelled first, another process would have what comes after before this goes back.
        consumer.end_with_channel();
        let _consuming = self.attempts.counters.consume();
        let mut hand = Hand::default();
        let mut progress = 0;
        let worked = self
            .work(
                (&lane, &mut consumer, &generation.connection),
                (&mut hand, keys),
                probe,
                &mut progress,
            )
            .await;
        // What is with the handler is finished, so that nothing overtakes it; the rest goes back.
        while let Some(done) = hand.running.join_next().await {
            if worked.is_ok()
                && let Err(leave) = self.settle_done(&lane, (&mut hand, keys), done).await
            {
                warn!(handler = %self.attempts.handler, error = %leave, "not settled, will come again");
            }
        }
        keys.remember(hand.held.values());
        self.attempts.counters.parked.set(&self.queue, Vec::new());
        lane.close().await;
        worked.map_err(|leave| (leave, progress))
    }

    async fn work(
        &self,
        (lane, consumer, connection): (&Lane, &mut Consumer, &Connection),
        (hand, keys): (&mut Hand, &Keys),
        probe: Option<Probe>,
        progress: &mut u64,
    ) -> Result<Stopped, Leave> {
        let halted = pin!(self.halted(probe.as_ref()));
        let mut halted = Dozing::new(halted);
        let mut share = Share::new(keys.shares.as_deref(), &self.queue);
        loop {
            let is_probing = probe.is_some() && *progress == 0;
            let workers = self.attempts.gate.workers();
            let places = if is_probing { 1 } else { workers };
            self.begin(hand, places);
            let (wake_at, look_at) = (hand.wake_at(), share.look_at());
            tokio::select! {
                biased;
                Some(done) = hand.running.join_next() => {
                    if self.settle_done(lane, (hand, keys), done).await? {
                        return Ok(Stopped::Paused);
                    }
                    *progress += 1;
                }
                stopped = &mut halted => return Ok(stopped),
                () = self.attempts.gate.resized(workers) => {}
                () = tokio::time::sleep_until(wake_at.unwrap_or_else(Instant::now)), if wake_at.is_some() => {
                    if hand.is_held_too_long() {
                        // Delivered again in the same order, before the broker loses patience.
                        return Ok(Stopped::Paused);
                    }
                    hand.wake();
                }
                () = tokio::time::sleep_until(look_at.unwrap_or_else(Instant::now)), if look_at.is_some() => {
                    if share.is_too_much(connection).await {
                        info!(handler = %self.attempts.handler, queue = %self.queue, "partition left to another process");
                        return Ok(Stopped::Paused);
                    }
                }
                delivery = consumer.recv() => match delivery {
                    Some(delivery) => {
                        share.hold();
                        self.arrive(hand, delivery, keys);
                    }
                    None => return Err(Leave::Consumer(consumer.end())),
                },
            }
        }
    }

    fn arrive(&self, hand: &mut Hand, mut delivery: Delivery, keys: &Keys) {
        let InHand { message, past } = InHand::taken(&mut delivery, self.attempts.login.as_ref());
        let past = keys.recall(&message).unwrap_or(past);
        let key = keys.ordered.key.draw(&message);
        let tag = delivery.tag;
        hand.held
            .insert(tag, Held { delivery, message, past, key: key.clone(), since: Instant::now() });
        match key {
            None => hand.ready.push_back(tag),
            Some(key) => {
                let line = hand.lines.entry(key).or_default();
                line.push_back(tag);
                if line.len() == 1 {
                    hand.ready.push_back(tag);
                }
            }
        }
    }

    /// Hands as many messages to the handler as there are places.
    fn begin(&self, hand: &mut Hand, places: usize) {
        while hand.running.len() < places {
            let Some(tag) = hand.ready.pop_front() else { return };
            let Some(held) = hand.held.get(&tag) else { continue };
            let (message, past) = (held.message.clone(), held.past);
            if let Some(letter) = self.condemned(&message) {
                hand.running.spawn(async move { (tag, Ended::Settled(letter)) });
                continue;
            }
            let attempts = self.attempts.clone();
            hand.running.spawn(async move {
                let _in_flight = attempts.counters.begin();
                let mut request = attempts.request(message);
                (tag, attempts.run(&mut request, past).await)
            });
        }
    }

    /// Says whether the handler is to stop, as a message waits for what it depends on.
    async fn settle_done(
        &self,
        lane: &Lane,
        (hand, keys): (&mut Hand, &Keys),
        done: Result<(u64, Ended), JoinError>,
    ) -> Result<bool, Leave> {
        // Whoever waits for the counts is told when they are right.
        let _settling = self.attempts.counters.begin();
        let mut settled = BTreeMap::new();
        let mut is_halted = false;
        let is_alone = keys.alone.load(Ordering::Relaxed) > 0;
        let mut next = Some(done);
        while let Some(done) = next {
            // A task of ours neither panics nor is aborted: the handler's panic is caught.
            let Ok((tag, ended)) = done else { break };
            match ended {
                Ended::Settled(Settlement {
                    fate: Fate::Postponed, postponed: Some(copy), ..
                }) => {
                    self.attempts.counters.hold_back(copy.pause);
                    hand.park(tag, copy.pause, copy.past);
                }
                Ended::Settled(settlement) => drop(settled.insert(tag, settlement)),
                // Its key waits until the channel ends, which is at once.
                Ended::Paused(past) => {
                    hand.recount(tag, past);
                    is_halted = true;
                }
                Ended::GivenBack => is_halted = true,
            }
            next = if is_alone { None } else { hand.running.try_join_next() };
        }
        let mut in_hand: BTreeSet<u64> = hand.held.keys().copied().collect();
        let mut bundle = Bundle::default();
        let mut left = Vec::new();
        for (tag, settlement) in settled {
            if let Some(held) = hand.held.get(&tag) {
                let item = Item::new(&held.delivery, held.message.clone(), settlement);
                bundle.items.push(item);
                left.push(tag);
            }
        }
        let count = left.len();
        let fates = self.settle_bundle(lane, bundle, &mut in_hand).await.inspect_err(|_| {
            if count > 1 {
                keys.alone.store(keys.in_hand_max(), Ordering::Relaxed);
            }
        })?;
        if is_alone {
            keys.alone.fetch_sub(1, Ordering::Relaxed);
        }
        for (tag, fate) in left.into_iter().zip(fates) {
            // What went back would come again behind what is in hand, so all of it goes back.
            if fate.is_none() {
                return Err(Leave::Consumer(None));
            }
            hand.leave(tag);
        }
        self.attempts.counters.parked.set(&self.queue, hand.told());
        Ok(is_halted)
    }
}

impl Keys {
    fn in_hand_max(&self) -> usize {
        usize::from(self.ordered.look_ahead)
    }

    /// What goes back without its attempts would have all of them again.
    fn remember<'a>(&self, held: impl Iterator<Item = &'a Held>) {
        let mut pasts = self.pasts.lock().unwrap_or_else(PoisonError::into_inner);
        for Held { message, past, .. } in held.filter(|held| held.past.attempts > 0) {
            if pasts.len() >= self.in_hand_max() {
                pasts.clear();
            }
            pasts.insert(suspects::key(message), *past);
        }
    }

    fn recall(&self, message: &Message) -> Option<Past> {
        let mut pasts = self.pasts.lock().unwrap_or_else(PoisonError::into_inner);
        if pasts.is_empty() { None } else { pasts.remove(&suspects::key(message)) }
    }
}

impl Hand {
    /// The message stays in hand, and its key waits with it.
    fn park(&mut self, tag: u64, pause: Duration, past: Past) {
        if let Some(held) = self.held.get_mut(&tag) {
            held.past = past;
            let left = (held.since + HELD_MAX).saturating_duration_since(Instant::now());
            self.parked.push(Reverse((Instant::now() + pause.min(left), tag)));
        }
    }

    fn recount(&mut self, tag: u64, past: Past) {
        if let Some(held) = self.held.get_mut(&tag) {
            held.past = past;
        }
    }

    /// Keys that wait, for whoever looks.
    fn told(&self) -> Vec<ParkedKey> {
        let parked = self.parked.iter().filter_map(|Reverse((_, tag))| {
            let held = self.held.get(tag)?;
            let key = held.key.clone()?;
            let behind = self.lines.get(&key)?.len().saturating_sub(1);
            Some(ParkedKey { key, attempts: held.past.attempts, behind })
        });
        parked.take(TOLD_MAX).collect()
    }

    /// When something is to be done without anybody asking.
    fn wake_at(&self) -> Option<Instant> {
        let parked = self.parked.peek().map(|Reverse((at, _))| *at);
        let oldest = self.held.values().next().map(|held| held.since + HELD_MAX);
        parked.into_iter().chain(oldest).min()
    }

    fn is_held_too_long(&self) -> bool {
        self.held.values().next().is_some_and(|held| held.since + HELD_MAX <= Instant::now())
    }

    /// Those whose pause is over go first: they have waited longest.
    fn wake(&mut self) {
        while let Some(Reverse((at, tag))) = self.parked.peek().copied() {
            if at > Instant::now() {
                return;
            }
            self.parked.pop();
            self.ready.push_front(tag);
        }
    }

    /// A message is settled: the next of its key is its turn.
    fn leave(&mut self, tag: u64) {
        let Some(Held { key: Some(key), .. }) = self.held.remove(&tag) else { return };
        let Some(line) = self.lines.get_mut(&key) else { return };
        line.pop_front();
        match line.front() {
            Some(next) => self.ready.push_back(*next),
            None => drop(self.lines.remove(&key)),
        }
    }
}
