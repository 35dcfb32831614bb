//! Thousands of cuts: nothing piles up, nothing is lost, nobody stops consuming.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    process::Command,
    time::Duration,
};

use leveret_client::{
    Client, ClientEvent, ClientOptions, ExchangeDeclare, Publish, PublisherOptions, QueueBinding,
    QueueDeclare, Settled, SubscriptionOptions, Topology,
};
use tokio::{runtime::Handle, sync::mpsc, time::Instant};

use crate::{
    connections::until,
    toy::{Door, Toy, short},
};

fn topology() -> Topology {
    Topology {
        exchanges: vec![ExchangeDeclare { name: short("events"), ..ExchangeDeclare::default() }],
        queues: vec![QueueDeclare { name: short("jobs"), ..QueueDeclare::default() }],
        queue_bindings: vec![QueueBinding {
            exchange: short("events"),
            routing_key: short("jobs"),
            ..QueueBinding::default()
        }],
        ..Topology::default()
    }
}

fn job(number: u64) -> Publish {
    Publish {
        exchange: short("events"),
        routing_key: short("jobs"),
        body: number.to_string().into(),
        ..Publish::default()
    }
}

/// Lets a random part of virtual time pass.
async fn pass(millis: Range<u64>) {
    let ending = Instant::now() + Duration::from_millis(fastrand::u64(millis));
    tokio::time::interval_at(ending, Duration::from_secs(1)).tick().await;
}

/// How much memory this process has, in KiB.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or_default()
}

const ALONE: &str = "LEVERET_TEST_ALONE";

/// In a process of its own: memory is that of the process, and other tests need some, too.
#[test]
fn ten_thousand_reconnects_leave_nothing_behind() {
    let mut program = Command::new(std::env::current_exe().unwrap());
    program.args(["--exact", "endurance::ten_thousand_reconnects", "--nocapture"]);
    let output = program.env(ALONE, "yes").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// What the test above runs.
#[tokio::test(start_paused = true)]
async fn ten_thousand_reconnects() {
    if std::env::var_os(ALONE).is_none() {
        return;
    }
    let toy = Toy::new();
    let client = Client::connect(toy.options()).await.unwrap();
    client.declare(topology()).await.unwrap();
    let private = client.queue_declare(&QueueDeclare::private()).await.unwrap().name;
    let publisher = client.publisher(PublisherOptions::default());
    let options = |queue| SubscriptionOptions { queue, ..SubscriptionOptions::default() };
    let mut subscription = client.subscribe(options(short("jobs"))).await.unwrap();
    let other = client.subscribe(options(private)).await.unwrap();
    let mut events = client.events();
    let mut before = None;
    for number in 0..10_000_u64 {
        toy.cut();
        until(&mut events, |event| matches!(event, ClientEvent::Connected { .. })).await;
        publisher.publish(job(number)).await.unwrap();
        let delivery = subscription.recv().await.unwrap();
        assert_eq!(delivery.body, number.to_string());
        assert_eq!(delivery.ack(), Settled::Sent);
        // An ack that is cut off on its way would have the message delivered again.
        toy.until(|state| state.model.unsettled() == 0).await;
        toy.state().methods.clear();
        toy.state().dialed.clear();
        if number == 1000 {
            before = Some((Handle::current().metrics().num_alive_tasks(), resident_kib()));
        }
    }
    let (tasks, kib) = before.unwrap();
    assert!(Handle::current().metrics().num_alive_tasks() <= tasks);
    let grown = resident_kib().saturating_sub(kib);
    assert!(grown < 8 * 1024, "{grown} KiB more after 9,000 reconnects");
    assert_eq!(toy.state().connections, 1);
    assert_eq!(client.stats().connected, 10_001);
    drop((client, publisher, subscription, other, events));
    toy.until(|state| state.connections == 0).await;
}

/// What was delivered, how often, and whether it said that it may have been before.
#[derive(Default)]
struct Seen {
    deliveries: BTreeMap<u64, Vec<bool>>,
}

/// Cuts, with times of absence between them; every tenth time the broker restarts.
async fn flap(toy: Toy, time: Duration) -> u64 {
    let began_at = Instant::now();
    let mut cuts = 0_u64;
    while began_at.elapsed() < time {
        pass(100..60_000).await;
        cuts += 1;
        toy.set_door(Door::Shut);
        if cuts.is_multiple_of(10) {
            toy.restart();
        } else {
            toy.cut();
        }
        pass(0..20_000).await;
        toy.set_door(Door::Open);
    }
    cuts
}

/// Eight hours of cuts, short and long, with restarts of the broker among them.
#[tokio::test(start_paused = true)]
async fn eight_hours_of_flapping_lose_no_message_and_no_consumer() {
    let toy = Toy::new();
    let options = ClientOptions { separate: true, ..toy.options() };
    let client = Client::connect(options).await.unwrap();
    client.declare(topology()).await.unwrap();
    let options = SubscriptionOptions {
        queue: short("jobs"),
        prefetch: 10,
        ..SubscriptionOptions::default()
    };
    let mut subscription = client.subscribe(options).await.unwrap();
    let publisher = client.publisher(PublisherOptions::default());
    let (report, mut reports) = mpsc::channel(10_000);
    let consuming = tokio::spawn(async move {
        while let Some(delivery) = subscription.recv().await {
            pass(0..200).await;
            let number: u64 = std::str::from_utf8(&delivery.body).unwrap().parse().unwrap();
            let redelivered = delivery.redelivered;
            delivery.ack();
            report.send((number, redelivered)).await.unwrap();
        }
    });
    let flapping = tokio::spawn(flap(toy.clone(), Duration::from_hours(8)));
    let (mut confirmed, mut unsent) = (BTreeSet::new(), BTreeSet::new());
    let mut number = 0;
    let mut seen = Seen::default();
    while !flapping.is_finished() {
        number += 1;
        match publisher.publish(job(number)).await {
            Ok(()) => drop(confirmed.insert(number)),
            Err(error) if error.is_outcome_unknown() => {}
            Err(_) => drop(unsent.insert(number)),
        }
        while let Ok((handled, redelivered)) = reports.try_recv() {
            seen.deliveries.entry(handled).or_default().push(redelivered);
        }
        pass(0..4000).await;
    }
    let cuts = flapping.await.unwrap();
    assert!(cuts > 500 && confirmed.len() > 5000, "{cuts} cuts, {} messages", confirmed.len());
    while !confirmed.iter().all(|number| seen.deliveries.contains_key(number)) {
        let next = tokio::time::timeout(Duration::from_mins(2), reports.recv()).await;
        let (handled, redelivered) = next.expect("the consumer consumes").unwrap();
        seen.deliveries.entry(handled).or_default().push(redelivered);
    }
    for (number, deliveries) in &seen.deliveries {
        assert!(!unsent.contains(number), "{number} never left, said its error");
        let again = deliveries.get(1..).unwrap_or_default();
        assert!(again.iter().all(|redelivered| *redelivered), "{number}: {deliveries:?}");
    }
    assert!(client.stats().lost >= cuts);
    consuming.abort();
}
