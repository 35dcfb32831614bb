//! Connections that break at a step, and what comes of it.

use std::sync::{Arc, OnceLock};

use leveret::test::{Cut, Point, TestApp, explore};
use leveret::{App, Batch, Failure, Handler, Mode, Publish, Publisher, State, Text};

use crate::shop::{app, order, orders};

#[tokio::test(start_paused = true)]
async fn a_lost_commit_is_made_again_and_an_unheard_one_is_not() {
    for (options, deliveries) in [
        (TestApp::options().cut_before(Point::Delivery), 1),
        (TestApp::options().cut_before(Point::Settlement), 1),
        (TestApp::options().cut_before(Point::Answer), 1),
    ] {
        let app = options.in_memory().start(app(orders().transaction())).await.unwrap();
        app.publish(order(700)).await.unwrap();
        assert_eq!(app.cuts(), 1);
        assert_eq!(app.handled("charge").len(), deliveries);
        assert_eq!(app.published().len(), 1);
        app.assert_handled_once("note");
        app.shutdown().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_confirm_repeats_the_output_under_its_id() {
    let options = TestApp::options().in_memory().cut_before(Point::Confirm);
    let app = options.start(app(orders().confirmed())).await.unwrap();
    app.publish(order(700)).await.unwrap();
    let published = app.published();
    assert_eq!(published.len(), 2, "{published:#?}");
    assert_eq!(published[0].message.message_id(), published[1].message.message_id());
    app.assert_handled_once("charge");
    app.shutdown().await.unwrap();
}

/// Two outputs.
async fn halves() -> [Publish; 2] {
    ["a", "b"].map(|half| Publish::to_queue("halves").text(half))
}

#[tokio::test(start_paused = true)]
async fn a_later_step_of_a_kind_is_cut_too() {
    let halving = || {
        let halves = Handler::new("whole", halves).named("halve").confirmed();
        App::new("halves")
            .handler(halves)
            .handler(Handler::new("halves", async || {}).named("keep"))
    };
    for (number, published, handled) in [(1, 2, 2), (2, 3, 3)] {
        let options = TestApp::options().in_memory().cut_before_nth(number, Point::Output);
        let app = options.start(halving()).await.unwrap();
        app.publish(Publish::to_queue("whole")).await.unwrap();
        assert_eq!(app.cuts(), 1);
        assert_eq!(app.published().len(), published, "output {number}");
        assert_eq!(app.handled("keep").len(), handled);
        app.shutdown().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_transaction_is_exactly_once_wherever_the_connection_is_cut() {
    let report = explore(|| app(orders().transaction()), order(700)).await.unwrap();
    report.assert_exactly_once();
    let cut_at = |point| report.steps.iter().any(|step| step.point == point);
    for point in [Point::Delivery, Point::Output, Point::Settlement, Point::Answer] {
        assert!(cut_at(point), "no cut at {point}:\n{report}");
    }
    let again = report.steps.iter().find(|step| step.point == Point::Settlement);
    assert_eq!(again.unwrap().cut, Cut::Before);
    assert!(again.unwrap().deliveries > 2, "the message is delivered again:\n{report}");
}

/// One output has a queue, the other has none.
async fn astray() -> [Publish; 2] {
    ["halves", "nowhere"].map(|queue| Publish::to_queue(queue).text("half"))
}

async fn astray_in_batch(_: Batch<Text>) -> [Publish; 2] {
    astray().await
}

#[tokio::test(start_paused = true)]
async fn an_output_without_a_queue_is_kept_wherever_the_connection_is_cut() {
    // The broker took the acknowledgement first, and what came back only in another transaction.
    for mode in [Mode::Transaction, Mode::Confirmed] {
        for is_batch in [false, true] {
            let app = || {
                let halve = if is_batch {
                    Handler::batch("whole", astray_in_batch).size(1)
                } else {
                    Handler::new("whole", astray)
                };
                let halve = match mode {
                    Mode::Transaction => halve.named("halve").transaction(),
                    Mode::Confirmed => halve.named("halve").confirmed(),
                };
                let dead = halve.dead_letter_queue();
                App::new("halves")
                    .handler(halve)
                    .handler(Handler::new("halves", async || {}).named("keep").transaction())
                    .handler(Handler::new(dead, async || {}).named("mourn").transaction())
            };
            let report = explore(app, Publish::to_queue("whole").text("x")).await.unwrap();
            report.assert_at_least_once();
            if mode == Mode::Transaction {
                report.assert_exactly_once();
            }
            let answers = report.steps.iter().filter(|step| step.point == Point::Answer);
            assert!(answers.count() >= 4, "{report}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn confirms_repeat_an_output_under_the_same_id() {
    let report = explore(|| app(orders().confirmed()), order(700)).await.unwrap();
    report.assert_at_least_once();
    assert!(report.steps.iter().any(|step| !step.repeated.is_empty()), "{report}");
}

/// Publishes at once, whatever becomes of the message.
async fn hasty(State(publisher): State<Arc<OnceLock<Publisher>>>) -> Result<(), Failure> {
    let publish = Publish::to_queue("ledger").text("charged");
    publisher.get().unwrap().publish(publish).await?;
    Ok(())
}

fn wrong() -> App {
    let place = Arc::new(OnceLock::new());
    let kept = place.clone();
    App::new("shop")
        .state(place)
        .on_start(async move |publisher| {
            kept.set(publisher).ok();
            Ok::<(), Failure>(())
        })
        .handler(Handler::new("orders", hasty).bind("shop", "order.placed").transaction())
        .handler(Handler::new("ledger", crate::shop::note).transaction())
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_publishes_outside_its_unit_is_found() {
    let report = explore(wrong, order(700)).await.unwrap();
    assert!(report.steps.iter().any(|step| !step.doubled.is_empty()), "{report}");
    let claim = std::panic::catch_unwind(|| report.assert_at_least_once()).unwrap_err();
    let text = claim.downcast_ref::<String>().unwrap();
    assert!(text.contains("repeated, other id: `ledger`"), "{text}");
}
