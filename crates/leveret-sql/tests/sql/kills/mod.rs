//! Application, broker and database killed in turn: each effect once.
//!
//! `LEVERET_KILLS` says how often; a few times unless told. `.ci/kill-loops` runs all of them, with
//! a `PostgreSQL` that it may kill (`LEVERET_POSTGRES`, the folder of `.ci/postgres`) and a `RabbitMQ`.

mod parts;
mod plant;
mod process;
mod tally;

use std::io::{self, Write as _};
use std::path::PathBuf;

use sqlx::{Postgres, Sqlite};

use crate::lab::{Lab, TestDb};
use plant::{JOBS, Plant, RESULTS, Victim};
use tally::{Tally, drained};

/// How many messages there are for each kill.
const MESSAGES: u64 = 40;

fn kills() -> u64 {
    std::env::var("LEVERET_KILLS").map_or(2, |kills| kills.parse().unwrap())
}

fn skipped(test: &str, what: &str) {
    // Past the capture of test output: a skipped test must be seen.
    let mut out = io::stderr();
    writeln!(out, "skipped: {test}: {what} is not set").unwrap();
}

fn told(test: &str, tally: &Tally) {
    let mut out = io::stderr();
    writeln!(out, "{test}: {} kills: {tally}", kills()).unwrap();
}

async fn effects<Db: TestDb>(lab: &Lab<Db>, what: &str) -> u64 {
    let statement = format!("SELECT count({what}) FROM {}effects", lab.prefix);
    // While the database is away nobody knows; that counts as nothing yet.
    let number = Db::number(lab.store.pool(), statement).await.unwrap_or_default();
    number.unsigned_abs()
}

async fn outbox<Db: TestDb>(lab: &Lab<Db>) -> u64 {
    lab.store.waiting().await.unwrap_or(u64::MAX)
}

/// Each message comes twice, and has its effect and its output once.
async fn sql_once<Db: TestDb>(test: &str, lab: &Lab<Db>, mut plant: Plant, victims: &[Victim]) {
    let all = kills() * MESSAGES;
    plant.publish(all, 2).await;
    plant.start_app();
    for kill in 0..kills() {
        let at = kill * MESSAGES + fastrand::u64(1..MESSAGES);
        while effects(lab, "*").await < at {
            plant.tend();
        }
        let victim = usize::try_from(kill).unwrap() % victims.len();
        plant.strike(victims[victim]);
    }
    loop {
        while plant.ready(JOBS).await != Some(0) || outbox(lab).await > 0 {
            plant.tend();
        }
        plant.kill_app();
        if plant.ready(JOBS).await == Some(0) && outbox(lab).await == 0 {
            break;
        }
        plant.start_app();
    }
    let tally = Tally::of(all, drained(&plant.connect().await, RESULTS).await);
    told(test, &tally);
    assert_eq!(
        effects(lab, "*").await,
        effects(lab, "DISTINCT name").await,
        "an effect happened twice"
    );
    assert_eq!(effects(lab, "*").await, all, "an effect is missing");
    assert_eq!((tally.lost, tally.strange, tally.ids), (0, 0, all), "{tally}");
    plant.end().await;
}

/// Outputs are inputs, whatever is killed.
async fn outputs(test: &str, mut plant: Plant, victims: &[Victim]) -> Tally {
    let all = kills() * MESSAGES;
    plant.publish(all, 1).await;
    plant.start_app();
    for kill in 0..kills() {
        let at = kill * MESSAGES + fastrand::u64(1..MESSAGES);
        while plant.ready(RESULTS).await.map_or(0, u64::from) < at {
            plant.tend();
        }
        let victim = usize::try_from(kill).unwrap() % victims.len();
        plant.strike(victims[victim]);
    }
    loop {
        while plant.ready(JOBS).await != Some(0) {
            plant.tend();
        }
        plant.kill_app();
        if plant.ready(JOBS).await == Some(0) {
            break;
        }
        plant.start_app();
    }
    let tally = Tally::of(all, drained(&plant.connect().await, RESULTS).await);
    told(test, &tally);
    plant.end().await;
    tally
}

async fn sqlite_once(test: &str, victims: &[Victim]) {
    let lab = Sqlite::lab(test).await.unwrap();
    let settings = vec![(parts::FILE, lab.file().to_str().unwrap().to_owned())];
    let plant = Plant::ours("sqlite", settings).await;
    sql_once(test, &lab, plant, victims).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_id_has_its_effect_once_when_the_application_is_killed() {
    sqlite_once("application, SQLite", &[Victim::App]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_id_has_its_effect_once_when_the_broker_is_killed() {
    sqlite_once("broker, SQLite", &[Victim::Broker]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_id_has_its_effect_once_when_both_are_killed() {
    sqlite_once("both, SQLite", &[Victim::AppAndBroker]).await;
}

/// With a database that may be killed, if there is one.
async fn postgres_once(test: &str, victims: &[Victim]) {
    let Ok(folder) = std::env::var("LEVERET_POSTGRES") else {
        return skipped(test, "LEVERET_POSTGRES");
    };
    let Some(lab) = Postgres::lab(test).await else { return };
    let settings = vec![(parts::PREFIX, lab.prefix.clone())];
    let plant = Plant::ours("postgres", settings).await.with_database(PathBuf::from(folder));
    sql_once(test, &lab, plant, victims).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_id_has_its_effect_once_when_the_database_is_killed() {
    postgres_once("database, PostgreSQL", &[Victim::Database]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_id_has_its_effect_once_when_all_three_are_killed() {
    postgres_once("all three, PostgreSQL", &[Victim::All]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_transactions_outputs_are_the_inputs() {
    for (test, victim) in [
        ("application, transactions", Victim::App),
        ("broker, transactions", Victim::Broker),
        ("both, transactions", Victim::AppAndBroker),
    ] {
        let tally = outputs(test, Plant::ours("transaction", Vec::new()).await, &[victim]).await;
        assert_eq!((tally.lost, tally.twice, tally.strange), (0, 0, 0), "{test}: {tally}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn confirmed_outputs_are_never_lost() {
    let plant = Plant::ours("confirmed", Vec::new()).await;
    let tally = outputs("both, confirmed", plant, &[Victim::App, Victim::Broker]).await;
    assert_eq!((tally.lost, tally.strange), (0, 0), "{tally}");
    assert_eq!(tally.ids, kills() * MESSAGES, "what came twice had one id");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn confirmed_outputs_are_never_lost_on_another_broker() {
    let test = "application, confirmed, another broker";
    let Ok(url) = std::env::var("AMQP_URL") else { return skipped(test, "AMQP_URL") };
    let plant = Plant::at(url, "confirmed").await;
    let tally = outputs(test, plant, &[Victim::App]).await;
    assert_eq!((tally.lost, tally.strange), (0, 0), "{tally}");
    assert_eq!(tally.ids, kills() * MESSAGES, "what came twice had one id");
}

/// The control: who acknowledges before the work is done loses it, and this counts it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_acknowledged_first_is_lost() {
    let mut plant = Plant::ours("hasty", Vec::new()).await;
    let all = 2_000;
    plant.publish(all, 1).await;
    plant.start_app();
    while plant.ready(RESULTS).await.unwrap_or(0) == 0 || plant.ready(JOBS).await != Some(0) {
        plant.tend();
    }
    plant.kill_app();
    let tally = Tally::of(all, drained(&plant.connect().await, RESULTS).await);
    told("control", &tally);
    assert!(tally.lost > 0 && tally.lost < all, "{tally}");
    plant.end().await;
}
