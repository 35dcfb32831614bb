//! A peer that sends any bytes, and shows in words what comes back.

use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use leveret_protocol::{
    ChannelNumber, Content, FieldTable, FrameBuffer, Method, PROTOCOL_HEADER, Properties, ShortStr,
    basic, channel, confirm, connection, queue,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// No answer of a broker takes longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// One end of a connection.
pub(crate) struct Wire<S> {
    stream: S,
    buffer: BytesMut,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, buffer: BytesMut::new() }
    }

    /// Sends bytes as they are; a peer that has hung up is seen when reading.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.ok();
    }

    pub(crate) async fn send_method(&mut self, channel: u16, method: impl Into<Method>) {
        let mut frames = FrameBuffer::new();
        frames.push_method(ChannelNumber::new(channel), &method.into(), u32::MAX).unwrap();
        self.send(&frames.copy_to_bytes(frames.len())).await;
    }

    /// Sends a content with no properties and no body.
    pub(crate) async fn send_content(&mut self, channel: u16, method: &Method) {
        let properties = Properties::default();
        let content = Content { method, properties: &properties, body: Bytes::new() };
        let mut frames = FrameBuffer::new();
        frames.push_content(ChannelNumber::new(channel), content, 131_072).unwrap();
        self.send(&frames.copy_to_bytes(frames.len())).await;
    }

    /// Says hello and reads `connection.start`.
    pub(crate) async fn start(&mut self) {
        self.send(&PROTOCOL_HEADER).await;
        assert_eq!(self.next().await, "connection.start");
    }

    pub(crate) async fn start_ok(
        &mut self,
        mechanism: &'static str,
        response: &'static str,
        capable: bool,
    ) {
        let capabilities =
            FieldTable::builder().insert("authentication_failure_close", capable).build();
        let client_properties = FieldTable::builder().insert("capabilities", capabilities).build();
        let response = Bytes::from_static(response.as_bytes());
        let (mechanism, locale) =
            (ShortStr::from_static(mechanism), ShortStr::from_static("en_US"));
        let start_ok =
            connection::StartOk { client_properties, mechanism, response: response.into(), locale };
        self.send_method(0, start_ok).await;
    }

    /// Logs in as guest, up to the point where a virtual host is opened.
    pub(crate) async fn login(&mut self) {
        self.start().await;
        self.start_ok("PLAIN", "\0guest\0guest", true).await;
        assert_eq!(self.next().await, "connection.tune 2047 131072 60");
        self.tune_ok(131_072).await;
    }

    pub(crate) async fn tune_ok(&mut self, frame_max: u32) {
        let tune_ok = connection::TuneOk { channel_max: 2_047, frame_max, heartbeat: 0 };
        self.send_method(0, tune_ok).await;
    }

    pub(crate) async fn open(&mut self, virtual_host: &'static str) {
        let virtual_host = ShortStr::from_static(virtual_host);
        self.send_method(0, connection::Open { virtual_host }).await;
    }

    /// Logs in and opens `/`.
    pub(crate) async fn ready(&mut self) {
        self.login().await;
        self.open("/").await;
        assert_eq!(self.next().await, "connection.open-ok");
    }

    /// What comes next, in words.
    pub(crate) async fn next(&mut self) -> String {
        match self.next_method().await {
            Ok((0, method)) => describe(&method),
            Ok((channel, method)) => format!("{channel}: {}", describe(&method)),
            Err(other) => other,
        }
    }

    /// The next method and its channel, or what came in its place.
    pub(crate) async fn next_method(&mut self) -> Result<(u16, Method), String> {
        loop {
            if self.buffer.starts_with(b"AMQP") && self.buffer.len() >= 8 {
                let header = self.buffer.split_to(8);
                return Err(format!("header {:?}", &header[4..]));
            }
            if let Some((kind, channel, payload)) = self.frame() {
                match kind {
                    1 => return Ok((channel, Method::decode(&payload).unwrap())),
                    8 => return Err("heartbeat".to_owned()),
                    kind => return Err(format!("frame of kind {kind}, {} bytes", payload.len())),
                }
            }
            let read = tokio::time::timeout(PATIENCE, self.stream.read_buf(&mut self.buffer));
            match read.await.expect("the broker answers in time") {
                Ok(0) if self.buffer.is_empty() => return Err("eof".to_owned()),
                Ok(0) => return Err(format!("eof after {:?}", self.buffer)),
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {
                    return Err("eof".to_owned());
                }
                Err(error) => return Err(error.to_string()),
            }
        }
    }

    fn frame(&mut self) -> Option<(u8, u16, Bytes)> {
        let mut header = self.buffer.get(..7)?;
        let (kind, channel, bytes) = (header.get_u8(), header.get_u16(), header.get_u32() as usize);
        if self.buffer.len() < bytes + 8 {
            return None;
        }
        let mut frame = self.buffer.split_to(bytes + 8).freeze();
        assert_eq!(frame[bytes + 7], 0xce, "frame end");
        frame.advance(7);
        frame.truncate(bytes);
        Some((kind, channel, frame))
    }

    /// All that comes until the end, a line each.
    pub(crate) async fn rest(&mut self) -> String {
        let mut lines = Vec::new();
        loop {
            let line = self.next().await;
            let is_end = line.starts_with("eof");
            lines.push(line);
            if is_end {
                return lines.join("\n");
            }
        }
    }
}

fn describe(method: &Method) -> String {
    match method {
        Method::ConnectionClose(close) => {
            let connection::Close { reply_code, reply_text, class_id, method_id } = close;
            format!("connection.close {reply_code} {reply_text} ({class_id}.{method_id})")
        }
        Method::ChannelClose(close) => {
            let channel::Close { reply_code, reply_text, class_id, method_id } = close;
            format!("channel.close {reply_code} {reply_text} ({class_id}.{method_id})")
        }
        Method::ConnectionTune(tune) => {
            format!("connection.tune {} {} {}", tune.channel_max, tune.frame_max, tune.heartbeat)
        }
        method => method.name().to_owned(),
    }
}

/// What a test of durability needs: one queue, publishes that are confirmed, messages got back.
impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    /// Opens channel 1 in confirm mode and declares a durable queue.
    pub(crate) async fn ready_to_publish(&mut self, queue: &'static str) {
        self.ready().await;
        self.send_method(1, channel::Open).await;
        assert_eq!(self.next().await, "1: channel.open-ok");
        let declare = queue::Declare {
            queue: ShortStr::from_static(queue),
            durable: true,
            ..queue::Declare::default()
        };
        self.send_method(1, declare).await;
        assert_eq!(self.next().await, "1: queue.declare-ok");
        self.send_method(1, confirm::Select::default()).await;
        assert_eq!(self.next().await, "1: confirm.select-ok");
    }

    /// Publishes a persistent message through the default exchange.
    pub(crate) async fn publish(&mut self, queue: &'static str, body: impl Into<Bytes>) {
        let routing_key = ShortStr::from_static(queue);
        let publish =
            Method::BasicPublish(basic::Publish { routing_key, ..basic::Publish::default() });
        let properties = Properties::builder().delivery_mode(2).build();
        let content = Content { method: &publish, properties: &properties, body: body.into() };
        let mut frames = FrameBuffer::new();
        frames.push_content(ChannelNumber::new(1), content, 131_072).unwrap();
        self.send(&frames.copy_to_bytes(frames.len())).await;
    }

    /// Waits for confirms until this many publishes of the channel are confirmed.
    pub(crate) async fn confirmed(&mut self, upto: u64) {
        let mut last = 0;
        while last < upto {
            match self.next_method().await {
                Ok((1, Method::BasicAck(ack))) => last = ack.delivery_tag,
                other => panic!("no confirm but {other:?}"),
            }
        }
    }

    /// Gets every message of a queue, each acknowledged by being got.
    pub(crate) async fn drain(&mut self, queue: &'static str) -> Vec<Bytes> {
        let mut bodies = Vec::new();
        loop {
            let queue = ShortStr::from_static(queue);
            self.send_method(1, basic::Get { queue, no_ack: true }).await;
            match self.next_method().await {
                Ok((1, Method::BasicGetOk(_))) => bodies.push(self.body().await),
                Ok((1, Method::BasicGetEmpty(_))) => return bodies,
                other => panic!("no message but {other:?}"),
            }
        }
    }

    /// The reason of the `connection.blocked` that comes next.
    pub(crate) async fn blocked(&mut self) -> String {
        match self.next_method().await {
            Ok((0, Method::ConnectionBlocked(blocked))) => blocked.reason.to_string(),
            other => panic!("not blocked but {other:?}"),
        }
    }

    /// The header of the content whose method came last.
    pub(crate) async fn content_header(&mut self) -> Bytes {
        self.next_frame(2).await
    }

    /// The body of the content whose method came last.
    pub(crate) async fn body(&mut self) -> Bytes {
        let mut header = self.next_frame(2).await;
        let mut missing = usize::try_from(header.split_off(4).get_u64()).unwrap();
        let mut body = BytesMut::new();
        while missing > 0 {
            let part = self.next_frame(3).await;
            missing -= part.len();
            body.extend_from_slice(&part);
        }
        body.freeze()
    }

    async fn next_frame(&mut self, wanted: u8) -> Bytes {
        loop {
            if let Some((kind, _, payload)) = self.frame() {
                assert_eq!(kind, wanted, "the next frame's kind");
                return payload;
            }
            let read = tokio::time::timeout(PATIENCE, self.stream.read_buf(&mut self.buffer));
            assert!(
                read.await.expect("the broker answers in time").unwrap() > 0,
                "the content ends"
            );
        }
    }
}
