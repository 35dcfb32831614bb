//! One message, many who observe it: one unit.

use leveret::{Event, StartError};
use serde::{Deserialize, Serialize};

use crate::setup::on_each_broker;

on_each_broker! {
    all_who_observe_a_type_get_its_messages
    nothing_gets_out_until_all_have_succeeded
    what_nobody_observes_is_kept
    a_message_is_rejected_when_all_reject_it
}

#[derive(Debug, Serialize, Deserialize)]
struct Placed {
    id: u64,
}

impl Event for Placed {
    const KIND: &'static str = "order-placed";
}

#[derive(Debug, Serialize, Deserialize)]
struct Cancelled {
    id: u64,
}

impl Event for Cancelled {
    const KIND: &'static str = "order-cancelled";
}

#[tokio::test]
async fn what_observers_need_is_missed_at_start() {
    async fn needy(_: leveret::Observed<Placed>, _: leveret::State<u64>) {}
    let observers = leveret::Observers::new().on(needy).on_kind("x".repeat(256), || async {});
    let handler = leveret::Handler::observers("events", observers);
    let error = leveret::App::new("a").in_memory().handler(handler).start().await.unwrap_err();
    assert!(matches!(&error, StartError::Missing { missing, .. } if missing.len() == 2), "{error}");
}

mod bodies {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use leveret::{
        Attempt, Failure, Handler, Observed, Observers, Outcome, Publish, Publisher, RetryPolicy,
        RoutingKey, RunningApp,
    };

    use super::{Cancelled, Placed};
    use crate::setup::{Arrivals, MODES, Target, in_mode};

    async fn tell(running: &RunningApp, publish: Publish) {
        running.publisher().publish(publish).await.unwrap();
    }

    pub(super) async fn all_who_observe_a_type_get_its_messages(target: Target) {
        let (events, log) = (target.name("events"), target.name("log"));
        let to = log.clone();
        let note = move |who: &'static str, id: u64| {
            let log = to.clone();
            async move { Publish::to_queue(log).text(format!("{who} {id}")) }
        };
        let (invoice, parcel, refund, other) = (note.clone(), note.clone(), note.clone(), note);
        let observers = Observers::new()
            .on(move |Observed(order): Observed<Placed>| invoice("invoice", order.id))
            .on(move |Observed(order): Observed<Placed>, _: RoutingKey| parcel("parcel", order.id))
            .on(move |Observed(order): Observed<Cancelled>| refund("refund", order.id))
            .otherwise(move || other("other", 0));
        let handler = Handler::observers(events.as_str(), observers).named("events");
        let arrivals = Arrivals::default();
        let app = target.app().handler(handler).handler(arrivals.on(log.clone()));
        let running = app.start().await.unwrap();
        let publish = || Publish::to_queue(&events);
        tell(&running, publish().event(&Placed { id: 7 }).unwrap()).await;
        tell(&running, publish().event(&Cancelled { id: 8 }).unwrap()).await;
        tell(&running, publish().json(&1).unwrap().kind("another")).await;
        tell(&running, publish().json(&1).unwrap()).await;
        running.wait_until(|_| arrivals.all().len() == 5).await;
        let wanted = ["invoice 7", "parcel 7", "refund 8", "other 0", "other 0"];
        assert_eq!(arrivals.bodies(), wanted);
        running.wait_until(|stats| stats.handler("events").handled == 4).await;
        running.shutdown().await.unwrap();
    }

    pub(super) async fn nothing_gets_out_until_all_have_succeeded(target: Target) {
        for mode in MODES {
            let (events, log) =
                (target.name(&format!("events-{mode:?}")), target.name(&format!("log-{mode:?}")));
            let calls = Arc::new(AtomicU32::new(0));
            let (to, counted) = (log.clone(), calls.clone());
            let first = move |_: Observed<Placed>, publisher: Publisher, attempt: Attempt| {
                let to = to.clone();
                counted.fetch_add(1, Ordering::SeqCst);
                async move {
                    let text = |part| format!("{part} {}", attempt.number);
                    publisher.publish(Publish::to_queue(&to).text(text("published"))).await?;
                    Ok::<_, leveret::PublishError>(Publish::to_queue(to).text(text("returned")))
                }
            };
            let second = |_: Observed<Placed>, _: RoutingKey, attempt: Attempt| async move {
                match attempt.number {
                    1 | 2 => Err(Failure::transient("not yet").named("early")),
                    _ => Ok(()),
                }
            };
            let observers = Observers::new().on(first).on(second);
            let handler = Handler::observers(events.as_str(), observers).named("events");
            let arrivals = Arrivals::default();
            let app = target.app().handler(in_mode(handler, mode)).handler(arrivals.on(log));
            let running = app.start().await.unwrap();
            let placed = Publish::to_queue(&events).event(&Placed { id: 7 }).unwrap();
            tell(&running, placed).await;
            running.wait_until(|_| arrivals.all().len() == 2).await;
            running.idle().await;
            assert_eq!(arrivals.bodies(), ["published 3", "returned 3"]);
            assert_eq!(calls.load(Ordering::SeqCst), 3);
            running.shutdown().await.unwrap();
        }
    }

    pub(super) async fn what_nobody_observes_is_kept(target: Target) {
        async fn broken(_: Observed<Placed>) -> Result<(), Failure> {
            Err(Failure::permanent("the printer burns").named("fire"))
        }
        let events = target.name("events");
        let handler = Handler::observers(events.as_str(), Observers::new().on(broken))
            .named("events")
            .retry(RetryPolicy::attempts(2));
        let arrivals = Arrivals::default();
        let dead = arrivals.on(handler.dead_letter_queue());
        let running = target.app().handler(handler).handler(dead).start().await.unwrap();
        let publish = || Publish::to_queue(&events);
        tell(&running, publish().event(&Cancelled { id: 8 }).unwrap()).await;
        tell(&running, publish().text("no type")).await;
        tell(&running, publish().event(&Placed { id: 8 }).unwrap()).await;
        running.wait_until(|_| arrivals.all().len() == 3).await;
        let told = |name| move |letter: &leveret::Message| letter.header_text(name).unwrap();
        let letters = arrivals.all();
        let classes: Vec<_> = letters.iter().map(told("x-leveret-error-class")).collect();
        assert_eq!(classes, ["unobserved", "unobserved", "fire"]);
        let texts: Vec<_> = letters.iter().map(told("x-leveret-error")).collect();
        assert_eq!(
            texts,
            [
                "nobody observes messages of type `order-cancelled`; observed are: order-placed",
                "nobody observes messages without a type; observed are: order-placed",
                "observer `broken`: the printer burns",
            ]
        );
        running.wait_until(|stats| stats.handler("events").dead_lettered == 3).await;
        running.shutdown().await.unwrap();
    }

    pub(super) async fn a_message_is_rejected_when_all_reject_it(target: Target) {
        async fn unless_seven(Observed(order): Observed<Placed>) -> Outcome {
            if order.id == 7 { Outcome::Ack } else { Outcome::Reject }
        }
        let events = target.name("events");
        let observers =
            Observers::new().on(unless_seven).on(|_: Observed<Placed>| async { Outcome::Reject });
        let handler = Handler::observers(events.as_str(), observers).named("events");
        let running = target.app().handler(handler).start().await.unwrap();
        for id in [7, 8] {
            let placed = Publish::to_queue(&events).event(&Placed { id }).unwrap();
            tell(&running, placed).await;
        }
        running.wait_until(|stats| stats.handler("events").rejected == 1).await;
        assert_eq!(running.stats().handler("events").handled, 1);
        running.shutdown().await.unwrap();
    }
}
