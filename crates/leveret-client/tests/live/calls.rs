//! Calls are answered, or fail with what happened.

use std::time::Duration;

use leveret_client::{
    AckMode, ConsumeOptions, Publish, QueueDeclare, RemoteError, RpcClient, RpcError, RpcOptions,
    ShortStr,
};

use crate::world::{World, live, short};

/// Answers requests with their double until it is dropped; odd ones with an error.
async fn serve(world: &World, queue: &ShortStr) -> tokio::task::JoinHandle<()> {
    let channel = world.other().await;
    let options = ConsumeOptions { ack_mode: AckMode::NoAck, ..ConsumeOptions::default() };
    let mut consumer = channel.consume(queue.clone(), options).await.unwrap();
    tokio::spawn(async move {
        while let Some(request) = consumer.recv().await {
            let Some(reply) = request.reply() else { continue };
            assert!(request.deadline().is_some());
            let number: i64 = request.decode().unwrap();
            let reply = if number % 2 == 0 {
                reply.encode(&(number * 2)).unwrap()
            } else {
                let (class, text) = ("odd".to_owned(), format!("{number} is odd"));
                reply.with_error(&RemoteError { class, text, is_transient: false })
            };
            channel.publish_and_forget(reply).await.unwrap();
        }
    })
}

#[test]
fn many_calls_at_once_get_their_own_answers() {
    live("calls", async |world| {
        let queue = world.queue("calls").await;
        let server = serve(world, &queue).await;
        let client = RpcClient::new(&world.connection, RpcOptions::default());
        let calls: Vec<_> = (0..200_i64)
            .map(|number| {
                let (client, queue) = (client.clone(), queue.clone());
                tokio::spawn(async move { client.call::<i64, i64>(queue, &number).await })
            })
            .collect();
        for (number, call) in (0..).zip(calls) {
            match call.await.unwrap() {
                Ok(double) => assert_eq!(double, number * 2),
                Err(RpcError::Remote { error, .. }) => {
                    assert_eq!(error.to_string(), format!("odd: {number} is odd"));
                    assert!(number % 2 == 1);
                }
                Err(error) => panic!("{number}: {error}"),
            }
        }
        client.drain(Duration::from_secs(5)).await.unwrap();
        let stats = client.stats();
        assert_eq!((stats.replies, stats.late, stats.duplicate, stats.unknown), (200, 0, 0, 0));
        server.abort();
    });
}

#[test]
fn a_route_without_a_server_fails_at_once() {
    live("no route", async |world| {
        let options = RpcOptions { timeout: Duration::from_mins(10), ..RpcOptions::default() };
        let client = RpcClient::new(&world.connection, options);
        let error = client.call::<_, u8>("leveret-live.nowhere", &1).await.unwrap_err();
        assert!(matches!(error, RpcError::NoRoute { .. }), "{error:?}");
        let nowhere = ("leveret-live.missing", "k");
        let error = client.call::<_, u8>(nowhere, &1).await.unwrap_err();
        assert!(error.to_string().contains("404 NOT_FOUND - no exchange"), "{error}");
        assert_eq!(world.connection.end(), None);
    });
}

#[test]
fn a_request_that_nobody_takes_dies_with_its_deadline() {
    live("deadline", async |world| {
        let queue = world.queue("deadline").await;
        let client = RpcClient::new(&world.connection, RpcOptions::default());
        let within = Duration::from_millis(50);
        let error = client.call_within::<_, u8>(&queue, &1, within).await.unwrap_err();
        assert!(matches!(error, RpcError::Timeout { is_sent: true, .. }), "{error:?}");
        while world.ready(&queue).await > 0 {
            tokio::task::yield_now().await;
        }
    });
}

#[test]
fn late_second_and_forged_replies_reach_nobody() {
    live("late replies", async |world| {
        let queue = world.queue("late").await;
        let channel = world.other().await;
        let client = RpcClient::new(&world.connection, RpcOptions::default());
        let mut consumer = world.consume(&channel, &queue).await;
        let request = tokio::select! {
            answer = client.call::<_, u8>(&queue, &1) => panic!("{answer:?}"),
            request = consumer.recv() => request.unwrap(),
        };
        let late = request.reply().unwrap().encode(&1).unwrap();
        let correlation_id = short(&"0".repeat(32));
        let properties = late.properties.to_builder().correlation_id(correlation_id).build();
        let forged = Publish { properties, ..late.clone() };
        let (answer, ()) = tokio::join!(client.call::<_, u8>(&queue, &2), async {
            let request = consumer.recv().await.unwrap();
            for reply in [late.clone(), late, forged] {
                channel.publish_and_forget(reply).await.unwrap();
            }
            let right = request.reply().unwrap().encode(&2).unwrap();
            channel.publish_and_forget(right).await.unwrap();
        });
        assert_eq!(answer.unwrap(), 2);
        let stats = client.stats();
        assert_eq!((stats.late, stats.duplicate, stats.unknown), (1, 1, 1));
    });
}

#[test]
fn the_end_of_the_connection_ends_its_calls() {
    live("lost calls", async |world| {
        let name = world.name("lost");
        let declare = QueueDeclare { name: name.clone(), ..QueueDeclare::default() };
        world.channel.queue_declare(&declare).await.unwrap();
        let url = std::env::var("AMQP_URL").unwrap();
        let connection = leveret_client::Connection::open(&url).await.unwrap();
        let client = RpcClient::new(&connection, RpcOptions::default());
        let mut consumer = world.consume(&world.other().await, &name).await;
        let (answer, ()) = tokio::join!(client.call::<_, u8>(&name, &1), async {
            consumer.recv().await.unwrap();
            connection.close().await;
        });
        let error = answer.unwrap_err();
        assert!(matches!(error, RpcError::Lost(_)) && error.is_outcome_unknown(), "{error:?}");
    });
}
