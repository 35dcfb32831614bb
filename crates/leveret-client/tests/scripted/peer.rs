//! A server at the other end of a pipe, without a broker behind it.

use std::time::Duration;

use bytes::{Buf as _, Bytes, BytesMut};
use leveret_client::{Channel, ChannelNumber, ConnectError, ConnectOptions, Connection};
use leveret_protocol::{
    Event, FieldTable, Limits, Method, Properties, ServerHello, Session, ShortStr, Timestamp, basic,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream},
    time::Instant,
};

/// What fits into the pipe.
const PIPE_BYTES: usize = 64 * 1024;

pub(crate) fn short(text: &str) -> ShortStr {
    ShortStr::try_from(text).unwrap()
}

/// What a peer is reached over.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

pub(crate) struct Peer {
    pub(crate) session: Session,
    stream: Box<dyn Stream>,
    buffer: BytesMut,
    began_at: Instant,
    /// Everything the client has sent since the test last looked.
    pub(crate) received: BytesMut,
}

pub(crate) fn limits() -> Limits {
    Limits { heartbeat_secs: 0, ..Limits::default() }
}

pub(crate) fn server(limits: Limits) -> (Peer, DuplexStream) {
    server_offering("PLAIN", limits)
}

pub(crate) fn server_offering(mechanisms: &'static str, limits: Limits) -> (Peer, DuplexStream) {
    let (near, far) = tokio::io::duplex(PIPE_BYTES);
    (Peer::offering(mechanisms, far, limits), near)
}

/// An open connection and the peer at its other end.
pub(crate) async fn connect() -> (Connection, Peer) {
    connect_with(
        ConnectOptions { heartbeat: Duration::ZERO, ..ConnectOptions::default() },
        limits(),
    )
    .await
}

pub(crate) async fn connect_with(options: ConnectOptions, limits: Limits) -> (Connection, Peer) {
    let (mut peer, near) = server(limits);
    let (connection, ()) = tokio::join!(Connection::over(near, &options), peer.greet());
    (connection.unwrap(), peer)
}

/// An open channel, and the rest.
pub(crate) async fn open_channel() -> (Channel, Connection, Peer) {
    let (connection, mut peer) = connect().await;
    let channel = peer.channel(&connection).await;
    (channel, connection, peer)
}

/// A channel in confirm mode, and the rest.
pub(crate) async fn open_confirm_channel() -> (Channel, Connection, Peer) {
    let (channel, connection, mut peer) = open_channel().await;
    let (selected, ()) = tokio::join!(channel.confirm_select(), async {
        peer.answer("confirm.select", leveret_protocol::confirm::SelectOk).await;
    });
    selected.unwrap();
    (channel, connection, peer)
}

impl Peer {
    pub(crate) fn offering(
        mechanisms: &'static str,
        stream: impl Stream + 'static,
        limits: Limits,
    ) -> Self {
        let hello = ServerHello {
            mechanisms: mechanisms.into(),
            locales: Bytes::from_static(b"en_US"),
            server_properties: FieldTable::builder().insert("product", "script").build(),
        };
        let session = Session::server(Timestamp::default(), hello, limits);
        let (buffer, received) = (BytesMut::new(), BytesMut::new());
        let stream: Box<dyn Stream> = Box::new(stream);
        Self { session, stream, buffer, began_at: Instant::now(), received }
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millis(u64::try_from(self.began_at.elapsed().as_millis()).unwrap())
    }

    /// The next event; writes what is due before it waits.
    pub(crate) async fn next(&mut self) -> Event {
        loop {
            if let Some(event) = self.session.poll_event() {
                self.flush().await;
                return event;
            }
            self.flush().await;
            self.buffer.reserve(64 * 1024);
            let before = self.buffer.len();
            if self.stream.read_buf(&mut self.buffer).await.unwrap() == 0 {
                return Event::Closed;
            }
            self.received.extend_from_slice(&self.buffer[before..]);
            self.session.receive(self.now(), &mut self.buffer);
        }
    }

    pub(crate) async fn flush(&mut self) {
        let mut output = self.session.take_output();
        while output.has_remaining() {
            // The client may have gone; then its own errors tell.
            if self.stream.write_all_buf(&mut output).await.is_err() {
                return;
            }
        }
    }

    /// Says nothing more, but listens.
    pub(crate) async fn end_writing(&mut self) {
        self.stream.shutdown().await.unwrap();
    }

    /// The handshake, which lets everyone in.
    pub(crate) async fn greet(&mut self) {
        loop {
            match self.next().await {
                Event::Login { .. } => self.session.accept_login(),
                Event::Open { .. } => {
                    self.session.accept_open();
                    return self.flush().await;
                }
                other => panic!("{other:?} in the handshake"),
            }
        }
    }

    /// Opens a channel for the client.
    pub(crate) async fn channel(&mut self, connection: &Connection) -> Channel {
        let (channel, ()) = tokio::join!(connection.channel(), async {
            let event = self.next().await;
            assert!(matches!(event, Event::ChannelOpened { .. }), "{event:?}");
        });
        channel.unwrap()
    }

    /// The next method without content.
    pub(crate) async fn method(&mut self) -> (ChannelNumber, Method) {
        match self.next().await {
            Event::Method { channel, method } => (channel, method),
            other => panic!("{other:?} where a method was expected"),
        }
    }

    /// Waits for a request and answers it.
    pub(crate) async fn answer(&mut self, request: &str, reply: impl Into<Method>) -> Method {
        let (channel, method) = self.method().await;
        assert_eq!(method.name(), request);
        self.send(channel, reply).await;
        method
    }

    pub(crate) async fn send(&mut self, channel: ChannelNumber, method: impl Into<Method>) {
        self.session.send(channel, &method.into()).unwrap();
        self.flush().await;
    }

    /// The next publish.
    pub(crate) async fn publish(&mut self) -> (basic::Publish, Properties, Bytes) {
        match self.next().await {
            Event::Content { method: Method::BasicPublish(publish), properties, body, .. } => {
                (publish, properties, body)
            }
            other => panic!("{other:?} where a publish was expected"),
        }
    }

    pub(crate) async fn ack(&mut self, channel: &Channel, delivery_tag: u64, multiple: bool) {
        self.send(channel.number(), basic::Ack { delivery_tag, multiple }).await;
    }

    /// Queues a return of a publish.
    pub(crate) fn give_back(
        &mut self,
        channel: &Channel,
        (publish, properties, body): &(basic::Publish, Properties, Bytes),
    ) {
        let returned = basic::Return {
            reply_code: 312,
            reply_text: short("NO_ROUTE"),
            exchange: publish.exchange.clone(),
            routing_key: publish.routing_key.clone(),
        };
        let (number, body) = (channel.number(), body.clone());
        self.session.send_content(number, &returned.into(), properties, body).unwrap();
    }

    /// Queues a delivery.
    pub(crate) fn deliver(&mut self, channel: &Channel, tag: u64, body: impl Into<Bytes>) {
        self.deliver_on(channel.number(), tag, body);
    }

    /// The same, where the channel's handle is elsewhere.
    pub(crate) fn deliver_on(&mut self, number: ChannelNumber, tag: u64, body: impl Into<Bytes>) {
        let deliver = basic::Deliver {
            consumer_tag: short("c"),
            delivery_tag: tag,
            routing_key: short("k"),
            ..basic::Deliver::default()
        };
        let properties = Properties::EMPTY;
        self.session.send_content(number, &deliver.into(), &properties, body.into()).unwrap();
    }

    /// Writes bytes that no session would.
    pub(crate) async fn write_raw(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Reads, past the session, until the client has sent these bytes.
    pub(crate) async fn read_raw(&mut self, wanted: &[u8]) {
        while !self.received.windows(wanted.len()).any(|window| window == wanted) {
            assert_ne!(self.stream.read_buf(&mut self.received).await.unwrap(), 0);
        }
        self.received.clear();
    }

    /// Reads on until the client has gone.
    pub(crate) async fn serve_until_closed(&mut self) {
        loop {
            match self.next().await {
                Event::Closing { .. } => self.session.finish_close(),
                Event::ChannelClosing { channel, .. } => {
                    self.session.finish_channel_close(channel);
                }
                Event::Closed => return self.flush().await,
                _ => {}
            }
        }
    }
}

/// What comes of a connection whose login the peer refuses or drops.
pub(crate) async fn refused(refuse: impl FnOnce(&mut Peer), cut: bool) -> ConnectError {
    let (mut peer, near) = server(limits());
    let options = ConnectOptions::default();
    let (connection, ()) = tokio::join!(Connection::over(near, &options), async move {
        let event = peer.next().await;
        assert!(matches!(event, Event::Login { .. }), "{event:?}");
        refuse(&mut peer);
        peer.flush().await;
        if !cut {
            peer.serve_until_closed().await;
        }
    });
    connection.unwrap_err()
}
