//! A broker killed while it commits: all of it is there, or nothing.
//!
//! `LEVERET_KILLS=1000 cargo test --release -p leveret-cli --test suite torn:: -- --nocapture`

use std::{
    fmt,
    path::Path,
    time::{Duration, Instant},
};

use leveret_client::{
    Channel, Connection, ConsumeOptions, Delivery, Properties, Publish, QueueDeclare, ShortStr,
};

use crate::{
    chance::{Chance, kills},
    fault::Fault,
    process::Broker,
};

const INPUTS: ShortStr = ShortStr::from_static("inputs");
const OUTPUTS: [ShortStr; 2] = [ShortStr::from_static("left"), ShortStr::from_static("right")];

/// Deliveries that the transaction acknowledges.
const ACKS: u32 = 50;
/// Messages that the transaction publishes to each of the outputs: enough for pages.
const PUBLISHES: u32 = 3_000;
const BODY_BYTES: usize = 2_000;

/// What a restarted broker has in the queues.
#[derive(Debug, PartialEq)]
struct Found {
    inputs: u32,
    outputs: [u32; 2],
}

const ALL: Found = Found { inputs: 0, outputs: [PUBLISHES; 2] };
const NOTHING: Found = Found { inputs: ACKS, outputs: [0; 2] };

#[derive(Debug, Default)]
struct Tally {
    all: u32,
    none: u32,
    torn: Vec<(u32, Found)>,
    /// Transactions that were answered before the kill hit.
    answered: u32,
    /// Of these, what was not there.
    forgotten: u32,
}

impl Tally {
    fn note(&mut self, round: u32, was_answered: bool, found: Found) {
        self.answered += u32::from(was_answered);
        self.forgotten += u32::from(was_answered && found != ALL);
        if found == ALL {
            self.all += 1;
        } else if found == NOTHING {
            self.none += 1;
        } else {
            self.torn.push((round, found));
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { all, none, torn, answered, forgotten } = self;
        let torn = torn.len();
        write!(f, "{all} all, {none} none, {torn} torn; {answered} were answered, ")?;
        write!(f, "{forgotten} of these forgotten")
    }
}

async fn connect(broker: &Broker) -> (Connection, Channel) {
    let connection = Connection::open(&format!("amqp://{}", broker.address())).await.unwrap();
    let channel = connection.channel().await.unwrap();
    for name in [INPUTS].into_iter().chain(OUTPUTS) {
        declare(&channel, name).await;
    }
    (connection, channel)
}

/// Declares a queue, and gives how many messages it has.
async fn declare(channel: &Channel, name: ShortStr) -> u32 {
    let queue = QueueDeclare { name, durable: true, ..QueueDeclare::default() };
    channel.queue_declare(&queue).await.unwrap().messages
}

fn message(queue: ShortStr, round: u32) -> Publish {
    let mut body = round.to_be_bytes().to_vec();
    body.resize(BODY_BYTES, b'.');
    let properties = Properties::builder().delivery_mode(2).build();
    Publish { routing_key: queue, properties, body: body.into(), ..Publish::default() }
}

/// One transaction from inputs to outputs; whether, and how soon, the broker said that it is
/// done. The fault strikes at this moment of the commit, or it is spared.
async fn transact(
    broker: Broker,
    round: u32,
    fault: Option<(&Fault, Duration)>,
) -> Option<Duration> {
    let (connection, channel) = connect(&broker).await;
    channel.confirm_select().await.unwrap();
    let mut confirms = Vec::new();
    for _ in 0..ACKS {
        confirms.push(channel.publish(message(INPUTS, round)).await.unwrap());
    }
    for confirm in confirms {
        confirm.await.unwrap();
    }
    let tx = connection.channel().await.unwrap().into_tx().await.unwrap();
    let mut inputs = tx.consume(INPUTS, ConsumeOptions::default()).await.unwrap();
    for _ in 0..ACKS {
        let input = inputs.recv().await.unwrap();
        assert_eq!(origin(&input), round);
        tx.ack(&input).unwrap();
    }
    for _ in 0..PUBLISHES {
        for queue in OUTPUTS {
            tx.publish(message(queue, round)).await.unwrap();
        }
    }
    let (spared, struck) = match fault {
        Some((fault, moment)) => (None, Some(fault.strike_after(broker, moment))),
        None => (Some(broker), None),
    };
    let begin = Instant::now();
    let outcome = tx.commit().await;
    let duration = outcome.is_ok().then(|| begin.elapsed());
    if let Some(struck) = struck {
        struck.join().unwrap();
    }
    drop(spared);
    duration
}

fn origin(delivery: &Delivery) -> u32 {
    u32::from_be_bytes(delivery.body.get(..4).unwrap().try_into().unwrap())
}

/// Counts what a restarted broker has, all of it from this round, and empties its queues.
async fn count(broker: &Broker, round: u32) -> Found {
    let (connection, _channel) = connect(broker).await;
    let [left, right] = OUTPUTS;
    let inputs = drain(&connection, INPUTS, round).await;
    let outputs = [drain(&connection, left, round).await, drain(&connection, right, round).await];
    connection.close().await;
    Found { inputs, outputs }
}

/// Empties a queue, durably.
async fn drain(connection: &Connection, queue: ShortStr, round: u32) -> u32 {
    let channel = connection.channel().await.unwrap();
    let count = declare(&channel, queue.clone()).await;
    let tx = channel.into_tx().await.unwrap();
    let mut consumer = tx.consume(queue, ConsumeOptions::default()).await.unwrap();
    for _ in 0..count {
        let delivery = consumer.recv().await.unwrap();
        assert_eq!(origin(&delivery), round);
        tx.ack(&delivery).unwrap();
    }
    let _nothing_returned = tx.commit().await.unwrap();
    count
}

async fn transact_and_strike(data_dir: &Path, fault: &Fault, rounds: u32) {
    let (mut chance, mut tally) = (Chance::new(), Tally::default());
    // The first one is not hit: it says how long a commit takes.
    let mut usual = transact(fault.start(data_dir), 0, None).await.unwrap();
    assert_eq!(count(&fault.start(data_dir), 0).await, ALL);
    for round in 1..=rounds {
        let moment = chance.moment(usual * 3 / 2);
        let answered = transact(fault.start(data_dir), round, Some((fault, moment))).await;
        // What took longer than it used to was hit too early to tell how long.
        usual = match answered {
            Some(duration) => (usual * 3 + duration) / 4,
            None => usual.max(moment),
        };
        tally.note(round, answered.is_some(), count(&fault.start(data_dir), round).await);
        if round % 50 == 0 || round == rounds {
            println!("tx.commit, which takes {usual:?}: {round} times struck, {tally}");
        }
    }
    assert_eq!((tally.torn, tally.forgotten), (Vec::new(), 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_is_whole_or_nothing_after_each_kill() {
    let root = tempfile::tempdir().unwrap();
    transact_and_strike(root.path(), &Fault::Kill, kills(4)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and a disk of its own: faults/power_loss"]
async fn a_transaction_is_whole_or_nothing_when_the_power_goes() {
    let (fault, disk) = Fault::power_loss();
    transact_and_strike(&disk.join("data"), &fault, kills(4)).await;
}
