//! The order of messages of one key, in virtual time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use leveret::test::{Point, TestApp, explore};
use leveret::{
    App, Attempt, Delays, Handler, OnFailure, OrderKey, Ordered, Publish, RetryPolicy, Text,
};

const MINUTE: Duration = Duration::from_mins(1);

#[tokio::test(start_paused = true)]
async fn a_key_waits_for_its_message_and_others_go_on() {
    for mode in [Handler::transaction, Handler::confirmed] {
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let noted = seen.clone();
        let follow = move |attempt: Attempt, Text(text): Text| {
            let fails = text == "a1" && attempt.number == 1;
            if !fails {
                noted.lock().unwrap().push(text);
            }
            std::future::ready(if fails { Err("not yet") } else { Ok(()) })
        };
        let policy = RetryPolicy::attempts(1).then(Delays::every(MINUTE, 1).jitter(0));
        let follow = mode(Handler::new("steps", follow).named("follow"))
            .bind("shop", "order.*")
            .ordered_by(OrderKey::word(1))
            .concurrency(4)
            .retry(policy);
        let app = App::new("shop").handler(follow);
        let app = TestApp::options().in_memory().start(app).await.unwrap();
        send(&app, &[("a", "a1"), ("a", "a2"), ("b", "b1"), ("a", "a3"), ("b", "b2")]).await;
        pass(MINUTE / 2).await;
        assert_eq!(*seen.lock().unwrap(), ["b1", "b2"]);
        app.advance(MINUTE).await;
        assert_eq!(*seen.lock().unwrap(), ["b1", "b2", "a1", "a2", "a3"]);
        app.shutdown().await.unwrap();
    }
}

type Seen = Arc<Mutex<Vec<String>>>;

/// Virtual time that goes by in order, as it does while every task waits.
async fn pass(time: Duration) {
    tokio::time::timeout(time, std::future::pending::<()>()).await.unwrap_err();
}

/// Publishes on the test's own connection, which nobody cuts, and does not wait for more.
async fn send(app: &TestApp, steps: &[(&str, &'static str)]) {
    for (key, text) in steps {
        let publish = app.publish(Publish::new("shop", format!("order.{key}")).text(*text));
        if let Ok(settled) = tokio::time::timeout(Duration::from_millis(1), publish).await {
            settled.unwrap();
        }
    }
}

fn by_word() -> Ordered {
    Ordered::by(OrderKey::word(1))
}

#[tokio::test(start_paused = true)]
async fn a_parked_key_waits_until_its_message_is_handled() {
    for mode in [Handler::transaction, Handler::confirmed] {
        let seen = Seen::default();
        let (noted, begun) = (seen.clone(), tokio::time::Instant::now());
        // Down for two hours, so that the message goes back several times.
        let follow = move |Text(text): Text| {
            let is_down = text == "a1" && begun.elapsed() < MINUTE * 120;
            if !is_down {
                noted.lock().unwrap().push(text);
            }
            std::future::ready(if is_down { Err("down") } else { Ok(()) })
        };
        let follow = mode(Handler::new("steps", follow).named("follow"))
            .bind("shop", "order.*")
            .ordered_by(by_word().on_failure(OnFailure::ParkKey(MINUTE)))
            .retry(RetryPolicy::attempts(2));
        let app = App::new("shop").handler(follow);
        let app = TestApp::options().in_memory().start(app).await.unwrap();
        send(&app, &[("a", "a1"), ("a", "a2"), ("b", "b1"), ("a", "a3")]).await;
        pass(MINUTE * 119).await;
        assert_eq!(*seen.lock().unwrap(), ["b1"]);
        pass(MINUTE * 2).await;
        app.settled().await;
        assert_eq!(*seen.lock().unwrap(), ["b1", "a1", "a2", "a3"]);
        assert!(app.dead_letters().is_empty());
        app.shutdown().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn attempts_are_counted_on_when_a_message_was_in_hand_for_too_long() {
    let seen = Seen::default();
    let noted = seen.clone();
    let follow = move |attempt: Attempt, Text(text): Text| {
        noted.lock().unwrap().push(format!("{text} {}", attempt.number));
        async move {
            pass(MINUTE * 2).await;
            if text == "a1" { Err("never") } else { Ok(()) }
        }
    };
    // Pauses of 14 minutes, and 8 times 2 minutes of work.
    let policy = RetryPolicy::attempts(1).then(Delays::every(MINUTE * 2, 7).jitter(0));
    let follow = Handler::new("steps", follow)
        .named("follow")
        .bind("shop", "order.*")
        .ordered_by(by_word())
        .retry(policy);
    let app = TestApp::options().in_memory().start(App::new("shop").handler(follow)).await.unwrap();
    send(&app, &[("a", "a1"), ("a", "a2")]).await;
    pass(MINUTE * 60).await;
    let wanted: Vec<String> =
        (1..=8).map(|number| format!("a1 {number}")).chain(["a2 1".to_owned()]).collect();
    assert_eq!(*seen.lock().unwrap(), wanted);
    app.settled().await;
    assert_eq!(app.dead_letters().len(), 1);
    app.shutdown().await.unwrap();
}

/// A handler that says when it began and ended, and takes a while.
fn slow(seen: &Seen) -> Handler {
    let noted = seen.clone();
    let follow = move |Text(text): Text| {
        let noted = noted.clone();
        async move {
            noted.lock().unwrap().push(format!("{text}("));
            pass(Duration::from_millis(100)).await;
            noted.lock().unwrap().push(format!("{text})"));
            Publish::to_queue("totals").text(text)
        }
    };
    let follow = Handler::new("steps", follow).named("follow").bind("shop", "order.*");
    follow.ordered_by(by_word()).concurrency(4)
}

fn app(follow: Handler) -> App {
    App::new("shop").handler(follow).handler(Handler::new("totals", crate::shop::note))
}

/// Each message of the key begins after the one before has ended, and none is left out. A commit
/// is answered, so what comes again is the last one; of an acknowledgement nobody hears whether
/// it came, so some more may, in their order.
fn assert_in_order(seen: &Seen, key: char, number: usize, is_answered: bool) {
    let seen = seen.lock().unwrap();
    let mut last = 0;
    let mut running = None;
    for step in seen.iter().filter(|step| step.starts_with(key)) {
        let (text, is_begin) = (&step[1..step.len() - 1], step.ends_with('('));
        let place: usize = text.parse().unwrap();
        if is_begin {
            assert_eq!(running.replace(place), None, "two of one key at once: {seen:?}");
            assert!(place <= last + 1, "out of order: {seen:?}");
            assert!(place >= last || !is_answered, "back by more than one: {seen:?}");
            last = place;
        } else {
            assert_eq!(running.take(), Some(place), "{seen:?}");
        }
    }
    assert_eq!((last, running), (number, None), "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn the_order_is_kept_wherever_the_connection_is_cut() {
    let points = [Point::Delivery, Point::Output, Point::Confirm, Point::Settlement, Point::Answer];
    for point in points {
        for is_answered in [true, false] {
            let mode = if is_answered { Handler::transaction } else { Handler::confirmed };
            for options in
                [TestApp::options().cut_before(point), TestApp::options().cut_after(point)]
            {
                let seen = Seen::default();
                let app = app(mode(slow(&seen)));
                let app = options.in_memory().start(app).await.unwrap();
                let steps = ["a1", "b1", "a2", "c1", "b2", "a3", "a4", "b3"];
                send(&app, &steps.map(|step| (&step[..1], step))).await;
                app.settled().await;
                for (key, number) in [('a', 4), ('b', 3), ('c', 1)] {
                    assert_in_order(&seen, key, number, is_answered);
                }
                // The commit of whoever takes the output is answered in both modes.
                let is_met = point != Point::Confirm || !is_answered;
                assert_eq!(app.cuts(), usize::from(is_met), "cuts at {point}");
                app.shutdown().await.unwrap();
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_ordered_message_is_settled_once_wherever_the_connection_is_cut() {
    let seen = Seen::default();
    let message = || Publish::new("shop", "order.a").text("a1");
    let report = explore(|| app(slow(&seen).transaction()), message()).await.unwrap();
    report.assert_exactly_once();
    let report = explore(|| app(slow(&seen).confirmed()), message()).await.unwrap();
    report.assert_at_least_once();
}
