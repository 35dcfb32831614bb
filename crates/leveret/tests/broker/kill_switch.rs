//! A handler that stops pulling while what it depends on is down.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use leveret::{Failure, Flow, Handler, KillSwitch, RetryPolicy};

use crate::setup::{MODES, Target, in_mode, on_each_broker, send};

on_each_broker! {
    a_pause_costs_no_attempt_and_ends_with_a_message_that_succeeds
    too_many_failures_stop_all_workers_and_the_rest_stays_in_the_queue
    one_message_is_tried_after_the_pause
    a_failing_message_does_not_stop_its_handler_for_ever
    shutdown_does_not_wait_for_a_pause
    what_was_in_each_others_way_is_tried_again_and_counts_as_no_attempt
}

const PAUSE: Duration = Duration::from_millis(150);

/// Something that works or not.
#[derive(Debug, Clone, Default)]
struct Bank {
    is_open: Arc<AtomicBool>,
    asked: Arc<AtomicU32>,
}

impl Bank {
    fn handler(&self, queue: &str, failure: Failure) -> Handler {
        let bank = self.clone();
        let charge = move || {
            bank.asked.fetch_add(1, Ordering::SeqCst);
            let is_open = bank.is_open.load(Ordering::SeqCst);
            std::future::ready(if is_open { Ok(()) } else { Err(failure.clone()) })
        };
        Handler::new(queue, charge).named("charge")
    }

    fn asked(&self) -> u32 {
        self.asked.load(Ordering::SeqCst)
    }

    fn open(&self) {
        self.is_open.store(true, Ordering::SeqCst);
    }
}

mod bodies {
    use super::*;

    pub(super) async fn a_pause_costs_no_attempt_and_ends_with_a_message_that_succeeds(
        target: Target,
    ) {
        for mode in MODES {
            let (cards, bank) = (target.name(&format!("{mode:?}")), Bank::default());
            let handler = in_mode(bank.handler(&cards, Failure::pause(PAUSE, "closed")), mode);
            let app = target.app().handler(handler.retry(RetryPolicy::never()));
            let running = app.start().await.unwrap();
            send(&running, &cards, &["a", "b"]).await;
            running.wait_until(|stats| stats.handler("charge").pauses == 3).await;
            bank.open();
            running.wait_until(|stats| stats.handler("charge").handled == 2).await;
            let stats = running.stats().handler("charge");
            assert_eq!((stats.flow, stats.dead_lettered, stats.pauses), (Flow::Flowing, 0, 3));
            // Three times in vain, then each once: nothing was pulled beside the one in hand.
            assert_eq!(bank.asked(), 5);
            running.shutdown().await.unwrap();
        }
    }

    pub(super) async fn too_many_failures_stop_all_workers_and_the_rest_stays_in_the_queue(
        target: Target,
    ) {
        let (cards, bank) = (target.name("cards"), Bank::default());
        let switch =
            KillSwitch { minimum: 6, pause: Duration::from_mins(1), ..KillSwitch::default() };
        let handler = bank.handler(&cards, Failure::transient("timeout")).concurrency(4);
        let handler = handler.retry(RetryPolicy::attempts(1)).kill_switch(switch);
        let running = target.app().handler(handler).start().await.unwrap();
        send(&running, &cards, &["x"; 30]).await;
        running.wait_until(|stats| stats.handler("charge").flow == Flow::Paused).await;
        running.wait_until(|stats| stats.handler("charge").in_flight == 0).await;
        let stats = running.stats().handler("charge");
        assert!((6..=9).contains(&stats.dead_lettered), "{stats:?}");
        let left = 30 - u32::try_from(stats.dead_lettered).unwrap();
        while running.messages_ready(&cards).await != Some(left) {
            tokio::task::yield_now().await;
        }
        running.shutdown().await.unwrap();
    }

    pub(super) async fn one_message_is_tried_after_the_pause(target: Target) {
        let (cards, bank) = (target.name("cards"), Bank::default());
        let handler = bank.handler(&cards, Failure::pause(PAUSE, "closed")).concurrency(4);
        let running = target.app().handler(handler).start().await.unwrap();
        send(&running, &cards, &["x"; 12]).await;
        running.wait_until(|stats| stats.handler("charge").pauses == 4).await;
        // At most all four workers met the first pause; each pause after it is one probe's.
        assert!((4..=7).contains(&bank.asked()), "{}", bank.asked());
        bank.open();
        running.wait_until(|stats| stats.handler("charge").handled == 12).await;
        running.wait_until(|stats| stats.handler("charge").flow == Flow::Flowing).await;
        running.shutdown().await.unwrap();
    }

    pub(super) async fn a_failing_message_does_not_stop_its_handler_for_ever(target: Target) {
        let cards = target.name("cards");
        let charge = |leveret::Text(card): leveret::Text| async move {
            if card == "bad" { Err("it never works") } else { Ok(()) }
        };
        let switch = KillSwitch { minimum: 1, pause: PAUSE, ..KillSwitch::default() };
        let handler = Handler::new(cards.as_str(), charge).named("charge").kill_switch(switch);
        let running = target.app().handler(handler).start().await.unwrap();
        send(&running, &cards, &["bad", "good"]).await;
        running.wait_until(|stats| stats.handler("charge").handled == 1).await;
        let stats = running.stats().handler("charge");
        assert_eq!((stats.dead_lettered, stats.retried), (1, 2));
        running.shutdown().await.unwrap();
    }

    pub(super) async fn shutdown_does_not_wait_for_a_pause(target: Target) {
        for minutes in [1, 10] {
            let (cards, bank) = (target.name(&format!("cards-{minutes}")), Bank::default());
            let failure = Failure::pause(Duration::from_mins(minutes), "closed");
            let handler = bank.handler(&cards, failure).concurrency(2);
            let running = target.app().handler(handler).start().await.unwrap();
            send(&running, &cards, &["a", "b"]).await;
            running.wait_until(|stats| stats.handler("charge").flow == Flow::Paused).await;
            let asked = Instant::now();
            running.shutdown().await.unwrap();
            assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
            if let Some(left) = target.ready_after_restart(&cards).await {
                assert_eq!(left, 2, "nothing is lost");
            }
        }
    }

    pub(super) async fn what_was_in_each_others_way_is_tried_again_and_counts_as_no_attempt(
        target: Target,
    ) {
        for (conflicts, ends_well) in [(20, true), (21, false)] {
            let (cards, asked) =
                (target.name(&format!("cards-{conflicts}")), Arc::new(AtomicU32::new(0)));
            let counted = asked.clone();
            let charge = move || {
                let is_free = counted.fetch_add(1, Ordering::SeqCst) >= conflicts;
                std::future::ready(if is_free { Ok(()) } else { Err(Failure::conflict("locked")) })
            };
            let handler = Handler::new(cards.as_str(), charge).named("charge");
            let handler = handler.retry(RetryPolicy::never());
            let running = target.app().handler(handler).start().await.unwrap();
            send(&running, &cards, &["a"]).await;
            running
                .wait_until(|stats| {
                    let stats = stats.handler("charge");
                    stats.handled + stats.dead_lettered == 1
                })
                .await;
            let stats = running.stats().handler("charge");
            assert_eq!((stats.handled == 1, stats.retried, stats.pauses), (ends_well, 0, 0));
            assert_eq!(asked.load(Ordering::SeqCst), 21);
            running.shutdown().await.unwrap();
        }
    }
}
