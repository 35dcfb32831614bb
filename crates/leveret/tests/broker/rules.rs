//! Failures that are treated as the handler says, and not as their class does.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use leveret::{Classify, Config, Delays, Handler, RetryPolicy, Rule, RunningApp, Text};

use crate::setup::{MODES, Target, in_mode, on_each_broker, send};

on_each_broker! {
    a_rule_is_chosen_by_the_name_of_an_error_or_by_its_class
    a_pause_by_rule_stops_the_handler
    the_configuration_wins_over_the_code
}

#[derive(Debug, thiserror::Error, Classify)]
enum ChargeError {
    #[error("too old")]
    #[classify(transient)]
    Stale,
    #[error("the card is expired")]
    #[classify(permanent)]
    CardExpired,
    #[error("the bank does not answer")]
    #[classify(transient)]
    Silent,
}

/// A handler `charge` that fails as its message says, and counts.
fn charging(queue: &str) -> (Handler, Arc<AtomicU32>) {
    let runs = Arc::new(AtomicU32::new(0));
    let counted = runs.clone();
    let charge = move |Text(card): Text| {
        counted.fetch_add(1, Ordering::SeqCst);
        std::future::ready(match card.as_str() {
            "stale" => Err(ChargeError::Stale),
            "expired" => Err(ChargeError::CardExpired),
            "silent" => Err(ChargeError::Silent),
            _ => Ok(()),
        })
    };
    (Handler::new(queue, charge).named("charge"), runs)
}

/// Sends one card and waits until nothing is left to be done; how often the handler ran.
async fn ran(running: &RunningApp, queue: &str, card: &str, runs: &AtomicU32) -> u32 {
    let before = running.stats().handler("charge");
    let runs_before = runs.load(Ordering::SeqCst);
    send(running, queue, &[card]).await;
    let ended = |stats: leveret::HandlerStats| stats.handled + stats.dropped + stats.dead_lettered;
    running.wait_until(|stats| ended(stats.handler("charge")) == ended(before) + 1).await;
    runs.load(Ordering::SeqCst) - runs_before
}

mod bodies {
    use super::*;

    pub(super) async fn a_rule_is_chosen_by_the_name_of_an_error_or_by_its_class(target: Target) {
        for mode in MODES {
            let queue = target.name(&format!("{mode:?}"));
            let (handler, runs) = charging(&queue);
            let pause = Delays::every(Duration::from_millis(50), 1).jitter(0);
            let handler = in_mode(handler, mode)
                .retry(RetryPolicy::attempts(5))
                .on_error("stale", Rule::Drop)
                .on_error("permanent", Rule::Retry(RetryPolicy::attempts(1).then(pause)))
                .on_error("transient", Rule::DeadLetter);
            let running = target.app().handler(handler).start().await.unwrap();
            assert_eq!(ran(&running, &queue, "stale", &runs).await, 1);
            assert_eq!(ran(&running, &queue, "expired", &runs).await, 2);
            assert_eq!(ran(&running, &queue, "silent", &runs).await, 1);
            assert_eq!(ran(&running, &queue, "good", &runs).await, 1);
            let stats = running.stats().handler("charge");
            let counts = (stats.dropped, stats.dead_lettered, stats.postponed, stats.handled);
            assert_eq!(counts, (1, 2, 1, 1));
            let plan = running.settlement_plan().to_string();
            assert!(plan.contains("`stale`: dropped; permanent: 1 attempt, again"), "{plan}");
            running.shutdown().await.unwrap();
        }
    }

    pub(super) async fn a_pause_by_rule_stops_the_handler(target: Target) {
        let queue = target.name("cards");
        let (handler, _) = charging(&queue);
        let handler = handler.on_error("silent", Rule::Pause(Duration::from_mins(1)));
        let running = target.app().handler(handler).start().await.unwrap();
        send(&running, &queue, &["silent", "good"]).await;
        running.wait_until(|stats| stats.handler("charge").pauses == 1).await;
        let stats = running.stats().handler("charge");
        assert_eq!((stats.handled, stats.retried, stats.dead_lettered), (0, 0, 0));
        running.shutdown().await.unwrap();
    }

    pub(super) async fn the_configuration_wins_over_the_code(target: Target) {
        let queue = target.name("cards");
        let (handler, runs) = charging(&queue);
        let handler = handler.on_error("card-expired", Rule::DeadLetter);
        let text = "[handlers.charge.on-error]\ncard-expired = \"drop\"\n";
        let config = Config::parse("leveret.toml".as_ref(), text).unwrap();
        let running = target.app().handler(handler).configure(config).start().await.unwrap();
        assert_eq!(ran(&running, &queue, "expired", &runs).await, 1);
        assert_eq!(running.stats().handler("charge").dropped, 1);
        running.shutdown().await.unwrap();
    }
}
