//! The way of one queue's messages from broker to broker.

use std::{
    io::{self, IsTerminal as _, Write as _},
    time::Duration,
};

use leveret_client::{
    AckMode, Channel, ChannelError, ConnectOptions, ConsumeOptions, ExchangeDeclare,
    ExchangeDelete, ExchangeKind, QueueBinding, QueueDeclare, ShortStr,
};
use serde_json::{Value, json};
use tokio::{
    sync::watch,
    time::{Interval, MissedTickBehavior, interval, timeout},
};

use super::{
    failure::{MoveFailure, Progress},
    parcel::Destination,
    sink::Sink,
    source::{BATCH, Source, Way},
};
use crate::messages::Session;

/// How long it may take to leave a target.
const CLEANING: Duration = Duration::from_secs(5);

/// What a broker promises that does a transaction whole or not at all.
const ATOMIC: &str = "leveret.atomic_transactions";

/// From where to where.
#[derive(Debug, Clone)]
pub(super) struct Route {
    pub(super) from: ConnectOptions,
    pub(super) to: ConnectOptions,
    pub(super) queue: ShortStr,
    pub(super) target: ShortStr,
}

/// How.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    pub(super) copy: bool,
    pub(super) count: Option<u64>,
    pub(super) rate: Option<u32>,
}

/// What was done.
#[derive(Debug)]
pub(super) struct Moved {
    pub(super) route: Route,
    pub(super) count: u64,
    /// User-ids that were taken off.
    pub(super) anonymous: u64,
    /// Whether the messages have their routing keys.
    pub(super) keys_kept: bool,
}

impl Route {
    /// Whether source and target are one virtual host of one broker.
    pub(super) fn is_within(&self) -> bool {
        let place = |one: &ConnectOptions| (one.authority(), one.virtual_host.clone());
        place(&self.from) == place(&self.to)
    }

    /// How many messages are ready.
    pub(super) async fn ready(&self) -> Result<u32, MoveFailure> {
        let session = Session::connect(&self.from).await?;
        let name = self.queue.clone();
        let passive = QueueDeclare { name, passive: true, ..QueueDeclare::default() };
        let ready = session.channel.queue_declare(&passive).await?.messages;
        session.close().await;
        Ok(ready)
    }

    /// Moves what waits, and what comes meanwhile.
    pub(super) async fn travel(
        self,
        manner: Manner,
        interrupted: &watch::Receiver<bool>,
    ) -> Result<Moved, MoveFailure> {
        if self.is_within() && self.queue == self.target {
            return Err(MoveFailure::Itself(self.queue.to_string_lossy().into_owned()));
        }
        let target = Session::connect(&self.to).await?;
        let (destination, lane) = self.prepare(&target).await?;
        let session = Session::connect(&self.from).await?;
        let (source, sink) = self.open(session, &target, manner).await?;
        let mut journey = Journey {
            source,
            sink,
            destination,
            manner,
            blocked: target.connection.watch_blocked(),
            interrupted: interrupted.clone(),
            pace: manner.rate.map(pace),
            progress: Progress::default(),
            anonymous: 0,
        };
        let ended = journey.run().await;
        let (count, anonymous) = (journey.progress.moved, journey.anonymous);
        journey.close().await;
        let keys_kept = lane.is_some();
        if let Some(name) = lane {
            // It leads nowhere else, and goes with its queue.
            timeout(CLEANING, self.clean(&target, name, ended.is_ok())).await.ok();
        }
        timeout(CLEANING, target.close()).await.ok();
        ended.map(|()| Moved { route: self, count, anonymous, keys_kept })
    }

    /// Deletes the temporary exchange. A target in an alarm does not read what a publisher says, so
    /// after a failure it is told on a connection of its own.
    async fn clean(&self, target: &Session, name: ShortStr, is_well: bool) {
        let delete = ExchangeDelete { name, if_unused: false };
        if is_well {
            target.channel.exchange_delete(&delete).await.ok();
        } else if let Ok(other) = Session::connect(&self.to).await {
            other.channel.exchange_delete(&delete).await.ok();
            other.close().await;
        }
    }

    /// Finds the target's queue, and makes an exchange that leads there alone.
    async fn prepare(
        &self,
        target: &Session,
    ) -> Result<(Destination, Option<ShortStr>), MoveFailure> {
        let name = self.target.clone();
        let passive = QueueDeclare { name, passive: true, ..QueueDeclare::default() };
        let channel = target.connection.channel().await?;
        channel.queue_declare(&passive).await.map_err(|source| MoveFailure::NoTarget {
            queue: self.target.to_string_lossy().into_owned(),
            source: Box::new(source),
        })?;
        let lane = self.make_lane(&channel).await?;
        channel.close().await;
        let (queue, user) = (self.target.clone(), self.to.user.clone());
        Ok((Destination { queue, exchange: lane.clone(), user }, lane))
    }

    async fn make_lane(&self, channel: &Channel) -> Result<Option<ShortStr>, MoveFailure> {
        let (queue, process) = (self.target.to_string_lossy(), std::process::id());
        let name = ShortStr::truncated(&format!("leveret.move.{process}.{queue}"));
        let exchange = ExchangeDeclare {
            name: name.clone(),
            kind: ExchangeKind::Fanout,
            durable: false,
            auto_delete: true,
            ..ExchangeDeclare::default()
        };
        let binding = QueueBinding {
            queue: self.target.clone(),
            exchange: name.clone(),
            ..QueueBinding::default()
        };
        let made = match channel.exchange_declare(&exchange).await {
            Ok(()) => channel.queue_bind(&binding).await,
            Err(error) => Err(error),
        };
        match made {
            Ok(()) => Ok(Some(name)),
            Err(ChannelError::Closed { code: 403, .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn open(
        &self,
        session: Session,
        target: &Session,
        manner: Manner,
    ) -> Result<(Source, Sink), MoveFailure> {
        let Session { connection, channel } = session;
        let asking = connection.channel().await?;
        let count = manner.count.and_then(|count| u16::try_from(count).ok()).unwrap_or(BATCH);
        let prefetch = count.clamp(1, BATCH);
        let queue = self.queue.clone();
        let source = |way| Source { connection: connection.clone(), asking, queue, way };
        if manner.copy {
            target.channel.confirm_select().await?;
            let way = if connection.has_capability("leveret.peek") {
                Way::Looked(0)
            } else {
                let left = u64::from(self.ready().await?);
                Way::Held { channel, left, held: 0 }
            };
            let sink = sink(target, None);
            return Ok((source(way), sink));
        }
        let options = ConsumeOptions { ack_mode: AckMode::Manual, ..ConsumeOptions::default() };
        if self.is_within() && connection.has_capability(ATOMIC) {
            let channel = channel.into_tx().await?;
            channel.qos(prefetch).await?;
            let consumer = channel.consume(self.queue.clone(), options).await?;
            return Ok((source(Way::Taken(consumer)), Sink::Transaction(channel)));
        }
        channel.qos(prefetch).await?;
        let consumer = channel.consume(self.queue.clone(), options).await?;
        target.channel.confirm_select().await?;
        Ok((source(Way::Taken(consumer)), sink(target, Some(channel))))
    }
}

impl Moved {
    /// For programs.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "queue": self.route.queue.to_string_lossy(), "target": self.route.target.to_string_lossy(),
            "from": self.route.from.authority(), "to": self.route.to.authority(),
            "moved": self.count, "user_ids_taken_off": self.anonymous,
            "routing_keys_kept": self.keys_kept,
        })
    }
}

fn sink(target: &Session, settling: Option<Channel>) -> Sink {
    let alarm = target.connection.watch_blocked();
    Sink::Confirmed { target: target.channel.clone(), settling, alarm }
}

fn pace(rate: u32) -> Interval {
    let mut interval = interval(Duration::from_secs(1) / rate);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

/// Messages under way.
struct Journey {
    source: Source,
    sink: Sink,
    destination: Destination,
    manner: Manner,
    blocked: watch::Receiver<Option<ShortStr>>,
    interrupted: watch::Receiver<bool>,
    pace: Option<Interval>,
    progress: Progress,
    anonymous: u64,
}

impl Journey {
    async fn run(&mut self) -> Result<(), MoveFailure> {
        loop {
            self.wait().await?;
            let left = self.manner.count.map(|count| count.saturating_sub(self.progress.moved));
            // At a rate each message has its own moment; and the first one tells of an alarm.
            let is_single = self.pace.is_some() || self.progress.moved == 0;
            let batch = if is_single { 1 } else { usize::from(BATCH) };
            let limit =
                left.map_or(batch, |left| batch.min(usize::try_from(left).unwrap_or(batch)));
            if limit == 0 {
                return Ok(());
            }
            // What was acknowledged last may come again when the connection is cut now.
            let unsure = match &self.sink {
                Sink::Confirmed { settling: Some(_), .. } => self.progress.moved.min(BATCH.into()),
                Sink::Confirmed { settling: None, .. } | Sink::Transaction(_) => 0,
            };
            let progress = Progress { unsure, ..self.progress };
            let batch = self.source.batch(limit, progress).await?;
            if batch.is_empty() {
                return Ok(());
            }
            let is_last = left.is_some_and(|left| left == batch.len() as u64);
            if let (Way::Taken(consumer), true) = (&self.source.way, is_last) {
                // Before the acknowledgement, which asks for more.
                consumer.cancel().await?;
            }
            let from = (&self.source.queue, self.progress);
            let given = self.sink.give(&batch, &self.destination, from).await?;
            self.progress.moved += given.moved;
            self.anonymous += given.anonymous;
            if io::stderr().is_terminal() {
                write!(io::stderr(), "\r{} moved", self.progress.moved).ok();
            }
        }
    }

    /// Until the next message may go; an alarm and an interruption end it.
    async fn wait(&mut self) -> Result<(), MoveFailure> {
        if let Some(pace) = &mut self.pace {
            tokio::select! {
                _ = pace.tick() => {}
                _ = self.interrupted.changed() => {}
            }
        }
        if *self.interrupted.borrow() {
            return Err(MoveFailure::Interrupted(self.progress));
        }
        let reason = self.blocked.borrow().clone();
        match reason {
            None => Ok(()),
            Some(reason) => Err(MoveFailure::Blocked {
                reason: reason.to_string_lossy().into_owned(),
                progress: self.progress,
            }),
        }
    }

    /// Gives back what was delivered and not moved.
    async fn close(self) {
        match self.sink {
            Sink::Confirmed { settling: Some(channel), .. } => channel.close().await,
            Sink::Confirmed { settling: None, .. } => {}
            Sink::Transaction(channel) => channel.close().await,
        }
        self.source.connection.close().await;
    }
}
