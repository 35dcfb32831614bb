//! Words of the routing key, by the names that the bindings give them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use leveret::{Attempt, Captures, Delays, Handler, Publish, RetryPolicy, handler};
use serde::Deserialize;

use crate::setup::{Arrivals, Target, on_each_broker, send};

on_each_broker! {
    words_come_by_their_names_from_each_binding
    a_key_that_does_not_fit_becomes_a_dead_letter
    a_message_that_comes_back_keeps_its_words
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Order {
    region: String,
    id: Option<u32>,
    rest: Option<Vec<String>>,
}

#[handler(queue = "captures.shown", exchange = "captures", key = "orders.{region}.{rest..}")]
async fn shown(Captures((region, rest)): Captures<(String, String)>) {
    assert_eq!((region.as_str(), rest.as_str()), ("eu", "a.b"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attribute_names_words_too() {
    let app = leveret::App::new("captures").in_memory().handler(shown::handler());
    let running = app.start().await.unwrap();
    running.publisher().publish(Publish::new("captures", "orders.eu.a.b")).await.unwrap();
    running.wait_until(|stats| stats.handler("shown").handled == 1).await;
    running.shutdown().await.unwrap();
}

/// The orders a handler saw.
#[derive(Debug, Clone, Default)]
struct Seen(Arc<Mutex<Vec<Order>>>);

impl Seen {
    fn note(&self, order: Order) {
        self.0.lock().unwrap().push(order);
    }
}

mod bodies {
    use super::*;

    pub(super) async fn words_come_by_their_names_from_each_binding(target: Target) {
        let (shop, seen) = (target.name("shop"), Seen::default());
        let notes = seen.clone();
        let work = move |Captures(order): Captures<Order>| {
            notes.note(order);
            std::future::ready(())
        };
        let handler = Handler::new(target.name("orders"), work)
            .named("work")
            .bind(shop.as_str(), "orders.{region}.created.{id}")
            .bind(shop.as_str(), "mails.{region}.{rest..}");
        let running = target.app().handler(handler).start().await.unwrap();
        for key in ["orders.eu.created.7", "mails.us.a.b", "mails.us"] {
            running.publisher().publish(Publish::new(shop.as_str(), key)).await.unwrap();
        }
        let elsewhere = Publish::new(shop.as_str(), "orders.eu.paid.7").drop_if_unrouted();
        running.publisher().publish(elsewhere).await.unwrap();
        running.wait_until(|stats| stats.handler("work").handled == 3).await;
        running.idle().await;
        let order = |region: &str, id, rest: Option<&[&str]>| Order {
            region: region.to_owned(),
            id,
            rest: rest.map(|rest| rest.iter().map(|word| (*word).to_owned()).collect()),
        };
        let wanted = [
            order("eu", Some(7), None),
            order("us", None, Some(&["a", "b"])),
            order("us", None, Some(&[])),
        ];
        assert_eq!(*seen.0.lock().unwrap(), wanted);
        running.shutdown().await.unwrap();
    }

    pub(super) async fn a_key_that_does_not_fit_becomes_a_dead_letter(target: Target) {
        let (orders, shop) = (target.name("orders"), target.name("shop"));
        let work = |_: Captures<u32>| async {};
        let handler = Handler::new(orders.as_str(), work).bind(shop.as_str(), "orders.{id}");
        let arrivals = Arrivals::default();
        let dead = arrivals.on(handler.dead_letter_queue());
        let running = target.app().handler(handler).handler(dead).start().await.unwrap();
        running.publisher().publish(Publish::new(shop.as_str(), "orders.many")).await.unwrap();
        running.wait_until(|_| arrivals.all().len() == 1).await;
        send(&running, &orders, &["straight to the queue"]).await;
        running.wait_until(|_| arrivals.all().len() == 2).await;
        let told = arrivals.all().into_iter().map(|letter| {
            assert_eq!(letter.header_text("x-leveret-error-class").unwrap(), "routing-key");
            letter.header_text("x-leveret-error").unwrap()
        });
        let told: Vec<String> = told.collect();
        assert_eq!(told[0], "routing key `orders.many`: `many` is no u32");
        assert!(told[1].starts_with("no binding captures words of routing key"), "{told:?}");
        running.shutdown().await.unwrap();
    }

    pub(super) async fn a_message_that_comes_back_keeps_its_words(target: Target) {
        let (shop, seen) = (target.name("shop"), Seen::default());
        let notes = seen.clone();
        let work = move |attempt: Attempt, Captures(order): Captures<Order>| {
            notes.note(order);
            std::future::ready(if attempt.is_last() { Ok(()) } else { Err("not yet") })
        };
        let pause = Delays::every(Duration::from_millis(50), 1).jitter(0);
        let handler = Handler::new(target.name("orders"), work)
            .named("work")
            .bind(shop.as_str(), "orders.{region}.{id}.{rest..}")
            .retry(RetryPolicy::attempts(1).then(pause));
        let running = target.app().handler(handler).start().await.unwrap();
        running.publisher().publish(Publish::new(shop.as_str(), "orders.eu.7")).await.unwrap();
        running.wait_until(|stats| stats.handler("work").handled == 1).await;
        let order = Order { region: "eu".to_owned(), id: Some(7), rest: Some(Vec::new()) };
        assert_eq!(*seen.0.lock().unwrap(), [order.clone(), order]);
        running.shutdown().await.unwrap();
    }
}
