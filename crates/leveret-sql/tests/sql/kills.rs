//! A process that is killed again and again: each effect once, nothing lost.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;

use leveret::{App, Publish};
use leveret_broker::Broker;
use leveret_sql::Relay;
use sqlx::{Pool, Sqlite};
use tokio::process::{Child, Command};

use crate::lab::{Arrivals, Lab, TestDb as _};

/// How often the process is killed.
const KILLS: i64 = 10;

/// How many messages there are for each kill; each comes twice.
const MESSAGES: i64 = 40;

/// Where the process that is killed finds its broker and its database.
const BROKER: &str = "LEVERET_SQL_VICTIM_BROKER";
const FILE: &str = "LEVERET_SQL_VICTIM_FILE";

/// The process that is killed: this test, run by the other one. Run by itself it does nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn victim() {
    let (Ok(broker), Ok(file)) = (std::env::var(BROKER), std::env::var(FILE)) else { return };
    let lab = Lab::<Sqlite>::opened(Path::new(&file)).await;
    let app = App::new("victim").connect(broker).state(lab.store.clone());
    let relay = Relay::new(&lab.store).time_limit(std::time::Duration::from_millis(250));
    relay.attach(app.handler(lab.work().concurrency(2))).run().await.unwrap();
}

fn start(broker: &str, file: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kills::victim"])
        .envs([(BROKER, broker), (FILE, file.to_str().unwrap())])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

async fn effects(pool: &Pool<Sqlite>, what: &str) -> i64 {
    Sqlite::number(pool, format!("SELECT count({what}) FROM leveret_effects")).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_id_has_its_effect_once_over_ten_kills() {
    let broker =
        Broker::builder().in_memory().listen("127.0.0.1:0".parse().unwrap()).start().await.unwrap();
    let url = format!("amqp://guest:guest@{}/%2f", broker.local_addrs()[0]);
    let lab = Sqlite::lab("kills").await.unwrap();
    let file = lab.file();
    let arrivals = Arrivals::default();
    let app = App::new("witness").connect(url.as_str()).handler(arrivals.on("results"));
    let running = app.start().await.unwrap();
    let mut process = start(&url, &file);
    let pool = lab.store.pool();
    for kill in 0..KILLS {
        for number in 0..MESSAGES {
            let id = format!("{kill}-{number}");
            let job = Publish::to_queue("jobs").text(&id).message_id(&id);
            for _ in 0..2 {
                // The first process declares the queue.
                while running.publisher().publish(job.clone()).await.is_err() {
                    tokio::task::yield_now().await;
                }
            }
        }
        // In the middle of its work.
        while effects(pool, "*").await < kill * MESSAGES + MESSAGES / 2 {
            tokio::task::yield_now().await;
        }
        process.kill().await.unwrap();
        process = start(&url, &file);
    }
    let total = KILLS * MESSAGES;
    while effects(pool, "DISTINCT name").await < total || lab.rows("outbox").await > 0 {
        tokio::task::yield_now().await;
    }
    running.wait_until(|stats| stats.handler("results").handled >= total.unsigned_abs()).await;
    running.idle().await;
    process.kill().await.unwrap();
    running.shutdown().await.unwrap();
    broker.shutdown().await;
    assert_eq!(effects(pool, "*").await, total, "an effect happened twice");
    let distinct: BTreeSet<String> = arrivals.ids().into_iter().collect();
    assert_eq!(i64::try_from(distinct.len()).unwrap(), total, "an output was lost");
    let distinct: BTreeSet<String> = arrivals.bodies().into_iter().collect();
    assert_eq!(i64::try_from(distinct.len()).unwrap(), total, "an output had two ids");
}
