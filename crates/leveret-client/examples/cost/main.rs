//! What a message costs the client, against a peer that does next to nothing.
//!
//! `cargo run --release -p leveret-client --example cost [-- part of a name]`. The client runs on one thread, whose
//! processor time is read from `/proc`, so this needs Linux.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::wildcard_enum_match_arm,
    reason = "a measurement stops at a surprise"
)]

mod sink;

use std::{
    collections::VecDeque,
    fs,
    time::{Duration, Instant},
};

use leveret_client::{
    Channel, ConnectOptions, Connection, ConsumeOptions, Publish, QueueDeclare, ShortStr,
};

const MESSAGES: u64 = 1_000_000;
const WINDOW: usize = 1000;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    println!("{:<34} {:>10} {:>10}", "100-byte messages", "msg/s", "us CPU/msg");
    for _ in 0..3 {
        measure("publish and forget", MESSAGES, forget).await;
        measure("publish, confirm window 1000", MESSAGES, confirm).await;
        measure("the same, not mandatory", MESSAGES, confirm_optional).await;
        measure("consume, ack each", MESSAGES, consume).await;
        measure("transaction: publish, ack, commit", 50_000, transact).await;
    }
}

async fn measure(name: &str, messages: u64, run: impl AsyncFn(Channel, u64)) {
    let wanted = std::env::args().nth(1);
    if wanted.is_some_and(|wanted| !name.contains(&wanted)) {
        return;
    }
    let port = sink::start(messages);
    let options = ConnectOptions {
        host: "127.0.0.1".to_owned(),
        port,
        heartbeat: Duration::ZERO,
        ..ConnectOptions::default()
    };
    let connection = Connection::connect(&options).await.unwrap();
    let channel = connection.channel().await.unwrap();
    let (began_at, cpu_before) = (Instant::now(), cpu_nanos());
    run(channel, messages).await;
    let (cpu, wall) = (cpu_nanos() - cpu_before, began_at.elapsed());
    #[expect(clippy::cast_precision_loss, reason = "for the eye")]
    let (count, cpu) = (messages as f64, cpu as f64);
    println!("{name:<34} {:>10.0} {:>10.3}", count / wall.as_secs_f64(), cpu / count / 1000.0);
}

/// Processor time of this thread, the first number of its schedstat.
fn cpu_nanos() -> u64 {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    stat.split(' ').next().unwrap().parse().unwrap()
}

fn message(mandatory: bool) -> Publish {
    static BODY: [u8; 100] = [b'x'; 100];
    Publish {
        exchange: ShortStr::from_static("events"),
        routing_key: ShortStr::from_static("order.created.v1"),
        mandatory,
        body: BODY.as_slice().into(),
        ..Publish::default()
    }
}

async fn forget(channel: Channel, messages: u64) {
    for _ in 0..messages {
        channel.publish_and_forget(message(false)).await.unwrap();
    }
    channel.queue_declare(&QueueDeclare::default()).await.unwrap();
}

async fn confirm(channel: Channel, messages: u64) {
    confirm_all(channel, messages, true).await;
}

async fn confirm_optional(channel: Channel, messages: u64) {
    confirm_all(channel, messages, false).await;
}

async fn confirm_all(channel: Channel, messages: u64, mandatory: bool) {
    channel.confirm_select().await.unwrap();
    let mut window = VecDeque::with_capacity(WINDOW);
    for _ in 0..messages {
        if window.len() == WINDOW {
            let oldest: leveret_client::Confirm = window.pop_front().unwrap();
            oldest.await.unwrap();
        }
        window.push_back(channel.publish(message(mandatory)).await.unwrap());
    }
    for confirm in window {
        confirm.await.unwrap();
    }
}

async fn consume(channel: Channel, messages: u64) {
    channel.qos(1000).await.unwrap();
    let queue = ShortStr::from_static("q");
    let mut consumer = channel.consume(queue, ConsumeOptions::default()).await.unwrap();
    for _ in 0..messages {
        let delivery = consumer.recv().await.unwrap();
        channel.ack(&delivery).unwrap();
    }
}

async fn transact(channel: Channel, messages: u64) {
    let channel = channel.into_tx().await.unwrap();
    let queue = ShortStr::from_static("q");
    let mut consumer = channel.consume(queue, ConsumeOptions::default()).await.unwrap();
    for _ in 0..messages {
        let delivery = consumer.recv().await.unwrap();
        channel.publish(message(true)).await.unwrap();
        channel.ack(&delivery).unwrap();
        drop(channel.commit().await.unwrap());
    }
}
