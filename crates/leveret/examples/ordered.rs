//! Steps of one account in their order, also when one is tried again.
//!
//! `cargo run -p leveret --example ordered`

#![expect(clippy::print_stdout, reason = "an example shows what happens")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use leveret::{
    App, Attempt, Delays, Handler, OrderKey, Publish, RetryPolicy, RoutingKey, State, Text,
};

/// What was booked, in the order in which it was.
type Book = Arc<Mutex<Vec<String>>>;

/// The first payment from account 1 finds the bank closed.
async fn book(
    State(book): State<Book>,
    RoutingKey(key): RoutingKey,
    attempt: Attempt,
    Text(step): Text,
) -> Result<(), String> {
    let line = format!("{key} {step}");
    if line == "account.1 pay" && attempt.number == 1 {
        println!("{line}: the bank is closed");
        return Err("the bank is closed".to_owned());
    }
    println!("{line}");
    book.lock().map_err(|_| "the book is torn".to_owned())?.push(line);
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let lines = Book::default();
    let once_more = RetryPolicy::attempts(1).then(Delays::every(Duration::from_millis(300), 1));
    let handler = Handler::new("bookings", book)
        .bind("bank", "account.*")
        .ordered_by(OrderKey::word(1))
        .concurrency(4)
        .retry(once_more);
    let app = App::new("bank").in_memory().state(lines.clone()).handler(handler);
    let running = app.start().await?;
    for (account, step) in [(1, "open"), (1, "pay"), (1, "close"), (2, "open"), (2, "close")] {
        let publish = Publish::new("bank", format!("account.{account}")).text(step);
        running.publisher().publish(publish).await?;
    }
    running.wait_until(|stats| stats.handler("book").handled == 5).await;
    running.shutdown().await?;

    check(&lines.lock().map_err(|_| "the book is torn")?);
    Ok(())
}

fn check(lines: &[String]) {
    let of = |account: &str| -> Vec<&str> {
        lines.iter().filter_map(|line| line.strip_prefix(account)?.strip_prefix(' ')).collect()
    };
    assert_eq!(of("account.1"), ["open", "pay", "close"]);
    assert_eq!(of("account.2"), ["open", "close"]);
    assert_eq!(lines.last().map(String::as_str), Some("account.1 close"), "account 1 waited");
}
