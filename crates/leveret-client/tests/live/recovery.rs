//! A client whose way to a real broker is cut again and again.

use std::collections::BTreeMap;

use leveret_client::{
    Client, ClientEvent, ExchangeDeclare, ExchangeDelete, PublishError, PublisherOptions,
    QueueBinding, QueueDeclare, QueueDelete, Settled, Subscription, SubscriptionOptions,
};

use crate::{
    proxy::Proxy,
    world::{live, short, to},
};

async fn subscribe(client: &Client, queue: leveret_client::ShortStr) -> Subscription {
    let options = SubscriptionOptions { queue, ..SubscriptionOptions::default() };
    client.subscribe(options).await.unwrap()
}

#[test]
fn nothing_is_lost_and_nothing_doubled_over_cuts() {
    live("cuts", async |world| {
        let proxy = Proxy::start().await;
        let client = Client::connect(proxy.options()).await.unwrap();
        let queue = world.queue("cut").await;
        let mut subscription = subscribe(&client, queue.clone()).await;
        let publisher = client.publisher(PublisherOptions::default());
        let mut seen: BTreeMap<String, Vec<bool>> = BTreeMap::new();
        for number in 0..40 {
            let body = number.to_string();
            let is_confirmed = match publisher.publish(to(&queue, &body)).await {
                Ok(()) => true,
                Err(PublishError::ConnectionLost(_)) => false,
                Err(error) => panic!("{error}"),
            };
            if number % 5 == 0 {
                proxy.cut();
            }
            while is_confirmed && !seen.contains_key(&body) {
                let delivery = subscription.recv().await.unwrap();
                let body = String::from_utf8(delivery.body.to_vec()).unwrap();
                seen.entry(body).or_default().push(delivery.redelivered);
                delivery.ack();
            }
        }
        assert!(client.stats().lost >= 8, "{:?}", client.stats());
        for (body, deliveries) in &seen {
            assert!(deliveries.iter().skip(1).all(|redelivered| *redelivered), "{body}");
        }
        client.close().await;
    });
}

#[test]
fn a_queue_that_the_broker_named_follows_its_client_with_one_binding() {
    live("a private queue over cuts", async |world| {
        let proxy = Proxy::start().await;
        let client = Client::connect(proxy.options()).await.unwrap();
        let exchange = world.name("events");
        let events = ExchangeDeclare { name: exchange.clone(), ..ExchangeDeclare::default() };
        client.exchange_declare(&events).await.unwrap();
        let queue = client.queue_declare(&QueueDeclare::private()).await.unwrap().name;
        let binding = QueueBinding {
            queue: queue.clone(),
            exchange: exchange.clone(),
            routing_key: short("paid"),
            ..QueueBinding::default()
        };
        client.queue_bind(&binding).await.unwrap();
        let mut subscription = subscribe(&client, queue.clone()).await;
        let publisher = client.publisher(PublisherOptions::default());
        for number in 0..8 {
            let mut events = client.events();
            proxy.cut();
            let is_started =
                |event: &ClientEvent| matches!(event, ClientEvent::ConsumerStarted { .. });
            while !is_started(&events.recv().await.unwrap()) {}
            client.publishing_connection().await.unwrap();
            let body = number.to_string();
            let mut publish = to(&short("paid"), &body);
            publish.exchange = exchange.clone();
            while publisher.publish(publish.clone()).await.is_err() {}
            let delivery = subscription.recv().await.unwrap();
            assert_eq!(delivery.body, body);
            assert_eq!(delivery.ack(), Settled::Sent);
            assert!(subscription.verify().await.unwrap());
        }
        assert_ne!(client.current_name(&queue), queue);
        let gone = ExchangeDelete { name: exchange, ..ExchangeDelete::default() };
        client.exchange_delete(&gone).await.unwrap();
        client.close().await;
    });
}

#[test]
fn a_consumer_whose_queue_was_deleted_comes_back() {
    live("a deleted queue", async |world| {
        let proxy = Proxy::start().await;
        let client = Client::connect(proxy.options()).await.unwrap();
        let name = world.name("deleted");
        let declare = QueueDeclare { name: name.clone(), ..QueueDeclare::default() };
        client.queue_declare(&declare).await.unwrap();
        let mut events = client.events();
        let mut subscription = subscribe(&client, name.clone()).await;
        let gone = QueueDelete { name: name.clone(), ..QueueDelete::default() };
        world.channel.queue_delete(&gone).await.unwrap();
        let is_cancel =
            |event: &ClientEvent| matches!(event, ClientEvent::ConsumerCancelled { .. });
        while !is_cancel(&events.recv().await.unwrap()) {}
        assert!(subscription.live().await);
        assert!(subscription.verify().await.unwrap());
        let publisher = client.publisher(PublisherOptions::default());
        publisher.publish(to(&name, "again")).await.unwrap();
        assert_eq!(subscription.recv().await.unwrap().ack(), Settled::Sent);
        client.close().await;
    });
}
