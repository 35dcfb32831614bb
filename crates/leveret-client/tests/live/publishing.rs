//! Messages go in, and come out as they went in.

use bytes::Bytes;
use leveret_client::{FieldTable, Properties, Publish, PublishError};

use crate::world::{live, short, to};

#[test]
fn bodies_of_every_size_come_out_as_they_went_in() {
    live("bodies", async |world| {
        let queue = world.queue("bodies").await;
        let channel = world.confirming().await;
        let sizes = [0, 1, 100, 16 * 1024, 131_064, 131_065, 1024 * 1024];
        let body = |size: usize| -> Bytes {
            let bytes = (0..size).map(|at| u8::try_from(at % 251).unwrap());
            bytes.collect::<Vec<u8>>().into()
        };
        let mut confirms = Vec::new();
        for size in sizes {
            let properties = Properties::builder().persistent().build();
            let publish = Publish { body: body(size), properties, ..to(&queue, "") };
            confirms.push(channel.publish(publish).await.unwrap());
        }
        for confirm in confirms {
            confirm.await.unwrap();
        }
        let mut consumer = world.consume(&channel, &queue).await;
        for size in sizes {
            let delivery = consumer.recv().await.unwrap();
            assert!(delivery.body == body(size), "{size} bytes");
            assert!(delivery.properties.is_persistent());
            channel.ack(&delivery).unwrap();
        }
        // The close waits for the acks before it.
        drop(consumer);
        channel.close().await;
        assert_eq!(world.ready(&queue).await, 0);
    });
}

#[test]
fn unroutable_messages_are_told_from_routed_ones() {
    live("returns", async |world| {
        let queue = world.queue("returns").await;
        let channel = world.confirming().await;
        let mut confirms = Vec::new();
        for number in 0..500 {
            let is_lost = number % 3 == 0;
            let key = if is_lost { short("leveret-live.nowhere") } else { queue.clone() };
            let publish = Publish { routing_key: key, ..to(&queue, &format!("{number}")) };
            confirms.push((number, is_lost, channel.publish(publish).await.unwrap()));
        }
        for (number, is_lost, confirm) in confirms {
            match confirm.await {
                Ok(()) => assert!(!is_lost, "{number}"),
                Err(PublishError::Unroutable { code: 312, returned, .. }) => {
                    assert!(is_lost, "{number}");
                    assert_eq!(*returned.body, *number.to_string().as_bytes());
                }
                Err(error) => panic!("{number}: {error}"),
            }
        }
        let optional = Publish {
            mandatory: false,
            routing_key: short("leveret-live.nowhere"),
            ..to(&queue, "x")
        };
        channel.publish(optional).await.unwrap().await.unwrap();
    });
}

#[test]
fn every_property_and_a_key_that_is_no_text_come_through() {
    live("properties", async |world| {
        let queue = world.queue("properties").await;
        let exchange = world.name("latin1");
        let channel = world.confirming().await;
        let declare = leveret_client::ExchangeDeclare {
            name: exchange.clone(),
            kind: leveret_client::ExchangeKind::Fanout,
            auto_delete: true,
            ..leveret_client::ExchangeDeclare::default()
        };
        channel.exchange_declare(&declare).await.unwrap();
        let bind = leveret_client::QueueBinding {
            queue: queue.clone(),
            exchange: exchange.clone(),
            ..leveret_client::QueueBinding::default()
        };
        channel.queue_bind(&bind).await.unwrap();
        let properties = Properties::builder()
            .content_type(short("text/plain"))
            .content_encoding(short("identity"))
            .headers(crate::table::every_type())
            .delivery_mode(1)
            .priority(4)
            .correlation_id(short("c-1"))
            .reply_to(short("answers"))
            .expiration(short("60000"))
            .message_id(short("m-1"))
            .timestamp(1_700_000_000)
            .kind(short("greeting"))
            .app_id(short("live"))
            .build();
        let routing_key = leveret_client::ShortStr::new(&b"caf\xe9"[..]).unwrap();
        let publish = Publish {
            exchange,
            routing_key: routing_key.clone(),
            properties: properties.clone(),
            ..to(&queue, "hello")
        };
        channel.publish(publish).await.unwrap().await.unwrap();
        let delivery = world.get(&queue).await.unwrap();
        assert_eq!(delivery.routing_key, routing_key);
        // RabbitMQ 4 sorts headers by their names.
        let headers = |of: &Properties| {
            let headers = of.headers().unwrap();
            let mut shown: Vec<_> =
                headers.iter().map(|(name, value)| format!("{name} {value:?}")).collect();
            shown.sort();
            shown
        };
        assert_eq!(headers(&delivery.properties), headers(&properties));
        let bare = |of: &Properties| of.to_builder().headers(FieldTable::default()).build();
        assert_eq!(bare(&delivery.properties), bare(&properties));
    });
}

#[test]
fn clones_in_many_tasks_get_their_own_confirms() {
    live("clones", async |world| {
        let queue = world.queue("clones").await;
        let channel = world.confirming().await;
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let (channel, queue) = (channel.clone(), queue.clone());
                tokio::spawn(async move {
                    for number in 0..100 {
                        let is_lost = number % 4 == 0;
                        let key =
                            if is_lost { short("leveret-live.nowhere") } else { queue.clone() };
                        let publish = Publish { routing_key: key, ..to(&queue, "same") };
                        let fate = channel.publish(publish).await.unwrap().await;
                        assert_eq!(fate.is_err(), is_lost, "{fate:?}");
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(world.ready(&queue).await, 600);
    });
}
