//! The same handler with inbox and outbox in a database, and a relay.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use leveret::{App, Endpoint, Handler, Publish};
use leveret_sql::{Dialect, Relay, SqlError, Store, Tx};
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
use sqlx::{Postgres, Sqlite};

use crate::transactions::{BODY, INPUT, OUTPUT, Sample, measured};

/// What one run is told.
pub(super) struct Run {
    pub(super) endpoint: Endpoint,
    pub(super) workers: usize,
    /// Handled before the clock starts, and in all.
    pub(super) messages: (u64, u64),
    pub(super) time: Duration,
}

/// In a new file in `folder`.
pub(super) async fn on_sqlite(run: Run, folder: &Path) -> anyhow::Result<Sample> {
    let file = SqliteConnectOptions::new()
        .filename(folder.join("bench.sqlite"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal);
    let connections = connections(run.workers)?;
    let pool = SqlitePoolOptions::new().max_connections(connections).connect_with(file).await?;
    let store = Store::new(pool);
    store.migrate().await?;
    let handler = Handler::new(INPUT.to_string(), answer_on_sqlite);
    relayed(store, handler, run).await
}

/// In the tables of an earlier run, emptied.
pub(super) async fn on_postgres(run: Run, url: &str) -> anyhow::Result<Sample> {
    let connections = connections(run.workers)?;
    let pool = PgPoolOptions::new().max_connections(connections).connect(url).await?;
    let store = Store::new(pool.clone());
    store.migrate().await?;
    sqlx::query("TRUNCATE leveret_inbox, leveret_outbox").execute(&pool).await?;
    let handler = Handler::new(INPUT.to_string(), answer_on_postgres);
    relayed(store, handler, run).await
}

/// The clock counts results that the broker has confirmed.
async fn relayed<Db: Dialect>(
    store: Store<Db>,
    handler: Handler,
    run: Run,
) -> anyhow::Result<Sample> {
    let relay = Relay::new(&store);
    let sent = relay.counters();
    let handler = handler.concurrency(run.workers).named("bench");
    let app = App::new("bench").connect(run.endpoint).state(store).handler(handler);
    measured(relay.attach(app), |_| sent.sent(), run.messages, run.time).await
}

/// One for each worker, two for the relay.
fn connections(workers: usize) -> anyhow::Result<u32> {
    Ok(u32::try_from(workers)? + 2)
}

async fn answer_on_sqlite(_body: Bytes, _tx: Tx<Sqlite>) -> Result<Publish, SqlError> {
    Ok(result())
}

async fn answer_on_postgres(_body: Bytes, _tx: Tx<Postgres>) -> Result<Publish, SqlError> {
    Ok(result())
}

fn result() -> Publish {
    Publish::to_queue(OUTPUT.to_string()).bytes(Bytes::from_static(&BODY))
}
