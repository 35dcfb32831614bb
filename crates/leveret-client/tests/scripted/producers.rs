//! Producers say of each message what they were made to say.

use std::num::ParseIntError;

use bytes::Bytes;
use leveret_client::{
    MessageDefaults, Pools, PoolsConfig, ProduceError, Producer, Producers, ProducersConfig,
};

use crate::{peer::short, server::Server};

fn config(server: &Server, producer: &str) -> (Pools, ProducersConfig) {
    let text = format!("[pool.publish]\naddress = 'amqp://{}'\n{producer}", server.address);
    let pools: PoolsConfig = toml::from_str(&text).unwrap();
    (Pools::from_config(&pools).unwrap(), toml::from_str(&text).unwrap())
}

#[tokio::test]
async fn a_producer_of_a_configuration_publishes_with_its_defaults() {
    let server = Server::start().await;
    server.fill("jobs", &[]);
    let (pools, config) = config(
        &server,
        "[producer.jobs]
         routing_key = 'jobs'
         content_type = 'text/plain'
         reply_to = 'answers'
         persistent = false
         expiration = '2s'
         app_id = 'till'",
    );
    let producers = Producers::from_config(&config, &pools).unwrap();
    let jobs = producers.get("jobs").unwrap();
    jobs.publish("1").await.unwrap();
    let mut other = jobs.message("2");
    other.properties = other.properties.to_builder().app_id(short("desk")).build();
    jobs.send(other).await.unwrap();
    let queue = server.world().queues[&short("jobs")].clone();
    let (one, two) = (&queue[0], &queue[1]);
    assert_eq!((one.body.as_ref(), two.body.as_ref()), (&b"1"[..], &b"2"[..]));
    assert_eq!(one.properties.content_type().unwrap(), "text/plain");
    assert_eq!(one.properties.reply_to().unwrap(), "answers");
    assert_eq!(one.properties.expiration().unwrap(), "2000");
    assert_eq!(one.properties.delivery_mode(), Some(1));
    assert_eq!(
        (one.properties.app_id(), two.properties.app_id()),
        (Some(short("till")), Some(short("desk")),)
    );
    assert_ne!(one.properties.message_id(), two.properties.message_id());
    pools.close().await;
}

#[tokio::test]
async fn a_value_that_cannot_be_serialized_is_not_sent() {
    let server = Server::start().await;
    let pool = leveret_client::Pool::new("publish", server.pool());
    let defaults = MessageDefaults { exchange: short("e"), ..MessageDefaults::default() };
    let doubles = Producer::new("doubles", pool, defaults).typed(|text: &String| {
        let number: u32 = text.parse()?;
        Ok::<Bytes, ParseIntError>((number * 2).to_string().into())
    });
    doubles.publish(&"21".to_owned()).await.unwrap();
    let error = doubles.publish(&"many".to_owned()).await.unwrap_err();
    assert!(matches!(error, ProduceError::Serialize { .. }));
    assert_eq!(error.to_string(), "the value for producer `doubles` cannot be serialized");
    assert_eq!(server.world().published[&short("e")], 1);
}

#[tokio::test]
async fn an_error_in_a_producers_table_names_its_key() {
    let server = Server::start().await;
    let check = |producer: &str, expected: &str| {
        let (pools, config) = config(&server, producer);
        let error = Producers::from_config(&config, &pools).unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    check(
        "[producer.jobs]\nexpiration = 'soon'",
        "`producer.jobs.expiration` is `soon`, wanted a whole number and a unit such as `5s`",
    );
    check(
        "[producer.jobs]\npool = 'listen'",
        "`producer.jobs.pool`: there is no pool `listen`, only `publish`",
    );
    let error = toml::from_str::<ProducersConfig>("[producer.jobs]\nexchnge = 'e'").unwrap_err();
    assert!(error.to_string().contains("unknown field `exchnge`"), "{error}");
}
