//! A message-id has its effect once.

use leveret::Endpoint;

use crate::setup::{Target, on_each_broker};

on_each_broker! {
    the_same_id_has_its_effect_once
    a_dead_letter_may_be_sent_again
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_is_known_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let target = Target::at(Endpoint::Directory(dir.path().into()));
    bodies::handle_and_stop(&target, 0).await;
    bodies::handle_and_stop(&target, 1).await;
}

mod bodies {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use leveret::{Class, Classify, Handler, Publish, Text};

    use crate::setup::{Arrivals, MODES, Target, in_mode};

    pub(super) async fn the_same_id_has_its_effect_once(target: Target) {
        let dir = tempfile::tempdir().unwrap();
        for mode in MODES {
            let (jobs, results) = (target.name(&format!("jobs-{mode:?}")), target.name("results"));
            let to = results.clone();
            let work = move |Text(text): Text| {
                let publish = Publish::to_queue(&to).text(text);
                async move { publish }
            };
            let arrivals = Arrivals::default();
            // A ledger outlives its application; the second mode's ids are other ones.
            let name = format!("work-{mode:?}");
            let handler = Handler::new(jobs.as_str(), work).named(&name).concurrency(4).inbox();
            let app = target
                .app()
                .inbox_file(dir.path().join(format!("{mode:?}.redb")))
                .handler(in_mode(handler, mode))
                .handler(arrivals.on(results));
            let running = app.start().await.unwrap();
            for text in ["a", "b", "a", "c", "b", "a"] {
                let job = Publish::to_queue(&jobs).text(text).message_id(text);
                running.publisher().publish(job).await.unwrap();
            }
            running.wait_until(|stats| stats.handler(&name).duplicates == 3).await;
            running.wait_until(|_| arrivals.all().len() == 3).await;
            let mut bodies = arrivals.bodies();
            bodies.sort();
            assert_eq!(bodies, ["a", "b", "c"]);
            running.wait_until(|stats| stats.handler(&name).handled == 3).await;
            running.shutdown().await.unwrap();
        }
    }

    struct Unwilling;

    impl std::fmt::Display for Unwilling {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("not today")
        }
    }

    impl Classify for Unwilling {
        fn class(&self) -> Class {
            Class::Permanent
        }
    }

    pub(super) async fn a_dead_letter_may_be_sent_again(target: Target) {
        let dir = tempfile::tempdir().unwrap();
        let jobs = target.name("jobs");
        let tries = Arc::new(AtomicU32::new(0));
        let work = move || {
            let is_first = tries.fetch_add(1, Ordering::SeqCst) == 0;
            async move { if is_first { Err(Unwilling) } else { Ok(()) } }
        };
        let handler = Handler::new(jobs.as_str(), work).named("work").inbox();
        let app = target.app().inbox_file(dir.path().join("inbox.redb")).handler(handler);
        let running = app.start().await.unwrap();
        for _ in 0..2 {
            let job = Publish::to_queue(&jobs).message_id("id");
            running.publisher().publish(job).await.unwrap();
        }
        running.wait_until(|stats| stats.handler("work").handled == 1).await;
        let stats = running.stats().handler("work");
        assert_eq!((stats.dead_lettered, stats.duplicates), (1, 0));
        running.shutdown().await.unwrap();
    }

    /// Sends the same three messages in each life of the application.
    pub(super) async fn handle_and_stop(target: &Target, life: u64) {
        let jobs = target.name("jobs");
        let handler = Handler::new(jobs.as_str(), || async {}).named("work").inbox();
        let running = target.app().handler(handler).start().await.unwrap();
        for id in ["a", "b", "c"] {
            let job = Publish::to_queue(&jobs).message_id(id);
            running.publisher().publish(job).await.unwrap();
        }
        running
            .wait_until(|stats| {
                let stats = stats.handler("work");
                stats.handled + stats.duplicates == 3
            })
            .await;
        assert_eq!(running.stats().handler("work").duplicates, 3 * life);
        running.shutdown().await.unwrap();
    }
}
