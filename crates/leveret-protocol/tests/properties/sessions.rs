//! Whole conversations, however the network cuts them into pieces.

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use leveret_protocol::{
    ChannelNumber, Content, Event, FrameBuffer, Method, Properties, Session, ShortStr, Timestamp,
    basic, queue,
};
use proptest::prelude::*;

use super::targets::target;

const ONE: ChannelNumber = ChannelNumber::new(1);
const NOW: Timestamp = Timestamp::from_millis(0);

fn publish() -> Method {
    let routing_key = ShortStr::from_static("a.b");
    basic::Publish { routing_key, ..basic::Publish::default() }.into()
}

fn events(session: &mut Session, stream: &[u8], pieces: &[usize]) -> Vec<Event> {
    let mut events = Vec::new();
    let mut incoming = BytesMut::new();
    let mut rest = stream;
    let mut pieces = pieces.iter().copied().cycle();
    while !rest.is_empty() {
        let (piece, later) = rest.split_at(pieces.next().unwrap().min(rest.len()));
        incoming.put_slice(piece);
        session.receive(NOW, &mut incoming);
        events.extend(std::iter::from_fn(|| session.poll_event()));
        rest = later;
    }
    assert!(incoming.is_empty(), "{} bytes are left", incoming.len());
    events
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pieces_do_not_matter(
        bodies in prop::collection::vec(0..300_000_usize, 1..5),
        frame_max in 4096..131_072_u32,
        pieces in prop::collection::vec(1..50_000_usize, 1..10),
    ) {
        let mut frames = FrameBuffer::new();
        let properties = Properties::builder().persistent().build();
        let mut expected = Vec::new();
        for size in bodies {
            let body: Bytes = (0..size).map(|index| index as u8).collect::<Vec<u8>>().into();
            let method = publish();
            let content = Content { method: &method, properties: &properties, body: body.clone() };
            frames.push_content(ONE, content, frame_max).unwrap();
            let properties = properties.clone();
            expected.push(Event::Content { channel: ONE, method, properties, body });
            let method: Method = queue::Declare::default().into();
            frames.push_method(ONE, &method, frame_max).unwrap();
            expected.push(Event::Method { channel: ONE, method });
        }
        let stream = frames.copy_to_bytes(frames.remaining());
        let mut session = target::server();
        target::open(&mut session, true);
        prop_assert!(events(&mut session, &stream, &pieces) == expected);
    }
}

#[test]
fn one_octet_at_a_time_is_enough() {
    let mut frames = FrameBuffer::new();
    let (method, properties) = (publish(), Properties::default());
    let content = Content { method: &method, properties: &properties, body: "hello".into() };
    frames.push_content(ONE, content, 4096).unwrap();
    let stream = frames.copy_to_bytes(frames.remaining());
    let mut session = target::server();
    target::open(&mut session, true);
    let events = events(&mut session, &stream, &[1]);
    assert!(matches!(events.as_slice(), [Event::Content { .. }]), "{events:?}");
}

#[test]
fn a_large_body_is_sent_without_a_copy() {
    let mut frames = FrameBuffer::new();
    let (method, properties) = (publish(), Properties::default());
    let body = Bytes::from(vec![7; 100_000]);
    let content = Content { method: &method, properties: &properties, body: body.clone() };
    frames.push_content(ONE, content, 131_072).unwrap();
    let place = body.as_ptr();
    assert!(frames.segments().any(|segment| segment.as_ptr() == place && segment.len() == 100_000));
    let lengths: usize = frames.segments().map(<[u8]>::len).sum();
    assert_eq!(lengths, frames.len());
}

#[test]
fn a_method_beyond_the_peers_limit_leaves_no_trace() {
    let mut frames = FrameBuffer::new();
    let table = (0..100).map(|n: u8| (ShortStr::new(vec![n; 200]).unwrap(), n)).collect();
    let declare = queue::Declare { arguments: table, ..queue::Declare::default() };
    let error = frames.push_method(ONE, &declare.into(), 4096).unwrap_err();
    assert_eq!(error.max, 4096);
    assert!(frames.is_empty());
}

#[test]
fn no_frame_is_longer_than_the_peer_takes() {
    for size in [4087, 4088, 4089, 50_000] {
        let mut frames = FrameBuffer::new();
        let (method, properties) = (publish(), Properties::default());
        let content =
            Content { method: &method, properties: &properties, body: vec![7; size].into() };
        frames.push_content(ONE, content, 4096).unwrap();
        let mut longest = 0;
        while frames.has_remaining() {
            let header = frames.copy_to_bytes(7);
            let payload = u32::from_be_bytes(header[3..].try_into().unwrap());
            frames.advance(payload as usize + 1);
            longest = longest.max(payload + 8);
        }
        assert_eq!(longest, 4096.min(size as u32 + 8), "{size}");
    }
}
