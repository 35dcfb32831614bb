//! What a test is shown of an application.

use leveret::test::{Ending, TestApp};
use leveret::{App, Handler, Outcome, Publish, PublishError};

use crate::shop::{app, order, orders};

async fn start(app: App) -> TestApp {
    TestApp::options().in_memory().start(app).await.unwrap()
}

#[tokio::test]
async fn a_publish_returns_when_the_whole_cascade_has_settled() {
    for handler in [orders().transaction(), orders().confirmed()] {
        let app = start(app(handler)).await;
        app.publish(order(700)).await.unwrap();
        assert_eq!(app.assert_handled_once("charge").json::<u32>().unwrap(), 700);
        assert_eq!(app.assert_handled_once("note").json::<u32>().unwrap(), 700);
        let charged = app.assert_published("shop", "order.charged");
        assert_eq!(charged.handler.as_deref(), Some("charge"));
        assert_eq!(charged.json::<u32>().unwrap(), 700);
        assert!(charged.message.message_id().is_some());
        assert!(app.dead_letters().is_empty());
        app.shutdown().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_messages_have_settled_on_many_threads() {
    let app = start(app(orders().concurrency(4))).await;
    for cents in 1..=50 {
        app.publish(order(cents)).await.unwrap();
        assert_eq!(app.handled("note").len(), cents as usize);
    }
    app.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_dead_letter_says_why() {
    for handler in [orders().transaction(), orders().confirmed()] {
        let app = start(app(handler)).await;
        app.publish(order(0)).await.unwrap();
        let letter = app.assert_dead_lettered("charge", "ChargeError");
        assert_eq!(letter.error(), "the card is expired");
        assert_eq!(letter.json::<u32>().unwrap(), 0);
        app.assert_nothing_published();
        assert_eq!(app.outcomes()[0].ending, Ending::DeadLettered);
        app.publish(Publish::to_queue("orders").text("no number")).await.unwrap();
        app.assert_dead_lettered("charge", "undecodable");
        app.shutdown().await.unwrap();
    }
}

#[tokio::test]
async fn an_output_that_nobody_takes_counts_as_no_output() {
    let app = start(App::new("shop").handler(orders())).await;
    app.publish(order(700)).await.unwrap();
    app.assert_nothing_published();
    assert_eq!(app.dead_letters().len(), 1);
    app.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_rejected_message_is_told_apart() {
    let refuse = Handler::new("orders", async || Outcome::Reject).named("refuse");
    let app = start(App::new("shop").handler(refuse)).await;
    app.publish(Publish::to_queue("orders")).await.unwrap();
    assert_eq!(app.outcomes()[0].ending, Ending::Rejected);
    assert!(app.handled("refuse").is_empty());
    let nowhere = app.publish(Publish::to_queue("nowhere")).await;
    assert!(matches!(nowhere, Err(PublishError::Unroutable { .. })), "{nowhere:?}");
    app.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_message_that_comes_twice_is_handled_twice_but_for_an_inbox() {
    for (handler, times) in [(orders(), 2), (orders().inbox(), 1)] {
        let app = start(app(handler)).await;
        app.publish_twice(order(700)).await.unwrap();
        let stats = app.running().stats();
        assert_eq!(stats.handler("charge").handled, times);
        assert_eq!(stats.handler("note").handled, times);
        app.shutdown().await.unwrap();
    }
}

#[tokio::test]
#[should_panic(
    expected = "`note` has handled 2 messages, not one\nwhat has happened:\n  charge handled"
)]
async fn a_wrong_claim_is_answered_with_what_has_happened() {
    let app = start(app(orders())).await;
    app.publish(order(1)).await.unwrap();
    app.publish(order(2)).await.unwrap();
    app.assert_handled_once("note");
}

/// The same body on the broker of `LEVERET_TEST_URL` or `AMQP_URL`, or in memory.
#[tokio::test]
async fn the_same_test_runs_on_any_broker() {
    let id = leveret::derived_message_id(&[&format!("{:?}", std::time::Instant::now())]);
    let (queue, done) = (format!("kit-{id}"), format!("kit-{id}-done"));
    let to = done.clone();
    let work = Handler::new(queue.as_str(), move || {
        std::future::ready(Publish::to_queue(to.clone()).text("done"))
    });
    let end = Handler::new(done.as_str(), async || {}).named("end");
    let app = App::new(queue.as_str()).handler(work.named("work")).handler(end);
    let app = TestApp::start(app).await.unwrap();
    app.publish(Publish::to_queue(queue).text("go")).await.unwrap();
    app.assert_handled_once("work");
    app.assert_handled_once("end");
    assert_eq!(app.assert_published("", &done).text(), "done");
    app.shutdown().await.unwrap();
}
