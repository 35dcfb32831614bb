//! A plain function that blocks, beside async ones.
//!
//! `cargo run -p leveret --example blocking_handler`

#![expect(clippy::print_stdout, reason = "an example shows what happens")]

use std::thread;

use leveret::{App, Failure, Publish, State, Stats, Text, handler};

/// Where sums go.
#[derive(Clone)]
struct Target(&'static str);

/// Runs on one of two threads of its own: it may compute for long, or wait for a disk.
#[handler(blocking, queue = "texts", concurrency = 2, time_limit_secs = 5)]
fn digest(State(target): State<Target>, Text(text): Text) -> Result<Publish, Failure> {
    if text.is_empty() {
        return Err(Failure::permanent("nothing to digest"));
    }
    let sum = text.bytes().fold(0_u32, |sum, byte| sum.rotate_left(5) ^ u32::from(byte));
    println!("{}: {text}", thread::current().name().unwrap_or_default());
    Ok(Publish::to_queue(target.0).text(sum.to_string()))
}

#[handler(queue = "sums")]
async fn show(Text(sum): Text) {
    println!("sum {sum}");
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app = App::new("digester").in_memory().state(Target("sums"));
    let running = app.handler(digest::handler()).handler(show::handler()).start().await?;
    for text in ["hare", "", "leveret", "form"] {
        running.publisher().publish(Publish::to_queue("texts").text(text)).await?;
    }
    running.idle().await;
    check(&running.stats());
    running.shutdown().await?;
    Ok(())
}

fn check(stats: &Stats) {
    assert_eq!(stats.handler("digest").handled, 3);
    assert_eq!(stats.handler("digest").dead_lettered, 1);
    assert_eq!(stats.handler("show").handled, 3);
}
