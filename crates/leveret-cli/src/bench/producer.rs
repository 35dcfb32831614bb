//! One producer: publishes as fast as it may.

use std::{
    collections::VecDeque,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bytes::{BufMut as _, Bytes, BytesMut};
use leveret_client::{Channel, Confirm, Properties, Publish};
use tokio::time::{Instant, sleep_until};

use super::{
    args::BenchArgs,
    failure::Failure,
    tally::{Latencies, Tally, now_nanos},
    topology::Topology,
};

/// How many publishes pass between two looks at the clock and the scheduler.
const BURST: u64 = 64;

pub(super) struct Producer {
    pub(super) channel: Channel,
    pub(super) topology: Arc<Topology>,
    pub(super) tally: Arc<Tally>,
    properties: Properties,
    filling: Bytes,
    window: usize,
    waiting: VecDeque<(Confirm, u64)>,
    pace: Option<Pace>,
    latencies: Latencies,
}

/// A fixed rate, kept by what should have been sent since the start.
struct Pace {
    start: Instant,
    per_second: f64,
    sent: u64,
}

impl Producer {
    pub(super) async fn new(
        channel: Channel,
        topology: Arc<Topology>,
        tally: Arc<Tally>,
        args: &BenchArgs,
    ) -> Result<Self, Failure> {
        if args.window > 0 {
            channel.confirm_select().await?;
        }
        let properties = Properties::builder();
        let properties = if args.persistent { properties.persistent() } else { properties };
        let producers = f64::from(u32::try_from(args.producers.max(1)).unwrap_or(u32::MAX));
        let pace = args.rate.map(|rate| f64::from(rate) / producers);
        Ok(Self {
            channel,
            topology,
            tally,
            properties: properties.build(),
            filling: Bytes::from(vec![b'x'; args.size]),
            window: args.window,
            waiting: VecDeque::new(),
            pace: pace.map(|per_second| Pace { start: Instant::now(), per_second, sent: 0 }),
            latencies: Latencies::new(),
        })
    }

    /// Publishes until told to stop; gives how long confirms took.
    pub(super) async fn run(mut self, number: usize) -> Result<Latencies, Failure> {
        let topology = Arc::clone(&self.topology);
        let keys = topology.keys.iter().cycle().skip(number % topology.keys.len().max(1));
        for (count, key) in (1_u64..).zip(keys) {
            if !self.tally.take_one() {
                break;
            }
            self.keep_pace().await?;
            let publish = Publish {
                exchange: topology.exchange.clone(),
                routing_key: key.clone(),
                mandatory: false,
                properties: self.properties.clone(),
                body: self.body(),
            };
            self.publish(publish).await?;
            if count % BURST == 0 {
                tokio::task::yield_now().await;
            }
        }
        while !self.waiting.is_empty() {
            self.take_confirm().await?;
        }
        self.tally.progress.notify_waiters();
        Ok(self.latencies)
    }

    fn body(&self) -> Bytes {
        let Some(rest) = self.filling.get(8..) else { return self.filling.clone() };
        let mut body = BytesMut::with_capacity(self.filling.len());
        body.put_u64(now_nanos());
        body.put_slice(rest);
        body.freeze()
    }

    async fn publish(&mut self, publish: Publish) -> Result<(), Failure> {
        if self.window == 0 {
            self.channel.publish_and_forget(publish).await?;
        } else {
            if self.waiting.len() >= self.window {
                self.take_confirm().await?;
            }
            let at = now_nanos();
            let confirm = self.channel.publish(publish).await?;
            self.waiting.push_back((confirm, at));
        }
        self.tally.published.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    async fn take_confirm(&mut self) -> Result<(), Failure> {
        let Some((confirm, _)) = self.waiting.front_mut() else { return Ok(()) };
        confirm.await?;
        self.note_confirm();
        Ok(())
    }

    /// The oldest that waits is confirmed.
    fn note_confirm(&mut self) {
        let Some((_, at)) = self.waiting.pop_front() else { return };
        self.tally.confirmed.fetch_add(1, Ordering::Relaxed);
        if self.tally.is_measuring.load(Ordering::Relaxed) {
            self.latencies.record(now_nanos().saturating_sub(at));
        }
    }

    /// Waits until one more is due; confirms that come meanwhile are taken.
    async fn keep_pace(&mut self) -> Result<(), Failure> {
        let Some(pace) = &mut self.pace else { return Ok(()) };
        pace.sent += 1;
        let due = pace.due();
        while Instant::now() < due && !self.tally.is_over() {
            let Some((confirm, _)) = self.waiting.front_mut() else {
                sleep_until(due).await;
                return Ok(());
            };
            tokio::select! {
                () = sleep_until(due) => {}
                confirmed = confirm => {
                    confirmed?;
                    self.note_confirm();
                }
            }
        }
        Ok(())
    }
}

impl Pace {
    #[expect(clippy::cast_precision_loss, reason = "a rate, not a sum of money")]
    fn due(&self) -> Instant {
        self.start + Duration::from_secs_f64(self.sent as f64 / self.per_second)
    }
}
