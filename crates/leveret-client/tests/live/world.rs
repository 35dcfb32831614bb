//! Where a live test runs: a connection, a channel, names of its own.

use std::{
    collections::BTreeSet,
    io::Write as _,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use leveret_client::{
    AckMode, Channel, Connection, ConsumeOptions, Consumer, Delivery, Publish, QueueDeclare,
    QueueDelete, ShortStr,
};

/// Longer than any step takes on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn short(text: &str) -> ShortStr {
    ShortStr::try_from(text).unwrap()
}

/// What a live test works with.
pub(crate) struct World {
    pub(crate) connection: Connection,
    pub(crate) channel: Channel,
    queues: Mutex<BTreeSet<ShortStr>>,
}

/// Runs a test against the broker, or says on the terminal that it was skipped.
pub(crate) fn live(name: &str, test: impl AsyncFnOnce(&World)) {
    let Ok(url) = std::env::var("AMQP_URL") else {
        // Past the capture of test output: a skipped test must be seen.
        let mut out = std::io::stderr();
        writeln!(out, "skipped {name}: AMQP_URL is not set").unwrap();
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let connection = Connection::open(&url).await.unwrap();
        let channel = connection.channel().await.unwrap();
        let world = World { connection, channel, queues: Mutex::default() };
        soon(test(&world)).await;
        world.tidy_up().await;
    });
}

/// What a step gives, unless it takes too long.
pub(crate) async fn soon<T>(step: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, step).await.unwrap()
}

impl World {
    /// A name that nothing else has.
    pub(crate) fn name(&self, stem: &str) -> ShortStr {
        static NAMES: AtomicU64 = AtomicU64::new(0);
        let number = NAMES.fetch_add(1, Ordering::Relaxed);
        let name = short(&format!("leveret-live.{stem}.{}.{number}", std::process::id()));
        self.queues.lock().unwrap().insert(name.clone());
        name
    }

    /// A queue that nothing else uses.
    pub(crate) async fn queue(&self, stem: &str) -> ShortStr {
        let name = self.name(stem);
        let declare = QueueDeclare { name: name.clone(), ..QueueDeclare::default() };
        self.channel.queue_declare(&declare).await.unwrap();
        name
    }

    /// Another channel.
    pub(crate) async fn other(&self) -> Channel {
        self.connection.channel().await.unwrap()
    }

    /// A channel in confirm mode.
    pub(crate) async fn confirming(&self) -> Channel {
        let channel = self.other().await;
        channel.confirm_select().await.unwrap();
        channel
    }

    /// Puts messages into a queue and waits until they are there.
    pub(crate) async fn fill(&self, queue: &ShortStr, bodies: &[&str]) {
        let channel = self.confirming().await;
        for body in bodies {
            let publish = to(queue, body);
            channel.publish(publish).await.unwrap().await.unwrap();
        }
    }

    pub(crate) async fn consume(&self, channel: &Channel, queue: &ShortStr) -> Consumer {
        channel.consume(queue.clone(), ConsumeOptions::default()).await.unwrap()
    }

    pub(crate) async fn get(&self, queue: &ShortStr) -> Option<Delivery> {
        let got = self.channel.get(queue.clone(), AckMode::Manual).await.unwrap();
        got.map(|got| got.delivery)
    }

    /// How many messages are ready in a queue.
    pub(crate) async fn ready(&self, queue: &ShortStr) -> u32 {
        let name = queue.clone();
        let look = QueueDeclare { name, passive: true, ..QueueDeclare::default() };
        let channel = self.other().await;
        channel.queue_declare(&look).await.unwrap().messages
    }

    async fn tidy_up(&self) {
        let channel = self.other().await;
        let names = self.queues.lock().unwrap().clone();
        for name in names {
            channel.queue_delete(&QueueDelete { name, ..QueueDelete::default() }).await.unwrap();
        }
        self.connection.close().await;
    }
}

/// A message to a queue.
pub(crate) fn to(queue: &ShortStr, body: &str) -> Publish {
    Publish { routing_key: queue.clone(), body: body.to_owned().into(), ..Publish::default() }
}
