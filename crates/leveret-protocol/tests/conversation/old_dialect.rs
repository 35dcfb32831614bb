//! A client of AMQP 0-8 is spoken to in its own words.

use bytes::{Buf as _, Bytes, BytesMut};
use leveret_protocol::{
    AmqpError, ChannelNumber, Event, FieldTable, Limits, Method, ReplyCode, ServerHello, Session,
    ShortStr, Timestamp, connection,
};

const NOW: Timestamp = Timestamp::from_millis(0);

fn method_frame(channel: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    [&[1, 0, channel, 0, 0, 0, length], payload, &[0xCE]].concat()
}

fn encoded(method: impl Into<Method>) -> Vec<u8> {
    let mut payload = BytesMut::new();
    method.into().encode(&mut payload);
    method_frame(0, &payload)
}

struct Peer(Session);

impl Peer {
    fn says(&mut self, bytes: &[u8]) -> Option<Event> {
        self.0.receive(NOW, &mut BytesMut::from(bytes));
        self.0.poll_event()
    }

    fn hears(&mut self) -> Bytes {
        let mut output = self.0.take_output();
        let length = output.len();
        output.copy_to_bytes(length)
    }

    /// A client that has opened a virtual host.
    fn open(header: [u8; 8]) -> Self {
        let capabilities = FieldTable::builder().insert("basic.nack", true).build();
        let server_properties =
            FieldTable::builder().insert("capabilities", capabilities).insert("product", "P");
        let hello = ServerHello {
            mechanisms: Bytes::from_static(b"PLAIN"),
            locales: Bytes::from_static(b"en_US"),
            server_properties: server_properties.build(),
        };
        let mut peer = Self(Session::server(NOW, hello, Limits::default()));
        assert_eq!(peer.says(&header), None);
        let start = peer.hears();
        let payload = start.slice(7..start.len() - 1);
        let Ok(Method::ConnectionStart(start)) = Method::decode(&payload) else {
            panic!("no connection.start")
        };
        assert_eq!((start.version_major, start.version_minor), (8, 0));
        assert!(start.server_properties.get("capabilities").is_none());
        assert!(start.server_properties.get("product").is_some());
        peer.says(&encoded(connection::StartOk::default()));
        peer.0.accept_login();
        peer.says(&encoded(connection::TuneOk {
            channel_max: 10,
            frame_max: 131_072,
            heartbeat: 0,
        }));
        let virtual_host = ShortStr::from_static("/");
        peer.says(&encoded(connection::Open { virtual_host }));
        peer.0.accept_open();
        peer.hears();
        peer
    }
}

const HEADERS: [[u8; 8]; 2] = [*b"AMQP\x01\x01\x08\x00", *b"AMQP\x01\x01\x09\x01"];

#[test]
fn a_channel_is_opened_without_an_id_for_it() {
    for header in HEADERS {
        let mut peer = Peer::open(header);
        let event = peer.says(&method_frame(1, &[0, 20, 0, 10, 0]));
        assert_eq!(event, Some(Event::ChannelOpened { channel: ChannelNumber::new(1) }));
        assert_eq!(&peer.hears()[..], method_frame(1, &[0, 20, 0, 11]));
    }
}

#[test]
fn a_consumer_is_started_without_arguments() {
    let mut peer = Peer::open(HEADERS[0]);
    peer.says(&method_frame(1, &[0, 20, 0, 10, 0]));
    let consume = [0, 60, 0, 20, 0, 1, 1, b'q', 1, b'c', 0b0010];
    let Some(Event::Method { method: Method::BasicConsume(consume), .. }) =
        peer.says(&method_frame(1, &consume))
    else {
        panic!("no basic.consume")
    };
    assert_eq!((&consume.queue, &consume.consumer_tag), (&"q".into_short(), &"c".into_short()));
    assert!(consume.no_ack && consume.arguments.is_empty());
}

#[test]
fn the_connection_is_closed_by_other_numbers() {
    let mut peer = Peer::open(HEADERS[1]);
    let close = [0, 10, 0, 60, 0, 200, 2, b'o', b'k', 0, 0, 0, 0];
    assert!(matches!(peer.says(&method_frame(0, &close)), Some(Event::Closing { .. })));
    peer.0.finish_close();
    assert_eq!(&peer.hears()[..], method_frame(0, &[0, 10, 0, 61]));

    let mut peer = Peer::open(HEADERS[1]);
    peer.0.close(&AmqpError::new(ReplyCode::ConnectionForced, "over"));
    assert_eq!(peer.hears().get(7..13), Some(&[0, 10, 0, 60, 1, 64][..]));
    assert_eq!(peer.says(&method_frame(0, &[0, 10, 0, 61])), Some(Event::Closed));
}

trait IntoShort {
    fn into_short(self) -> ShortStr;
}

impl IntoShort for &'static str {
    fn into_short(self) -> ShortStr {
        ShortStr::from_static(self)
    }
}
