//! A broker in need takes no messages; what was handled is acknowledged.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use leveret::{App, Handler, Publish, State};
use leveret_broker::{AlarmSettings, Broker, Gauge, MemoryMark};
use tokio::sync::Semaphore;

/// Memory that is full when a test says so.
#[derive(Debug, Clone, Default)]
struct Memory(Arc<AtomicBool>);

impl Gauge for Memory {
    fn memory_used(&self) -> Option<u64> {
        Some(if self.0.load(Ordering::Relaxed) { 900 } else { 10 })
    }

    fn memory_total(&self) -> Option<u64> {
        Some(1_000)
    }

    fn disk_free(&self) -> Option<u64> {
        Some(u64::MAX)
    }
}

async fn broker(memory: &Memory) -> (Broker, String) {
    let mut alarms = AlarmSettings::default();
    alarms.memory = MemoryMark::Percent(40);
    alarms.interval = Duration::from_millis(10);
    let builder = Broker::builder().in_memory().alarms(alarms).gauge(memory.clone());
    let broker = builder.listen("127.0.0.1:0".parse().unwrap()).start().await.unwrap();
    let url = format!("amqp://guest:guest@{}/%2f", broker.local_addrs()[0]);
    (broker, url)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledgements_flow_while_publishers_and_outputs_wait() {
    let memory = Memory::default();
    let (broker, url) = broker(&memory).await;
    let gate = Arc::new(Semaphore::new(0));
    let quiet = async |State(gate): State<Arc<Semaphore>>| gate.acquire().await.unwrap().forget();
    let quiet = Handler::new("quiet", quiet).named("quiet").concurrency(5).confirmed();
    let loud = async |State(gate): State<Arc<Semaphore>>| {
        gate.acquire().await.unwrap().forget();
        Publish::to_queue("out")
    };
    let loud = Handler::new("loud", loud).named("loud").confirmed();
    let spare = Handler::new("spare", async || {}).named("spare").confirmed();
    let app = App::new("app").connect(url.as_str()).state(gate.clone());
    let app = app.handler(quiet).handler(loud).handler(spare);
    let running = app.start().await.unwrap();
    let publisher = running.publisher();
    for _ in 0..5 {
        publisher.publish(Publish::to_queue("quiet")).await.unwrap();
    }
    publisher.publish(Publish::to_queue("loud")).await.unwrap();
    running.wait_until(|stats| stats.handler("quiet").in_flight == 5).await;
    running.wait_until(|stats| stats.handler("loud").in_flight == 1).await;

    memory.0.store(true, Ordering::Relaxed);
    while !broker.alarms().is_on() {
        tokio::task::yield_now().await;
    }
    // The first is taken, since nobody could know.
    let moment = Duration::from_millis(200);
    while tokio::time::timeout(moment, publisher.publish(Publish::to_queue("spare"))).await.is_ok()
    {
    }
    gate.add_permits(6);
    running.wait_until(|stats| stats.handler("quiet").handled == 5).await;

    // What was not acknowledged would come back.
    drop(running);
    let watcher = App::new("watcher").connect(url.as_str()).start().await.unwrap();
    while watcher.messages_ready("loud").await != Some(1) {
        tokio::task::yield_now().await;
    }
    assert_eq!(watcher.messages_ready("quiet").await, Some(0));
    watcher.shutdown().await.unwrap();
    broker.shutdown().await;
}
