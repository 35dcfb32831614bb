//! Messages come out, once, and go back when they are refused.

use leveret_client::{AckMode, ConsumeOptions, ConsumerEnd, QueueDeclare, QueueDelete, Refusal};

use crate::world::{live, short};

#[test]
fn settled_messages_are_gone_and_refused_ones_come_again() {
    live("settling", async |world| {
        let queue = world.queue("settling").await;
        world.fill(&queue, &["1", "2", "3", "4", "5"]).await;
        let channel = world.other().await;
        channel.qos(5).await.unwrap();
        let mut consumer = world.consume(&channel, &queue).await;
        let mut deliveries = Vec::new();
        for number in 1..=5 {
            let delivery = consumer.recv().await.unwrap();
            assert_eq!(delivery.body, number.to_string());
            assert!(!delivery.redelivered);
            deliveries.push(delivery);
        }
        channel.ack_up_to(&deliveries[1]).unwrap();
        channel.reject(&deliveries[2], Refusal::Discard).unwrap();
        channel.nack(&deliveries[3], Refusal::Requeue).unwrap();
        let again = consumer.recv().await.unwrap();
        assert_eq!((again.body.as_ref(), again.redelivered), (&b"4"[..], true));
        channel.nack_up_to(&again, Refusal::Discard).unwrap();
        consumer.cancel().await.unwrap();
        assert!(consumer.recv().await.is_none());
        assert_eq!(consumer.end(), Some(ConsumerEnd::CancelledHere));
        assert_eq!(world.ready(&queue).await, 0);
    });
}

#[test]
fn what_a_closed_channel_held_comes_again() {
    live("redelivery", async |world| {
        let queue = world.queue("redelivery").await;
        world.fill(&queue, &["1", "2"]).await;
        let channel = world.other().await;
        let mut consumer = world.consume(&channel, &queue).await;
        // Both, before the close: what is still on its way then is not seen by the consumer.
        assert_eq!(consumer.recv().await.unwrap().body, "1");
        assert_eq!(consumer.recv().await.unwrap().body, "2");
        channel.close().await;
        assert!(consumer.recv().await.is_none());
        assert_eq!(consumer.end(), Some(ConsumerEnd::ChannelClosedHere));
        let delivery = world.get(&queue).await.unwrap();
        assert_eq!((delivery.body.as_ref(), delivery.redelivered), (&b"1"[..], true));
    });
}

#[test]
fn recover_brings_back_what_is_unsettled() {
    live("recover", async |world| {
        let queue = world.queue("recover").await;
        world.fill(&queue, &["1"]).await;
        let channel = world.other().await;
        let mut consumer = world.consume(&channel, &queue).await;
        let delivery = consumer.recv().await.unwrap();
        channel.recover().await.unwrap();
        let again = consumer.recv().await.unwrap();
        assert!(again.redelivered);
        assert!(again.tag > delivery.tag);
        channel.ack(&again).unwrap();
        drop(consumer);
        channel.close().await;
        assert_eq!(world.ready(&queue).await, 0);
    });
}

#[test]
fn a_consumer_hears_that_its_queue_is_gone() {
    live("cancel notify", async |world| {
        let queue = world.queue("deleted").await;
        let channel = world.other().await;
        let mut consumer = world.consume(&channel, &queue).await;
        let delete = QueueDelete { name: queue, ..QueueDelete::default() };
        world.channel.queue_delete(&delete).await.unwrap();
        assert!(consumer.recv().await.is_none());
        assert_eq!(consumer.end(), Some(ConsumerEnd::CancelledByBroker));
        assert_eq!(channel.end(), None);
    });
}

#[test]
fn a_dropped_consumer_leaves_its_messages_to_others() {
    live("dropped consumers", async |world| {
        let queue = world.queue("dropped").await;
        world.fill(&queue, &["1", "2", "3"]).await;
        let channel = world.other().await;
        let mut consumer = world.consume(&channel, &queue).await;
        let first = consumer.recv().await.unwrap();
        drop(consumer);
        let mut next = world.consume(&channel, &queue).await;
        let mut bodies = vec![next.recv().await.unwrap().body, next.recv().await.unwrap().body];
        bodies.sort();
        assert_eq!(bodies, ["2", "3"]);
        channel.ack(&first).unwrap();
    });
}

#[test]
fn options_of_consumers_are_heeded() {
    live("consume options", async |world| {
        let queue = world.queue("options").await;
        world.fill(&queue, &["1"]).await;
        let channel = world.other().await;
        let options = ConsumeOptions {
            tag: short("mine"),
            ack_mode: AckMode::NoAck,
            exclusive: true,
            ..ConsumeOptions::default()
        };
        let mut consumer = channel.consume(queue.clone(), options).await.unwrap();
        assert_eq!(*consumer.tag(), "mine");
        let delivery = consumer.recv().await.unwrap();
        assert_eq!(channel.ack(&delivery), Err(leveret_client::SettleError::NoAck));
        let other = world.other().await;
        let refused = other.consume(queue.clone(), ConsumeOptions::default()).await;
        assert_eq!(refused.unwrap_err().code(), Some(403));
        drop(consumer);
        channel.close().await;
        assert_eq!(world.ready(&queue).await, 0);
    });
}

#[test]
fn one_message_is_got_or_none() {
    live("get", async |world| {
        let queue = world.queue("get").await;
        assert_eq!(world.get(&queue).await, None);
        world.fill(&queue, &["1", "2"]).await;
        let got = world.channel.get(queue.clone(), AckMode::NoAck).await.unwrap().unwrap();
        assert_eq!((got.delivery.body.as_ref(), got.remaining), (&b"1"[..], 1));
        let delivery = world.get(&queue).await.unwrap();
        world.channel.ack(&delivery).unwrap();
        let declare = QueueDeclare { name: queue, passive: true, ..QueueDeclare::default() };
        assert_eq!(world.channel.queue_declare(&declare).await.unwrap().messages, 0);
    });
}
