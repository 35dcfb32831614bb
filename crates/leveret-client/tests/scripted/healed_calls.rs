//! Calls on a client that heals wait while it is down, and go on after.

use std::time::Duration;

use leveret_client::{
    Client, ClientEnd, ClientOptions, ConnectOptions, Connection, Dialer, RpcClient, RpcError,
    RpcOptions,
};
use tokio::sync::mpsc;

use crate::{
    peer::{Peer, limits, server},
    rpc_server::{Server, bare},
};

/// A client, and the brokers it comes to.
fn start() -> (Client, mpsc::UnboundedReceiver<Peer>) {
    let (peers, arriving) = mpsc::unbounded_channel();
    let dialer = Dialer::new(move |options| {
        let (peer, near) = server(limits());
        peers.send(peer).unwrap();
        async move { Connection::over(near, &options).await }
    });
    let address = ConnectOptions { heartbeat: Duration::ZERO, ..ConnectOptions::default() };
    let options = ClientOptions {
        addresses: vec![address],
        separate: false,
        dialer,
        wait_deadline: Duration::from_secs(1),
        ..ClientOptions::default()
    };
    (Client::start(options), arriving)
}

#[tokio::test(start_paused = true)]
async fn calls_wait_for_a_connection_up_to_their_deadline() {
    let (client, mut arriving) = start();
    let calls = RpcClient::on(&client, RpcOptions::default());
    let within = Duration::from_secs(4);
    let error = calls.request_within(bare("q"), within).await.unwrap_err();
    assert!(matches!(error, RpcError::Timeout { is_sent: false, .. }), "{error:?}");

    let (answer, ()) = tokio::join!(calls.request_within(bare("q"), within), async {
        let mut peer = arriving.recv().await.unwrap();
        peer.greet().await;
        let mut server = Server::at(peer);
        server.greet().await;
        let request = server.peer.publish().await;
        server.answer(&request, "right").await;
    });
    assert_eq!(answer.unwrap().body, "right");
}

#[tokio::test(start_paused = true)]
async fn the_next_call_goes_over_the_next_connection() {
    let (client, mut arriving) = start();
    let calls = RpcClient::on(&client, RpcOptions::default());
    for _ in 0..5 {
        let (answer, mut server) = tokio::join!(calls.request(bare("q")), async {
            let mut peer = arriving.recv().await.unwrap();
            peer.greet().await;
            let mut server = Server::at(peer);
            server.greet().await;
            let request = server.peer.publish().await;
            server.answer(&request, "right").await;
            server
        });
        assert_eq!(answer.unwrap().body, "right");
        let (answer, ()) = tokio::join!(calls.request(bare("q")), async move {
            server.peer.publish().await;
            drop(server);
        });
        let error = answer.unwrap_err();
        assert!(matches!(error, RpcError::Lost(_)), "{error:?}");
    }
    assert_eq!((calls.stats().replies, calls.stats().in_flight), (5, 0));
}

#[tokio::test(start_paused = true)]
async fn calls_end_with_the_client() {
    let (client, mut arriving) = start();
    let calls = RpcClient::on(&client, RpcOptions::default());
    let mut peer = arriving.recv().await.unwrap();
    peer.greet().await;
    let ((), ()) = tokio::join!(client.close(), peer.serve_until_closed());
    let error = calls.request(bare("q")).await.unwrap_err();
    assert!(matches!(error, RpcError::Ended(ClientEnd::Closed)), "{error:?}");
}
