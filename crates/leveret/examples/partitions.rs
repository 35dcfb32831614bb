//! Bookings shared by two processes: each account is with one of them at a time.
//!
//! `cargo run -p leveret --example partitions`
//!
//! Both are in this program, which stands for two programs on two machines.

#![expect(clippy::print_stdout, reason = "an example shows what happens")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use leveret::{App, Handler, OrderKey, Publish, RunningApp, StartError, State, Text};
use leveret_broker::Broker;

/// The steps of each account, in the order in which they were booked.
type Book = Arc<Mutex<BTreeMap<String, Vec<u32>>>>;

async fn book(State((desk, book)): State<(&'static str, Book)>, Text(step): Text) {
    println!("{desk}: {step}");
    let (account, number) = step.split_once(' ').unwrap_or((&step, "0"));
    if let (Ok(mut book), Ok(number)) = (book.lock(), number.parse()) {
        book.entry(account.to_owned()).or_default().push(number);
    }
}

/// One of the processes.
async fn desk(address: &str, name: &'static str, booked: &Book) -> Result<RunningApp, StartError> {
    let bookings = Handler::new("bookings", book)
        .bind("bank", "account.#")
        .ordered_by(OrderKey::header("account"))
        .concurrency(4)
        .partitions(8);
    let app = App::new("bank").connect(address).state((name, booked.clone()));
    app.handler(bookings).start().await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let broker = Broker::builder().in_memory().listen("127.0.0.1:0".parse()?).start().await?;
    let port = broker.local_addrs().first().ok_or("the broker listens nowhere")?.port();
    let address = format!("amqp://guest:guest@127.0.0.1:{port}/%2f");

    let booked = Book::default();
    let first = desk(&address, "first", &booked).await?;
    let second = desk(&address, "second", &booked).await?;
    for number in 0..10 {
        for account in 0..6 {
            let step = Publish::new("bank", "account.step").text(format!("{account} {number}"));
            let step = step.header("account", format!("account-{account}"));
            first.publisher().publish(step).await?;
        }
    }
    // What the first has not settled, the second takes over, in the same order.
    first.shutdown().await?;
    second.idle().await;
    second.shutdown().await?;
    broker.shutdown().await;

    let booked = booked.lock().map_err(|_| "the book is torn")?;
    let is_whole = |steps: &Vec<u32>| steps.is_sorted() && steps.len() == 10;
    if booked.len() != 6 || !booked.values().all(is_whole) {
        return Err(format!("not each step of each account once and in order: {booked:?}").into());
    }
    Ok(())
}
