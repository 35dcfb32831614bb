//! What only a real socket does: it is reset, or it ends one way.

use std::io::ErrorKind;

use leveret_client::{
    ChannelError, ConnectError, ConnectOptions, Connection, ConnectionEnd, ConsumeOptions,
    ConsumerEnd, Loss, Publish, PublishError,
};
use leveret_protocol::{Event, Method, basic, confirm};
use tokio::net::TcpListener;

use super::{all_tasks_end, limits, options};
use crate::peer::{Peer, short};

/// What a client comes to that connects to this peer, which resets its socket when it is dropped.
async fn over_a_socket<T>(
    serve: impl AsyncFnOnce(Peer) -> T,
) -> (Result<Connection, ConnectError>, T) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let options = ConnectOptions { host: "127.0.0.1".to_owned(), port, ..options() };
    tokio::join!(Connection::connect(&options), async {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_zero_linger().unwrap();
        serve(Peer::offering("PLAIN", stream, limits())).await
    })
}

/// The loss that a consumer, a publish and a request all tell of, after a peer that has all three
/// under way did this.
async fn loss_after(fault: impl AsyncFnOnce(Peer)) -> Loss {
    let (connected, mut peer) = over_a_socket(async |mut peer| {
        peer.greet().await;
        peer
    })
    .await;
    let connection = connected.unwrap();
    let channel = peer.channel(&connection).await;
    let (selected, _) =
        tokio::join!(channel.confirm_select(), peer.answer("confirm.select", confirm::SelectOk));
    selected.unwrap();
    let (consumer, _) = tokio::join!(
        channel.consume(short("q"), ConsumeOptions::default()),
        peer.answer("basic.consume", basic::ConsumeOk { consumer_tag: short("c") }),
    );
    let mut consumer = consumer.unwrap();
    let unconfirmed = channel.publish(Publish::default()).await.unwrap();
    peer.publish().await;
    let (asked, ()) = tokio::join!(channel.qos(1), async {
        assert!(matches!(peer.method().await.1, Method::BasicQos(_)));
        fault(peer).await;
    });

    let Err(ChannelError::ConnectionEnded(ConnectionEnd::Lost(loss))) = asked else {
        panic!("{asked:?}");
    };
    let end = ConnectionEnd::Lost(loss.clone());
    assert_eq!(unconfirmed.await, Err(PublishError::ConnectionLost(end.clone())));
    assert_eq!(consumer.recv().await, None);
    assert_eq!(consumer.end(), Some(ConsumerEnd::ConnectionEnded(end.clone())));
    let late = channel.publish(Publish::default()).await.unwrap_err();
    assert!(matches!(late, PublishError::NotSent(_)), "{late:?}");
    assert_eq!(connection.closed().await, end);
    all_tasks_end().await;
    loss
}

#[tokio::test]
async fn a_reset_ends_the_connection_for_everyone() {
    let loss = loss_after(async |peer| drop(peer)).await;
    assert!(matches!(loss, Loss::Io { kind: ErrorKind::ConnectionReset, .. }), "{loss:?}");
}

#[tokio::test]
async fn a_server_that_ends_its_half_is_left() {
    let loss = loss_after(async |mut peer| {
        peer.end_writing().await;
        // The client closes its half too, with nothing more to say.
        let event = peer.next().await;
        assert!(matches!(event, Event::Closed), "{event:?}");
    })
    .await;
    assert_eq!(loss, Loss::EndOfStream);
}

#[tokio::test]
async fn a_reset_in_the_handshake_fails_the_attempt() {
    let (connected, ()) = over_a_socket(async |mut peer| {
        assert!(matches!(peer.next().await, Event::Login { .. }));
    })
    .await;
    let error = connected.unwrap_err();
    let ConnectError::Lost(Loss::Io { kind: ErrorKind::ConnectionReset, .. }) = error else {
        panic!("{error:?}");
    };
    all_tasks_end().await;
}
