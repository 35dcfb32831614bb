//! Threads wait without tasks, and tasks are told not to wait like threads.

use std::{
    thread,
    time::{Duration, Instant},
};

use leveret_client::{
    AckMode, ConsumeOptions, ConsumerEnd, Publish, PublishError, QueueDeclare,
    blocking::{Connection, Driver, Error, InsideAsync, Pool, RecvError},
};
use tokio::runtime::{Builder, Runtime};

use crate::{peer::short, server::Server};

/// A server on a runtime of its own.
fn served() -> (Server, Runtime) {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = runtime.block_on(Server::start());
    (server, runtime)
}

fn to(exchange: &str, queue: &str) -> Publish {
    let (exchange, routing_key) = (short(exchange), short(queue));
    Publish { exchange, routing_key, body: "body".into(), ..Publish::default() }
}

#[test]
fn a_thread_declares_publishes_gets_and_consumes() {
    let (server, _runtime) = served();
    let connection = Connection::connect(&server.options()).unwrap();
    let channel = connection.channel().unwrap();
    let queue = QueueDeclare { name: short("q"), ..QueueDeclare::default() };
    channel.queue_declare(&queue).unwrap();
    channel.confirm_select().unwrap();
    let confirms: Vec<_> = (0..3).map(|_| channel.publish(to("", "q")).unwrap()).collect();
    for confirm in confirms {
        confirm.wait().unwrap();
    }
    let got = channel.get(short("q"), AckMode::Manual).unwrap().unwrap();
    channel.ack(&got.delivery).unwrap();
    let mut consumer = channel.consume(short("q"), ConsumeOptions::default()).unwrap();
    for delivery in (&mut consumer).take(2) {
        channel.ack(&delivery.unwrap()).unwrap();
    }
    let within = Duration::from_millis(10);
    assert_eq!(consumer.recv_timeout(within), Err(RecvError::TimedOut { within }));
    let silence = consumer.within(within).next();
    assert_eq!(silence, Some(Err(RecvError::TimedOut { within })));
    consumer.cancel().unwrap();
    assert_eq!(consumer.recv(), Err(RecvError::Ended(ConsumerEnd::CancelledHere)));
    assert!(consumer.next().is_none());
    let tx = connection.channel().unwrap().into_tx().unwrap();
    tx.publish(to("", "q")).unwrap();
    assert!(tx.commit().unwrap().returned.is_empty());
    connection.close().unwrap();
}

#[test]
fn an_error_comes_as_it_is_and_a_wait_has_its_end() {
    let (server, _runtime) = served();
    let connection = Connection::connect(&server.options()).unwrap();
    let channel = connection.channel().unwrap();
    channel.confirm_select().unwrap();
    let within = Duration::from_millis(10);
    let silent = channel.publish(to("silent", "")).unwrap().wait_timeout(within).unwrap_err();
    assert_eq!(silent.operation(), Some(&PublishError::TimedOut { within }));
    let missing = channel.publish(to("missing", "")).unwrap().wait().unwrap_err();
    assert!(matches!(missing, Error::Operation(PublishError::ChannelClosed { code: 404, .. })));
}

#[test]
fn eight_threads_each_have_their_own_confirms_from_a_pool_of_two() {
    let (server, _runtime) = served();
    let pool = Pool::new("publish", leveret_client::PoolOptions { size: 2, ..server.pool() });
    let pool = pool.unwrap();
    thread::scope(|scope| {
        for number in 0..8 {
            let pool = pool.clone();
            let exchange = if number == 0 { "silent" } else { "e" };
            scope.spawn(move || publish_thousand(&pool, exchange));
        }
    });
    let (connections, channels) = server.counts();
    assert_eq!((connections, channels), (2, 2));
    let world = server.world();
    assert_eq!((world.published[&short("e")], world.published[&short("silent")]), (7_000, 1_000));
}

/// In windows of a hundred; only the exchange `silent` leaves them without confirm.
fn publish_thousand(pool: &Pool, exchange: &str) {
    for _ in 0..10 {
        let channel = pool.shared().unwrap();
        let publish = |_| channel.publish(to(exchange, "")).unwrap();
        let confirms: Vec<_> = (0..100).map(publish).collect();
        for confirm in confirms {
            let confirmed = if exchange == "silent" {
                confirm.wait_timeout(Duration::ZERO)
            } else {
                confirm.wait()
            };
            assert_eq!(confirmed.is_err(), exchange == "silent");
        }
    }
}

#[test]
fn inside_a_task_a_blocking_call_says_what_to_do_instead() {
    let (server, multi) = served();
    let single = Builder::new_current_thread().enable_all().build().unwrap();
    let pool = Pool::new("p", server.pool()).unwrap();
    let channel = pool.shared().unwrap();
    for runtime in [&multi, &single] {
        let (mine, channel) = (pool.clone(), channel.clone());
        let errors = async move {
            let confirm = channel.publish(to("e", ""));
            assert!(matches!(confirm, Err(Error::InsideAsync(InsideAsync))), "{confirm:?}");
            let error = mine.exclusive().unwrap_err();
            let text = "a blocking call was made inside an async task: use the async API there, \
                        or make the call in tokio::task::spawn_blocking";
            assert_eq!(error.to_string(), text);
            // Asking has cost the task none of its steps.
            assert!(tokio::task::coop::has_budget_remaining());
            let blocking = tokio::task::spawn_blocking(move || mine.publish(to("e", "")));
            blocking.await.unwrap().unwrap();
        };
        runtime.block_on(async { tokio::spawn(errors).await.unwrap() });
        let at_the_root = runtime.block_on(async { pool.publish(to("e", "")) });
        assert!(matches!(at_the_root, Err(Error::InsideAsync(_))), "{at_the_root:?}");
    }
    let in_place = async { tokio::task::block_in_place(|| pool.publish(to("e", ""))) };
    multi.block_on(in_place).unwrap();
}

#[test]
fn a_runtime_that_is_given_serves_threads() {
    let (server, runtime) = served();
    let driver = Driver::on(runtime.handle().clone());
    let connection = Connection::connect_on(driver, &server.options()).unwrap();
    let channel = connection.channel().unwrap();
    // The same connection, from a task of that runtime.
    let also = channel.as_async().clone();
    runtime.block_on(async move { also.confirm_select().await }).unwrap();
    channel.publish_and_confirm(to("e", "")).unwrap();
}

#[test]
fn nothing_waits_when_it_is_dropped_in_a_task() {
    let (server, _runtime) = served();
    server.fill("q", &["1"]);
    let pool = Pool::new("p", server.pool()).unwrap();
    let guard = pool.exclusive().unwrap();
    let mut consumer = guard.consume(short("q"), ConsumeOptions::default()).unwrap();
    consumer.recv().unwrap();
    let single = Builder::new_current_thread().build().unwrap();
    let began_at = Instant::now();
    single.block_on(async move { drop((consumer, guard)) });
    assert!(began_at.elapsed() < Duration::from_secs(2));
    // The message is back once the channel is closed, which is in the background.
    let again = pool.exclusive().unwrap();
    let mut consumer = again.consume(short("q"), ConsumeOptions::default()).unwrap();
    let delivery = consumer.recv().unwrap();
    assert!(delivery.redelivered);
    drop(consumer);
    again.give_back().unwrap();
    pool.close().unwrap();
}

#[test]
fn a_channel_that_a_thread_leaves_as_new_is_used_again() {
    let (server, _runtime) = served();
    let pool = Pool::new("p", server.pool()).unwrap();
    for _ in 0..3 {
        pool.exclusive().unwrap().queue_declare(&QueueDeclare::default()).unwrap();
    }
    assert_eq!(server.counts(), (1, 1));
    assert_eq!((pool.counters().idle, pool.counters().in_use), (1, 0));
}
