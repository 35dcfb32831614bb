//! Each error closes one channel, with its code.

use leveret_client::{
    AckMode, ChannelError, ConnectError, ConnectOptions, Connection, ConsumeOptions,
    ExchangeDeclare, FieldTable, Publish, PublishError, QueueDeclare,
};

use crate::world::{live, short, to};

#[test]
fn missing_queues_are_404() {
    live("404", async |world| {
        let missing = short("leveret-live.missing");
        let look = QueueDeclare { name: missing.clone(), passive: true, ..QueueDeclare::default() };
        let channel = world.other().await;
        let error = channel.queue_declare(&look).await.unwrap_err();
        let ChannelError::Closed { code: 404, text } = &error else { panic!("{error:?}") };
        assert!(text.contains("NOT_FOUND - no queue 'leveret-live.missing' in vhost"), "{text}");
        assert_eq!(channel.end(), Some(error));

        let channel = world.other().await;
        let error = channel.get(missing.clone(), AckMode::Manual).await.unwrap_err();
        assert_eq!(error.code(), Some(404));
        let channel = world.other().await;
        let error = channel.consume(missing, ConsumeOptions::default()).await.unwrap_err();
        assert_eq!(error.code(), Some(404));
        assert_eq!(world.connection.end(), None);
        assert_eq!(world.channel.end(), None);
    });
}

#[test]
fn a_publish_to_a_missing_exchange_fails_its_confirms() {
    live("404 of a publish", async |world| {
        let queue = world.queue("kept").await;
        let channel = world.confirming().await;
        let publish = Publish { exchange: short("leveret-live.missing"), ..to(&queue, "x") };
        let confirm = channel.publish(publish).await.unwrap();
        let error = confirm.await.unwrap_err();
        assert!(matches!(&error, PublishError::ChannelClosed { code: 404, .. }), "{error:?}");
        let error = channel.publish(to(&queue, "x")).await.unwrap_err();
        assert!(matches!(&error, PublishError::NotSent(_)), "{error:?}");
    });
}

#[test]
fn other_arguments_are_406() {
    live("406", async |world| {
        let queue = world.queue("durable").await;
        let channel = world.other().await;
        let arguments = FieldTable::builder().insert("x-message-ttl", 5000_i32).build();
        let other = QueueDeclare { name: queue, arguments, ..QueueDeclare::default() };
        let error = channel.queue_declare(&other).await.unwrap_err();
        assert_eq!(error.code(), Some(406), "{error}");
        assert!(error.to_string().contains("x-message-ttl"), "{error}");
    });
}

#[test]
fn an_unknown_delivery_tag_is_406() {
    live("406 of an ack", async |world| {
        let queue = world.queue("twice").await;
        world.fill(&queue, &["1"]).await;
        let channel = world.other().await;
        let got = channel.get(queue.clone(), AckMode::Manual).await.unwrap().unwrap();
        channel.ack(&got.delivery).unwrap();
        channel.ack(&got.delivery).unwrap();
        let error = channel.get(queue, AckMode::Manual).await.unwrap_err();
        assert_eq!(error.code(), Some(406), "{error}");
    });
}

#[test]
fn reserved_names_are_403() {
    live("403", async |world| {
        let channel = world.other().await;
        let name = short("amq.leveret-live");
        let queue = QueueDeclare { name: name.clone(), ..QueueDeclare::default() };
        assert_eq!(channel.queue_declare(&queue).await.unwrap_err().code(), Some(403));
        let channel = world.other().await;
        let exchange = ExchangeDeclare { name, ..ExchangeDeclare::default() };
        assert_eq!(channel.exchange_declare(&exchange).await.unwrap_err().code(), Some(403));
    });
}

#[test]
fn a_wrong_password_and_a_wrong_virtual_host_are_told_apart() {
    live("refusals", async |_| {
        let url = std::env::var("AMQP_URL").unwrap();
        let right = ConnectOptions::from_uri(&url).unwrap();
        let wrong = ConnectOptions { password: "not it".into(), ..right.clone() };
        let error = Connection::connect(&wrong).await.unwrap_err();
        assert!(matches!(&error, ConnectError::LoginRefused { code: 403, .. }), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("not it"));
        let lost = ConnectOptions { virtual_host: short("leveret-live.missing"), ..right };
        let error = Connection::connect(&lost).await.unwrap_err();
        assert!(matches!(&error, ConnectError::VirtualHostRefused { .. }), "{error:?}");
        assert!(error.is_permanent());
    });
}
