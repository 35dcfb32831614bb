//! Our client at work.

use std::collections::VecDeque;
use std::time::Instant;

use anyhow::Context as _;
use bytes::Bytes;
use leveret_client::{
    Channel, Confirm, Connection, ConsumeOptions, Publish, QueueDeclare, RpcClient, RpcOptions,
    ShortStr,
};

use crate::client::{
    job::Job,
    names::{CALLS, QUEUE, RESULTS},
    row::{BODY_BYTES, PREFETCH, Work},
    sample::{Meter, Sample},
};

pub(super) async fn drive(job: &Job) -> anyhow::Result<Sample> {
    let connection = Connection::open(&job.url).await?;
    let channel = connection.channel().await?;
    match job.work {
        Work::Forget { body_bytes } => forget(channel, body_bytes, job.messages).await,
        Work::Confirm { window } => confirm(channel, window, job.messages).await,
        Work::Consume { ack_every } => consume(channel, ack_every, job.messages).await,
        Work::Transact => transact(channel, job.messages).await,
        Work::Call | Work::PingPong => call(&connection, job.messages).await,
    }
}

async fn forget(channel: Channel, body_bytes: usize, messages: u64) -> anyhow::Result<Sample> {
    let body = Bytes::from(vec![b'x'; body_bytes]);
    let meter = Meter::start();
    for _ in 0..messages {
        let publish = Publish {
            routing_key: short(QUEUE),
            mandatory: false,
            body: body.clone(),
            ..Publish::default()
        };
        channel.publish_and_forget(publish).await?;
    }
    // Answered behind all that was published.
    let look = QueueDeclare { name: short(QUEUE), passive: true, ..QueueDeclare::default() };
    channel.queue_declare(&look).await?;
    Ok(meter.stop(messages))
}

async fn confirm(channel: Channel, window: usize, messages: u64) -> anyhow::Result<Sample> {
    let body = Bytes::from(vec![b'x'; BODY_BYTES]);
    channel.confirm_select().await?;
    let mut waiting: VecDeque<Confirm> = VecDeque::with_capacity(window);
    let mut meter = Meter::start();
    for _ in 0..messages {
        let since = Instant::now();
        if waiting.len() == window
            && let Some(oldest) = waiting.pop_front()
        {
            oldest.await?;
        }
        let publish =
            Publish { routing_key: short(QUEUE), body: body.clone(), ..Publish::default() };
        let confirm = channel.publish(publish).await?;
        if window == 1 {
            confirm.await?;
            meter.lap(since);
        } else {
            waiting.push_back(confirm);
        }
    }
    for confirm in waiting {
        confirm.await?;
    }
    Ok(meter.stop(messages))
}

async fn consume(channel: Channel, ack_every: u64, messages: u64) -> anyhow::Result<Sample> {
    channel.qos(PREFETCH).await?;
    let meter = Meter::start();
    let mut consumer = channel.consume(short(QUEUE), ConsumeOptions::default()).await?;
    for number in 1..=messages {
        let delivery = consumer.recv().await.context("the consumer ended")?;
        if ack_every == 1 {
            channel.ack(&delivery)?;
        } else if number % ack_every == 0 {
            channel.ack_up_to(&delivery)?;
        }
    }
    Ok(meter.stop(messages))
}

async fn transact(channel: Channel, messages: u64) -> anyhow::Result<Sample> {
    let body = Bytes::from(vec![b'x'; BODY_BYTES]);
    channel.qos(PREFETCH).await?;
    let channel = channel.into_tx().await?;
    let mut meter = Meter::start();
    let mut consumer = channel.consume(short(QUEUE), ConsumeOptions::default()).await?;
    for _ in 0..messages {
        let delivery = consumer.recv().await.context("the consumer ended")?;
        let since = Instant::now();
        let result =
            Publish { routing_key: short(RESULTS), body: body.clone(), ..Publish::default() };
        channel.publish(result).await?;
        channel.ack(&delivery)?;
        drop(channel.commit().await?);
        meter.lap(since);
    }
    Ok(meter.stop(messages))
}

async fn call(connection: &Connection, messages: u64) -> anyhow::Result<Sample> {
    let client = RpcClient::new(connection, RpcOptions::default());
    let body = Bytes::from(vec![b'x'; BODY_BYTES]);
    let mut meter = Meter::start();
    for _ in 0..messages {
        let since = Instant::now();
        let request =
            Publish { routing_key: short(CALLS), body: body.clone(), ..Publish::default() };
        client.request(request).await?;
        meter.lap(since);
    }
    Ok(meter.stop(messages))
}

const fn short(name: &'static str) -> ShortStr {
    ShortStr::from_static(name)
}
