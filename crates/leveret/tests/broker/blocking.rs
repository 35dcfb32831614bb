//! Plain functions on threads of their own.

use crate::setup::on_each_broker;

on_each_broker! {
    a_blocking_function_takes_and_gives_what_an_async_one_does
    as_many_run_at_a_time_as_there_are_threads
    a_panic_makes_a_dead_letter_and_the_thread_goes_on
    a_time_limit_counts_and_the_thread_is_taken_until_it_ends
    stopping_does_not_wait_for_a_thread_that_hangs
}

mod bodies {
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::sync::{Arc, Barrier, Mutex};
    use std::thread;
    use std::time::Duration;

    use leveret::{Handler, Publish, RetryPolicy, State, StopError, Text, handler};

    use crate::setup::{Arrivals, MODES, Target, in_hand, in_mode, send};

    const LIMIT: Duration = Duration::from_millis(50);

    #[handler(blocking, queue = "blocking.words", name = "shout")]
    fn shout(State(to): State<String>, Text(word): Text) -> Publish {
        let name = thread::current().name().unwrap_or_default().to_owned();
        Publish::to_queue(to).text(word.to_uppercase()).header("x-thread", name)
    }

    pub(super) async fn a_blocking_function_takes_and_gives_what_an_async_one_does(target: Target) {
        for mode in MODES {
            let (words, loud) = (target.name(&format!("{mode:?}")), target.name("loud"));
            let arrivals = Arrivals::default();
            let work = in_mode(Handler::blocking(words.as_str(), shout).named("shout"), mode);
            let app = target.app().state(loud.clone()).handler(work);
            let running = app.handler(arrivals.on(loud)).start().await.unwrap();
            send(&running, &words, &["ann"]).await;
            running.wait_until(|_| arrivals.all().len() == 1).await;
            assert_eq!(arrivals.bodies(), ["ANN"]);
            let thread = arrivals.one().header_text("x-thread").unwrap();
            assert_eq!(thread, "shout (blocking)");
            running.shutdown().await.unwrap();
        }
        assert_eq!(shout::handler().queue(), "blocking.words");
    }

    pub(super) async fn as_many_run_at_a_time_as_there_are_threads(target: Target) {
        let jobs = target.name("jobs");
        // Passes when three are inside at once.
        let meeting = Arc::new(Barrier::new(3));
        let work = move || {
            meeting.wait();
        };
        let handler = Handler::blocking(jobs.as_str(), work).named("work").concurrency(3);
        let running = target.app().handler(handler).start().await.unwrap();
        send(&running, &jobs, &["a", "b", "c"]).await;
        running.wait_until(|stats| stats.handler("work").handled == 3).await;
        running.shutdown().await.unwrap();
    }

    pub(super) async fn a_panic_makes_a_dead_letter_and_the_thread_goes_on(target: Target) {
        let jobs = target.name("jobs");
        let work = |Text(text): Text| assert_ne!(text, "bad", "it is bad");
        let handler =
            Handler::blocking(jobs.as_str(), work).named("work").retry(RetryPolicy::never());
        let letters = Arrivals::default();
        let watch = letters.on(handler.dead_letter_queue());
        let running = target.app().handler(handler).handler(watch).start().await.unwrap();
        send(&running, &jobs, &["bad", "good"]).await;
        running.wait_until(|stats| stats.handler("work").handled == 1).await;
        running.wait_until(|_| letters.all().len() == 1).await;
        assert_eq!(letters.one().header_text("x-leveret-error-class").unwrap(), "panic");
        assert_eq!(letters.bodies(), ["bad"]);
        running.shutdown().await.unwrap();
    }

    /// Holds "stuck" until the gate's other end is dropped, and counts who came in.
    fn gated(gate: Receiver<()>, seen: &Arc<Mutex<Vec<String>>>) -> impl Fn(Text) + use<> {
        let (gate, seen) = (Mutex::new(gate), seen.clone());
        move |Text(text)| {
            seen.lock().unwrap().push(text.clone());
            if text == "stuck" {
                gate.lock().unwrap().recv().unwrap_err();
            }
        }
    }

    fn gate() -> (Sender<()>, Receiver<()>) {
        channel()
    }

    pub(super) async fn a_time_limit_counts_and_the_thread_is_taken_until_it_ends(target: Target) {
        let jobs = target.name("jobs");
        let (open, closed) = gate();
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let handler = Handler::blocking(jobs.as_str(), gated(closed, &seen))
            .named("work")
            .time_limit(LIMIT)
            .retry(RetryPolicy::never());
        let letters = Arrivals::default();
        let watch = letters.on(handler.dead_letter_queue());
        let running = target.app().handler(handler).handler(watch).start().await.unwrap();
        send(&running, &jobs, &["stuck", "next"]).await;
        running.wait_until(|_| letters.all().len() == 1).await;
        assert_eq!(letters.one().header_text("x-leveret-error-class").unwrap(), "time-limit");
        // The next is in hand and waits for the only thread; its own limit has not begun.
        in_hand(&running, "work").await;
        tokio::time::timeout(LIMIT * 3, std::future::pending::<()>()).await.unwrap_err();
        assert_eq!(*seen.lock().unwrap(), ["stuck"]);
        assert_eq!(running.stats().handler("work").dead_lettered, 1);
        drop(open);
        running.wait_until(|stats| stats.handler("work").handled == 1).await;
        assert_eq!(*seen.lock().unwrap(), ["stuck", "next"]);
        running.shutdown().await.unwrap();
    }

    pub(super) async fn stopping_does_not_wait_for_a_thread_that_hangs(target: Target) {
        let jobs = target.name("jobs");
        let (open, closed) = gate();
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let handler = Handler::blocking(jobs.as_str(), gated(closed, &seen)).named("work");
        let app = target.app().handler(handler).grace(LIMIT);
        let running = app.start().await.unwrap();
        send(&running, &jobs, &["stuck"]).await;
        while seen.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        let error = running.shutdown().await.unwrap_err();
        assert!(matches!(error, StopError::DeadlinePassed { in_flight: 1, .. }), "{error}");
        drop(open);
    }
}
