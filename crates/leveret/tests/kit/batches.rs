//! Batches in virtual time, and with connections that break.

use std::time::Duration;

use leveret::test::{Ending, TestApp, explore};
use leveret::{App, Batch, Each, Handler, Outcome, Publish, RetryPolicy, Text};

const WINDOW: Duration = Duration::from_mins(10);

/// Virtual time that goes by in order, as it does while every task waits.
async fn pass(time: Duration) {
    tokio::time::timeout(time, std::future::pending::<()>()).await.unwrap_err();
}

async fn total(batch: Batch<Text>) -> Publish {
    Publish::to_queue("totals").text(batch.len().to_string())
}

fn app(handler: Handler) -> App {
    App::new("batches").handler(handler).handler(Handler::new("totals", crate::shop::note))
}

#[tokio::test(start_paused = true)]
async fn a_window_begins_with_the_first_message() {
    let handler = Handler::batch("words", total).size(10).window(WINDOW);
    let app = TestApp::options().in_memory().start(app(handler)).await.unwrap();
    let publisher = app.running().publisher();
    publisher.publish(Publish::to_queue("words").text("a")).await.unwrap();
    pass(WINDOW / 2).await;
    publisher.publish(Publish::to_queue("words").text("b")).await.unwrap();
    pass(WINDOW * 49 / 100).await;
    assert!(app.outcomes().is_empty());
    pass(WINDOW / 50).await;
    app.settled().await;
    assert_eq!(app.assert_published("", "totals").text(), "2");
    app.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_settled_once_wherever_the_connection_is_cut() {
    let handler = || Handler::batch("words", total).window(Duration::from_millis(10));
    let message = || Publish::to_queue("words").text("a");
    explore(|| app(handler().transaction()), message()).await.unwrap().assert_exactly_once();
    explore(|| app(handler().confirmed()), message()).await.unwrap().assert_at_least_once();
}

/// The first waits for its second attempt while its neighbours are settled.
async fn first_again(batch: Batch<Text>) -> Each<Outcome> {
    let outcome = |Text(text): Text| match text.as_str() {
        "first" => Outcome::Retry("again".to_owned()),
        _ => Outcome::Ack,
    };
    batch.into_iter().map(outcome).collect()
}

#[tokio::test(start_paused = true)]
async fn one_frame_acknowledges_no_message_that_is_still_in_hand() {
    for handler in [Handler::confirmed, Handler::transaction] {
        let words = Handler::batch("words", first_again).size(4).window(WINDOW);
        let words = handler(words).retry(RetryPolicy::attempts(2));
        let app = TestApp::options().in_memory().start(App::new("b").handler(words)).await.unwrap();
        let publisher = app.running().publisher();
        for word in ["first", "b", "c", "d"] {
            publisher.publish(Publish::to_queue("words").text(word)).await.unwrap();
        }
        app.settled().await;
        let endings: Vec<(String, Ending)> = app
            .outcomes()
            .iter()
            .map(|one| (String::from_utf8_lossy(one.message.body()).into_owned(), one.ending))
            .collect();
        let wanted = [("b", false), ("c", false), ("d", false), ("first", true)];
        let ending = |is_dead| if is_dead { Ending::DeadLettered } else { Ending::Handled };
        assert_eq!(endings, wanted.map(|(word, is_dead)| (word.to_owned(), ending(is_dead))));
        app.shutdown().await.unwrap();
    }
}
