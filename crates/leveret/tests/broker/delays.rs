//! Messages that are tried again after a pause.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use leveret::{
    Attempt, Delays, FieldValue, Handler, Outcome, Publish, RetryPolicy, RoutingKey, Text,
};

use crate::setup::{Arrivals, MODES, Target, in_mode, on_each_broker, send};

on_each_broker! {
    a_message_that_fails_leaves_the_queue_and_comes_back_as_it_was
    rounds_end_in_a_dead_letter_that_counts_all_attempts
    who_is_busy_is_asked_again_after_the_time_it_names
    others_pass_a_message_that_waits
}

const PAUSE: Duration = Duration::from_millis(200);

/// What a handler saw of each attempt: its number, the routing key, when.
type Seen = Arc<Mutex<Vec<(u32, String, Instant)>>>;

fn failing_until(seen: &Seen, succeeds_at: u32) -> impl leveret::HandlerFn<(Attempt, RoutingKey)> {
    let seen = seen.clone();
    move |attempt: Attempt, RoutingKey(key): RoutingKey| {
        let number = attempt.number;
        seen.lock().unwrap().push((number, key, Instant::now()));
        std::future::ready(if number < succeeds_at { Err("not yet") } else { Ok(()) })
    }
}

mod bodies {
    use super::*;

    pub(super) async fn a_message_that_fails_leaves_the_queue_and_comes_back_as_it_was(
        target: Target,
    ) {
        for mode in MODES {
            let (jobs, exchange) = (target.name(&format!("{mode:?}")), target.name("shop"));
            let seen = Seen::default();
            let policy = RetryPolicy::attempts(2).then(Delays::every(PAUSE, 3).jitter(0));
            let work = Handler::new(jobs.as_str(), failing_until(&seen, 5))
                .named("work")
                .bind(exchange.as_str(), "order.#")
                .retry(policy);
            let app = target.app().handler(in_mode(work, mode));
            let running = app.start().await.unwrap();
            let publish = Publish::new(exchange.as_str(), "order.eu.created").text("tea");
            running.publisher().publish(publish).await.unwrap();
            running.wait_until(|stats| stats.handler("work").handled == 1).await;
            let stats = running.stats().handler("work");
            assert_eq!((stats.postponed, stats.retried, stats.dead_lettered), (2, 2, 0));
            running.shutdown().await.unwrap();

            let seen = seen.lock().unwrap().clone();
            let numbers: Vec<u32> = seen.iter().map(|(number, _, _)| *number).collect();
            assert_eq!(numbers, [1, 2, 3, 4, 5]);
            assert!(seen.iter().all(|(_, key, _)| key == "order.eu.created"), "{seen:?}");
            let waited = |earlier: usize, later: usize| seen[later].2 - seen[earlier].2;
            assert!(waited(1, 2) >= PAUSE && waited(3, 4) >= PAUSE, "{seen:?}");
        }
    }

    pub(super) async fn rounds_end_in_a_dead_letter_that_counts_all_attempts(target: Target) {
        let jobs = target.name("jobs");
        let work = |_: Text| std::future::ready(Err::<(), _>("broken for good"));
        let policy = RetryPolicy::attempts(2).then(Delays::every(PAUSE / 2, 2));
        let work = Handler::new(jobs.as_str(), work).named("work").retry(policy);
        let letters = Arrivals::default();
        let watch = letters.on(work.dead_letter_queue());
        let running = target.app().handler(work).handler(watch).start().await.unwrap();
        send(&running, &jobs, &["one"]).await;
        // Not idle while it waits for its rounds.
        running.idle().await;
        assert_eq!(running.stats().handler("work").dead_lettered, 1);
        let letter = letters.one();
        assert_eq!(letter.body(), "one");
        assert_eq!(letter.header("x-leveret-attempts"), Some(FieldValue::I64(6)));
        assert_eq!(letter.header_text("x-leveret-routing-key").unwrap(), jobs);
        assert_eq!(letter.header("x-leveret-attempt"), None);
        running.shutdown().await.unwrap();
    }

    pub(super) async fn who_is_busy_is_asked_again_after_the_time_it_names(target: Target) {
        let jobs = target.name("jobs");
        let begun: Arc<Mutex<Vec<Instant>>> = Arc::default();
        let noted = begun.clone();
        let work = move |attempt: Attempt| {
            noted.lock().unwrap().push(Instant::now());
            std::future::ready(match attempt.number {
                1 => Outcome::RetryAfter(PAUSE, "come back later".to_owned()),
                _ => Outcome::Ack,
            })
        };
        let app = target.app().handler(Handler::new(jobs.as_str(), work).named("work"));
        let running = app.start().await.unwrap();
        send(&running, &jobs, &["one"]).await;
        running.wait_until(|stats| stats.handler("work").handled == 1).await;
        assert_eq!(running.stats().handler("work").postponed, 1);
        let begun = begun.lock().unwrap().clone();
        assert!(begun[1] - begun[0] >= PAUSE);
        running.shutdown().await.unwrap();
    }

    pub(super) async fn others_pass_a_message_that_waits(target: Target) {
        let jobs = target.name("jobs");
        let handled: Arc<Mutex<Vec<String>>> = Arc::default();
        let noted = handled.clone();
        let work = move |attempt: Attempt, Text(text): Text| {
            let fails = text == "first" && attempt.number == 1;
            if !fails {
                noted.lock().unwrap().push(text);
            }
            std::future::ready(if fails { Err("not yet") } else { Ok(()) })
        };
        let policy = RetryPolicy::attempts(1).then(Delays::every(PAUSE, 1));
        let work = Handler::new(jobs.as_str(), work).named("work").retry(policy);
        let running = target.app().handler(work).start().await.unwrap();
        send(&running, &jobs, &["first", "second", "third"]).await;
        running.wait_until(|stats| stats.handler("work").handled == 3).await;
        assert_eq!(*handled.lock().unwrap(), ["second", "third", "first"]);
        running.shutdown().await.unwrap();
    }
}
