//! Brokers and machines that are not as they should be.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use leveret::{
    App, FieldValue, Handler, Publish, PublishError, Queue, RetryPolicy, StartError, Text,
};
use leveret_broker::{AlarmSettings, Broker, Gauge, MemoryMark};
use tokio::net::TcpListener;

use crate::proxy::Proxy;
use crate::setup::{Arrivals, MODES, in_hand, in_mode};

async fn broker() -> (Broker, String) {
    let broker = Broker::builder().in_memory().listen("127.0.0.1:0".parse().unwrap());
    let broker = broker.start().await.unwrap();
    let address = broker.local_addrs()[0].to_string();
    (broker, address)
}

fn url(address: &str) -> String {
    format!("amqp://guest:guest@{address}/%2f")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_handler_that_blocks_its_thread_keeps_the_connection() {
    let (broker, address) = broker().await;
    let (free, is_free) = mpsc::channel::<()>();
    let is_free = Arc::new(std::sync::Mutex::new(is_free));
    // On a thread of its own: an async function that blocks may take the runtime's only look at
    // its sockets with it, which nobody outside the runtime can prevent.
    let block = move || {
        is_free.lock().unwrap().recv().ok();
    };
    let app = App::new("blocked").connect(format!("{}?heartbeat=1", url(&address)));
    let running =
        app.handler(Handler::blocking("jobs", block).named("work")).start().await.unwrap();
    running.publisher().publish(Publish::to_queue("jobs")).await.unwrap();
    in_hand(&running, "work").await;
    // The broker gives up a peer that is silent for three heartbeats.
    let pass = tokio::time::timeout(Duration::from_secs(5), std::future::pending::<()>());
    pass.await.unwrap_err();
    assert_eq!(running.stats().reconnects, 0);
    free.send(()).unwrap();
    running.wait_until(|stats| stats.handler("work").handled == 1).await;
    running.shutdown().await.unwrap();
    broker.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_takes_its_connection_down_each_time_is_a_dead_letter() {
    let (broker, address) = broker().await;
    let proxy = Arc::new(Proxy::before(address.clone()).await);
    let deliveries = Arc::new(AtomicU32::new(0));
    let (cutting, counted) = (proxy.clone(), deliveries.clone());
    let work = move || {
        counted.fetch_add(1, Ordering::SeqCst);
        cutting.cut();
        std::future::ready(())
    };
    // A classic queue does not count, here as on RabbitMQ.
    let queue = Queue::new("jobs").argument("x-queue-type", "quorum");
    let handler = Handler::new(queue, work).named("work");
    let letters = Arrivals::default();
    let witness = App::new("witness").connect(url(&address));
    let witness = witness.handler(letters.on(handler.dead_letter_queue())).start().await.unwrap();
    let app = App::new("mortal").connect(url(&proxy.address().to_string())).handler(handler);
    let running = app.start().await.unwrap();
    witness.publisher().publish(Publish::to_queue("jobs").text("poison")).await.unwrap();
    witness.wait_until(|_| letters.all().len() == 1).await;
    assert_eq!(letters.one().header_text("x-leveret-error-class").unwrap(), "poison");
    assert_eq!(letters.one().body(), "poison");
    assert_eq!(deliveries.load(Ordering::SeqCst), 20);
    running.shutdown().await.unwrap();
    witness.shutdown().await.unwrap();
    broker.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_letter_fits_a_small_frame() {
    let (broker, address) = broker().await;
    for mode in MODES {
        let jobs = format!("jobs-{mode:?}");
        let work = || std::future::ready(Err::<(), _>("w".repeat(900)));
        let handler = Handler::new(jobs.as_str(), work).named("work");
        let handler = in_mode(handler.retry(RetryPolicy::never()), mode);
        let letters = Arrivals::default();
        let dead = letters.on(handler.dead_letter_queue());
        let app = App::new("small").connect(format!("{}?frame_max=4096", url(&address)));
        let running = app.handler(handler).handler(dead).start().await.unwrap();
        let job = Publish::to_queue(&jobs).text("x").message_id("id-1");
        let job = job.header("x-small", "kept").header("x-large", "l".repeat(3700));
        running.publisher().publish(job).await.unwrap();
        running.wait_until(|_| letters.all().len() == 1).await;
        let letter = letters.one();
        assert_eq!(letter.body(), "x");
        assert_eq!(letter.message_id().unwrap(), "id-1");
        assert_eq!(letter.header_text("x-small").unwrap(), "kept");
        assert_eq!(letter.header("x-large"), None);
        assert_eq!(letter.header("x-leveret-headers-cut"), Some(FieldValue::I64(1)));
        assert_eq!(letter.header_text("x-leveret-queue").unwrap(), jobs);
        running.shutdown().await.unwrap();
    }
    broker.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_broker_refuses_at_the_start_is_told_at_once() {
    let (broker, address) = broker().await;
    let app = |to: String| App::new("refused").connect(to);
    let running = app(url(&address)).handler(Handler::new("jobs", || async {}).named("work"));
    let running = running.start().await.unwrap();
    let began_at = Instant::now();
    let other = Queue::new("jobs").argument("x-max-length", 5);
    let error = app(url(&address)).handler(Handler::new(other, || async {}).named("work"));
    let error = error.start().await.unwrap_err();
    assert!(matches!(&error, StartError::Declare { source, .. } if source.code() == Some(406)));
    for (to, code) in [
        (format!("amqp://guest:wrong@{address}/%2f"), "403"),
        (format!("amqp://guest:guest@{address}/no-such-host"), "530"),
    ] {
        let error = app(to).start().await.unwrap_err();
        assert_eq!(error.exit_code(), 1);
        let StartError::Connect { source, endpoint } = error else { panic!("{error:?}") };
        assert!(!format!("{endpoint} {source} {source:?}").contains("wrong"), "{source:?}");
        let text = format!("{source} {source:?}");
        assert!(text.contains(code), "{text}");
    }
    assert!(began_at.elapsed() < Duration::from_secs(9), "{:?}", began_at.elapsed());
    running.shutdown().await.unwrap();
    broker.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_not_up_yet_is_waited_for() {
    let place = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = place.local_addr().unwrap();
    drop(place);
    let app = App::new("early").connect(url(&address.to_string()));
    let starting = tokio::spawn(app.start());
    // It has tried in vain at least once.
    let pass = tokio::time::timeout(Duration::from_millis(150), std::future::pending::<()>());
    pass.await.unwrap_err();
    assert!(!starting.is_finished());
    let broker = Broker::builder().in_memory().listen(address).start().await.unwrap();
    starting.await.unwrap().unwrap().shutdown().await.unwrap();
    broker.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_never_answers_is_told_after_ten_seconds() {
    let place = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = place.local_addr().unwrap();
    drop(place);
    let began_at = tokio::time::Instant::now();
    let error = App::new("alone").connect(url(&address.to_string())).start().await.unwrap_err();
    assert!(matches!(error, StartError::Connect { .. }), "{error}");
    assert!((10..20).contains(&began_at.elapsed().as_secs()), "{:?}", began_at.elapsed());
}

/// A machine whose memory is full when a test says so.
#[derive(Debug, Clone, Default)]
struct Memory(Arc<AtomicBool>);

impl Gauge for Memory {
    fn memory_used(&self) -> Option<u64> {
        Some(if self.0.load(Ordering::SeqCst) { 1000 } else { 1 })
    }

    fn memory_total(&self) -> Option<u64> {
        Some(1000)
    }

    fn disk_free(&self) -> Option<u64> {
        Some(u64::MAX)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_broker_takes_nothing_publishers_are_told_and_consumers_go_on() {
    let memory = Memory::default();
    let mut alarms = AlarmSettings::default();
    alarms.memory = MemoryMark::Percent(50);
    alarms.interval = Duration::from_millis(10);
    let broker = Broker::builder().in_memory().alarms(alarms).gauge(memory.clone());
    let broker = broker.listen("127.0.0.1:0".parse().unwrap()).start().await.unwrap();
    let patient = url(&broker.local_addrs()[0].to_string());
    let (open, gate) = tokio::sync::watch::channel(false);
    let work = move |Text(_): Text| {
        let mut gate = gate.clone();
        async move { gate.wait_for(|is_open| *is_open).await.map(drop).unwrap() }
    };
    let handler = Handler::new("jobs", work).named("work").confirmed();
    let consuming = App::new("consuming").connect(patient.as_str()).handler(handler);
    let consuming = consuming.start().await.unwrap();
    let running = App::new("publishing").connect(format!("{patient}?publish_timeout=300"));
    let running = running.start().await.unwrap();
    let publisher = running.publisher();
    for _ in 0..3 {
        publisher.publish(Publish::to_queue("jobs").text("x")).await.unwrap();
    }
    memory.0.store(true, Ordering::SeqCst);
    // Each publish until the word has come round is taken as it is, or held up unread.
    let error = loop {
        match publisher.publish(Publish::to_queue("jobs").text("x")).await {
            Ok(()) => {}
            Err(error) => break error,
        }
    };
    assert!(matches!(error, PublishError::Blocked(_) | PublishError::Unconfirmed), "{error}");
    let error = publisher.publish(Publish::to_queue("jobs").text("x")).await.unwrap_err();
    assert!(matches!(error, PublishError::Blocked(_)), "{error}");
    open.send(true).unwrap();
    consuming.wait_until(|stats| stats.handler("work").handled >= 3).await;
    memory.0.store(false, Ordering::SeqCst);
    while publisher.publish(Publish::to_queue("jobs").text("x")).await.is_err() {}
    running.shutdown().await.unwrap();
    consuming.shutdown().await.unwrap();
    broker.shutdown().await;
}
