//! A function is called for each delivery, a few at a time, and may fail.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use leveret_client::{
    CallbackOptions, Channel, Connection, ConsumerEnd, Delivery, Handled, Refusal,
};
use tokio::sync::{Barrier, Semaphore, mpsc};

use crate::{peer::short, server::Server};

async fn channel(server: &Server) -> Channel {
    let connection = Connection::connect(&server.options()).await.unwrap();
    connection.channel().await.unwrap()
}

fn body(delivery: &Delivery) -> String {
    String::from_utf8_lossy(&delivery.body).into_owned()
}

#[tokio::test]
async fn one_call_at_a_time_keeps_the_order() {
    let server = Server::start().await;
    server.fill("q", &["1", "2", "3", "4"]);
    let (seen, mut calls) = mpsc::unbounded_channel();
    let handle = move |delivery: Delivery| {
        let seen = seen.clone();
        async move {
            tokio::task::yield_now().await;
            seen.send(body(&delivery)).unwrap();
            Handled::Ack
        }
    };
    let channel = channel(&server).await;
    let running = channel.consume_with(short("q"), CallbackOptions::default(), handle).await;
    for expected in ["1", "2", "3", "4"] {
        assert_eq!(calls.recv().await.unwrap(), expected);
    }
    assert_eq!(running.unwrap().stop().await, ConsumerEnd::CancelledHere);
    assert!(server.world().queues[&short("q")].is_empty());
}

#[tokio::test]
async fn as_many_calls_run_at_once_as_allowed_and_no_more() {
    let server = Server::start().await;
    server.fill("q", &["1", "2", "3", "4", "5", "6"]);
    let (most, now) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let together = Arc::new(Barrier::new(3));
    let (done, mut calls) = mpsc::unbounded_channel();
    let most_seen = Arc::clone(&most);
    let handle = move |_| {
        let (most, now) = (Arc::clone(&most), Arc::clone(&now));
        let (together, done) = (Arc::clone(&together), done.clone());
        async move {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            // Waits for ever unless three run at once.
            together.wait().await;
            now.fetch_sub(1, Ordering::SeqCst);
            done.send(()).unwrap();
            Handled::Ack
        }
    };
    let options = CallbackOptions { concurrency: 3, ..CallbackOptions::default() };
    let channel = channel(&server).await;
    let running = channel.consume_with(short("q"), options, handle).await.unwrap();
    for _ in 0..6 {
        calls.recv().await.unwrap();
    }
    running.stop().await;
    assert_eq!(most_seen.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_panic_costs_one_message_its_call_and_nothing_else() {
    for (on_panic, left) in [(Refusal::Requeue, vec![true]), (Refusal::Discard, vec![])] {
        let server = Server::start().await;
        server.fill("q", &["1", "bad", "3"]);
        let (seen, mut calls) = mpsc::unbounded_channel();
        let handle = move |delivery: Delivery| {
            let seen = seen.clone();
            async move {
                let (body, is_first) = (body(&delivery), !delivery.redelivered);
                seen.send(body.clone()).unwrap();
                assert!(body != "bad" || !is_first, "as the test wants it");
                // The second time round it stays unsettled, to be seen in the queue again.
                if is_first { Handled::Ack } else { Handled::Refuse(Refusal::Requeue) }
            }
        };
        let options = CallbackOptions { on_panic, ..CallbackOptions::default() };
        let channel = channel(&server).await;
        let running = channel.consume_with(short("q"), options, handle).await.unwrap();
        let expected: &[&str] = match on_panic {
            Refusal::Requeue => &["1", "bad", "3", "bad"],
            Refusal::Discard => &["1", "bad", "3"],
        };
        for body in expected {
            assert_eq!(calls.recv().await.unwrap(), *body);
        }
        while running.counters().handled < 2 {
            tokio::task::yield_now().await;
        }
        assert_eq!((running.counters().panicked, running.counters().unsettled), (1, 0));
        running.stop().await;
        channel.close().await;
        let queue = server.world().queues[&short("q")].clone();
        let redelivered: Vec<bool> = queue.iter().map(|message| message.redelivered).collect();
        assert_eq!(redelivered, left);
    }
}

#[tokio::test]
async fn a_function_that_panics_before_its_future_is_caught_too() {
    let server = Server::start().await;
    server.fill("q", &["1"]);
    let (seen, mut calls) = mpsc::unbounded_channel::<()>();
    let handle = move |delivery: Delivery| {
        seen.send(()).unwrap();
        assert!(delivery.redelivered, "as the test wants it");
        async { Handled::Ack }
    };
    let channel = channel(&server).await;
    let options = CallbackOptions::default();
    let running = channel.consume_with(short("q"), options, handle).await.unwrap();
    calls.recv().await.unwrap();
    calls.recv().await.unwrap();
    while running.counters().handled < 1 {
        tokio::task::yield_now().await;
    }
    assert_eq!(running.counters().panicked, 1);
}

#[tokio::test]
async fn stopping_waits_for_calls_and_gives_the_rest_back() {
    let server = Server::start().await;
    server.fill("q", &["1", "2", "3"]);
    let go = Arc::new(Semaphore::new(0));
    let (seen, mut calls) = mpsc::unbounded_channel();
    let gate = Arc::clone(&go);
    let handle = move |_| {
        let (seen, gate) = (seen.clone(), Arc::clone(&gate));
        async move {
            seen.send(()).unwrap();
            gate.acquire().await.unwrap().forget();
            Handled::Ack
        }
    };
    let channel = channel(&server).await;
    let options = CallbackOptions::default();
    let running = channel.consume_with(short("q"), options, handle).await.unwrap();
    calls.recv().await.unwrap();
    let (end, ()) = tokio::join!(running.stop(), async { go.add_permits(1) });
    assert_eq!(end, ConsumerEnd::CancelledHere);
    channel.close().await;
    assert_eq!(server.world().queues[&short("q")].len(), 2);
}

#[tokio::test]
async fn the_end_of_the_connection_ends_it_and_what_was_handled_late_is_counted() {
    let server = Server::start().await;
    server.fill("q", &["1"]);
    let go = Arc::new(Semaphore::new(0));
    let (seen, mut calls) = mpsc::unbounded_channel();
    let gate = Arc::clone(&go);
    let handle = move |_| {
        let (seen, gate) = (seen.clone(), Arc::clone(&gate));
        async move {
            seen.send(()).unwrap();
            gate.acquire().await.unwrap().forget();
            Handled::Ack
        }
    };
    let connection = Connection::connect(&server.options()).await.unwrap();
    let channel = connection.channel().await.unwrap();
    let options = CallbackOptions::default();
    let mut running = channel.consume_with(short("q"), options, handle).await.unwrap();
    calls.recv().await.unwrap();
    server.cut();
    connection.closed().await;
    go.add_permits(1);
    assert!(matches!(running.ended().await, ConsumerEnd::ConnectionEnded(_)));
    assert_eq!((running.counters().handled, running.counters().unsettled), (1, 1));
    assert!(running.is_ended());
}
