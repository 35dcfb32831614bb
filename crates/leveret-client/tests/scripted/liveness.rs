//! A consumer's life is what the broker says it is.

use leveret_broker::Broker;
use leveret_client::{
    ConnectOptions, Connection, ConsumeOptions, ConsumerEnd, Liveness, ManagementError,
    ManagementOptions, QueueDeclare, Secret,
};

use crate::{peer::short, server::Server};

#[tokio::test]
async fn the_broker_has_the_last_word_on_a_consumer() {
    let server = Server::start().await;
    server.fill("q", &[]);
    let connection = Connection::connect(&server.options()).await.unwrap();
    let channel = connection.channel().await.unwrap();
    let consumer = channel.consume(short("q"), ConsumeOptions::default()).await.unwrap();

    server.world().consumers = 2;
    let live = Liveness::Live { consumers: 2, ready: 0 };
    assert_eq!(consumer.verify_live().await, Ok(live));

    server.world().consumers = 0;
    assert!(consumer.is_live(), "nobody has told this side");
    assert_eq!(consumer.verify_live().await, Ok(Liveness::Unseen { ready: 0 }));

    server.world().queues.clear();
    let gone = consumer.verify_live().await.unwrap();
    assert!(matches!(gone, Liveness::QueueGone { code: 404, .. }), "{gone:?}");
    assert_eq!(channel.end(), None, "the question cost another channel");

    consumer.cancel().await.unwrap();
    assert!(!consumer.is_live());
    let ended = Liveness::Ended(ConsumerEnd::CancelledHere);
    assert_eq!(consumer.verify_live().await, Ok(ended));
}

#[tokio::test]
async fn a_consumer_of_a_lost_connection_is_dead() {
    let server = Server::start().await;
    server.fill("q", &[]);
    let connection = Connection::connect(&server.options()).await.unwrap();
    let channel = connection.channel().await.unwrap();
    let consumer = channel.consume(short("q"), ConsumeOptions::default()).await.unwrap();
    server.cut();
    connection.closed().await;
    assert!(!consumer.is_live());
    assert!(!consumer.verify_live().await.unwrap().is_live());
}

#[tokio::test]
async fn the_management_api_of_our_broker_lists_the_very_consumer() {
    let any = "127.0.0.1:0".parse().unwrap();
    let broker = Broker::builder().in_memory().listen(any).admin_listen(any).start().await.unwrap();
    let port = broker.local_addrs()[0].port();
    let options =
        ConnectOptions { host: "127.0.0.1".to_owned(), port, ..ConnectOptions::default() };
    let port = broker.admin_addr().unwrap().port();
    let management = ManagementOptions { port, ..ManagementOptions::beside(&options) };
    let connection = Connection::connect(&options).await.unwrap();
    let channel = connection.channel().await.unwrap();
    channel
        .queue_declare(&QueueDeclare { name: short("q"), ..QueueDeclare::default() })
        .await
        .unwrap();
    let consumer = channel.consume(short("q"), ConsumeOptions::default()).await.unwrap();
    let other = connection.channel().await.unwrap();
    let neighbour = other.consume(short("q"), ConsumeOptions::default()).await.unwrap();
    let both = Liveness::Listed { consumers: 2, is_active: true };
    assert_eq!(consumer.verify_listed(&management).await.unwrap(), both);
    assert!(both.is_live());
    neighbour.cancel().await.unwrap();
    let ended = neighbour.verify_listed(&management).await.unwrap();
    assert_eq!(ended, Liveness::Ended(ConsumerEnd::CancelledHere));
    let alone = Liveness::Listed { consumers: 1, is_active: true };
    assert_eq!(consumer.verify_listed(&management).await.unwrap(), alone);

    let nowhere = ManagementOptions { virtual_host: short("a/b c"), ..management.clone() };
    let refused = consumer.verify_listed(&nowhere).await.unwrap_err();
    assert!(matches!(refused, ManagementError::Refused { status: 404, .. }), "{refused}");
    let stranger = ManagementOptions { password: Secret::new("canary"), ..management };
    let refused = consumer.verify_listed(&stranger).await.unwrap_err();
    assert!(matches!(refused, ManagementError::Refused { status: 401, .. }), "{refused}");
    assert!(!format!("{refused:?} {stranger:?}").contains("canary"));
    broker.shutdown().await;
}

#[tokio::test]
async fn a_management_api_that_says_nothing_is_not_waited_for() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server::start().await;
    server.fill("q", &[]);
    let connection = Connection::connect(&server.options()).await.unwrap();
    let channel = connection.channel().await.unwrap();
    let consumer = channel.consume(short("q"), ConsumeOptions::default()).await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let options = ConnectOptions { host: "127.0.0.1".to_owned(), ..server.options() };
    let timeout = std::time::Duration::from_millis(50);
    let management = ManagementOptions { port, timeout, ..ManagementOptions::beside(&options) };
    let late = consumer.verify_listed(&management).await.unwrap_err();
    assert!(matches!(late, ManagementError::TimedOut { .. }), "{late}");
}
