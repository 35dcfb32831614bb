//! Pools open what they need, when they need it, and replace what has died.

use std::time::Duration;

use leveret_client::{
    AckMode, Backoff, CheckoutError, ConsumeOptions, ConsumerEnd, Pool, PoolOptions,
    PoolPublishError, Publish, PublishError, QueueDeclare,
};

use crate::{
    peer::short,
    server::{Message, Server},
};

fn quick() -> Backoff {
    let pause = Duration::from_millis(5);
    Backoff { first: pause, longest: pause, attempts_max: None }
}

fn to(exchange: &str) -> Publish {
    Publish { exchange: short(exchange), ..Publish::default() }
}

#[tokio::test]
async fn connections_are_opened_as_they_are_needed() {
    let server = Server::start().await;
    let pool = Pool::new("publish", PoolOptions { size: 2, ..server.pool() });
    assert_eq!((server.world().connections, pool.counters().connections), (0, 0));
    let first = pool.shared().await.unwrap();
    assert_eq!(server.world().connections, 1);
    let second = pool.shared().await.unwrap();
    assert_eq!(server.world().connections, 2);
    for _ in 0..10 {
        pool.shared().await.unwrap().publish(to("e")).await.unwrap().await.unwrap();
    }
    assert_eq!(server.counts(), (2, 2));
    let counters = pool.counters();
    assert_eq!((counters.connections, counters.channels_opened, counters.in_use), (2, 2, 0));
    assert_eq!((first.end(), second.end()), (None, None));
}

#[tokio::test]
async fn many_who_ask_at_once_share_one_attempt() {
    let server = Server::start().await;
    let pool = Pool::new("publish", server.pool());
    let asked: Vec<_> = (0..20)
        .map(|_| {
            let pool = pool.clone();
            tokio::spawn(async move { pool.publish(to("e")).await })
        })
        .collect();
    for publish in asked {
        publish.await.unwrap().unwrap();
    }
    assert_eq!(server.counts(), (1, 1));
}

#[tokio::test]
async fn a_poisoned_channel_is_replaced_and_its_neighbours_go_on() {
    let server = Server::start().await;
    server.fill("q", &["1"]);
    let pool = Pool::new("both", server.pool());
    let neighbour = pool.exclusive().await.unwrap();
    let unsettled = neighbour.get(short("q"), AckMode::Manual).await.unwrap().unwrap();
    let error = pool.publish(to("missing")).await.unwrap_err();
    assert!(error.is_outcome_unknown());
    let PoolPublishError::Publish(PublishError::ChannelClosed { code: 404, .. }) = error else {
        panic!("{error:?}");
    };
    pool.publish(to("e")).await.unwrap();
    neighbour.ack(&unsettled.delivery).unwrap();
    assert_eq!(neighbour.end(), None);
    assert_eq!(server.world().connections, 1);
    assert_eq!(pool.counters().replaced, 1);
}

#[tokio::test]
async fn a_channel_that_is_as_new_is_used_again() {
    let server = Server::start().await;
    server.fill("q", &["1", "2", "3"]);
    let pool = Pool::new("listen", server.pool());
    for _ in 0..3 {
        let channel = pool.exclusive().await.unwrap();
        let got = channel.get(short("q"), AckMode::Manual).await.unwrap().unwrap();
        channel.ack(&got.delivery).unwrap();
    }
    let channel = pool.exclusive().await.unwrap();
    let consumer = channel.consume(short("q"), ConsumeOptions::default()).await.unwrap();
    consumer.cancel().await.unwrap();
    drop(consumer);
    drop(channel);
    assert_eq!(server.world().channels, 1);
    let counters = pool.counters();
    assert_eq!((counters.idle, counters.in_use, counters.replaced), (1, 0, 0));
}

#[tokio::test]
async fn a_channel_with_something_left_on_it_is_replaced() {
    let server = Server::start().await;
    server.fill("q", &["1", "2", "3", "4"]);
    let pool = Pool::new("listen", server.pool());
    // Each leaves something else behind.
    let channel = pool.exclusive().await.unwrap();
    channel.get(short("q"), AckMode::Manual).await.unwrap().unwrap();
    drop(channel);
    let channel = pool.exclusive().await.unwrap();
    channel.confirm_select().await.unwrap();
    drop(channel);
    let channel = pool.exclusive().await.unwrap();
    channel.clone().into_tx().await.unwrap();
    drop(channel);
    let channel = pool.exclusive().await.unwrap();
    channel.qos(7).await.unwrap();
    drop(channel);
    let channel = pool.exclusive().await.unwrap();
    let clone = channel.clone();
    drop(channel);
    let channel = pool.exclusive().await.unwrap();
    channel.qos_shared(7).await.unwrap();
    drop(channel);
    assert_eq!((pool.counters().replaced, pool.counters().idle), (6, 0));
    let last = pool.exclusive().await.unwrap();
    assert_eq!(server.world().channels, 7);
    assert!(clone.end().is_some(), "the channel ends with its guard");
    drop(last);
}

#[tokio::test]
async fn unsettled_deliveries_are_back_when_a_channel_was_given_back() {
    let server = Server::start().await;
    server.fill("q", &["1", "2"]);
    let pool = Pool::new("listen", server.pool());
    let channel = pool.exclusive().await.unwrap();
    let mut consumer = channel.consume(short("q"), ConsumeOptions::default()).await.unwrap();
    assert_eq!(consumer.recv().await.unwrap().body, "1");
    channel.give_back().await;
    assert_eq!(consumer.end(), Some(ConsumerEnd::ChannelClosedHere));
    let back: Vec<Message> = server.world().queues[&short("q")].iter().cloned().collect();
    assert_eq!((back.len(), back[0].redelivered), (2, true));
}

#[tokio::test]
async fn a_dropped_consumer_is_cancelled_before_its_channel_is_used_again() {
    let server = Server::start().await;
    server.fill("q", &[]);
    let pool = Pool::new("listen", server.pool());
    let channel = pool.exclusive().await.unwrap();
    drop(channel.consume(short("q"), ConsumeOptions::default()).await.unwrap());
    channel.give_back().await;
    let counters = pool.counters();
    assert_eq!((counters.idle, counters.replaced), (1, 0));
}

#[tokio::test]
async fn who_finds_every_channel_in_use_waits_and_is_told_when_it_is_too_late() {
    let server = Server::start().await;
    let within = Duration::from_millis(30);
    let options = PoolOptions { channels_per_connection: 1, size: 2, ..server.pool() };
    let pool = Pool::new("listen", PoolOptions { checkout_timeout: within, ..options });
    let held = [pool.exclusive().await.unwrap(), pool.exclusive().await.unwrap()];
    assert_eq!(server.world().connections, 2);
    let error = pool.exclusive().await.unwrap_err();
    let text = "pool `listen` had no channel free within 30 ms: 2 of 2 are in use";
    assert_eq!(error.to_string(), text);
    assert!(matches!(error, CheckoutError::TimedOut { in_use: 2, size: 2, .. }));
    let counters = pool.counters();
    assert_eq!((counters.waited, counters.timed_out, counters.waiting), (1, 1, 0));
    let (waiting, ()) = tokio::join!(pool.exclusive(), async { drop(held) });
    waiting.unwrap();
    assert_eq!(server.world().channels, 2);
}

#[tokio::test]
async fn a_restart_between_check_outs_goes_unnoticed() {
    let mut server = Server::start().await;
    let pool = Pool::new("both", PoolOptions { backoff: quick(), ..server.pool() });
    pool.publish(to("e")).await.unwrap();
    let held = pool.exclusive().await.unwrap();
    drop(pool.exclusive().await.unwrap());
    assert_eq!(pool.counters().idle, 1);
    server.stop().await;
    let restart = async {
        server.restart().await;
        server
    };
    let (published, server) = tokio::join!(
        async {
            // What was already sent as the server went is unknown; the next is not.
            while pool.publish(to("e")).await.is_err() {}
        },
        restart
    );
    let () = published;
    let fresh = pool.exclusive().await.unwrap();
    fresh
        .queue_declare(&QueueDeclare { name: short("q"), ..QueueDeclare::default() })
        .await
        .unwrap();
    assert!(held.end().is_some());
    assert_eq!(server.world().connections, 2);
    let counters = pool.counters();
    assert_eq!((counters.connections, counters.connections_opened), (1, 2));
}

#[tokio::test]
async fn a_check_out_waits_for_a_server_that_is_down_until_its_deadline() {
    let mut server = Server::start().await;
    server.stop().await;
    let options = PoolOptions { backoff: quick(), ..server.pool() };
    let within = Duration::from_millis(40);
    let hasty = Pool::new("hasty", PoolOptions { checkout_timeout: within, ..options.clone() });
    for error in [hasty.shared().await.unwrap_err(), hasty.exclusive().await.unwrap_err()] {
        assert_eq!(error.to_string(), "pool `hasty` reached no broker within 40 ms");
        assert!(matches!(error, CheckoutError::Down { last: Some(_), .. }), "{error:?}");
    }
    assert_eq!(hasty.counters().in_use, 0);
    let patient = Pool::new("patient", options);
    let (channel, ()) = tokio::join!(patient.exclusive(), server.restart());
    channel.unwrap();
    hasty.check().await.unwrap();
}

#[tokio::test]
async fn the_next_address_is_tried_when_one_does_not_answer() {
    let (mut first, second) = (Server::start().await, Server::start().await);
    first.stop().await;
    let addresses = vec![first.options(), second.options()];
    let pool = Pool::new("p", PoolOptions { addresses, backoff: quick(), ..second.pool() });
    pool.publish(to("e")).await.unwrap();
    assert_eq!(second.world().connections, 1);
}

#[tokio::test]
async fn a_closed_pool_gives_nothing() {
    let server = Server::start().await;
    let options = PoolOptions { channels_per_connection: 1, ..server.pool() };
    let pool = Pool::new("p", options);
    let held = pool.exclusive().await.unwrap();
    let (waiting, ()) = tokio::join!(pool.exclusive(), pool.close());
    assert!(matches!(waiting, Err(CheckoutError::Closed { .. })), "{waiting:?}");
    assert!(held.end().is_some());
    drop(held);
    assert!(matches!(pool.shared().await, Err(CheckoutError::Closed { .. })));
    assert!(matches!(pool.exclusive().await, Err(CheckoutError::Closed { .. })));
    let counters = pool.counters();
    assert_eq!((counters.connections, counters.idle, counters.in_use), (0, 0, 0));
}
