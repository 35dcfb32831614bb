//! Pools, blocking calls, callbacks and liveness against a real broker.

use std::{io::Write as _, thread, time::Duration};

use leveret_client::{
    AckMode, CallbackOptions, CheckoutError, ConnectOptions, ConsumeOptions, Delivery, Handled,
    Liveness, ManagementError, ManagementOptions, MessageDefaults, Pool, PoolOptions,
    PoolPublishError, Producer, Publish, PublishError, QueueDeclare, QueueDelete, Refusal, Secret,
    ShortStr,
    blocking::{self, RecvError},
};
use tokio::sync::mpsc;

use crate::world::{live, short, soon, to};

fn options() -> PoolOptions {
    let url = std::env::var("AMQP_URL").unwrap();
    PoolOptions::to(ConnectOptions::from_uri(&url).unwrap())
}

#[test]
fn each_of_eight_threads_has_its_own_confirms_from_a_pool_of_two() {
    live("eight threads", async |world| {
        let queue = world.queue("threads").await;
        let pool = blocking::Pool::new("publish", PoolOptions { size: 2, ..options() }).unwrap();
        let work = {
            let (pool, queue) = (pool.clone(), queue.clone());
            move || {
                thread::scope(|scope| {
                    for number in 0..8 {
                        let (pool, queue) = (&pool, &queue);
                        scope.spawn(move || publish_thousand(pool, queue, number));
                    }
                });
            }
        };
        tokio::task::spawn_blocking(work).await.unwrap();
        assert_eq!(world.ready(&queue).await, 7_900);
        assert_eq!(pool.counters().connections, 2);
        pool.as_async().close().await;
    });
}

/// The first thread sends every tenth to where no queue is: it alone hears of that.
fn publish_thousand(pool: &blocking::Pool, queue: &ShortStr, thread: u32) {
    for batch in 0..10 {
        let channel = pool.shared().unwrap();
        let confirms: Vec<_> = (0..100)
            .map(|number| {
                let is_lost = thread == 0 && number % 10 == 0;
                let nowhere = short("leveret-live.nowhere");
                let body = format!("{thread}.{batch}.{number}");
                let publish = to(if is_lost { &nowhere } else { queue }, &body);
                (is_lost, body, channel.publish(publish).unwrap())
            })
            .collect();
        for (is_lost, body, confirm) in confirms {
            match confirm.wait() {
                Ok(()) => assert!(!is_lost),
                Err(blocking::Error::Operation(PublishError::Unroutable { returned, .. })) => {
                    assert!(is_lost);
                    assert_eq!(returned.body, body);
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
}

#[test]
fn a_404_costs_one_channel_of_a_pool() {
    live("pool 404", async |world| {
        let queue = world.queue("neighbour").await;
        let pool = Pool::new("both", options());
        let neighbour = pool.exclusive().await.unwrap();
        let mut consumer =
            neighbour.consume(queue.clone(), ConsumeOptions::default()).await.unwrap();
        let lost = Publish { exchange: short("leveret-live.no-exchange"), ..Publish::default() };
        let error = pool.publish(lost).await.unwrap_err();
        let PoolPublishError::Publish(PublishError::ChannelClosed { code: 404, .. }) = error else {
            panic!("{error}");
        };
        pool.publish(to(&queue, "1")).await.unwrap();
        let delivery = consumer.recv().await.unwrap();
        neighbour.ack(&delivery).unwrap();
        assert_eq!(pool.counters().connections_opened, 1);
        drop(consumer);
        neighbour.give_back().await;
        assert_eq!(pool.counters().idle, 1);
        pool.close().await;
    });
}

#[test]
fn what_a_dropped_guard_had_unsettled_comes_again() {
    live("dropped guard", async |world| {
        let queue = world.queue("guard").await;
        world.fill(&queue, &["1"]).await;
        let options = PoolOptions { channels_per_connection: 1, ..options() };
        let within = Duration::from_millis(50);
        let pool = Pool::new("listen", PoolOptions { checkout_timeout: within, ..options });
        // Connecting may take longer than a check-out is given here.
        while pool.check().await.is_err() {}
        let guard = pool.exclusive().await.unwrap();
        let mut consumer = guard.consume(queue.clone(), ConsumeOptions::default()).await.unwrap();
        assert!(!consumer.recv().await.unwrap().redelivered);
        let error = pool.exclusive().await.unwrap_err();
        assert!(matches!(error, CheckoutError::TimedOut { in_use: 1, size: 1, .. }), "{error}");
        drop(guard);
        let again = loop {
            if let Some(delivery) = world.get(&queue).await {
                break delivery;
            }
        };
        assert!(again.redelivered);
        world.channel.ack(&again).unwrap();
        pool.close().await;
    });
}

#[test]
fn threads_use_transactions_gets_and_consumers() {
    live("blocking", async |world| {
        let queue = world.queue("blocking").await;
        let url = std::env::var("AMQP_URL").unwrap();
        let work = move || {
            let connection = blocking::Connection::open(&url).unwrap();
            let tx = connection.channel().unwrap().into_tx().unwrap();
            for body in ["1", "2", "3"] {
                tx.publish(to(&queue, body)).unwrap();
            }
            assert!(tx.commit().unwrap().returned.is_empty());
            let channel = connection.channel().unwrap();
            let got = channel.get(queue.clone(), AckMode::Manual).unwrap().unwrap();
            assert_eq!((got.delivery.body.as_ref(), got.remaining), (&b"1"[..], 2));
            channel.ack(&got.delivery).unwrap();
            channel.qos(1).unwrap();
            let mut consumer = channel.consume(queue, ConsumeOptions::default()).unwrap();
            for expected in ["2", "3"] {
                let delivery = consumer.next().unwrap().unwrap();
                assert_eq!(delivery.body, expected);
                channel.ack(&delivery).unwrap();
            }
            let within = Duration::from_millis(20);
            assert_eq!(consumer.recv_timeout(within), Err(RecvError::TimedOut { within }));
            assert!(consumer.verify_live().unwrap().is_live());
            connection.close().unwrap();
        };
        tokio::task::spawn_blocking(work).await.unwrap();
    });
}

#[test]
fn a_callback_that_panics_gets_its_message_again() {
    live("callback", async |world| {
        let queue = world.queue("callback").await;
        world.fill(&queue, &["1", "2", "3"]).await;
        let channel = world.other().await;
        channel.qos(10).await.unwrap();
        let (seen, mut calls) = mpsc::unbounded_channel();
        let handle = move |delivery: Delivery| {
            let seen = seen.clone();
            async move {
                assert!(delivery.body != "2" || delivery.redelivered, "as the test wants it");
                seen.send(delivery.body.clone()).unwrap();
                Handled::Ack
            }
        };
        let on_panic = Refusal::Requeue;
        let options = CallbackOptions { concurrency: 2, on_panic, ..CallbackOptions::default() };
        let running = channel.consume_with(queue.clone(), options, handle).await.unwrap();
        let mut bodies = Vec::new();
        for _ in 0..3 {
            bodies.push(soon(calls.recv()).await.unwrap());
        }
        bodies.sort();
        assert_eq!(bodies, ["1", "2", "3"]);
        assert_eq!(running.counters().panicked, 1);
        running.stop().await;
        channel.close().await;
        assert_eq!(world.ready(&queue).await, 0);
    });
}

#[test]
fn the_broker_says_whether_a_consumer_lives() {
    live("liveness", async |world| {
        let queue = world.queue("liveness").await;
        let channel = world.other().await;
        let consumer = world.consume(&channel, &queue).await;
        assert!(consumer.is_live());
        let live = Liveness::Live { consumers: 1, ready: 0 };
        assert_eq!(consumer.verify_live().await, Ok(live));
        let delete = QueueDelete { name: queue.clone(), ..QueueDelete::default() };
        world.channel.queue_delete(&delete).await.unwrap();
        assert!(!consumer.verify_live().await.unwrap().is_live());
        assert_eq!(channel.end(), None);
        let declare = QueueDeclare { name: queue, ..QueueDeclare::default() };
        world.channel.queue_declare(&declare).await.unwrap();
    });
}

#[test]
fn a_producers_message_arrives_with_its_defaults() {
    live("producer", async |world| {
        let queue = world.queue("producer").await;
        let pool = Pool::new("publish", options());
        let defaults = MessageDefaults {
            routing_key: queue.clone(),
            content_type: Some(short("text/plain")),
            expiration: Some(Duration::from_mins(1)),
            ..MessageDefaults::default()
        };
        let producer = Producer::new("p", pool.clone(), defaults);
        producer.publish("hello").await.unwrap();
        let delivery = world.get(&queue).await.unwrap();
        world.channel.ack(&delivery).unwrap();
        assert!(delivery.properties.is_persistent());
        assert_eq!(delivery.properties.content_type().unwrap(), "text/plain");
        assert_eq!(delivery.properties.expiration().unwrap(), "60000");
        assert!(delivery.properties.message_id().is_some());
        pool.close().await;
    });
}

#[test]
fn a_credential_is_replaced_while_the_connection_goes_on() {
    live("update-secret", async |world| {
        let queue = world.queue("secret").await;
        let url = std::env::var("AMQP_URL").unwrap();
        let secret = ConnectOptions::from_uri(&url).unwrap().password;
        for _ in 0..2 {
            world.connection.update_secret(&secret, "it expires").await.unwrap();
        }
        world.fill(&queue, &["after"]).await;
        assert_eq!(world.get(&queue).await.unwrap().body, "after");
        assert_eq!(world.connection.end(), None);
    });
}

/// `MANAGEMENT_PORT` is that of the management API of the broker at `AMQP_URL`.
#[test]
fn the_management_api_lists_the_very_consumer() {
    let Some(port) = std::env::var("MANAGEMENT_PORT").ok().and_then(|port| port.parse().ok())
    else {
        let mut out = std::io::stderr();
        writeln!(out, "skipped the management api: MANAGEMENT_PORT is not set").unwrap();
        return;
    };
    live("management", async |world| {
        let queue = world.queue("listed").await;
        let options = ConnectOptions::from_uri(&std::env::var("AMQP_URL").unwrap()).unwrap();
        let management = ManagementOptions { port, ..ManagementOptions::beside(&options) };
        let (channel, other) = (world.other().await, world.other().await);
        let consumer = world.consume(&channel, &queue).await;
        let neighbour = world.consume(&other, &queue).await;
        let both = Liveness::Listed { consumers: 2, is_active: true };
        // RabbitMQ's statistics are some seconds old.
        while consumer.verify_listed(&management).await.unwrap() != both {}
        assert_eq!(neighbour.verify_listed(&management).await.unwrap(), both);
        let password = Secret::new("wrong");
        let stranger = ManagementOptions { password, ..management.clone() };
        let refused = consumer.verify_listed(&stranger).await.unwrap_err();
        assert!(matches!(refused, ManagementError::Refused { status: 401, .. }), "{refused}");
        neighbour.cancel().await.unwrap();
        let alone = Liveness::Listed { consumers: 1, is_active: true };
        while consumer.verify_listed(&management).await.unwrap() != alone {}
        let ended = neighbour.verify_listed(&management).await.unwrap();
        assert!(matches!(ended, Liveness::Ended(_)), "{ended:?}");
    });
}
