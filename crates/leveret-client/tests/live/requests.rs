//! Requests without replies, priorities, and ways to log in.

use leveret_client::{
    ConnectOptions, Connection, ConsumeOptions, ExchangeDeclare, ExchangeDelete, Mechanism,
    Publish, QueueBinding, QueueDeclare, QueueDelete, Refusal,
};

use crate::world::{live, short, soon, to};

#[test]
fn requests_without_replies_happen_in_order() {
    live("no wait", async |world| {
        let channel = world.confirming().await;
        let (exchange, queue) = (world.name("no-wait-x"), world.name("no-wait-q"));
        let silent = channel.no_wait();
        let declare = ExchangeDeclare { name: exchange.clone(), ..ExchangeDeclare::default() };
        silent.exchange_declare(&declare).unwrap();
        let declare = QueueDeclare { name: queue.clone(), ..QueueDeclare::default() };
        silent.queue_declare(&declare).unwrap();
        let binding = QueueBinding {
            queue: queue.clone(),
            exchange: exchange.clone(),
            routing_key: short("k"),
            ..QueueBinding::default()
        };
        silent.queue_bind(&binding).unwrap();
        let publish = Publish {
            exchange: exchange.clone(),
            routing_key: short("k"),
            body: "one".into(),
            ..Publish::default()
        };
        channel.publish_and_confirm(publish.clone()).await.unwrap();
        assert_eq!(world.ready(&queue).await, 1);
        silent.queue_purge(queue.clone()).unwrap();
        assert!(channel.flow(true).await.unwrap(), "and so all before it is done");
        assert_eq!(world.ready(&queue).await, 0);
        silent.queue_delete(&QueueDelete { name: queue, ..QueueDelete::default() }).unwrap();
        let error = channel.publish_and_confirm(publish).await.unwrap_err();
        assert!(error.to_string().starts_with("no queue took the message"), "{error}");
        let delete = ExchangeDelete { name: exchange, ..ExchangeDelete::default() };
        silent.exchange_delete(&delete).unwrap();
        assert_eq!(channel.end(), None);
    });
}

#[test]
fn what_is_refused_without_a_reply_is_told_by_the_next_request() {
    live("no wait refused", async |world| {
        let channel = world.other().await;
        let queue = world.queue("unbound").await;
        let exchange = short("leveret-live.nowhere");
        let binding = QueueBinding { queue, exchange, ..QueueBinding::default() };
        channel.no_wait().queue_bind(&binding).unwrap();
        assert_eq!(channel.qos(1).await.unwrap_err().code(), Some(404));
    });
}

#[test]
fn the_consumer_of_higher_priority_gets_the_messages() {
    live("priorities", async |world| {
        let queue = world.queue("priorities").await;
        let options = ConsumeOptions::default;
        let mut low = world.channel.consume(queue.clone(), options().priority(-1)).await.unwrap();
        let mut high = world.channel.consume(queue.clone(), options().priority(7)).await.unwrap();
        for body in ["1", "2", "3"] {
            world.confirming().await.publish_and_confirm(to(&queue, body)).await.unwrap();
            let delivery = soon(high.recv()).await.unwrap();
            assert_eq!(delivery.body, body);
        }
        assert_eq!(low.try_recv(), None);
        high.cancel().await.unwrap();
        world.channel.no_wait().recover().unwrap();
        let delivery = soon(low.recv()).await.unwrap();
        assert!(delivery.redelivered);
        world.channel.nack_up_to(&delivery, Refusal::Discard).unwrap();
    });
}

#[test]
fn the_oldest_way_to_log_in_works() {
    live("AMQPLAIN", async |_| {
        let uri = std::env::var("AMQP_URL").unwrap();
        let mut options = ConnectOptions::from_uri(&uri).unwrap();
        options.mechanisms = vec![Mechanism::AmqPlain];
        Connection::connect(&options).await.unwrap().close().await;
    });
}
