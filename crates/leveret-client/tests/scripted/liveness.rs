//! A consumer's life is what the broker says it is.

use leveret_client::{Connection, ConsumeOptions, ConsumerEnd, Liveness};

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
