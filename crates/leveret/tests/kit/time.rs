//! Virtual time: hours go by in no time.

use std::time::{Duration, Instant};

use leveret::test::{Ending, TestApp};
use leveret::{App, Delays, Handler, Publish, RetryPolicy};

use crate::shop::knock;

const HOUR: Duration = Duration::from_hours(1);

/// No machine needs so long for what happens here.
const AT_ONCE: Duration = Duration::from_secs(20);

/// Virtual time that goes by in order, as it does while every task waits.
async fn pass(time: Duration) {
    tokio::time::timeout(time, std::future::pending::<()>()).await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn retries_after_hours_take_no_time() {
    let began_at = Instant::now();
    let policy = RetryPolicy::attempts(1).then(Delays::exponential(HOUR, 3));
    let app = App::new("door").handler(Handler::new("door", knock).retry(policy));
    let app = TestApp::options().in_memory().start(app).await.unwrap();
    app.publish(Publish::to_queue("door")).await.unwrap();
    assert_eq!(app.outcomes().len(), 1, "the second attempt waits");
    // Chance makes a pause up to a quarter longer.
    app.advance(HOUR * 5 / 4).await;
    assert_eq!(app.outcomes().len(), 2);
    assert_eq!(app.outcomes()[1].ending, Ending::Postponed);
    app.advance(HOUR * 9).await;
    assert_eq!(
        app.assert_dead_lettered("knock", "std::io::error::Error").error(),
        "nobody answers"
    );
    assert_eq!(app.outcomes().len(), 4);
    app.shutdown().await.unwrap();
    assert!(began_at.elapsed() < AT_ONCE, "{:?}", began_at.elapsed());
}

#[tokio::test(start_paused = true)]
async fn giving_up_after_hours_takes_no_time() {
    let policy =
        RetryPolicy::attempts(1).then(Delays::exponential(HOUR, 10)).give_up_after(HOUR * 2);
    let app = App::new("door").handler(Handler::new("door", knock).retry(policy));
    let app = TestApp::options().in_memory().start(app).await.unwrap();
    app.publish(Publish::to_queue("door")).await.unwrap();
    app.advance(HOUR * 9).await;
    assert_eq!(app.dead_letters().len(), 1);
    assert!(app.outcomes().len() < 5, "{:?}", app.outcomes().len());
    app.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_message_expires_when_its_time_has_passed() {
    let (open, gate) = tokio::sync::watch::channel(false);
    let wait = move || {
        let mut gate = gate.clone();
        async move { gate.wait_for(|is_open| *is_open).await.map(drop).unwrap() }
    };
    let app = App::new("gate").handler(Handler::new("gate", wait).named("wait"));
    let app = TestApp::options().in_memory().start(app).await.unwrap();
    let publisher = app.running().publisher();
    publisher.publish(Publish::to_queue("gate")).await.unwrap();
    // Behind the first, which is in hand.
    let short = Publish::to_queue("gate").expires_after(HOUR);
    publisher.publish(short).await.unwrap();
    pass(HOUR * 2).await;
    open.send(true).unwrap();
    app.settled().await;
    app.assert_handled_once("wait");
    app.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_sleeps_is_waited_for_in_no_time() {
    let nap = async || pass(Duration::from_secs(20)).await;
    let app = App::new("bed").handler(Handler::new("bed", nap).named("nap"));
    let app = TestApp::options().in_memory().start(app).await.unwrap();
    app.publish(Publish::to_queue("bed")).await.unwrap();
    app.assert_handled_once("nap");
    app.shutdown().await.unwrap();
}
