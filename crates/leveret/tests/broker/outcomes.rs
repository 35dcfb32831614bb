//! What becomes of a message, by what its handler returns.

use crate::setup::on_each_broker;

on_each_broker! {
    outputs_leave_with_their_ancestry
    nothing_of_a_failed_attempt_gets_out
    a_failing_message_is_tried_three_times_then_kept_as_it_was
    a_permanent_failure_is_not_tried_again
    a_panic_is_a_failure_and_the_worker_goes_on
    what_cannot_be_decoded_is_never_handled
    a_reply_goes_to_who_asked
    a_value_is_answered_in_the_format_of_the_request
    a_slow_attempt_is_cut_off
    an_output_without_a_queue_is_kept
    an_output_too_large_for_a_frame_is_a_failure
}

mod bodies {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use leveret::{
        Attempt, Bytes, Failure, FieldValue, Handler, Json, Message, Outcome, Publish, Publisher,
        Reply, RetryPolicy, Text,
    };

    use crate::setup::{Arrivals, MODES, Target, in_mode, send};

    fn header(message: &Message, name: &str) -> String {
        message.header_text(name).unwrap_or_else(|| panic!("no header {name} in {message:#?}"))
    }

    pub(super) async fn outputs_leave_with_their_ancestry(target: Target) {
        for mode in MODES {
            let (jobs, results) = (target.name("jobs"), target.name("results"));
            let to = results.clone();
            let work = move |Text(text): Text| {
                let to = to.clone();
                async move {
                    [Publish::to_queue(&to).text(text.clone()), Publish::to_queue(&to).text(text)]
                }
            };
            let arrivals = Arrivals::default();
            let handler = in_mode(Handler::new(jobs.as_str(), work).named("work"), mode);
            let app = target.app().handler(handler).handler(arrivals.on(results));
            let running = app.start().await.unwrap();
            let job = Publish::to_queue(&jobs)
                .text("x")
                .message_id("job-1")
                .header("references", "order-1");
            running.publisher().publish(job).await.unwrap();
            running.wait_until(|_| arrivals.all().len() == 2).await;
            for message in arrivals.all() {
                assert_eq!(message.body(), "x");
                assert_eq!(message.properties().correlation_id().unwrap(), "job-1");
                assert_eq!(header(&message, "references"), "order-1\njob-1");
                assert!(message.properties().is_persistent());
            }
            assert_ne!(arrivals.all()[0].message_id(), arrivals.all()[1].message_id());
            running.wait_until(|stats| stats.handler("work").published == 2).await;
            running.shutdown().await.unwrap();
        }
    }

    pub(super) async fn nothing_of_a_failed_attempt_gets_out(target: Target) {
        for mode in MODES {
            let (jobs, results) = (target.name("jobs"), target.name("results"));
            let to = results.clone();
            let work = move |attempt: Attempt, publisher: Publisher| {
                let to = to.clone();
                async move {
                    let text = format!("attempt {}", attempt.number);
                    publisher.publish(Publish::to_queue(to).text(text)).await?;
                    if attempt.is_last() { Ok(()) } else { Err(Failure::transient("not yet")) }
                }
            };
            let arrivals = Arrivals::default();
            let handler = in_mode(Handler::new(jobs.as_str(), work).named("work"), mode);
            let running =
                target.app().handler(handler).handler(arrivals.on(results)).start().await.unwrap();
            send(&running, &jobs, &["x"]).await;
            running.wait_until(|stats| stats.handler("work").handled == 1).await;
            running.idle().await;
            assert_eq!(arrivals.bodies(), ["attempt 3"]);
            assert_eq!(running.stats().handler("work").retried, 2);
            running.shutdown().await.unwrap();
        }
    }

    pub(super) async fn a_failing_message_is_tried_three_times_then_kept_as_it_was(target: Target) {
        for mode in MODES {
            let jobs = target.name(&format!("jobs-{mode:?}"));
            let tries = Arc::new(AtomicU32::new(0));
            let counted = tries.clone();
            let work = move || {
                counted.fetch_add(1, Ordering::SeqCst);
                async { Err::<(), _>("the shop is closed") }
            };
            let arrivals = Arrivals::default();
            let handler = in_mode(Handler::new(jobs.as_str(), work).named("work"), mode);
            let dead = handler.dead_letter_queue();
            let app = target.app().version("1.2.3").handler(handler).handler(arrivals.on(dead));
            let running = app.start().await.unwrap();
            let body: Vec<u8> = (0..=255).collect();
            let job = Publish::to_queue(&jobs)
                .bytes(body.clone())
                .content_type("application/x-odd")
                .message_id("job-1")
                .kind("job")
                .header("x-mine", 7);
            running.publisher().publish(job).await.unwrap();
            running.wait_until(|_| arrivals.all().len() == 1).await;
            let letter = arrivals.one();
            assert_eq!(tries.load(Ordering::SeqCst), 3);
            assert_eq!(letter.body(), &body);
            assert_eq!(letter.message_id().unwrap(), "job-1");
            assert_eq!(letter.properties().content_type().unwrap(), "application/x-odd");
            assert_eq!(letter.properties().kind().unwrap(), "job");
            assert_eq!(letter.header("x-mine"), Some(FieldValue::I32(7)));
            assert_eq!(header(&letter, "x-leveret-error"), "the shop is closed");
            assert_eq!(letter.header("x-leveret-attempts"), Some(FieldValue::I64(3)));
            assert_eq!(header(&letter, "x-leveret-queue"), jobs);
            assert_eq!(header(&letter, "x-leveret-routing-key"), jobs);
            assert_eq!(header(&letter, "x-leveret-handler"), "work");
            assert_eq!(header(&letter, "x-leveret-version"), "1.2.3");
            running.shutdown().await.unwrap();
        }
    }

    pub(super) async fn a_permanent_failure_is_not_tried_again(target: Target) {
        let jobs = target.name("jobs");
        let work = |attempt: Attempt| async move {
            assert_eq!(attempt.number, 1);
            Outcome::DeadLetter("no such customer".to_owned())
        };
        let arrivals = Arrivals::default();
        let handler = Handler::new(jobs.as_str(), work);
        let dead = handler.dead_letter_queue();
        let running =
            target.app().handler(handler).handler(arrivals.on(dead)).start().await.unwrap();
        send(&running, &jobs, &["x"]).await;
        running.wait_until(|_| arrivals.all().len() == 1).await;
        assert_eq!(header(&arrivals.one(), "x-leveret-error"), "no such customer");
        running.shutdown().await.unwrap();
    }

    pub(super) async fn a_panic_is_a_failure_and_the_worker_goes_on(target: Target) {
        let jobs = target.name("jobs");
        let work = |Text(text): Text| async move { assert_ne!(text, "bad", "cannot do this one") };
        let arrivals = Arrivals::default();
        let handler =
            Handler::new(jobs.as_str(), work).named("work").retry(RetryPolicy::attempts(2));
        let dead = handler.dead_letter_queue();
        let running =
            target.app().handler(handler).handler(arrivals.on(dead)).start().await.unwrap();
        send(&running, &jobs, &["bad", "good"]).await;
        running.wait_until(|stats| stats.handler("work").handled == 1).await;
        running.wait_until(|_| arrivals.all().len() == 1).await;
        let letter = arrivals.one();
        assert_eq!(header(&letter, "x-leveret-error-class"), "panic");
        assert!(header(&letter, "x-leveret-error").contains("cannot do this one"));
        assert_eq!(letter.header("x-leveret-attempts"), Some(FieldValue::I64(2)));
        running.shutdown().await.unwrap();
    }

    pub(super) async fn what_cannot_be_decoded_is_never_handled(target: Target) {
        let jobs = target.name("jobs");
        let work = |Json(number): Json<u32>| async move { assert_eq!(number, 7) };
        let arrivals = Arrivals::default();
        let handler = Handler::new(jobs.as_str(), work).named("work");
        let dead = handler.dead_letter_queue();
        let running =
            target.app().handler(handler).handler(arrivals.on(dead)).start().await.unwrap();
        let publisher = running.publisher();
        let job = |body: &'static [u8]| Publish::to_queue(&jobs).bytes(Bytes::from_static(body));
        publisher.publish(job(b"{\"torn")).await.unwrap();
        publisher.publish(job(b"7").content_type("text/csv")).await.unwrap();
        publisher.publish(job(b"7").content_encoding("gzip")).await.unwrap();
        publisher.publish(job(b"7").content_type("application/json; charset=utf-8")).await.unwrap();
        running.wait_until(|_| arrivals.all().len() == 3).await;
        running.wait_until(|stats| stats.handler("work").handled == 1).await;
        for letter in arrivals.all() {
            assert_eq!(header(&letter, "x-leveret-error-class"), "undecodable");
        }
        assert_eq!(running.stats().handler("work").retried, 0);
        running.shutdown().await.unwrap();
    }

    pub(super) async fn a_reply_goes_to_who_asked(target: Target) {
        let (jobs, answers) = (target.name("jobs"), target.name("answers"));
        let work = |Text(text): Text| async move { Reply::text(text.to_uppercase()) };
        let arrivals = Arrivals::default();
        let handler = Handler::new(jobs.as_str(), work).named("work");
        let app = target.app().handler(handler).handler(arrivals.on(answers.clone()));
        let running = app.start().await.unwrap();
        let publisher = running.publisher();
        publisher.publish(Publish::to_queue(&jobs).text("nobody")).await.unwrap();
        let asked = Publish::to_queue(&jobs).text("hi").reply_to(&answers).correlation_id("call-1");
        publisher.publish(asked).await.unwrap();
        running.wait_until(|_| arrivals.all().len() == 1).await;
        assert_eq!(arrivals.one().body(), "HI");
        assert_eq!(arrivals.one().properties().correlation_id().unwrap(), "call-1");
        assert_eq!(running.stats().handler("work").replies_dropped, 1);
        running.shutdown().await.unwrap();
    }

    pub(super) async fn a_value_is_answered_in_the_format_of_the_request(target: Target) {
        for mode in MODES {
            let (jobs, replies) =
                (target.name(&format!("jobs-{mode:?}")), target.name(&format!("back-{mode:?}")));
            let work = async |message: Message| match &message.body()[..] {
                b"rows" => Reply::value(vec![("a", 1), ("b", 2)]),
                b"nothing" => Reply::value(std::collections::BTreeMap::from([(vec![1], 1)])),
                _ => Reply::value("done"),
            };
            let arrivals = Arrivals::default();
            let handler = in_mode(Handler::new(jobs.as_str(), work).named("work"), mode);
            let app = target.app().handler(handler).handler(arrivals.on(replies.clone()));
            let running = app.start().await.unwrap();
            for (body, content_type, answer, answer_type) in [
                ("text", None, "\"done\"", "application/json"),
                ("text", Some("application/json"), "\"done\"", "application/json"),
                ("text", Some("text/plain"), "done", "text/plain; charset=utf-8"),
                ("rows", Some("text/plain"), "[[\"a\",1],[\"b\",2]]", "application/json"),
                ("rows", Some("application/x-odd"), "[[\"a\",1],[\"b\",2]]", "application/json"),
                ("nothing", None, "", "error"),
            ] {
                let request = Publish::to_queue(&jobs).bytes(body).reply_to(&replies);
                let request = match content_type {
                    Some(content_type) => request.content_type(content_type),
                    None => request,
                };
                let count = arrivals.all().len();
                running.publisher().publish(request).await.unwrap();
                running.wait_until(|_| arrivals.all().len() > count).await;
                let reply = arrivals.all().pop().unwrap();
                assert_eq!(reply.body(), answer);
                match answer_type {
                    "error" => assert_eq!(header(&reply, "x-leveret-error-class"), "encode"),
                    _ => assert_eq!(reply.properties().content_type().unwrap(), answer_type),
                }
            }
            running.shutdown().await.unwrap();
        }
    }

    pub(super) async fn a_slow_attempt_is_cut_off(target: Target) {
        let jobs = target.name("jobs");
        let work = || std::future::pending::<()>();
        let arrivals = Arrivals::default();
        let handler = Handler::new(jobs.as_str(), work)
            .retry(RetryPolicy::never())
            .time_limit(Duration::from_millis(10));
        let dead = handler.dead_letter_queue();
        let running =
            target.app().handler(handler).handler(arrivals.on(dead)).start().await.unwrap();
        send(&running, &jobs, &["x"]).await;
        running.wait_until(|_| arrivals.all().len() == 1).await;
        assert_eq!(header(&arrivals.one(), "x-leveret-error-class"), "time-limit");
        running.shutdown().await.unwrap();
    }

    pub(super) async fn an_output_without_a_queue_is_kept(target: Target) {
        for mode in MODES {
            let jobs = target.name(&format!("jobs-{mode:?}"));
            let work = |Text(text): Text| async move {
                (
                    Publish::new("amq.topic", "nobody.listens").text(text.clone()),
                    Publish::new("amq.topic", "nobody.listens").text(text).drop_if_unrouted(),
                )
            };
            let arrivals = Arrivals::default();
            let handler = in_mode(Handler::new(jobs.as_str(), work).named("work"), mode);
            let dead = handler.dead_letter_queue();
            let running =
                target.app().handler(handler).handler(arrivals.on(dead)).start().await.unwrap();
            send(&running, &jobs, &["x"]).await;
            running.wait_until(|_| arrivals.all().len() == 1).await;
            assert_eq!(header(&arrivals.one(), "x-leveret-error-class"), "unroutable");
            assert_eq!(arrivals.one().body(), "x");
            running.shutdown().await.unwrap();
        }
    }

    pub(super) async fn an_output_too_large_for_a_frame_is_a_failure(target: Target) {
        for mode in MODES {
            let jobs = target.name(&format!("jobs-{mode:?}"));
            let to = jobs.clone();
            let work = move || {
                let to = Publish::to_queue(&to);
                async move { to.header("x-large", "x".repeat(200 * 1024)) }
            };
            let arrivals = Arrivals::default();
            let handler = in_mode(Handler::new(jobs.as_str(), work).named("work"), mode);
            let dead = handler.dead_letter_queue();
            let running =
                target.app().handler(handler).handler(arrivals.on(dead)).start().await.unwrap();
            send(&running, &jobs, &["x"]).await;
            running.wait_until(|_| arrivals.all().len() == 1).await;
            assert_eq!(header(&arrivals.one(), "x-leveret-error-class"), "too-large");
            running.shutdown().await.unwrap();
        }
    }
}
