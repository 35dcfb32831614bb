//! Schedules on a real broker: one leader, and times at which nobody led.

use std::time::Duration;

use leveret_broker::{Broker, Config, Store};
use leveret_client::{
    Channel, ConnectOptions, Connection, ConsumeOptions, Consumer, Publish, QueueDeclare, ShortStr,
};
use leveret_runner::{ConfigText, Outside, Plan, RunFile, Running};
use tokio::time::timeout;

/// Nothing takes longer, on a machine that does much else.
const PATIENCE: Duration = Duration::from_mins(1);

async fn broker() -> (Broker, String) {
    let mut config = Config::default();
    config.listen = vec![([127, 0, 0, 1], 0).into()];
    config.store = Store::Memory;
    let broker = Broker::builder().config(config).start().await.unwrap();
    let address = format!("amqp://guest:guest@{}", broker.local_addrs().first().unwrap());
    (broker, address)
}

async fn channel(address: &str) -> Channel {
    let options = ConnectOptions::from_uri(address).unwrap();
    let channel = Connection::connect(&options).await.unwrap().channel().await.unwrap();
    channel.confirm_select().await.unwrap();
    channel
}

async fn declare(channel: &Channel, queue: &str) -> ShortStr {
    let name = ShortStr::try_from(queue).unwrap();
    let queue = QueueDeclare { name: name.clone(), ..QueueDeclare::default() };
    channel.queue_declare(&queue).await.unwrap();
    name
}

async fn consumer(channel: &Channel, queue: &str) -> Consumer {
    let queue = declare(channel, queue).await;
    channel.consume(queue, ConsumeOptions::default()).await.unwrap()
}

async fn start(text: &str) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("leveret.toml");
    std::fs::write(&path, text).unwrap();
    let plan = {
        let text = ConfigText::default();
        Plan::of(RunFile::read(&text, &path, &Outside::default()).unwrap()).unwrap()
    };
    plan.start().await.unwrap()
}

/// When the next message was due, and its id.
async fn next(consumer: &mut Consumer) -> (String, String) {
    let delivery = timeout(PATIENCE, consumer.recv()).await.unwrap().unwrap();
    let headers = delivery.properties.headers().unwrap();
    let due = headers.get("x-leveret-scheduled-for").unwrap().to_text_lossy().unwrap().into_owned();
    (due, delivery.properties.message_id().unwrap().to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_leads_and_the_other_takes_over() {
    let (broker, address) = broker().await;
    let channel = channel(&address).await;
    let mut ticks = consumer(&channel, "ticks").await;
    let text = format!(
        "[connection]\naddress = \"{address}\"\n\
         [[schedules]]\nname = \"tick\"\nevery = \"1s\"\nkey = \"ticks\"\n"
    );
    let first = start(&text).await;
    let second = start(&text).await;
    let mut seen = vec![next(&mut ticks).await, next(&mut ticks).await];
    first.shutdown().await.unwrap();
    for _ in 0..3 {
        seen.push(next(&mut ticks).await);
    }
    second.shutdown().await.unwrap();
    let seconds: Vec<jiff::Timestamp> = seen.iter().map(|(due, _)| due.parse().unwrap()).collect();
    let gaps = seconds.windows(2).map(|pair| pair[1].duration_since(pair[0]).as_secs());
    assert!(gaps.into_iter().all(|gap| gap == 1), "each second once: {seen:?}");
    broker.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_missed_is_dealt_with_as_the_file_says() {
    let (broker, address) = broker().await;
    let channel = channel(&address).await;
    for misfire in ["skip", "once", "all"] {
        let state = declare(&channel, &format!("leveret.schedule.{misfire}")).await;
        let body = "2020-06-01T00:00:00Z".into();
        let publish = Publish { routing_key: state, body, ..Publish::default() };
        channel.publish_and_confirm(publish).await.unwrap();
    }
    let mut all = consumer(&channel, "all").await;
    let mut once = consumer(&channel, "once").await;
    let mut skip = consumer(&channel, "skip").await;
    let schedule = |misfire| {
        format!(
            "[[schedules]]\nname = \"{misfire}\"\nmisfire = \"{misfire}\"\nkey = \"{misfire}\"\n\
             cron = \"0 0 1 1 *\"\n"
        )
    };
    let schedules = ["skip", "once", "all"].map(schedule).concat();
    let running = start(&format!("[connection]\naddress = \"{address}\"\n{schedules}")).await;
    let this_year = jiff::Zoned::now().with_time_zone(jiff::tz::TimeZone::UTC).year();
    for year in 2021..=this_year {
        assert_eq!(next(&mut all).await.0, format!("{year}-01-01T00:00:00Z"));
    }
    assert_eq!(next(&mut once).await.0, format!("{this_year}-01-01T00:00:00Z"));
    running.shutdown().await.unwrap();
    assert!(all.try_recv().is_none() && once.try_recv().is_none() && skip.try_recv().is_none());
    broker.shutdown().await;
}
