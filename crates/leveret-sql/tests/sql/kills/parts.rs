//! What the processes do that are killed: this program again, told its part.

use std::path::Path;
use std::time::Duration;

use leveret::{App, Handler, Mode, Publish, Text};
use leveret_broker::Broker;
use leveret_client::{AckMode, Connection, ConsumeOptions, Properties, ShortStr};
use leveret_sql::{Dialect, Relay};
use sqlx::{Postgres, Sqlite};

use super::plant::{JOBS, RESULTS};
use crate::lab::{Lab, TestDb};

/// What it is to be.
pub(super) const PART: &str = "LEVERET_PART";
/// The broker's address as a URI; for the broker itself, where it listens.
pub(super) const BROKER: &str = "LEVERET_PART_BROKER";
/// The broker's folder, or the database's file.
pub(super) const FILE: &str = "LEVERET_PART_FILE";
/// What the names of the tables begin with.
pub(super) const PREFIX: &str = "LEVERET_PART_PREFIX";

/// How many messages the application handles at a time.
const WORKERS: usize = 3;

/// The process that is killed. Run by itself it does nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn part() {
    let Ok(part) = std::env::var(PART) else { return };
    let told = |name| std::env::var(name).unwrap_or_default();
    match part.as_str() {
        "broker" => serve(&told(BROKER), Path::new(&told(FILE))).await,
        "sqlite" => {
            let lab = Lab::<Sqlite>::opened(Path::new(&told(FILE))).await;
            in_database(lab, told(BROKER)).await;
        }
        "postgres" => {
            let lab = Lab::<Postgres>::joined(told(PREFIX)).await;
            in_database(lab, told(BROKER)).await;
        }
        "transaction" => pass_on(Mode::Transaction, told(BROKER)).await,
        "confirmed" => pass_on(Mode::Confirmed, told(BROKER)).await,
        "hasty" => hurry(&told(BROKER)).await,
        other => panic!("no part `{other}`"),
    }
}

async fn serve(listen: &str, folder: &Path) {
    let broker = Broker::builder().data_dir(folder).listen(listen.parse().unwrap());
    let _broker = broker.start().await.unwrap();
    std::future::pending::<()>().await;
}

async fn in_database<Db: TestDb + Dialect>(lab: Lab<Db>, broker: String) {
    let app = App::new("mortal").connect(broker).state(lab.store.clone());
    let relay = Relay::new(&lab.store).time_limit(Duration::from_millis(250));
    relay.attach(app.handler(lab.work().concurrency(WORKERS))).run().await.unwrap();
}

async fn pass_on(mode: Mode, broker: String) {
    let work = |Text(text): Text| async move { Publish::to_queue(RESULTS).text(text) };
    let handler = Handler::new(JOBS, work).named("work").concurrency(WORKERS);
    let handler = match mode {
        Mode::Transaction => handler.transaction(),
        Mode::Confirmed => handler.confirmed(),
    };
    App::new("mortal").connect(broker).handler(handler).run().await.unwrap();
}

/// Acknowledges each message before its output is out.
async fn hurry(broker: &str) {
    let connection = Connection::open(broker).await.unwrap();
    let channel = connection.channel().await.unwrap();
    channel.confirm_select().await.unwrap();
    let options = ConsumeOptions { ack_mode: AckMode::NoAck, ..ConsumeOptions::default() };
    let mut jobs = channel.consume(ShortStr::from_static(JOBS), options).await.unwrap();
    while let Some(job) = jobs.recv().await {
        let publish = leveret_client::Publish {
            routing_key: ShortStr::from_static(RESULTS),
            properties: Properties::builder().delivery_mode(2).build(),
            body: job.body.clone(),
            ..leveret_client::Publish::default()
        };
        channel.publish(publish).await.unwrap().await.unwrap();
    }
}
