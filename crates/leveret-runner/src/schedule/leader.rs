//! One leader of all who know a schedule: it alone has the schedule's queue.
//!
//! In that queue is one message that says which time was last dealt with. A message that is due,
//! the new state, and the acknowledgement of the old one are one transaction, so on a Leveret
//! broker each time is dealt with once, whoever is killed when. Who may not consume stands by.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use leveret::{Failure, FieldTable, ListenerContext, Properties, ShortStr, derived_message_id};
use leveret_client::{
    Channel, ChannelError, Connection, ConsumeOptions, Consumer, Delivery, Publish, QueueDeclare,
    TxChannel,
};
use tokio::time::sleep;
use tracing::{info, warn};

use super::{Misfire, Schedule};

/// How often who stands by asks again.
const STAND_BY: Duration = Duration::from_secs(2);

/// A time that is past by less is not missed, only late: the leader has changed.
const LATE: SignedDuration = SignedDuration::from_secs(10);

/// The most that is made up for with `misfire = "all"`; the oldest are left out.
const MISSED_MAX: usize = 1_000;

/// How many missed times are looked for; who was away for longer does not hear of the rest.
const LOOKS_MAX: usize = 100_000;

/// The longest sleep, after which the clock is looked at again.
const SLEEP_MAX: Duration = Duration::from_secs(30);

/// Says when the message was due, in the header.
const SCHEDULED_HEADER: &str = "x-leveret-scheduled-for";

/// What a leader has in its hands.
struct Leader {
    schedule: Arc<Schedule>,
    queue: ShortStr,
    channel: TxChannel,
    consumer: Consumer,
    /// The state as it was delivered; more than one if two leaders were the first.
    held: Vec<Delivery>,
    last: Timestamp,
}

/// Publishes what is due until the application stops.
pub(crate) async fn keep(schedule: Arc<Schedule>, context: ListenerContext) -> Result<(), Failure> {
    let connection = context.connect().await?;
    let ended = tokio::select! {
        () = context.stopping() => Ok(()),
        ended = lead(&connection, schedule) => ended,
    };
    connection.close().await;
    ended
}

async fn lead(connection: &Connection, schedule: Arc<Schedule>) -> Result<(), Failure> {
    let mut leader = Leader::stand_by(connection, schedule).await?;
    info!(schedule = %leader.schedule.name, "leads the schedule");
    leader.make_up().await?;
    while let Some(due) = leader.schedule.timing.after(leader.last) {
        loop {
            let left = Duration::try_from(due.duration_since(Timestamp::now())).unwrap_or_default();
            if left.is_zero() {
                break;
            }
            sleep(left.min(SLEEP_MAX)).await;
        }
        leader.deal_with(due, Deed::Publish).await?;
    }
    Ok(())
}

/// What is done about a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Publish,
    Note,
}

impl Leader {
    /// Waits until nobody else has the queue.
    async fn stand_by(connection: &Connection, schedule: Arc<Schedule>) -> Result<Self, Failure> {
        let queue = ShortStr::truncated(&format!("leveret.schedule.{}", schedule.name));
        let (channel, mut consumer) = loop {
            let channel = connection.channel().await?;
            declare(&channel, &queue, false).await?;
            let options = ConsumeOptions { exclusive: true, ..ConsumeOptions::default() };
            match channel.consume(queue.clone(), options).await {
                Ok(consumer) => break (channel, consumer),
                // AMQP 0-9-1, basic.consume: 403 if another has it.
                Err(ChannelError::Closed { code: 403, .. }) => sleep(STAND_BY).await,
                Err(error) => return Err(error.into()),
            }
        };
        // What was in the queue comes before this answer.
        declare(&channel, &queue, true).await?;
        let channel = channel.into_tx().await?;
        let held: Vec<Delivery> = std::iter::from_fn(|| consumer.try_recv()).collect();
        let known = held.iter().filter_map(state).max();
        let last = known.unwrap_or_else(Timestamp::now);
        let mut leader = Self { schedule, queue, channel, consumer, held, last };
        if known.is_none() {
            leader.deal_with(last, Deed::Note).await?;
        }
        Ok(leader)
    }

    /// Deals with the times at which nobody led.
    async fn make_up(&mut self) -> Result<(), Failure> {
        let Ok(until) = Timestamp::now().checked_sub(LATE) else { return Ok(()) };
        let mut missed = VecDeque::new();
        let mut last = self.last;
        for _ in 0..LOOKS_MAX {
            let due = self.schedule.timing.after(last).filter(|due| *due <= until);
            let Some(due) = due else { break };
            missed.push_back(due);
            if missed.len() > MISSED_MAX {
                missed.pop_front();
            }
            last = due;
        }
        let Some(latest) = missed.back().copied() else { return Ok(()) };
        let (name, misfire) = (&self.schedule.name, self.schedule.misfire);
        warn!(schedule = %name, count = missed.len(), ?misfire, "times were missed");
        match misfire {
            Misfire::Skip => self.deal_with(latest, Deed::Note).await?,
            Misfire::Once => self.deal_with(latest, Deed::Publish).await?,
            Misfire::All => {
                for due in missed {
                    self.deal_with(due, Deed::Publish).await?;
                }
            }
        }
        self.last = self.last.max(until);
        Ok(())
    }

    /// One transaction: the message, the new state, and the old state's end.
    async fn deal_with(&mut self, due: Timestamp, deed: Deed) -> Result<(), Failure> {
        if deed == Deed::Publish {
            self.channel.publish(self.schedule.message(due)).await?;
        }
        self.channel
            .publish(Publish {
                routing_key: self.queue.clone(),
                properties: Properties::builder().persistent().build(),
                body: due.to_string().into(),
                ..Publish::default()
            })
            .await?;
        for old in &self.held {
            self.channel.ack(old)?;
        }
        let committed = self.channel.commit().await?;
        if !committed.returned.is_empty() {
            warn!(schedule = %self.schedule.name, "no queue takes the scheduled message");
        }
        if deed == Deed::Publish {
            info!(schedule = %self.schedule.name, %due, "published");
        }
        let state = self.consumer.recv().await;
        self.held = vec![state.ok_or_else(|| Failure::transient("the consumer has ended"))?];
        self.last = due;
        Ok(())
    }
}

impl Schedule {
    /// The message for this time: the same id whoever sends it.
    fn message(&self, due: Timestamp) -> Publish {
        let told = due.to_string();
        let headers: FieldTable = self
            .headers
            .iter()
            .map(|(name, value)| (ShortStr::truncated(name), value.clone()))
            .chain([(ShortStr::truncated(SCHEDULED_HEADER), told.as_str().into())])
            .collect();
        let properties = Properties::builder()
            .message_id(derived_message_id(&["schedule", &self.name, &told]))
            .timestamp(u64::try_from(due.as_second()).unwrap_or_default())
            .content_type(self.content_type.as_deref().map(ShortStr::truncated))
            .headers(headers)
            .persistent()
            .build();
        Publish {
            exchange: ShortStr::truncated(&self.exchange),
            routing_key: ShortStr::truncated(&self.key),
            properties,
            body: self.body.clone().into(),
            ..Publish::default()
        }
    }
}

async fn declare(channel: &Channel, queue: &ShortStr, passive: bool) -> Result<(), ChannelError> {
    let queue = QueueDeclare { name: queue.clone(), passive, ..QueueDeclare::default() };
    channel.queue_declare(&queue).await.map(drop)
}

fn state(delivery: &Delivery) -> Option<Timestamp> {
    std::str::from_utf8(&delivery.body).ok()?.parse().ok()
}
