//! One stream of keys, shared by several processes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use leveret::{
    App, Endpoint, Handler, OrderKey, Publish, Publisher, RunningApp, StartError, State, Text,
};
use leveret_broker::Broker;

use crate::setup::{Target, on_each_broker};

on_each_broker! {
    each_key_has_one_partition_by_its_header_or_its_routing_key
}

const KEYS: usize = 24;

/// What was begun, in its order: who, key, number.
type Begun = Arc<Mutex<Vec<(&'static str, String, usize)>>>;

fn steps(queue: &str, begun: &Begun, who: &'static str) -> Handler {
    let begun = begun.clone();
    let work = move |Text(text): Text| {
        let (key, number) = text.split_once(' ').unwrap();
        begun.lock().unwrap().push((who, key.to_owned(), number.parse().unwrap()));
        async {
            for _ in 0..fastrand::u8(1..40) {
                tokio::task::yield_now().await;
            }
        }
    };
    Handler::new(queue, work)
        .named("steps")
        .bind(format!("{queue}.bank"), "account.#")
        .ordered_by(OrderKey::header("account"))
        .concurrency(3)
        .partitions(4)
}

async fn send(publisher: &Publisher, queue: &str, numbers: std::ops::Range<usize>) {
    let sending = (0..KEYS).map(|key| {
        let numbers = numbers.clone();
        async move {
            for number in numbers {
                let publish = Publish::new(format!("{queue}.bank"), "account.step");
                let publish = publish.header("account", format!("key-{key}"));
                publisher.publish(publish.text(format!("key-{key} {number}"))).await.unwrap();
            }
        }
    });
    futures_util::future::join_all(sending).await;
}

/// Each key's numbers, without those that came again at once.
fn by_key(begun: &Begun) -> BTreeMap<String, Vec<usize>> {
    let mut keys: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (_, key, number) in begun.lock().unwrap().iter() {
        keys.entry(key.clone()).or_default().push(*number);
    }
    keys.values_mut().for_each(Vec::dedup);
    keys
}

fn count(begun: &Begun, who: &str) -> usize {
    begun.lock().unwrap().iter().filter(|(one, ..)| *one == who).count()
}

async fn elsewhere() -> (Broker, Target) {
    let broker = Broker::builder().in_memory().listen("127.0.0.1:0".parse().unwrap());
    let broker = broker.start().await.unwrap();
    let url = format!("amqp://guest:guest@{}/%2f", broker.local_addrs()[0]);
    (broker, Target::at(Endpoint::Address(url)))
}

async fn two_processes(target: Target) {
    let (queue, begun) = (target.name("steps"), Begun::default());
    let start = |who| target.app().handler(steps(&queue, &begun, who)).start();
    let sender = target.app().start().await.unwrap();
    let first = start("first").await.unwrap();
    let second = start("second").await.unwrap();
    let mut sent = 0;
    // The first has all of them, until it has seen that there are two.
    while count(&begun, "second") < 100 {
        send(&sender.publisher(), &queue, sent..sent + 10).await;
        sent += 10;
    }
    let before = count(&begun, "first");
    while count(&begun, "first") < before + 20 {
        send(&sender.publisher(), &queue, sent..sent + 10).await;
        sent += 10;
    }
    send(&sender.publisher(), &queue, sent..sent + 50).await;
    sent += 50;
    // Cut off in the middle of its work.
    drop(first);
    send(&sender.publisher(), &queue, sent..sent + 5).await;
    sent += 5;
    let wanted: Vec<usize> = (0..sent).collect();
    second.idle().await;
    let keys = by_key(&begun);
    assert_eq!(keys.len(), KEYS);
    for (key, numbers) in keys {
        assert_eq!(numbers, wanted, "{key}");
    }
    assert!(second.monitor().readiness().await.is_ready());
    second.shutdown().await.unwrap();
    sender.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_share_the_keys_and_one_takes_over_from_the_other() {
    let (broker, target) = elsewhere().await;
    two_processes(target).await;
    broker.shutdown().await;
    if let Some(target) = Target::elsewhere("two_processes_share_the_keys") {
        two_processes(target).await;
    }
}

mod bodies {
    use super::*;
    use crate::setup::Arrivals;

    /// The queues that a key's messages came from, which dead letters tell.
    async fn queues_of_keys(running: &RunningApp, letters: &Arrivals, many: usize) -> usize {
        running.wait_until(|_| letters.all().len() == many).await;
        let mut queues: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for letter in letters.all() {
            let key = String::from_utf8_lossy(letter.body()).into_owned();
            queues.entry(key).or_default().push(letter.header_text("x-leveret-queue").unwrap());
        }
        for names in queues.values_mut() {
            names.dedup();
            assert_eq!(names.len(), 1, "one partition each: {names:?}");
        }
        let mut used: Vec<String> = queues.into_values().flatten().collect();
        used.sort();
        used.dedup();
        used.len()
    }

    pub(super) async fn each_key_has_one_partition_by_its_header_or_its_routing_key(
        target: Target,
    ) {
        for (name, order) in
            [("header", OrderKey::header("account")), ("key", OrderKey::routing_key())]
        {
            let (queue, letters) = (target.name(name), Arrivals::default());
            let refuse = async || Err::<(), _>(leveret::Failure::permanent("no"));
            let handler = Handler::new(queue.as_str(), refuse).named("refuse").ordered_by(order);
            let handler = handler.partitions(8);
            let watch = letters.on(handler.dead_letter_queue());
            let running = target.app().handler(handler).handler(watch).start().await.unwrap();
            let publisher = running.publisher();
            for _ in 0..3 {
                for key in 0..60 {
                    // What is not the key is never the same.
                    let other = leveret::derived_message_id(&[&fastrand::u64(..).to_string()]);
                    let (routing_key, account) = match name {
                        "key" => (format!("key-{key}"), other.to_string()),
                        _ => (other.to_string(), format!("key-{key}")),
                    };
                    let publish = Publish::new(format!("{queue}.partitions"), routing_key);
                    let publish = publish.header("account", account).text(format!("key-{key}"));
                    publisher.publish(publish).await.unwrap();
                }
            }
            let used = queues_of_keys(&running, &letters, 180).await;
            assert!(used > 5, "sixty keys over {used} of 8 partitions");
            running.shutdown().await.unwrap();
        }
    }
}

async fn other_numbers(target: Target) {
    let queue = target.name("steps");
    let start = |number| {
        let handler = steps(&queue, &Begun::default(), "one").partitions(number);
        target.app().handler(handler).start()
    };
    start(4).await.unwrap().shutdown().await.unwrap();
    start(4).await.unwrap().shutdown().await.unwrap();
    for (number, wanted) in [(3, "more"), (5, "fewer"), (9, "fewer")] {
        match start(number).await {
            Err(StartError::Repartitioned { found, .. }) => assert_eq!(found, wanted),
            other => panic!("{number} partitions: {other:?}"),
        }
    }
}

#[tokio::test]
async fn another_number_of_partitions_is_refused() {
    let (broker, target) = elsewhere().await;
    other_numbers(target).await;
    broker.shutdown().await;
    if let Some(target) = Target::elsewhere("another_number_of_partitions") {
        other_numbers(target).await;
    }
}

#[test]
fn each_partition_is_a_queue_of_its_own() {
    let one = steps("steps", &Begun::default(), "one");
    let other = Handler::new("steps.3", async |_: State<u8>| {}).named("other");
    let error = App::new("a").in_memory().handler(one).handler(other).describe().unwrap_err();
    assert_eq!(
        error.to_string(),
        "handlers `steps` and `other` both consume from queue `steps.3`: give each its own queue, bound to the same keys"
    );
}
