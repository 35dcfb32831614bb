//! Rows bad-W78 to bad-W81: silence, old methods, ends anywhere.

use leveret_broker::Broker;
use leveret_protocol::{PROTOCOL_HEADER, access, basic, channel, connection, queue, tx};
use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::{
    all, answers, broker, connected, declare, method, method_on, publish_to, socket, text,
};
use crate::wire::Wire;

#[tokio::test]
async fn a_peer_without_heartbeats_is_left() {
    // W78
    let broker = broker().await;
    let mut peer = Wire::new(socket(&broker).await);
    peer.start().await;
    peer.start_ok("PLAIN", "\0guest\0guest", true).await;
    assert_eq!(peer.next().await, "connection.tune 2047 131072 60");
    let tune_ok = connection::TuneOk { channel_max: 2_047, frame_max: 131_072, heartbeat: 1 };
    peer.send_method(0, tune_ok).await;
    peer.open("/").await;
    assert_eq!(peer.next().await, "connection.open-ok");
    let said = peer.rest().await;
    assert!(said.lines().all(|line| line == "heartbeat" || line == "eof"), "{said}");
    broker.shutdown().await;
}

#[tokio::test]
async fn an_old_clients_access_request_is_granted() {
    // W79
    let broker = broker().await;
    let mut peer = connected(&broker).await;
    let request = access::Request { realm: text("/data"), ..access::Request::default() };
    let said = answers(&mut peer, &method(request)).await;
    assert_eq!(said, ["1: access.request-ok", "alive"]);
    broker.shutdown().await;
}

/// A whole conversation: an exclusive queue, a message that is taken and not settled, a
/// transaction that is not committed, a publish.
fn conversation() -> Vec<u8> {
    let start_ok = connection::StartOk {
        mechanism: text("PLAIN"),
        response: "\0guest\0guest".into(),
        locale: text("en_US"),
        ..connection::StartOk::default()
    };
    let tune_ok = connection::TuneOk { channel_max: 2_047, frame_max: 131_072, heartbeat: 0 };
    all([
        PROTOCOL_HEADER.to_vec(),
        method_on(0, start_ok),
        method_on(0, tune_ok),
        method_on(0, connection::Open { virtual_host: text("/") }),
        method(channel::Open),
        method(queue::Declare { exclusive: true, ..declare("exclusive") }),
        method(basic::Get { queue: text("kept"), no_ack: false }),
        method_on(2, channel::Open),
        method_on(2, tx::Select),
        method_on(2, declare("kept")),
        publish_to("", "published"),
    ])
}

/// How many messages a queue has.
async fn depth(peer: &mut Wire<TcpStream>, queue: &'static str) -> usize {
    peer.drain(queue).await.len()
}

#[tokio::test]
async fn a_connection_may_be_cut_at_every_byte() {
    // W80
    let broker = broker().await;
    let mut witness = connected(&broker).await;
    for name in ["kept", "published"] {
        witness.send_method(1, declare(name)).await;
        assert_eq!(witness.next().await, "1: queue.declare-ok");
    }
    let whole = conversation();
    for cut in 0..whole.len() {
        witness.send(&publish_to("", "kept")).await;
        let mut stream = socket(&broker).await;
        until(&broker, &mut witness, 2).await;
        stream.write_all(&whole[..cut]).await.unwrap();
        if cut % 2 == 0 {
            // No farewell, but a reset.
            stream.set_zero_linger().unwrap();
            drop(stream);
        } else {
            stream.shutdown().await.ok();
            Wire::new(stream).rest().await;
        }
        // What the connection had is back as soon as it is gone, and its queue is free.
        until(&broker, &mut witness, 1).await;
        assert_eq!(depth(&mut witness, "kept").await, 1, "cut after {cut} bytes");
        assert_eq!(depth(&mut witness, "published").await, 0, "cut after {cut} bytes");
    }
    assert_eq!(broker.connection_panics(), 0);
    broker.shutdown().await;
}

/// Waits until there are so many connections, the witness included.
async fn until(broker: &Broker, witness: &mut Wire<TcpStream>, connections: usize) {
    while broker.connections() != connections {
        // Each round trip lets the broker's tasks run.
        witness.send_method(9, declare("alive")).await;
        assert_eq!(witness.next().await, "9: queue.declare-ok");
    }
}

#[tokio::test]
async fn what_came_whole_before_the_close_is_done() {
    // W81, with as many as a test may take.
    const MESSAGES: usize = 5_000;
    let broker = broker().await;
    let mut witness = connected(&broker).await;
    witness.send_method(1, declare("flood")).await;
    assert_eq!(witness.next().await, "1: queue.declare-ok");
    let mut stream = socket(&broker).await;
    let mut peer = Wire::new(&mut stream);
    peer.ready().await;
    peer.send_method(1, channel::Open).await;
    assert_eq!(peer.next().await, "1: channel.open-ok");
    peer.send(&publish_to("", "flood").repeat(MESSAGES)).await;
    drop(peer);
    stream.shutdown().await.unwrap();
    Wire::new(stream).rest().await;
    until(&broker, &mut witness, 1).await;
    assert_eq!(depth(&mut witness, "flood").await, MESSAGES);
    broker.shutdown().await;
}
