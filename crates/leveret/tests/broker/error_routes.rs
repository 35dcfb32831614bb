//! Errors that are reported in the place of a dead letter.

use crate::setup::on_each_broker;

on_each_broker! {
    a_business_error_is_reported_and_acknowledged
    each_error_takes_the_first_route_that_wants_it
    whoever_asked_is_answered_beside_the_report
    a_report_that_no_queue_takes_becomes_a_dead_letter
}

mod bodies {
    use std::sync::{Arc, Mutex};

    use leveret::{
        ErrorReport, ErrorRoute, Failure, Handler, Json, Publish, Publisher, RetryPolicy, RpcError,
        RpcOptions, Text,
    };

    use crate::setup::{Arrivals, MODES, Target, in_mode, send};

    pub(super) async fn a_business_error_is_reported_and_acknowledged(target: Target) {
        for mode in MODES {
            let name = |name| target.name(&format!("{name}-{mode:?}"));
            let (orders, errors, shop) = (name("orders"), name("errors"), name("shop"));
            let to = errors.clone();
            let charge = move |publisher: Publisher| {
                let to = to.clone();
                async move {
                    publisher.publish(Publish::to_queue(to).text("of a failed attempt")).await?;
                    Err::<(), _>(Failure::permanent("the\0 card is expired").named("expired"))
                }
            };
            let handler = Handler::new(orders.as_str(), charge)
                .named("charge")
                .route_errors(ErrorRoute::new(shop.as_str(), "order.declined"));
            let reports = Arc::new(Mutex::new(Vec::<ErrorReport>::new()));
            let arrivals = Arrivals::default();
            let (noted, seen) = (reports.clone(), arrivals.clone());
            let tell = move |report: ErrorReport, message| {
                noted.lock().unwrap().push(report);
                seen.note(message);
                async {}
            };
            let teller =
                Handler::new(errors.as_str(), tell).named("tell").bind(shop.as_str(), "order.#");
            let app = target.app().handler(in_mode(handler, mode)).handler(teller);
            let running = app.start().await.unwrap();
            let body: Vec<u8> = (0..=255).collect();
            let order = Publish::to_queue(&orders)
                .bytes(body.clone())
                .message_id("order-1")
                .kind("order")
                .header("x-mine", 7)
                .header("references", "visit-1");
            running.publisher().publish(order).await.unwrap();
            running.wait_until(|stats| stats.handler("tell").handled == 1).await;
            running.idle().await;
            let report = reports.lock().unwrap()[0].clone();
            assert_eq!((report.class.as_str(), report.attempts), ("expired", 1));
            assert_eq!(report.text, "the card is expired");
            assert_eq!((report.handler.as_str(), report.queue), ("charge", orders.clone()));
            assert_eq!((report.exchange.as_str(), report.routing_key), ("", orders.clone()));
            assert_eq!(report.message_id.as_deref(), Some("order-1"));
            let message = arrivals.one();
            assert_eq!(message.body(), &body);
            assert_eq!(message.routing_key(), "order.declined");
            assert_eq!(message.properties().kind().unwrap(), "order");
            assert_eq!(message.header("x-mine"), Some(7.into()));
            assert_eq!(message.header_text("references").unwrap(), "visit-1\norder-1");
            assert_ne!(message.message_id().unwrap(), "order-1");
            let stats = running.stats().handler("charge");
            assert_eq!((stats.reported, stats.dead_lettered, stats.handled), (1, 0, 0));
            running.shutdown().await.unwrap();
        }
    }

    pub(super) async fn each_error_takes_the_first_route_that_wants_it(target: Target) {
        let orders = target.name("orders");
        let [early, late, odd] = ["early", "late", "odd"].map(|name| target.name(name));
        let charge = |Json(text): Json<String>| async move {
            Err::<(), _>(match text.as_str() {
                "early" => Failure::permanent(&text).named("expired"),
                "other" => Failure::permanent(&text),
                _ => Failure::transient(&text),
            })
        };
        let handler = Handler::new(orders.as_str(), charge)
            .named("charge")
            .retry(RetryPolicy::attempts(2))
            .route_errors(ErrorRoute::to_queue(early.as_str()).named("expired"))
            .route_errors(ErrorRoute::to_queue(odd.as_str()).named("undecodable"))
            .route_errors(ErrorRoute::to_queue(late.as_str()).exhausted());
        let at = || Arrivals::default();
        let (at_early, at_late, at_odd) = (at(), at(), at());
        let app = target
            .app()
            .handler(handler)
            .handler(at_early.on(early))
            .handler(at_late.on(late))
            .handler(at_odd.on(odd));
        let running = app.start().await.unwrap();
        for body in [r#""early""#, r#""other""#, r#""slow""#, "torn"] {
            let order = Publish::to_queue(&orders).bytes(body);
            running.publisher().publish(order).await.unwrap();
        }
        running.wait_until(|stats| stats.handler("charge").reported == 4).await;
        running.idle().await;
        assert_eq!(at_early.bodies(), [r#""early""#]);
        assert_eq!(at_late.bodies(), [r#""other""#, r#""slow""#]);
        assert_eq!(at_late.all()[1].header("error-attempts"), Some(2_i64.into()));
        assert_eq!(at_odd.bodies(), ["torn"]);
        running.shutdown().await.unwrap();
    }

    pub(super) async fn whoever_asked_is_answered_beside_the_report(target: Target) {
        let (orders, errors) = (target.name("orders"), target.name("errors"));
        let charge = || async { Err::<(), _>(Failure::permanent("no").named("declined")) };
        let handler = Handler::new(orders.as_str(), charge)
            .route_errors(ErrorRoute::to_queue(errors.as_str()));
        let arrivals = Arrivals::default();
        let app = target.app().handler(handler).handler(arrivals.on(errors));
        let running = app.start().await.unwrap();
        let client = running.rpc_client(RpcOptions::default()).unwrap();
        let answer = client.call::<_, u32>(orders.as_str(), &1).await;
        assert!(
            matches!(&answer, Err(RpcError::Remote { error, .. }) if error.class == "declined"),
            "{answer:?}"
        );
        running.wait_until(|_| arrivals.all().len() == 1).await;
        assert_eq!(arrivals.one().properties().reply_to(), None);
        running.shutdown().await.unwrap();
    }

    pub(super) async fn a_report_that_no_queue_takes_becomes_a_dead_letter(target: Target) {
        for mode in MODES {
            let orders = target.name(&format!("orders-{mode:?}"));
            let charge = |Text(_): Text| async { Err::<(), _>(Failure::permanent("no")) };
            let handler = Handler::new(orders.as_str(), charge)
                .named("charge")
                .route_errors(ErrorRoute::new("amq.topic", "nobody.listens"));
            let arrivals = Arrivals::default();
            let dead = arrivals.on(handler.dead_letter_queue());
            let app = target.app().handler(in_mode(handler, mode)).handler(dead);
            let running = app.start().await.unwrap();
            send(&running, &orders, &["x"]).await;
            running.wait_until(|_| arrivals.all().len() == 1).await;
            let letter = arrivals.one();
            assert_eq!(letter.body(), "x");
            assert_eq!(letter.header_text("x-leveret-error-class").unwrap(), "unroutable");
            running.shutdown().await.unwrap();
        }
    }
}
