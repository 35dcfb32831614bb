//! A client session and a server session, mouth to ear.
#![expect(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "tests stop at a surprise"
)]

use bytes::{Buf as _, Bytes, BytesMut};
use leveret_protocol::{
    AmqpError, ChannelNumber, ClientHello, ClientLogin, Event, FieldTable, Limits, Properties,
    ReplyCode, ServerHello, Session, ShortStr, Timestamp, basic, queue,
};

const NOW: Timestamp = Timestamp::from_millis(1_000);
const ONE: ChannelNumber = ChannelNumber::new(1);

struct Pipe {
    client: Session,
    server: Session,
    to_client: BytesMut,
    to_server: BytesMut,
}

impl Pipe {
    fn new() -> Self {
        let hello = ClientHello {
            logins: vec![ClientLogin {
                mechanism: ShortStr::from_static("PLAIN"),
                response: "\0guest\0guest".into(),
            }],
            client_properties: FieldTable::default(),
            locale: ShortStr::from_static("en_US"),
            virtual_host: ShortStr::from_static("/"),
        };
        let answer = ServerHello {
            mechanisms: Bytes::from_static(b"AMQPLAIN PLAIN"),
            locales: Bytes::from_static(b"en_US"),
            server_properties: FieldTable::builder().insert("product", "test").build(),
        };
        Self {
            client: Session::client(NOW, hello, Limits::default()),
            server: Session::server(NOW, answer, Limits::default()),
            to_client: BytesMut::new(),
            to_server: BytesMut::new(),
        }
    }

    /// Carries bytes both ways until nothing moves; the server says yes to all it is asked.
    fn run(&mut self) -> (Vec<Event>, Vec<Event>) {
        let (mut client, mut server) = (Vec::new(), Vec::new());
        loop {
            carry(&mut self.client, &mut self.to_server);
            self.server.receive(NOW, &mut self.to_server);
            while let Some(event) = self.server.poll_event() {
                match &event {
                    Event::Login { .. } => self.server.accept_login(),
                    Event::Open { .. } => self.server.accept_open(),
                    Event::ChannelClosing { channel, .. } => {
                        self.server.finish_channel_close(*channel);
                    }
                    Event::Closing { .. } => self.server.finish_close(),
                    _ => {}
                }
                server.push(event);
            }
            let moved = carry(&mut self.server, &mut self.to_client);
            self.client.receive(NOW, &mut self.to_client);
            while let Some(event) = self.client.poll_event() {
                client.push(event);
            }
            if !moved && self.client.output().is_empty() {
                return (client, server);
            }
        }
    }
}

fn carry(from: &mut Session, to: &mut BytesMut) -> bool {
    let output = from.output();
    let moved = !output.is_empty();
    while output.has_remaining() {
        let chunk = output.chunk();
        to.extend_from_slice(chunk);
        let len = chunk.len();
        output.advance(len);
    }
    moved
}

fn opened() -> Pipe {
    let mut pipe = Pipe::new();
    let (client, server) = pipe.run();
    assert!(matches!(client.as_slice(), [Event::Opened { .. }]), "{client:?}");
    assert!(matches!(server.as_slice(), [Event::Login { .. }, Event::Open { .. }]), "{server:?}");
    pipe.client.open_channel(ONE).unwrap();
    let (client, server) = pipe.run();
    assert_eq!(client, [Event::ChannelOpened { channel: ONE }]);
    assert_eq!(server, [Event::ChannelOpened { channel: ONE }]);
    pipe
}

fn publish() -> leveret_protocol::Method {
    basic::Publish {
        exchange: ShortStr::from_static("events"),
        routing_key: ShortStr::from_static("a.b"),
        mandatory: true,
        immediate: false,
    }
    .into()
}

#[test]
fn a_body_of_any_size_arrives_whole() {
    let mut pipe = opened();
    let properties = Properties::builder().content_type(ShortStr::from_static("text")).build();
    for size in [0, 1, 100, 16_383, 16_384, 131_064, 131_065, 1_000_000, 5_000_000] {
        let body: Bytes = (0..=u8::MAX).cycle().take(size).collect::<Vec<u8>>().into();
        let method = publish();
        pipe.client.send_content(ONE, &method, &properties, body.clone()).unwrap();
        let (_, server) = pipe.run();
        let properties = properties.clone();
        assert!(server == [Event::Content { channel: ONE, method, properties, body }], "{size}");
    }
}

#[test]
fn a_channel_that_one_side_closes_can_be_opened_again() {
    let mut pipe = opened();
    let error = AmqpError::new(ReplyCode::NotFound, "no queue 'q' in vhost '/'");
    pipe.server.close_channel(ONE, &error);
    pipe.client.send(ONE, &queue::Declare::default().into()).unwrap();
    let (client, server) = pipe.run();
    assert_eq!(server, []);
    let [Event::ChannelClosing { channel: ONE, reason }] = client.as_slice() else {
        panic!("{client:?}")
    };
    assert_eq!(reason.text, "NOT_FOUND - no queue 'q' in vhost '/'");
    pipe.client.finish_channel_close(ONE);
    assert_eq!(pipe.run().1, [Event::ChannelClosed { channel: ONE }]);
    pipe.client.open_channel(ONE).unwrap();
    assert_eq!(pipe.run().0, [Event::ChannelOpened { channel: ONE }]);
}

#[test]
fn a_connection_ends_on_both_sides() {
    let mut pipe = opened();
    pipe.client.close(&AmqpError::new(ReplyCode::Success, "bye"));
    let (client, server) = pipe.run();
    assert_eq!(client, [Event::Closed]);
    assert!(matches!(server.as_slice(), [Event::Closing { .. }, Event::Closed]), "{server:?}");
}

#[test]
fn nothing_waits_to_be_written_to_a_peer_that_is_given_up() {
    // A peer that neither read nor wrote kept its connection's task for ever.
    let mut pipe = opened();
    pipe.server.send(ONE, &queue::DeclareOk::default().into()).unwrap();
    pipe.server.handle_timeout(Timestamp::from_millis(121_000));
    assert!(matches!(pipe.server.poll_event(), Some(Event::Failed(_))));
    assert!(pipe.server.output().is_empty());
}
