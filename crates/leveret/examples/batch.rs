//! Many messages at a time: one insert for all, and what a bad message costs.
//!
//! `cargo run -p leveret --example batch`

#![expect(clippy::print_stdout, reason = "an example shows what happens")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use leveret::{App, Batch, EncodeError, Handler, Json, Publish, RetryPolicy, State, Stats, Text};

/// A table in which no number is there twice.
type Table = Arc<Mutex<Vec<u32>>>;

/// All or nothing, as an insert into a database is.
async fn store(State(table): State<Table>, batch: Batch<Json<u32>>) -> Result<Publish, String> {
    let rows: Vec<u32> = batch.into_iter().map(|Json(row)| row).collect();
    let mut table = table.lock().map_err(|_| "the table is broken".to_owned())?;
    if let Some(twice) = rows.iter().find(|row| table.contains(row)) {
        return Err(format!("{twice} is there already"));
    }
    println!("one insert of {} rows", rows.len());
    table.extend(&rows);
    Ok(Publish::to_queue("inserts").text(rows.len().to_string()))
}

async fn note(Text(rows): Text) {
    println!("somebody hears of {rows} rows");
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let table = Table::default();
    let rows = Handler::batch("rows", store)
        .size(5)
        .window(Duration::from_millis(200))
        .retry(RetryPolicy::never());
    let running = App::new("warehouse")
        .in_memory()
        .state(table.clone())
        .handler(rows)
        .handler(Handler::new("inserts", note))
        .start()
        .await?;
    // The last batch fails, as it has 3 again: its messages are tried one by one.
    for row in [1, 2, 3, 4, 5, 6, 3, 7] {
        running.publisher().publish(message(row)?).await?;
    }
    running.publisher().publish(Publish::to_queue("rows").text("no row")).await?;
    running.idle().await;
    check(&running.stats());
    running.shutdown().await?;
    Ok(())
}

fn message(row: u32) -> Result<Publish, EncodeError> {
    Publish::to_queue("rows").json(&row)
}

fn check(stats: &Stats) {
    assert_eq!(stats.handler("store").handled, 7);
    assert_eq!(stats.handler("store").dead_lettered, 2);
}
