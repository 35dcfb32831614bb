//! Bad input, row by row: the bytes that go in, and what comes back.
//!
//! Each row has a connection of its own over a real socket, with channels 1 and 9 open. After its
//! bytes comes a declaration on channel 9: `alive` shows that it was answered, so that whatever
//! happened to channel 1 has touched nothing else.

mod channels;
mod consumers;
mod content;
mod ends;
mod frames;
mod messages;
mod names;
mod objects;

use std::{fs, path::Path};

use bytes::{Buf, Bytes};
use expect_test::Expect;
use leveret_broker::{Broker, Limits};
use leveret_protocol::{
    ChannelNumber, Content, FieldTable, FieldValue, FrameBuffer, Method, Properties, ShortStr,
    basic, channel, connection, exchange, queue,
};
use tokio::net::TcpStream;

use crate::wire::Wire;

/// One row: its name with what is done, and the bytes.
type Row = (&'static str, Vec<u8>);

async fn broker() -> Broker {
    let mut limits = Limits::default();
    limits.close_timeout = std::time::Duration::from_millis(200);
    let address = "127.0.0.1:0".parse().unwrap();
    Broker::builder().in_memory().limits(limits).listen(address).start().await.unwrap()
}

async fn socket(broker: &Broker) -> TcpStream {
    let stream = TcpStream::connect(broker.local_addrs()[0]).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

async fn connected(broker: &Broker) -> Wire<TcpStream> {
    let mut peer = Wire::new(socket(broker).await);
    peer.ready().await;
    for number in [1, 9] {
        peer.send_method(number, channel::Open).await;
        assert_eq!(peer.next().await, format!("{number}: channel.open-ok"));
    }
    peer
}

/// Plays all rows on one broker, and compares all that is answered.
async fn check(rows: impl IntoIterator<Item = Row>, expected: Expect) {
    let broker = broker().await;
    let mut shown = String::new();
    for (name, bytes) in rows {
        let mut peer = connected(&broker).await;
        shown.push_str(&format!("{name}\n"));
        for line in answers(&mut peer, &bytes).await {
            shown.push_str(&format!("    {line}\n"));
        }
    }
    assert_eq!(broker.connection_panics(), 0);
    broker.shutdown().await;
    expected.assert_eq(&shown);
}

/// Sends bytes, and takes all that comes until the connection is seen to be alive, or has ended.
async fn answers(peer: &mut Wire<TcpStream>, bytes: &[u8]) -> Vec<String> {
    peer.send(bytes).await;
    peer.send_method(9, declare("alive")).await;
    let mut lines = Vec::new();
    loop {
        let line = peer.next().await;
        if line == "9: queue.declare-ok" {
            lines.push("alive".to_owned());
            return lines;
        }
        let is_end = line.starts_with("eof");
        if line.starts_with("connection.close ") {
            peer.send_method(0, connection::CloseOk).await;
        }
        lines.push(line.replace('\r', "\\r").replace('\n', "\\n"));
        if is_end {
            return lines;
        }
    }
}

/// A frame as it is.
fn frame(kind: u8, channel: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind];
    bytes.extend_from_slice(&channel.to_be_bytes());
    bytes.extend_from_slice(&u32::try_from(payload.len()).unwrap().to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes.push(0xce);
    bytes
}

/// A frame that is announced, and does not come.
fn announced(kind: u8, channel: u16, bytes: u32) -> Vec<u8> {
    [&[kind][..], &channel.to_be_bytes(), &bytes.to_be_bytes()].concat()
}

/// A method with its arguments as bytes.
fn raw_method(channel: u16, (class, method): (u16, u16), arguments: &[u8]) -> Vec<u8> {
    frame(1, channel, &[&class.to_be_bytes()[..], &method.to_be_bytes(), arguments].concat())
}

fn method_on(channel: u16, method: impl Into<Method>) -> Vec<u8> {
    let mut frames = FrameBuffer::new();
    frames.push_method(ChannelNumber::new(channel), &method.into(), u32::MAX).unwrap();
    frames.copy_to_bytes(frames.len()).to_vec()
}

/// A method on channel 1.
fn method(method: impl Into<Method>) -> Vec<u8> {
    method_on(1, method)
}

/// A content header on channel 1: class, weight, size, and what follows.
fn header(class: u16, weight: u16, size: u64, properties: &[u8]) -> Vec<u8> {
    let fields = [&class.to_be_bytes()[..], &weight.to_be_bytes(), &size.to_be_bytes(), properties];
    frame(2, 1, &fields.concat())
}

fn body(bytes: &[u8]) -> Vec<u8> {
    frame(3, 1, bytes)
}

fn text(text: &str) -> ShortStr {
    ShortStr::try_from(text).unwrap()
}

fn long(text: &str) -> FieldValue {
    FieldValue::LongString(Bytes::copy_from_slice(text.as_bytes()))
}

fn table(entries: impl IntoIterator<Item = (&'static str, FieldValue)>) -> FieldTable {
    let builder = FieldTable::builder();
    entries.into_iter().fold(builder, |table, (name, value)| table.insert(name, value)).build()
}

fn declare(name: &str) -> queue::Declare {
    queue::Declare { queue: text(name), ..queue::Declare::default() }
}

fn declare_exchange(name: &str, kind: &str) -> exchange::Declare {
    exchange::Declare { exchange: text(name), kind: text(kind), ..exchange::Declare::default() }
}

/// A publish on channel 1 with a body of one byte.
fn publish(publish: basic::Publish, properties: &Properties) -> Vec<u8> {
    let method = publish.into();
    let content = Content { method: &method, properties, body: Bytes::from_static(b"x") };
    let mut frames = FrameBuffer::new();
    frames.push_content(ChannelNumber::new(1), content, 131_072).unwrap();
    frames.copy_to_bytes(frames.len()).to_vec()
}

/// A publish through an exchange.
fn publish_to(exchange: &str, key: &str) -> Vec<u8> {
    let (exchange, routing_key) = (text(exchange), text(key));
    publish(
        basic::Publish { exchange, routing_key, ..basic::Publish::default() },
        &Properties::EMPTY,
    )
}

fn all(parts: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    parts.into_iter().flatten().collect()
}

/// Rows that ask for more than bytes on one connection, and the engine's script that shows them.
const IN_SCRIPTS: [(u8, &str, &str); 4] = [
    (71, "consumer_timeout.txt", "unsettled for too long"),
    (77, "direct_reply.txt", "forged mandatory"),
    (83, "permissions.txt", "refused for user"),
    (84, "consume.txt", "basic.cancel"),
];

/// Rows of load, which are measured by hand.
const BY_HAND: [u8; 1] = [82];

#[test]
fn every_row_is_somewhere() {
    let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite");
    let mut sources = String::new();
    for folder in [suite.clone(), suite.join("bad_input")] {
        for file in fs::read_dir(folder).unwrap() {
            sources.push_str(&fs::read_to_string(file.unwrap().path()).unwrap_or_default());
        }
    }
    for row in 1..=85 {
        let is_named = sources.match_indices(&format!("W{row}")).any(|(at, found)| {
            !sources[at + found.len()..].starts_with(|next: char| next.is_ascii_digit())
        });
        let is_in_script = IN_SCRIPTS.iter().any(|(elsewhere, ..)| *elsewhere == row);
        assert!(is_named || is_in_script || BY_HAND.contains(&row), "no test names bad-W{row}");
    }
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../leveret-engine/tests/scripts");
    for (row, file, text) in IN_SCRIPTS {
        let script = fs::read_to_string(scripts.join(file)).unwrap();
        assert!(script.contains(text), "bad-W{row} is no longer in {file}");
    }
}
