//! Many messages at a time.

use crate::setup::on_each_broker;

on_each_broker! {
    a_full_batch_is_handled_at_once_and_its_outputs_leave
    what_cannot_be_read_is_a_dead_letter_alone
    a_batch_that_fails_is_tried_message_by_message
    each_message_may_have_its_own_outcome
    stopping_handles_what_waits_for_more
    outputs_that_the_broker_refuses_condemn_their_message_alone
}

mod bodies {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use leveret::{
        App, Batch, Each, FieldValue, Handler, Json, Outcome, Publish, RetryPolicy, RunningApp,
        StartError, State, Text,
    };

    use crate::setup::{Arrivals, MODES, Target, in_mode, send};

    /// Longer than any test: only a full batch is handled.
    const NEVER: Duration = Duration::from_mins(10);

    /// The batches a handler was given.
    type Seen = Arc<Mutex<Vec<Vec<String>>>>;

    async fn send_json(running: &RunningApp, queue: &str, bodies: &[&'static str]) {
        for body in bodies {
            let publish = Publish::to_queue(queue).bytes(*body).content_type("application/json");
            running.publisher().publish(publish).await.unwrap();
        }
    }

    fn texts(batch: Batch<Text>) -> Vec<String> {
        batch.into_iter().map(|Text(text)| text).collect()
    }

    fn noting(seen: &Seen) -> impl Fn(Batch<Text>) -> Vec<String> + Clone + use<> {
        let seen = seen.clone();
        move |batch| {
            let batch = texts(batch);
            seen.lock().unwrap().push(batch.clone());
            batch
        }
    }

    pub(super) async fn a_full_batch_is_handled_at_once_and_its_outputs_leave(target: Target) {
        for mode in MODES {
            let jobs = target.name(&format!("{mode:?}"));
            let sums = format!("{jobs}.sums");
            let to = sums.clone();
            let add = move |State(unit): State<&'static str>, batch: Batch<Json<u32>>| {
                let sum: u32 = batch.iter().map(|Json(number)| number).sum();
                std::future::ready(Publish::to_queue(&to).text(format!("{sum} {unit}")))
            };
            let handler = Handler::batch(jobs.as_str(), add).named("add").size(4).window(NEVER);
            let arrivals = Arrivals::default();
            let app = target.app().state("hares").handler(in_mode(handler, mode));
            let running = app.handler(arrivals.on(sums)).start().await.unwrap();
            send_json(&running, &jobs, &["1", "2", "3", "4", "5", "6", "7", "8"]).await;
            running.wait_until(|stats| stats.handler("add").handled == 8).await;
            running.wait_until(|_| arrivals.all().len() == 2).await;
            assert_eq!(arrivals.bodies(), ["10 hares", "26 hares"]);
            running.idle().await;
            assert_eq!(running.stats().handler("add").published, 2);
            running.shutdown().await.unwrap();
        }
    }

    pub(super) async fn what_cannot_be_read_is_a_dead_letter_alone(target: Target) {
        for mode in MODES {
            let jobs = target.name(&format!("{mode:?}"));
            let seen: Arc<Mutex<Vec<u32>>> = Arc::default();
            let noted = seen.clone();
            let work = move |batch: Batch<Json<u32>>| {
                noted.lock().unwrap().extend(batch.into_iter().map(|Json(number)| number));
                std::future::ready(())
            };
            let handler = Handler::batch(jobs.as_str(), work).named("work").size(3).window(NEVER);
            let letters = Arrivals::default();
            let watch = letters.on(handler.dead_letter_queue());
            let app = target.app().handler(in_mode(handler, mode)).handler(watch);
            let running = app.start().await.unwrap();
            send_json(&running, &jobs, &["1", "no number", "3"]).await;
            running.wait_until(|stats| stats.handler("work").handled == 2).await;
            running.wait_until(|_| letters.all().len() == 1).await;
            assert_eq!(*seen.lock().unwrap(), [1, 3]);
            assert_eq!(letters.one().header_text("x-leveret-error-class").unwrap(), "undecodable");
            assert_eq!(letters.bodies(), ["no number"]);
            running.shutdown().await.unwrap();
        }
    }

    pub(super) async fn a_batch_that_fails_is_tried_message_by_message(target: Target) {
        for mode in MODES {
            let jobs = target.name(&format!("{mode:?}"));
            let seen = Seen::default();
            let note = noting(&seen);
            let work = move |batch: Batch<Text>| {
                let is_bad = note(batch).contains(&"bad".to_owned());
                std::future::ready(if is_bad { Err("a row is refused") } else { Ok(()) })
            };
            let handler = Handler::batch(jobs.as_str(), work).named("work").size(3).window(NEVER);
            let letters = Arrivals::default();
            let watch = letters.on(handler.dead_letter_queue());
            let handler = in_mode(handler, mode).retry(RetryPolicy::attempts(2));
            let running = target.app().handler(handler).handler(watch).start().await.unwrap();
            send(&running, &jobs, &["a", "bad", "c"]).await;
            running.wait_until(|stats| stats.handler("work").handled == 2).await;
            running.wait_until(|_| letters.all().len() == 1).await;
            assert_eq!(
                *seen.lock().unwrap(),
                [vec!["a", "bad", "c"], vec!["a"], vec!["bad"], vec!["bad"], vec!["c"]]
            );
            assert_eq!(letters.bodies(), ["bad"]);
            assert_eq!(letters.one().header("x-leveret-attempts"), Some(FieldValue::I64(2)));
            running.shutdown().await.unwrap();
        }
    }

    pub(super) async fn each_message_may_have_its_own_outcome(target: Target) {
        for mode in MODES {
            let jobs = target.name(&format!("{mode:?}"));
            let seen = Seen::default();
            let note = noting(&seen);
            let work = move |batch: Batch<Text>| {
                let outcome = |text: String| match text.as_str() {
                    "later" => Outcome::Retry("not yet".to_owned()),
                    "dead" => Outcome::DeadLetter("as it says".to_owned()),
                    "no" => Outcome::Reject,
                    _ => Outcome::Ack,
                };
                std::future::ready(Each(note(batch).into_iter().map(outcome).collect()))
            };
            let handler = Handler::batch(jobs.as_str(), work).named("work").size(6).window(NEVER);
            let letters = Arrivals::default();
            let watch = letters.on(handler.dead_letter_queue());
            let app = target.app().handler(in_mode(handler, mode)).handler(watch);
            let running = app.start().await.unwrap();
            send(&running, &jobs, &["a", "b", "later", "c", "dead", "no"]).await;
            running.wait_until(|_| letters.all().len() == 2).await;
            running.idle().await;
            let stats = running.stats().handler("work");
            assert_eq!((stats.handled, stats.rejected, stats.dead_lettered), (3, 1, 2));
            assert_eq!(stats.retried, 2);
            let alone = vec!["later".to_owned()];
            assert_eq!(seen.lock().unwrap()[1..], [alone.clone(), alone]);
            assert_eq!(letters.bodies(), ["dead", "later"]);
            running.shutdown().await.unwrap();
        }
    }

    pub(super) async fn stopping_handles_what_waits_for_more(target: Target) {
        let jobs = target.name("jobs");
        let seen = Seen::default();
        let note = noting(&seen);
        let work = move |batch: Batch<Text>| {
            note(batch);
            std::future::ready(())
        };
        let handler = Handler::batch(jobs.as_str(), work).named("work").size(10).window(NEVER);
        let running = target.app().handler(handler).start().await.unwrap();
        send(&running, &jobs, &["a", "b"]).await;
        running.wait_until(|stats| stats.handler("work").in_flight == 2).await;
        running.shutdown().await.unwrap();
        assert_eq!(*seen.lock().unwrap(), [["a", "b"]]);
        if let Some(left) = target.ready_after_restart(&jobs).await {
            assert_eq!(left, 0);
        }
    }

    pub(super) async fn outputs_that_the_broker_refuses_condemn_their_message_alone(
        target: Target,
    ) {
        for mode in MODES {
            let jobs = target.name(&format!("{mode:?}"));
            let nowhere = format!("{jobs}.nowhere");
            let work = move |batch: Batch<Text>| {
                let publish = |text: String| {
                    (text == "bad").then(|| Publish::new(nowhere.as_str(), "key").text("x"))
                };
                std::future::ready(Each(texts(batch).into_iter().map(publish).collect()))
            };
            let handler = Handler::batch(jobs.as_str(), work).named("work").size(3).window(NEVER);
            let letters = Arrivals::default();
            let watch = letters.on(handler.dead_letter_queue());
            let handler = in_mode(handler, mode).retry(RetryPolicy::attempts(2));
            let running = target.app().handler(handler).handler(watch).start().await.unwrap();
            send(&running, &jobs, &["a", "bad", "c"]).await;
            running.wait_until(|stats| stats.handler("work").handled == 2).await;
            running.wait_until(|_| letters.all().len() == 1).await;
            assert_eq!(letters.one().header_text("x-leveret-error-class").unwrap(), "refused");
            running.shutdown().await.unwrap();
        }
    }

    async fn refused(handler: Handler) -> String {
        let started = App::new("a").in_memory().handler(handler.named("work")).start().await;
        let error: StartError = started.unwrap_err();
        assert_eq!(error.exit_code(), 78);
        error.to_string()
    }

    #[tokio::test]
    async fn what_does_not_fit_a_batch_is_refused_at_the_start() {
        async fn one(_: Text) {}
        async fn many(_: Batch<Text>) {}
        async fn both(_: Batch<Text>, _: leveret::Attempt) {}
        assert_eq!(
            refused(Handler::batch("q", one)).await,
            "handler `work` needs an argument `Batch<_>`, as it handles batches"
        );
        assert_eq!(
            refused(Handler::new("q", many)).await,
            "handler `work` needs to be made with `Handler::batch(..)`, as it takes a `Batch`"
        );
        assert_eq!(
            refused(Handler::batch("q", both)).await,
            "handler `work` needs one message at a time for `Attempt`: take it within `Batch<_>`, if it can be there"
        );
        assert_eq!(
            refused(Handler::batch("q", many).size(0)).await,
            "handler `work` has a batch size of 0, which is not 1 to 10000"
        );
        assert_eq!(
            refused(Handler::batch("q", many).window(NEVER * 2)).await,
            "handler `work` has a batch window of 20 min, which is not up to 10 min"
        );
        assert!(refused(Handler::batch("q", many).inbox()).await.contains("has an inbox"));
    }
}
