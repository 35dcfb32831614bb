//! Handlers under control, in virtual time.

use std::time::Duration;

use leveret::test::{Point, TestApp};
use leveret::{
    App, Attempt, CONFIG_OWNER, Config, ControlError, Handler, HandlerState, OrderKey, Pause,
    Publish, Redelivered, Text,
};
use tokio::sync::watch;
use tokio::time::Instant;

const MINUTE: Duration = Duration::from_mins(1);

/// Lets a handler's messages through once it is open.
fn gate() -> (watch::Sender<bool>, impl Fn() -> watch::Receiver<bool>) {
    let (open, gate) = watch::channel(false);
    (open, move || gate.clone())
}

async fn opened(mut gate: watch::Receiver<bool>) {
    gate.wait_for(|is_open| *is_open).await.map(drop).unwrap();
}

async fn started(handler: Handler) -> TestApp {
    let app = App::new("shop").handler(handler.named("work"));
    TestApp::options().in_memory().start(app).await.unwrap()
}

async fn send(app: &TestApp, body: &str) {
    let publish = Publish::to_queue("jobs").text(body);
    app.running().publisher().publish(publish).await.unwrap();
}

/// Virtual time that goes by in order, as it does while every task waits.
async fn pass(time: Duration) {
    tokio::time::timeout(time, std::future::pending::<()>()).await.unwrap_err();
}

fn pause() -> Pause {
    Pause::by("ann").because("the bank moves")
}

#[tokio::test(start_paused = true)]
async fn a_pause_ends_by_itself() {
    let app = started(Handler::new("jobs", || async {}).concurrency(3)).await;
    let control = app.running().control();
    let paused = control.drain("work", pause().ends_after(10 * MINUTE)).await.unwrap();
    assert_eq!((paused.state, paused.consuming), (HandlerState::Paused, 0));
    let shown = paused.pause.unwrap();
    assert_eq!((shown.owner.as_str(), shown.reason.as_str()), ("ann", "the bank moves"));
    assert_eq!(shown.until_secs, Some(shown.since_secs + 600));
    send(&app, "a").await;
    pass(9 * MINUTE).await;
    assert_eq!(app.handled("work").len(), 0);
    app.advance(2 * MINUTE).await;
    app.assert_handled_once("work");
    assert_eq!(control.handler("work").unwrap().state, HandlerState::Running);
    app.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_message_to_begin_is_woken() {
    let (open, gate) = gate();
    let app = started(Handler::new("jobs", move || opened(gate()))).await;
    let running = app.running();
    // Nothing else happens that would wake who waits.
    let begun = running.wait_until(|stats| stats.handler("work").in_flight == 1);
    tokio::join!(biased; begun, send(&app, "x"));
    open.send(true).unwrap();
    running.wait_until(|stats| stats.handler("work").handled == 1).await;
    app.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_in_hand_is_finished_and_what_was_prefetched_goes_back_uncounted() {
    for mode in [Handler::transaction, Handler::confirmed] {
        let (open, gate) = gate();
        let handler = Handler::new("jobs", move |attempt: Attempt, back: Redelivered| {
            let gate = gate();
            async move {
                assert!(attempt.number == 1, "{attempt:?} {back:?}");
                opened(gate).await;
            }
        });
        let app = started(mode(handler)).await;
        let control = app.running().control();
        send(&app, "a").await;
        send(&app, "b").await;
        app.running().wait_until(|stats| stats.handler("work").in_flight == 1).await;
        assert_eq!(control.pause("work", pause()).unwrap().state, HandlerState::Draining);
        let drain = control.clone();
        let drain = tokio::spawn(async move { drain.drain("work", pause()).await.unwrap() });
        pass(MINUTE).await;
        assert!(!drain.is_finished(), "something is in hand");
        open.send(true).unwrap();
        assert_eq!(drain.await.unwrap().state, HandlerState::Paused);
        pass(MINUTE).await;
        assert_eq!(app.handled("work").len(), 1);
        assert_eq!(app.running().messages_ready("jobs").await, Some(1));
        control.resume("work", "ann").unwrap();
        app.settled().await;
        assert_eq!(app.handled("work").len(), 2);
        app.shutdown().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_outlives_its_connection() {
    let app = App::new("shop").handler(Handler::new("jobs", || async {}).named("work"));
    let options = TestApp::options().in_memory().cut_before(Point::Delivery);
    let app = options.start(app).await.unwrap();
    let control = app.running().control();
    // Cut with the first message on its way, and paused before the next connection is there.
    // Its confirm may go with the connection; the message does not.
    app.running().publisher().publish(Publish::to_queue("jobs")).await.ok();
    app.running().wait_until(|stats| stats.reconnects == 1).await;
    control.pause("work", pause()).unwrap();
    pass(10 * MINUTE).await;
    assert_eq!((app.cuts(), app.handled("work").len()), (1, 0));
    assert_eq!(control.handler("work").unwrap().state, HandlerState::Paused);
    assert_eq!(app.running().messages_ready("jobs").await, Some(1));
    control.resume("work", "ann").unwrap();
    app.settled().await;
    app.assert_handled_once("work");
    app.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn concurrency_changes_within_its_bounds() {
    for is_ordered in [false, true] {
        let (open, gate) = gate();
        let handler = Handler::new("jobs", move || opened(gate()));
        let handler = handler.concurrency(3).concurrency_down_to(2).concurrency_up_to(5);
        let handler =
            if is_ordered { handler.ordered_by(OrderKey::header("none")) } else { handler };
        let app = started(handler).await;
        let control = app.running().control();
        for _ in 0..8 {
            send(&app, "x").await;
        }
        let in_hand = async || {
            pass(MINUTE).await;
            app.running().stats().handler("work").in_flight
        };
        assert_eq!(in_hand().await, 3, "ordered: {is_ordered}");
        assert_eq!(control.set_concurrency("work", 5, "ann").unwrap().workers, 5);
        assert_eq!(in_hand().await, 5);
        control.set_concurrency("work", 2, "ann").unwrap();
        assert_eq!(in_hand().await, 5, "what is in hand is finished");
        for beyond in [1, 6] {
            let refused = control.set_concurrency("work", beyond, "ann").unwrap_err();
            let (found, wanted) = (beyond, "2 to 5 (more is declared with `concurrency_up_to`)");
            let text = format!("cannot have a concurrency of {found}, only {wanted}");
            assert_eq!(refused.to_string(), format!("handler `work` {text}"));
        }
        open.send(true).unwrap();
        app.settled().await;
        assert_eq!(app.handled("work").len(), 8);
        app.shutdown().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_configuration_says_bounds_and_starts_a_handler_paused() {
    let text = "[handlers.work]\nconcurrency = 4\nconcurrency-min = 2\nconcurrency-max = 8\npaused = true\n";
    let config = Config::parse("leveret.toml".as_ref(), text).unwrap();
    let app = App::new("shop").configure(config);
    let app = app.handler(Handler::new("jobs", || async {}).named("work"));
    let app = TestApp::options().in_memory().start(app).await.unwrap();
    let control = app.running().control();
    send(&app, "x").await;
    pass(MINUTE).await;
    let status = control.handler("work").unwrap();
    assert_eq!((status.state, status.workers_max), (HandlerState::Paused, 8));
    assert_eq!(status.pause.unwrap().owner, CONFIG_OWNER);
    assert_eq!(app.running().messages_ready("jobs").await, Some(1));
    assert!(control.set_concurrency("work", 1, "ann").is_err());
    control.set_concurrency("work", 8, "ann").unwrap();
    control.resume("work", "ann").unwrap();
    app.settled().await;
    app.assert_handled_once("work");
    app.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_message_that_waits_for_a_breaker_goes_back_when_its_handler_is_paused() {
    let down = || async { Err::<(), _>(leveret::Failure::pause(MINUTE, "closed")) };
    let app = started(Handler::new("jobs", down)).await;
    let control = app.running().control();
    send(&app, "a").await;
    app.running().wait_until(|stats| stats.handler("work").pauses == 1).await;
    assert_eq!(control.handler("work").unwrap().state, HandlerState::BreakerOpen);
    let began_at = Instant::now();
    control.drain("work", pause()).await.unwrap();
    assert!(began_at.elapsed() < MINUTE / 2);
    assert_eq!(app.running().messages_ready("jobs").await, Some(1));
    app.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_shown_is_what_happened() {
    let fails = |Text(text): Text| async move {
        if text == "bad" {
            Err(leveret::Failure::permanent("no such card").named("card"))
        } else {
            Ok(())
        }
    };
    let app = started(Handler::new("jobs", fails)).await;
    let control = app.running().control();
    for _ in 0..9 {
        send(&app, "good").await;
    }
    send(&app, "bad").await;
    app.advance(10 * MINUTE / 60).await;
    let status = control.handler("work").unwrap();
    let error = status.last_error.unwrap();
    assert_eq!((error.name.as_str(), error.text.as_str()), ("card", "no such card"));
    assert_eq!((status.handled, status.failed, status.dead_lettered), (9, 1, 1));
    assert!((0.5..=0.9).contains(&status.rates.handled), "{:?}", status.rates);
    let unknown = control.pause("wrok", pause()).unwrap_err();
    assert_eq!(unknown.to_string(), "there is no handler `wrok`: there are `work`");
    assert!(matches!(unknown, ControlError::UnknownHandler { .. }));
    let endless = control.pause("work", pause().ends_after(Duration::ZERO)).unwrap_err();
    assert_eq!(
        endless.to_string(),
        "handler `work` cannot have a pause of 0 ms, only above nothing and up to 30 d"
    );
    app.shutdown().await.unwrap();
}
