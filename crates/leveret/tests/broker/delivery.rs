//! How messages come: many at a time, over connections that break, past refusals.

use crate::setup::on_each_broker;

on_each_broker! {
    ten_workers_take_ten_messages_at_a_time
    bindings_bring_messages_by_their_keys
    a_message_that_closes_the_channel_becomes_a_dead_letter
    unroutable_publishes_are_told
}

mod bodies {
    use std::sync::Arc;

    use leveret::{Handler, Publish, PublishError, Queue};
    use tokio::sync::Barrier;

    use crate::setup::{Arrivals, MODES, Target, in_mode, send};

    pub(super) async fn ten_workers_take_ten_messages_at_a_time(target: Target) {
        for mode in MODES {
            let jobs = target.name("jobs");
            let barrier = Arc::new(Barrier::new(10));
            let work = move || {
                let barrier = barrier.clone();
                async move {
                    barrier.wait().await;
                }
            };
            let handler = in_mode(Handler::new(jobs.as_str(), work).named("work"), mode);
            let running = target.app().handler(handler.concurrency(10)).start().await.unwrap();
            send(&running, &jobs, &["x"; 20]).await;
            running.wait_until(|stats| stats.handler("work").handled == 20).await;
            running.shutdown().await.unwrap();
        }
    }

    pub(super) async fn bindings_bring_messages_by_their_keys(target: Target) {
        let exchange = target.name("events");
        let arrivals = Arrivals::default();
        let queue = Queue::new(target.name("wanted")).argument("x-max-length", 1000);
        let sink = arrivals.clone();
        let note = move |message: leveret::Message| {
            let sink = sink.clone();
            async move { sink.note(message) }
        };
        let handler = Handler::new(queue, note)
            .named("note")
            .bind(exchange.as_str(), "order.*")
            .bind(exchange.as_str(), "#.urgent");
        let running = target.app().handler(handler).start().await.unwrap();
        for key in ["order.paid", "order.paid.late", "mail.urgent"] {
            let publish = Publish::new(exchange.as_str(), key).text(key).drop_if_unrouted();
            running.publisher().publish(publish).await.unwrap();
        }
        running.wait_until(|stats| stats.handler("note").handled == 2).await;
        running.idle().await;
        assert_eq!(arrivals.bodies(), ["order.paid", "mail.urgent"]);
        running.shutdown().await.unwrap();
    }

    pub(super) async fn a_message_that_closes_the_channel_becomes_a_dead_letter(target: Target) {
        for mode in MODES {
            let jobs = target.name(&format!("jobs-{mode:?}"));
            let work = || async { Publish::new("no-such-exchange", "k") };
            let arrivals = Arrivals::default();
            let handler = in_mode(Handler::new(jobs.as_str(), work), mode);
            let dead = handler.dead_letter_queue();
            let running =
                target.app().handler(handler).handler(arrivals.on(dead)).start().await.unwrap();
            send(&running, &jobs, &["x"]).await;
            running.wait_until(|_| arrivals.all().len() == 1).await;
            let error = arrivals.one().header_text("x-leveret-error").unwrap();
            assert!(error.contains("404"), "{error}");
            running.shutdown().await.unwrap();
        }
    }

    pub(super) async fn unroutable_publishes_are_told(target: Target) {
        let running = target.app().start().await.unwrap();
        let nowhere = Publish::to_queue(target.name("missing")).text("x");
        let error = running.publisher().publish(nowhere.clone()).await.unwrap_err();
        assert!(matches!(error, PublishError::Unroutable { .. }), "{error}");
        running.publisher().publish(nowhere.drop_if_unrouted()).await.unwrap();
        running.shutdown().await.unwrap();
    }
}
