//! lapin at work.

use std::collections::VecDeque;
use std::time::Instant;

use anyhow::Context as _;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions,
    ConfirmSelectOptions, QueueDeclareOptions,
};
use lapin::types::FieldTable;
use lapin::{
    BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, Consumer,
    PublisherConfirm,
};

use crate::client::{
    job::Job,
    names::{CALLS, QUEUE, REPLY_TO, RESULTS},
    row::{BODY_BYTES, PREFETCH, Work},
    sample::{Meter, Sample},
};

/// Publishes at once where nothing else bounds them.
const IN_FLIGHT: usize = 256;

/// How its futures are driven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Awaited,
    Pipelined,
}

pub(super) async fn drive(job: &Job, style: Style) -> anyhow::Result<Sample> {
    let connection = Connection::connect(&job.url, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    match job.work {
        Work::Forget { body_bytes } => forget(channel, style, body_bytes, job.messages).await,
        Work::Confirm { window } => confirm(channel, style, window, job.messages).await,
        Work::Consume { ack_every } => consume(channel, style, ack_every, job.messages).await,
        Work::Transact => transact(channel, job.messages).await,
        Work::Call | Work::PingPong => call(channel, job.messages).await,
    }
}

async fn publish(
    channel: &Channel,
    mandatory: bool,
    body: &[u8],
) -> lapin::Result<PublisherConfirm> {
    publish_to(channel, QUEUE, mandatory, body).await
}

async fn publish_to(
    channel: &Channel,
    queue: &str,
    mandatory: bool,
    body: &[u8],
) -> lapin::Result<PublisherConfirm> {
    let options = BasicPublishOptions { mandatory, ..BasicPublishOptions::default() };
    let properties = BasicProperties::default();
    channel.basic_publish("".into(), queue.into(), options, body, properties).await
}

async fn forget(
    channel: Channel,
    style: Style,
    body_bytes: usize,
    messages: u64,
) -> anyhow::Result<Sample> {
    let body = vec![b'x'; body_bytes];
    let meter = Meter::start();
    match style {
        Style::Awaited => {
            for _ in 0..messages {
                drop(publish(&channel, false, &body).await?);
            }
        }
        Style::Pipelined => {
            let publishes = stream::iter(0..messages).map(|_| publish(&channel, false, &body));
            publishes.buffered(IN_FLIGHT).try_for_each(|_| async { Ok(()) }).await?;
        }
    }
    let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
    channel.queue_declare(QUEUE.into(), options, FieldTable::default()).await?;
    Ok(meter.stop(messages))
}

fn check(confirmation: &Confirmation) -> anyhow::Result<()> {
    anyhow::ensure!(*confirmation == Confirmation::Ack(None), "{confirmation:?}");
    Ok(())
}

async fn confirm(
    channel: Channel,
    style: Style,
    window: usize,
    messages: u64,
) -> anyhow::Result<Sample> {
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    let body = vec![b'x'; BODY_BYTES];
    let mut meter = Meter::start();
    match style {
        Style::Awaited => {
            let mut waiting: VecDeque<PublisherConfirm> = VecDeque::with_capacity(window);
            for _ in 0..messages {
                let since = Instant::now();
                if waiting.len() == window
                    && let Some(oldest) = waiting.pop_front()
                {
                    check(&oldest.await?)?;
                }
                let confirm = publish(&channel, true, &body).await?;
                if window == 1 {
                    check(&confirm.await?)?;
                    meter.lap(since);
                } else {
                    waiting.push_back(confirm);
                }
            }
            for confirm in waiting {
                check(&confirm.await?)?;
            }
        }
        Style::Pipelined => {
            let publishes = stream::iter(0..messages)
                .map(|_| async { publish(&channel, true, &body).await?.await });
            let mut publishes = publishes.buffered(window);
            while let Some(confirmation) = publishes.try_next().await? {
                check(&confirmation)?;
            }
        }
    }
    Ok(meter.stop(messages))
}

async fn start(channel: &Channel, queue: &str, no_ack: bool) -> lapin::Result<Consumer> {
    let options = BasicConsumeOptions { no_ack, ..BasicConsumeOptions::default() };
    channel.basic_consume(queue.into(), "lapin".into(), options, FieldTable::default()).await
}

async fn consume(
    channel: Channel,
    style: Style,
    ack_every: u64,
    messages: u64,
) -> anyhow::Result<Sample> {
    channel.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
    let meter = Meter::start();
    let mut consumer = start(&channel, QUEUE, false).await?;
    for number in 1..=messages {
        let delivery = consumer.try_next().await?.context("the consumer ended")?;
        if number % ack_every != 0 {
            continue;
        }
        let options = BasicAckOptions { multiple: ack_every > 1 };
        match style {
            Style::Awaited => drop(delivery.ack(options).await?),
            Style::Pipelined => {
                drop(tokio::spawn(async move { delivery.ack(options).await }));
            }
        }
    }
    Ok(meter.stop(messages))
}

async fn transact(channel: Channel, messages: u64) -> anyhow::Result<Sample> {
    let body = vec![b'x'; BODY_BYTES];
    channel.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
    channel.tx_select().await?;
    let mut meter = Meter::start();
    let mut consumer = start(&channel, QUEUE, false).await?;
    for _ in 0..messages {
        let delivery = consumer.try_next().await?.context("the consumer ended")?;
        let since = Instant::now();
        drop(publish_to(&channel, RESULTS, true, &body).await?);
        delivery.ack(BasicAckOptions::default()).await?;
        channel.tx_commit().await?;
        meter.lap(since);
    }
    Ok(meter.stop(messages))
}

async fn call(channel: Channel, messages: u64) -> anyhow::Result<Sample> {
    let mut replies = start(&channel, REPLY_TO, true).await?;
    let body = vec![b'x'; BODY_BYTES];
    let mut meter = Meter::start();
    for _ in 0..messages {
        let since = Instant::now();
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let properties = BasicProperties::default().with_reply_to(REPLY_TO.into());
        drop(channel.basic_publish("".into(), CALLS.into(), options, &body, properties).await?);
        replies.try_next().await?.context("the consumer ended")?;
        meter.lap(since);
    }
    Ok(meter.stop(messages))
}
