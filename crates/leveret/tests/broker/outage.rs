//! Connections that break: opened again, and nothing is lost.

use std::collections::BTreeSet;
use std::io::{self, Write as _};

use leveret::{Batch, Endpoint, Failure, Handler, Mode, Publish, ShortStr, Text};
use leveret_broker::Broker;
use leveret_client::{Connection, QueueDelete};

use crate::proxy::Proxy;
use crate::setup::{Arrivals, MODES, Target, in_mode};

/// How many messages, and after how many handled the connection is cut each time.
const MESSAGES: u64 = 150;
const CUT_EVERY: u64 = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn embedded() {
    let broker =
        Broker::builder().in_memory().listen("127.0.0.1:0".parse().unwrap()).start().await.unwrap();
    let address = broker.local_addrs()[0].to_string();
    work_through_cuts(address.clone(), "guest:guest@", "%2f").await;
    let url = format!("amqp://guest:guest@{address}/%2f");
    declare_again(url.clone()).await;
    keep_dead_letters(url).await;
    broker.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn elsewhere() {
    let Ok(url) = std::env::var("AMQP_URL") else {
        // Past the capture of test output: a skipped test must be seen.
        let mut out = io::stderr();
        writeln!(out, "skipped: outage: AMQP_URL is not set").unwrap();
        return;
    };
    let rest = url.strip_prefix("amqp://").expect("an address without TLS");
    let (login, rest) = rest.split_once('@').expect("user and password");
    let (address, virtual_host) = rest.split_once('/').unwrap_or((rest, "%2f"));
    work_through_cuts(address.to_owned(), &format!("{login}@"), virtual_host).await;
    declare_again(url.clone()).await;
    keep_dead_letters(url).await;
}

async fn work_through_cuts(broker: String, login: &str, virtual_host: &str) {
    for mode in MODES {
        let proxy = Proxy::before(broker.clone()).await;
        let through = format!("amqp://{login}{}/{virtual_host}", proxy.address());
        let target = Target::at(Endpoint::Address(through));
        let (jobs, results) = (target.name("jobs"), target.name("results"));
        let to = results.clone();
        let work = move |Text(text): Text| {
            let publish = Publish::to_queue(&to).text(text);
            async move { publish }
        };
        let handler = Handler::new(jobs.as_str(), work).named("work").concurrency(4);
        let arrivals = Arrivals::default();
        let direct = format!("amqp://{login}{broker}/{virtual_host}");
        let direct = Target::at(Endpoint::Address(direct));
        let reader = || direct.app().handler(arrivals.on(results.clone()));
        // Declares the queue; what comes later is read when all is done.
        reader().start().await.unwrap().shutdown().await.unwrap();
        let running = target.app().handler(in_mode(handler, mode)).start().await.unwrap();
        let publisher = running.publisher();
        for number in 0..MESSAGES {
            publisher.publish(Publish::to_queue(&jobs).text(number.to_string())).await.unwrap();
            if number % CUT_EVERY == CUT_EVERY / 2 {
                proxy.cut();
                // A connection cut just now may be noticed by the next publish.
                while publisher.publish(Publish::to_queue(&jobs).text("again")).await.is_err() {}
                // Workers have a connection of their own; the next cut is to find it open.
                running.idle().await;
            }
        }
        running.idle().await;
        assert!(running.stats().reconnects >= 3, "{:?}", running.stats());
        running.shutdown().await.unwrap();
        let reader = reader().start().await.unwrap();
        reader.idle().await;
        reader.shutdown().await.unwrap();
        let bodies = arrivals.bodies();
        let numbers: Vec<&String> = bodies.iter().filter(|body| *body != "again").collect();
        let distinct: BTreeSet<&&String> = numbers.iter().collect();
        assert_eq!(distinct.len() as u64, MESSAGES, "{mode:?} lost some");
        if mode == Mode::Transaction {
            assert_eq!(numbers.len(), distinct.len(), "a transaction happened twice");
        }
    }
}

/// A queue that somebody deletes is there again, with its bindings.
async fn declare_again(url: String) {
    let target = Target::at(Endpoint::Address(url.clone()));
    let (jobs, exchange) = (target.name("jobs"), target.name("events"));
    let handler = Handler::new(jobs.as_str(), || async {}).named("work").bind(&exchange, "job.#");
    let running = target.app().handler(handler).start().await.unwrap();
    delete(&url, &jobs).await;
    let job = Publish::new(&exchange, "job.one");
    while running.publisher().publish(job.clone()).await.is_err() {}
    running.wait_until(|stats| stats.handler("work").handled == 1).await;
    running.shutdown().await.unwrap();
}

/// A dead letter is kept though somebody has deleted its queue: that is declared again.
async fn keep_dead_letters(url: String) {
    for mode in MODES {
        let target = Target::at(Endpoint::Address(url.clone()));
        let (jobs, rows) = (target.name("jobs"), target.name("rows"));
        let refuse = || async { Err::<(), _>(Failure::permanent("no")) };
        let store = |_: Batch<Text>| async { Err::<(), _>(Failure::permanent("no")) };
        let one = Handler::new(jobs.as_str(), refuse).named("refuse");
        let many = Handler::batch(rows.as_str(), store).named("store");
        let letters = [one.dead_letter_queue(), many.dead_letter_queue()];
        let app = target.app().handler(in_mode(one, mode)).handler(in_mode(many, mode));
        let running = app.start().await.unwrap();
        for queue in &letters {
            delete(&url, queue).await;
        }
        for queue in [&jobs, &rows] {
            running.publisher().publish(Publish::to_queue(queue).text("x")).await.unwrap();
        }
        for queue in &letters {
            while running.messages_ready(queue).await != Some(1) {
                tokio::task::yield_now().await;
            }
        }
        running.shutdown().await.unwrap();
    }
}

async fn delete(url: &str, queue: &str) {
    let connection = Connection::open(url).await.unwrap();
    let channel = connection.channel().await.unwrap();
    let name = ShortStr::try_from(queue).unwrap();
    channel.queue_delete(&QueueDelete { name, ..QueueDelete::default() }).await.unwrap();
    connection.close().await;
}
