//! What happens around each attempt: a layer of one's own, and one of tower's.
//!
//! `cargo run -p leveret --example layers`

#![expect(
    clippy::print_stdout,
    clippy::panic_in_result_fn,
    reason = "an example shows what happens, and asserts it"
)]

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::Instant;

use leveret::{App, Effects, Failure, Handler, HandlerService, Publish, Request, Text};
use tower::limit::ConcurrencyLimitLayer;
use tower::{Layer, Service};

/// Tells how long each attempt took.
#[derive(Clone, Default)]
struct Stopwatch(Arc<AtomicU32>);

#[derive(Clone)]
struct Timed(HandlerService, Stopwatch);

impl Layer<HandlerService> for Stopwatch {
    type Service = Timed;

    fn layer(&self, inner: HandlerService) -> Timed {
        Timed(inner, self.clone())
    }
}

impl Service<Request> for Timed {
    type Response = Effects;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Effects, Failure>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let (handler, begun) = (request.handler().to_owned(), Instant::now());
        let (attempt, count) = (self.0.call(request), self.1.0.clone());
        Box::pin(async move {
            let result = attempt.await;
            count.fetch_add(1, Ordering::SeqCst);
            println!("{handler}: {:?} after {:?}", result.is_ok(), begun.elapsed());
            result
        })
    }
}

async fn work(Text(job): Text) {
    tokio::task::yield_now().await;
    println!("done: {job}");
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let stopwatch = Stopwatch::default();
    let handler = Handler::new("jobs", work).concurrency(4).layer(ConcurrencyLimitLayer::new(2));
    let app = App::new("workshop").in_memory().layer(stopwatch.clone()).handler(handler);
    let running = app.start().await?;
    for job in ["saw", "plane", "glue", "paint"] {
        running.publisher().publish(Publish::to_queue("jobs").text(job)).await?;
    }
    running.wait_until(|stats| stats.handler("work").handled == 4).await;
    assert_eq!(stopwatch.0.load(Ordering::SeqCst), 4);
    running.shutdown().await?;
    Ok(())
}
