//! Starting, stopping, and connections that break in between.

use leveret::{App, Handler, Publish, RunError, StopError};

use crate::setup::on_each_broker;

on_each_broker! {
    stopping_finishes_what_is_in_hand_and_gives_back_the_rest
    stopping_does_not_wait_longer_than_told
    a_hundred_idle_workers_stop_at_once
    hooks_run_before_the_first_and_after_the_last_message
    a_failing_start_hook_stops_the_start
}

/// Signals are for the whole process, so one test does all that listens for them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_stops_gracefully_and_another_at_once() {
    let (started, has_started) = tokio::sync::oneshot::channel();
    let app = App::new("signalled").in_memory().on_start(|_| async {
        started.send(()).unwrap();
        Ok::<(), &str>(())
    });
    let running = tokio::spawn(app.run());
    has_started.await.unwrap();
    ask_to_stop();
    running.await.unwrap().unwrap();

    let (begun, mut has_begun) = tokio::sync::mpsc::channel(1);
    let stuck = move || {
        let begun = begun.clone();
        async move {
            begun.send(()).await.unwrap();
            std::future::pending::<()>().await;
        }
    };
    let app = App::new("stuck")
        .in_memory()
        .handler(Handler::new("jobs", stuck))
        .on_start(|publisher| async move { publisher.publish(Publish::to_queue("jobs")).await });
    let mut running = tokio::spawn(app.run());
    has_begun.recv().await.unwrap();
    let stopped = loop {
        ask_to_stop();
        tokio::select! {
            biased;
            stopped = &mut running => break stopped,
            () = tokio::task::yield_now() => {}
        }
    };
    let error = stopped.unwrap().unwrap_err();
    assert!(matches!(error, RunError::Stop(StopError::Forced)), "{error}");
    assert_eq!(error.exit_code(), 1);
}

fn ask_to_stop() {
    let own = std::process::id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &own]).status().unwrap().success());
}

mod bodies {
    use std::pin::pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::{Duration, Instant};

    use futures_util::FutureExt as _;
    use leveret::{Handler, Publish, Publisher, StartError, StopError};
    use tokio::sync::Semaphore;

    use crate::setup::{Target, in_hand, send};

    pub(super) async fn stopping_finishes_what_is_in_hand_and_gives_back_the_rest(target: Target) {
        let jobs = target.name("jobs");
        let gate = Arc::new(Semaphore::new(0));
        let held = gate.clone();
        let work = move || {
            let held = held.clone();
            async move { held.acquire().await.unwrap().forget() }
        };
        let handler = Handler::new(jobs.as_str(), work).named("work");
        let finished = Arc::new(AtomicBool::new(false));
        let (noted, opened) = (finished.clone(), gate.clone());
        let app = target.app().handler(handler).on_stop(move |_: Publisher| async move {
            noted.store(opened.available_permits() == 0, Ordering::SeqCst);
            Ok::<(), &str>(())
        });
        let running = app.start().await.unwrap();
        send(&running, &jobs, &["a", "b", "c"]).await;
        in_hand(&running, "work").await;
        let mut stopping = pin!(running.shutdown());
        // Looked at once, it has begun: what is finished from now on is the last.
        assert!(stopping.as_mut().now_or_never().is_none());
        gate.add_permits(1);
        stopping.await.unwrap();
        assert!(finished.load(Ordering::SeqCst), "the message in hand was finished");
        if let Some(left) = target.ready_after_restart(&jobs).await {
            assert_eq!(left, 2);
        }
    }

    pub(super) async fn stopping_does_not_wait_longer_than_told(target: Target) {
        let jobs = target.name("jobs");
        let handler = Handler::new(jobs.as_str(), std::future::pending::<()>).named("work");
        let app = target.app().handler(handler).grace(Duration::from_millis(50));
        let running = app.start().await.unwrap();
        send(&running, &jobs, &["a"]).await;
        in_hand(&running, "work").await;
        let error = running.shutdown().await.unwrap_err();
        assert!(matches!(error, StopError::DeadlinePassed { in_flight: 1, .. }), "{error}");
    }

    pub(super) async fn a_hundred_idle_workers_stop_at_once(target: Target) {
        let handler = Handler::new(target.name("jobs"), || async {}).concurrency(100);
        let running = target.app().handler(handler).start().await.unwrap();
        running.idle().await;
        let asked = Instant::now();
        running.shutdown().await.unwrap();
        assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    }

    pub(super) async fn hooks_run_before_the_first_and_after_the_last_message(target: Target) {
        let jobs = target.name("jobs");
        let to = jobs.clone();
        let app = target
            .app()
            .handler(Handler::new(jobs.as_str(), || async {}).named("work"))
            .on_start(move |publisher: Publisher| async move {
                publisher.publish(Publish::to_queue(to).text("first")).await
            });
        let running = app.start().await.unwrap();
        running.wait_until(|stats| stats.handler("work").handled == 1).await;
        running.shutdown().await.unwrap();
    }

    pub(super) async fn a_failing_start_hook_stops_the_start(target: Target) {
        let app = target.app().on_start(|_| async { Err("not ready") });
        let error = app.start().await.unwrap_err();
        assert!(matches!(&error, StartError::Hook(text) if text == "not ready"), "{error}");
    }
}
