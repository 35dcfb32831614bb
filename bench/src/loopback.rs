//! From publish to delivery inside one program: no socket, no disk.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use bytes::Bytes;
use clap::Args;
use leveret_broker::Broker;
use leveret_client::{
    AckMode, ConnectOptions, Connection, ConsumeOptions, Publish, QueueDeclare, ShortStr,
};
use tokio::runtime::{Builder, Runtime};

const QUEUE: ShortStr = ShortStr::from_static("bench.loopback");

const BODY: [u8; 100] = [b'x'; 100];

/// One message at a time from publish to delivery, broker and client in one program.
#[derive(Debug, Args)]
pub(crate) struct LoopbackArgs {
    /// How many messages are measured; a tenth as many go before.
    #[arg(long, default_value_t = 100_000)]
    messages: usize,
}

pub(crate) fn run(args: &LoopbackArgs) -> anyhow::Result<()> {
    let one = Builder::new_current_thread().enable_all().build()?;
    let many = Builder::new_multi_thread().enable_all().build()?;
    show("one thread", "reach p50 5.0 us", &one, args)?;
    show("many threads", "no reach", &many, args)
}

fn show(name: &str, reach: &str, runtime: &Runtime, args: &LoopbackArgs) -> anyhow::Result<()> {
    let mut times = runtime.block_on(measure(args.messages))?;
    times.sort();
    let at = |index: usize| times.get(index).copied().unwrap_or_default().as_secs_f64() * 1e6;
    let (p50, p99) = (at(times.len() / 2), at(times.len() * 99 / 100));
    println!("loopback, {name}: p50 {p50:.1} us, p99 {p99:.1} us ({reach})");
    Ok(())
}

async fn measure(messages: usize) -> anyhow::Result<Vec<Duration>> {
    let broker = Broker::builder().in_memory().start().await?;
    let connection = Connection::over(broker.connect(), &ConnectOptions::default()).await?;
    let channel = connection.channel().await?;
    channel.queue_declare(&QueueDeclare { name: QUEUE, ..QueueDeclare::default() }).await?;
    let options = ConsumeOptions { ack_mode: AckMode::NoAck, ..ConsumeOptions::default() };
    let mut consumer = channel.consume(QUEUE, options).await?;
    let mut times = Vec::with_capacity(messages);
    for number in 0..messages + messages / 10 {
        let publish =
            Publish { routing_key: QUEUE, body: Bytes::from_static(&BODY), ..Publish::default() };
        let start = Instant::now();
        channel.publish_and_forget(publish).await?;
        consumer.recv().await.context("the consumer has ended")?;
        if number >= messages / 10 {
            times.push(start.elapsed());
        }
    }
    connection.close().await;
    broker.shutdown().await;
    Ok(times)
}
