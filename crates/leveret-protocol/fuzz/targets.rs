//! What the fuzzer runs, and the tests too: over the committed corpus.

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use leveret_protocol::{
    ChannelNumber, ClientHello, ClientLogin, Event, FieldArray, FieldTable, FieldValue,
    FrameBuffer, Limits, Method, Properties, ServerHello, Session, ShortStr, Timestamp, channel,
    connection,
};

/// Tables, arrays and properties: no panic, and what is read can be walked and printed.
pub(crate) fn table(data: &[u8]) {
    let raw = Bytes::copy_from_slice(data);
    if let Ok(table) = FieldTable::from_bytes(raw.clone()) {
        assert_eq!(table.as_bytes(), data);
        walk(&table, 0);
    }
    if let Ok(array) = FieldArray::from_bytes(raw.clone()) {
        assert!(format!("{array:?}").len() >= 2);
    }
    if let Ok(properties) = Properties::from_bytes(raw) {
        let again = properties.to_builder().build();
        assert_eq!(again, properties, "flags and values stand in one order only");
    }
}

fn walk(table: &FieldTable, depth: u8) {
    assert!(depth <= leveret_protocol::NESTING_MAX, "deeper than the limit");
    for (_, value) in table {
        if let FieldValue::Table(inner) = value {
            walk(&inner, depth + 1);
        }
    }
}

/// Methods: what is read is written alike, but for bits that are reserved.
pub(crate) fn frame(data: &[u8]) {
    let raw = Bytes::copy_from_slice(data);
    if let Ok(method) = Method::decode(&raw) {
        let mut written = BytesMut::new();
        method.encode(&mut written);
        assert_eq!(Method::decode(&written.freeze()), Ok(method));
    }
}

/// Sessions: no panic, and no event after the last, whatever the peer sends and in what pieces.
///
/// The first octet chooses the side and whether the connection is open; the others are sent.
pub(crate) fn session(data: &[u8]) {
    let Some((&mode, data)) = data.split_first() else { return };
    let mut session = if mode & 1 == 0 { server() } else { client() };
    let mut incoming = BytesMut::new();
    if mode & 2 != 0 {
        open(&mut session, mode & 1 == 0);
    }
    let piece = usize::from(mode >> 2).max(1);
    let mut is_closed = false;
    for (index, sent) in data.chunks(piece).enumerate() {
        incoming.put_slice(sent);
        let now = Timestamp::from_millis(index as u64);
        session.receive(now, &mut incoming);
        while let Some(event) = session.poll_event() {
            assert!(!is_closed, "an event after the last: {event:?}");
            is_closed = event == Event::Closed;
            answer(&mut session, &event);
        }
        let output = session.output();
        output.advance(output.remaining());
    }
    session.handle_timeout(Timestamp::from_millis(1_000_000));
}

fn answer(session: &mut Session, event: &Event) {
    match event {
        Event::Login { .. } | Event::LoginContinued { .. } => session.accept_login(),
        Event::Challenged { .. } => session.answer_challenge(Bytes::new()),
        Event::Open { .. } => session.accept_open(),
        Event::ChannelClosing { channel, .. } => session.finish_channel_close(*channel),
        Event::SecretUpdating { .. } => session.finish_update_secret(),
        Event::Closing { .. } => session.finish_close(),
        Event::Opened { .. }
        | Event::ChannelOpened { .. }
        | Event::ChannelFailed { .. }
        | Event::ChannelClosed { .. }
        | Event::Method { .. }
        | Event::Content { .. }
        | Event::Blocked { .. }
        | Event::Unblocked
        | Event::SecretUpdated
        | Event::Failed(_)
        | Event::Closed => {}
    }
}

/// A server's session that has heard nothing.
pub(crate) fn server() -> Session {
    let hello = ServerHello {
        mechanisms: Bytes::from_static(b"PLAIN"),
        locales: Bytes::from_static(b"en_US"),
        server_properties: FieldTable::default(),
    };
    Session::server(Timestamp::from_millis(0), hello, Limits::default())
}

/// A client's session that has heard nothing.
pub(crate) fn client() -> Session {
    let hello = ClientHello {
        logins: vec![ClientLogin {
            mechanism: ShortStr::from_static("PLAIN"),
            response: "\0guest\0guest".into(),
        }],
        client_properties: FieldTable::default(),
        locale: ShortStr::from_static("en_US"),
        virtual_host: ShortStr::from_static("/"),
    };
    Session::client(Timestamp::from_millis(0), hello, Limits::default())
}

/// Brings a session to an open channel 1.
pub(crate) fn open(session: &mut Session, is_server: bool) {
    let zero = ChannelNumber::CONNECTION;
    let one = ChannelNumber::new(1);
    let tuned = connection::TuneOk { channel_max: 2047, frame_max: 131_072, heartbeat: 60 };
    let mechanisms = Bytes::from_static(b"PLAIN");
    let start = connection::Start { mechanisms, ..connection::Start::default() };
    let tune = connection::Tune { channel_max: 2047, frame_max: 131_072, heartbeat: 60 };
    let methods: [(ChannelNumber, Method); 4] = if is_server {
        [
            (zero, connection::StartOk::default().into()),
            (zero, tuned.into()),
            (zero, connection::Open::default().into()),
            (one, channel::Open.into()),
        ]
    } else {
        [
            (zero, start.into()),
            (zero, tune.into()),
            (zero, connection::OpenOk.into()),
            (one, channel::OpenOk.into()),
        ]
    };
    let mut incoming = BytesMut::new();
    if is_server {
        incoming.put_slice(&leveret_protocol::PROTOCOL_HEADER);
    }
    for (channel, method) in methods {
        let mut frames = FrameBuffer::new();
        assert!(frames.push_method(channel, &method, 8192).is_ok());
        incoming.put(frames);
        session.receive(Timestamp::from_millis(0), &mut incoming);
        while let Some(event) = session.poll_event() {
            answer(session, &event);
            if matches!(event, Event::Opened { .. }) {
                assert!(session.open_channel(one).is_ok());
            }
        }
    }
    assert!(session.is_open());
}
