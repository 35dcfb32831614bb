//! Threads use a client that heals, over a real broker that starts again.

use std::{thread, time::Duration};

use leveret_client::{
    Publish, PublishError, PublisherOptions, QueueDeclare, RpcError, RpcOptions, Settled, ShortStr,
    SubscriptionEnd, SubscriptionOptions,
    blocking::{Client, Error, RecvError, RpcClient},
};
use tokio::runtime::{Builder, Runtime};

use crate::{
    restart::{job, options_to, start},
    toy::short,
};

/// A runtime for the broker alone.
fn outside() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

fn subscription(queue: ShortStr) -> SubscriptionOptions {
    SubscriptionOptions { queue, ..SubscriptionOptions::default() }
}

#[test]
fn a_thread_publishes_consumes_and_calls_over_a_restart() {
    let (runtime, data) = (outside(), tempfile::tempdir().unwrap());
    let broker = runtime.block_on(start("127.0.0.1:0".parse().unwrap(), data.path()));
    let address = broker.local_addrs()[0];
    let client = Client::connect(options_to(address)).unwrap();
    let jobs = QueueDeclare { name: short("jobs"), ..QueueDeclare::default() };
    client.queue_declare(&jobs).unwrap();
    let private = client.queue_declare(&QueueDeclare::private()).unwrap().name;
    let publisher = client.publisher(PublisherOptions::default());
    let mut received = client.subscribe(subscription(short("jobs"))).unwrap();
    publisher.publish(job("before")).unwrap();
    let unsettled = received.recv().unwrap();

    assert!(runtime.block_on(broker.shutdown()).is_none());
    let publishing = thread::spawn(move || publisher.publish(job("during")));
    let broker = runtime.block_on(start(address, data.path()));
    publishing.join().unwrap().unwrap();
    assert!(received.live().unwrap() && received.verify().unwrap());
    assert_eq!(unsettled.ack(), Settled::Stale);
    for (body, redelivered) in [("before", true), ("during", false)] {
        let delivery = received.next().unwrap().unwrap();
        assert_eq!((&delivery.body[..], delivery.redelivered), (body.as_bytes(), redelivered));
        assert_eq!(delivery.ack(), Settled::Sent);
    }
    assert_ne!(client.current_name(&private), private);
    client.close().unwrap();
    assert!(matches!(received.recv(), Err(RecvError::Ended(SubscriptionEnd::Client(_)))));
    assert!(received.next().is_none());
    assert!(runtime.block_on(broker.shutdown()).is_none());
}

#[test]
fn threads_call_a_thread_that_serves() {
    let (runtime, data) = (outside(), tempfile::tempdir().unwrap());
    let broker = runtime.block_on(start("127.0.0.1:0".parse().unwrap(), data.path()));
    let client = Client::connect(options_to(broker.local_addrs()[0])).unwrap();
    let doubles = QueueDeclare { name: short("doubles"), ..QueueDeclare::default() };
    client.queue_declare(&doubles).unwrap();
    let mut requests = client.subscribe(subscription(short("doubles"))).unwrap();
    let answers = client.consuming_connection().unwrap().channel().unwrap();
    let serving = thread::spawn(move || {
        for request in &mut requests {
            let request = request.unwrap();
            let Some(number) = request.decode::<Option<i64>>().unwrap() else { break };
            let reply = request.reply().unwrap().encode(&(number * 2)).unwrap();
            answers.publish_and_forget(reply).unwrap();
            request.ack();
        }
        requests.cancel().unwrap();
        assert!(matches!(requests.end(), Some(SubscriptionEnd::CancelledHere)));
    });

    let calls = RpcClient::on(&client, RpcOptions::default());
    thread::scope(|scope| {
        for number in 0..8_i64 {
            let calls = calls.clone();
            let asked = move || calls.call::<i64, i64>("doubles", &number).unwrap();
            scope.spawn(move || assert_eq!(asked(), number * 2));
        }
    });
    let nobody = calls.call::<i64, i64>("nobody", &1).unwrap_err();
    assert!(matches!(nobody.operation(), Some(RpcError::NoRoute { .. })), "{nobody}");
    let within = Duration::from_millis(20);
    // Nothing comes back for this one: the server takes it as its end.
    let silent = calls.call_within::<Option<i64>, i64>("doubles", &None, within).unwrap_err();
    assert!(matches!(silent.operation(), Some(RpcError::Timeout { is_sent: true, .. })));
    serving.join().unwrap();
    assert_eq!((calls.stats().replies, calls.stats().in_flight), (8, 0));
    calls.drain(Duration::ZERO).unwrap();
    let over = calls.request(Publish::default()).unwrap_err();
    assert!(matches!(over.operation(), Some(RpcError::Draining)));
    client.close().unwrap();
    assert!(runtime.block_on(broker.shutdown()).is_none());
}

#[test]
fn a_thread_hears_what_its_publisher_and_its_subscription_hear() {
    let (runtime, data) = (outside(), tempfile::tempdir().unwrap());
    let broker = runtime.block_on(start("127.0.0.1:0".parse().unwrap(), data.path()));
    let client = Client::connect(options_to(broker.local_addrs()[0])).unwrap();
    let missing = client.subscribe(subscription(short("missing"))).unwrap_err();
    assert!(missing.to_string().contains("404"), "{missing}");
    let publisher = client.publisher(PublisherOptions::default());
    let lost = publisher.publish(job("lost")).unwrap_err();
    assert!(matches!(lost.operation(), Some(PublishError::Unroutable { .. })), "{lost}");

    let queue = client.queue_declare(&QueueDeclare::private()).unwrap().name;
    let mut received = client.subscribe(subscription(queue.clone())).unwrap();
    let within = Duration::from_millis(20);
    assert!(matches!(received.recv_timeout(within), Err(RecvError::TimedOut { .. })));
    let silence = received.within(within).next();
    assert!(matches!(silence, Some(Err(RecvError::TimedOut { .. }))));
    let mine = client.clone();
    runtime.block_on(async move {
        let error = publisher.publish(Publish::default()).unwrap_err();
        assert!(matches!(error, Error::InsideAsync(_)), "{error}");
        let error = mine.subscribe(subscription(queue)).unwrap_err();
        assert!(matches!(error, Error::InsideAsync(_)), "{error}");
        let calls = RpcClient::on(&mine, RpcOptions::default());
        let error = calls.call::<u8, u8>("q", &1).unwrap_err();
        assert!(matches!(error, Error::InsideAsync(_)), "{error}");
        assert!(matches!(received.recv(), Err(RecvError::InsideAsync(_))));
    });
    client.close().unwrap();
    assert!(runtime.block_on(broker.shutdown()).is_none());
}
