//! Exchanges, queues and bindings come and go.

use leveret_client::{
    ExchangeBinding, ExchangeDeclare, ExchangeDelete, ExchangeKind, FieldTable, Publish,
    QueueBinding, QueueDeclare, QueueDelete,
};

use crate::world::{live, short, to};

#[test]
fn messages_follow_bindings_between_exchanges_and_queues() {
    live("bindings", async |world| {
        let (topic, fanout) = (world.name("topic"), world.name("fanout"));
        let (orders, all) = (world.queue("orders").await, world.queue("all").await);
        let channel = world.confirming().await;
        for (name, kind) in [(&topic, ExchangeKind::Topic), (&fanout, ExchangeKind::Fanout)] {
            let declare =
                ExchangeDeclare { name: name.clone(), kind, ..ExchangeDeclare::default() };
            channel.exchange_declare(&declare).await.unwrap();
            let passive = ExchangeDeclare { passive: true, ..declare };
            channel.exchange_declare(&passive).await.unwrap();
        }
        let to_orders = QueueBinding {
            queue: orders.clone(),
            exchange: topic.clone(),
            routing_key: short("order.*"),
            ..QueueBinding::default()
        };
        channel.queue_bind(&to_orders).await.unwrap();
        let to_all = QueueBinding {
            queue: all.clone(),
            exchange: fanout.clone(),
            ..QueueBinding::default()
        };
        channel.queue_bind(&to_all).await.unwrap();
        let between = ExchangeBinding {
            destination: fanout.clone(),
            source: topic.clone(),
            routing_key: short("#"),
            arguments: FieldTable::default(),
        };
        channel.exchange_bind(&between).await.unwrap();
        let publish = |key: &str| Publish {
            exchange: topic.clone(),
            routing_key: short(key),
            ..to(&orders, "x")
        };
        let publish = |key: &str| Publish { routing_key: short(key), ..publish("") };
        channel.publish(publish("order.paid")).await.unwrap().await.unwrap();
        channel.publish(publish("bill")).await.unwrap().await.unwrap();
        assert_eq!((world.ready(&orders).await, world.ready(&all).await), (1, 2));

        channel.exchange_unbind(&between).await.unwrap();
        channel.queue_unbind(&to_orders).await.unwrap();
        assert!(channel.publish(publish("order.paid")).await.unwrap().await.is_err());
        assert_eq!(channel.queue_purge(all.clone()).await.unwrap(), 2);
        let delete = QueueDelete { name: orders, ..QueueDelete::default() };
        assert_eq!(channel.queue_delete(&delete).await.unwrap(), 1);
        for name in [topic, fanout] {
            channel.exchange_delete(&ExchangeDelete { name, if_unused: false }).await.unwrap();
        }
    });
}

#[test]
fn a_private_queue_is_named_by_the_broker_and_kept_from_others() {
    live("private queues", async |world| {
        let url = std::env::var("AMQP_URL").unwrap();
        let declared = world.channel.queue_declare(&QueueDeclare::private()).await.unwrap();
        assert!(!declared.name.is_empty());
        assert_eq!((declared.messages, declared.consumers), (0, 0));
        let stranger = leveret_client::Connection::open(&url).await.unwrap();
        let channel = stranger.channel().await.unwrap();
        let name = declared.name.clone();
        let look = QueueDeclare { name, passive: true, ..QueueDeclare::default() };
        assert_eq!(channel.queue_declare(&look).await.unwrap_err().code(), Some(405));
        stranger.close().await;
        let consumer = world.consume(&world.channel, &declared.name).await;
        assert_eq!(world.channel.queue_declare(&look).await.unwrap().consumers, 1);
        consumer.cancel().await.unwrap();
    });
}
