//! Publishes and acks happen with their commit or not at all.

use leveret_client::{ConsumeOptions, Publish};

use crate::world::{live, short, to};

#[test]
fn a_commit_publishes_and_acks_and_a_rollback_does_neither() {
    live("transactions", async |world| {
        let (input, output) = (world.queue("input").await, world.queue("output").await);
        world.fill(&input, &["1", "2"]).await;
        let channel = world.other().await.into_tx().await.unwrap();
        let mut consumer = channel.consume(input.clone(), ConsumeOptions::default()).await.unwrap();
        let first = consumer.recv().await.unwrap();
        channel.publish(to(&output, "undone")).await.unwrap();
        channel.ack(&first).unwrap();
        assert_eq!(world.ready(&output).await, 0);
        channel.rollback().await.unwrap();
        assert_eq!(world.ready(&output).await, 0);

        channel.publish(to(&output, "done")).await.unwrap();
        let lost = Publish { routing_key: short("leveret-live.nowhere"), ..to(&output, "lost") };
        channel.publish(lost).await.unwrap();
        channel.ack(&first).unwrap();
        let committed = channel.commit().await.unwrap();
        let returned: Vec<_> = committed.returned.iter().map(|back| back.body.clone()).collect();
        assert_eq!(returned, ["lost"]);
        assert_eq!(world.ready(&output).await, 1);
        drop(consumer);
        channel.close().await;
        // RabbitMQ 4 has closed a channel before its deliveries are back.
        let back = loop {
            if let Some(delivery) = world.get(&input).await {
                break delivery;
            }
        };
        assert_eq!(back.body, "2", "only the first was acked");
        assert_eq!(world.get(&input).await, None);
    });
}

#[test]
fn a_channel_closed_before_its_commit_changes_nothing() {
    live("open transactions", async |world| {
        let queue = world.queue("open").await;
        let channel = world.other().await.into_tx().await.unwrap();
        channel.publish(to(&queue, "x")).await.unwrap();
        channel.close().await;
        assert_eq!(world.ready(&queue).await, 0);
    });
}
