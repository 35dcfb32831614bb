//! A broker killed under load: the confirmed is there, the settled is not.
//!
//! A queue many pages deep, a producer with confirms, a consumer with acknowledgements. An
//! acknowledgement has no answer of its own: it is on the disk once a later publish on its
//! channel is confirmed. One that was under way at the kill may be lost.
//!
//! `LEVERET_KILLS=1000 cargo test --release -p leveret-cli --test suite ledger:: -- --nocapture`

use std::{
    collections::{BTreeSet, VecDeque},
    fmt,
    path::Path,
    time::Duration,
};

use leveret_client::{
    Channel, Confirm, Connection, ConsumeOptions, FieldTable, FieldValue, Properties, Publish,
    QueueDeclare, ShortStr,
};

use crate::{
    chance::{Chance, kills},
    fault::Fault,
    process::Broker,
};

const LEDGER: ShortStr = ShortStr::from_static("ledger");
/// Where the consumer publishes to learn that its acknowledgements are on the disk.
const MARKERS: ShortStr = ShortStr::from_static("markers");

const BODY_BYTES: usize = 1_000;
/// Publishes under way at the same time.
const WINDOW: usize = 500;
/// Acknowledgements before a marker.
const ACKS: usize = 40;
/// Markers under way at the same time.
const MARKERS_WINDOW: usize = 4;
/// So long the broker works at the most until it is killed.
const LIFE: Duration = Duration::from_millis(300);
/// Fewer are not left, more not published: some pages of a queue, each 2 MiB.
const DEPTH: std::ops::Range<usize> = 6_000..40_000;

/// What one life of the broker was told, and what it said.
#[derive(Default)]
struct Life {
    published: BTreeSet<u64>,
    confirmed: BTreeSet<u64>,
    /// Acknowledged, in this order.
    acked: Vec<u64>,
    /// How many of these are known to be on the disk.
    acked_durably: usize,
}

#[derive(Debug, Default)]
struct Tally {
    confirmed: usize,
    acked: usize,
    acked_durably: usize,
    lost: Vec<u64>,
    returned: Vec<u64>,
    strange: Vec<u64>,
}

impl Tally {
    /// Compares what a queue had before a life, with what it has after.
    fn note(&mut self, before: &BTreeSet<u64>, life: &Life, found: &BTreeSet<u64>) {
        let acked: BTreeSet<u64> = life.acked.iter().copied().collect();
        let promised = before.union(&life.confirmed).filter(|id| !acked.contains(id));
        self.lost.extend(promised.filter(|id| !found.contains(id)));
        let durably = life.acked.iter().take(life.acked_durably);
        self.returned.extend(durably.filter(|id| found.contains(id)));
        let known = |id: &&u64| before.contains(id) || life.published.contains(id);
        self.strange.extend(found.iter().filter(|id| !known(id)));
        self.confirmed += life.confirmed.len();
        self.acked += life.acked.len();
        self.acked_durably += life.acked_durably;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { confirmed, acked, acked_durably, lost, returned, strange } = self;
        let (lost, returned, strange) = (lost.len(), returned.len(), strange.len());
        write!(f, "{confirmed} confirmed, {lost} lost; {acked} acked, {acked_durably} of these ")?;
        write!(f, "surely on disk, {returned} returned; {strange} strange")
    }
}

async fn connect(broker: &Broker) -> Connection {
    Connection::open(&format!("amqp://{}", broker.address())).await.unwrap()
}

/// A channel with confirms, and how deep the ledger is.
async fn open(connection: &Connection) -> (Channel, u32) {
    let channel = connection.channel().await.unwrap();
    let arguments = FieldTable::builder().insert("x-max-length", FieldValue::I32(100)).build();
    let markers =
        QueueDeclare { name: MARKERS, durable: true, arguments, ..QueueDeclare::default() };
    channel.queue_declare(&markers).await.unwrap();
    let ledger = QueueDeclare { name: LEDGER, durable: true, ..QueueDeclare::default() };
    let depth = channel.queue_declare(&ledger).await.unwrap().messages;
    channel.confirm_select().await.unwrap();
    (channel, depth)
}

fn message(queue: ShortStr, id: u64) -> Publish {
    let mut body = id.to_be_bytes().to_vec();
    body.resize(BODY_BYTES, b'.');
    let properties = Properties::builder().delivery_mode(2).build();
    Publish { routing_key: queue, properties, body: body.into(), ..Publish::default() }
}

fn number(body: &[u8]) -> u64 {
    assert_eq!(body.len(), BODY_BYTES);
    u64::from_be_bytes(body.get(..8).unwrap().try_into().unwrap())
}

/// Publishes these numbers until the broker is gone.
async fn produce(broker: &Connection, channel: Channel, ids: std::ops::Range<u64>) -> Life {
    let mut life = Life::default();
    let mut under_way: VecDeque<(u64, Confirm)> = VecDeque::new();
    for id in ids {
        if under_way.len() == WINDOW
            && let Some((first, confirm)) = under_way.pop_front()
            && confirm.await.is_ok()
        {
            life.confirmed.insert(first);
        }
        life.published.insert(id);
        let Ok(confirm) = channel.publish(message(LEDGER, id)).await else { break };
        under_way.push_back((id, confirm));
    }
    for (id, confirm) in under_way {
        if confirm.await.is_ok() {
            life.confirmed.insert(id);
        }
    }
    broker.closed().await;
    life
}

/// Consumes and acknowledges so many until the broker is gone; gives what it acknowledged, and
/// how many of these durably.
async fn consume(broker: &Connection, channel: Channel, acks: usize) -> (Vec<u64>, usize) {
    let (mut acked, mut durably) = (Vec::new(), 0);
    let mut markers: VecDeque<(usize, Confirm)> = VecDeque::new();
    channel.qos(300).await.ok();
    if let Ok(mut deliveries) = channel.consume(LEDGER, ConsumeOptions::default()).await {
        while acked.len() < acks
            && let Some(delivery) = deliveries.recv().await
        {
            acked.push(number(&delivery.body));
            if channel.ack(&delivery).is_err() {
                break;
            }
            if acked.len() % ACKS == 0 {
                let Ok(confirm) = channel.publish(message(MARKERS, 0)).await else { break };
                markers.push_back((acked.len(), confirm));
            }
            if markers.len() == MARKERS_WINDOW
                && let Some((count, confirm)) = markers.pop_front()
                && confirm.await.is_ok()
            {
                durably = count;
            }
        }
        for (count, confirm) in markers {
            if confirm.await.is_ok() {
                durably = count;
            }
        }
        broker.closed().await;
    }
    (acked, durably)
}

/// Works until the fault strikes.
async fn work(broker: Broker, first: u64, fault: &Fault, moment: Duration) -> Life {
    let (producer, consumer) = (connect(&broker).await, connect(&broker).await);
    let (publishes, depth) = open(&producer).await;
    let (acks, _) = open(&consumer).await;
    let depth = usize::try_from(depth).unwrap();
    let ids = first..first + u64::try_from(DEPTH.end.saturating_sub(depth)).unwrap();
    let struck = fault.strike_after(broker, moment);
    let (life, (acked, acked_durably)) = tokio::join!(
        produce(&producer, publishes, ids),
        consume(&consumer, acks, depth.saturating_sub(DEPTH.start))
    );
    struck.join().unwrap();
    Life { acked, acked_durably, ..life }
}

/// Looks at all that a broker has, and kills it with all of it under way.
async fn look(broker: Broker) -> BTreeSet<u64> {
    let connection = connect(&broker).await;
    let (channel, depth) = open(&connection).await;
    let mut deliveries = channel.consume(LEDGER, ConsumeOptions::default()).await.unwrap();
    let mut found = Vec::new();
    for _ in 0..depth {
        found.push(number(&deliveries.recv().await.unwrap().body));
    }
    assert!(found.is_sorted_by(|a, b| a < b), "each once, in the order of the publishes");
    found.into_iter().collect()
}

async fn work_and_strike(data_dir: &Path, fault: &Fault, rounds: u32) {
    let (mut chance, mut tally) = (Chance::new(), Tally::default());
    let (mut before, mut next) = (BTreeSet::new(), 0);
    // The first life fills the queue and lasts.
    let mut moment = LIFE * 3;
    for round in 1..=rounds {
        let life = work(fault.start(data_dir), next, fault, moment).await;
        moment = chance.moment(LIFE);
        let found = look(fault.start(data_dir)).await;
        tally.note(&before, &life, &found);
        next = life.published.last().map_or(next, |last| last + 1);
        before = found;
        if round % 50 == 0 || round == rounds {
            println!("load: {round} times struck, {tally}; {} left", before.len());
        }
    }
    let wrong = [tally.lost, tally.returned, tally.strange];
    assert!(wrong.iter().all(Vec::is_empty), "from {:?}", wrong.map(|ids| ids.first().copied()));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_confirmed_is_lost_and_nothing_settled_returns_after_each_kill() {
    let root = tempfile::tempdir().unwrap();
    work_and_strike(root.path(), &Fault::Kill, kills(5)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and a disk of its own: faults/power_loss"]
async fn nothing_is_lost_when_the_power_goes() {
    let (fault, disk) = Fault::power_loss();
    work_and_strike(&disk.join("data"), &fault, kills(5)).await;
}
