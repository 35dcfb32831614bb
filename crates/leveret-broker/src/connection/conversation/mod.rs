//! What a connection's bytes mean: events to the engine, effects back.
//!
//! Nothing here waits. Keeps true: the engine hears of a connection's end exactly once.

mod effects;
mod entry;
mod tally;

use std::sync::Arc;

use bytes::BytesMut;
use leveret_engine::{ConnectionId, Input};
use leveret_protocol::{
    AmqpError, Event, Failure as SessionFailure, FieldTable, FrameBuffer, Method, ReplyCode,
    Session, ShortStr, Timestamp,
};
use tokio::sync::mpsc;

use super::{
    channels::{Ending, Endings},
    hello::{ClientCapabilities, server_hello, session_limits},
    link::Link,
    printable::Printable,
};
use crate::{
    admission::Place,
    door::Visitor,
    host::OutboundReceiver,
    lifecycle::Failure,
    limits::Limits,
    news::{News, NewsReceiver, NewsSender},
    presence::Stay,
    shared::Shared,
};

/// One connection's state.
pub(super) struct Conversation {
    pub(super) shared: Arc<Shared>,
    pub(super) visitor: Visitor,
    /// Those that held when the connection began.
    pub(super) limits: Limits,
    /// Whether the peer has published in an alarm, and is not read until it is over.
    is_blocked: bool,
    /// Bytes read so far, until the peer is let in.
    stranger_bytes: usize,
    place: Place,
    connection: ConnectionId,
    session: Session,
    stage: Stage,
    /// The way to the engine; kept to the end, so that what waits in it is sent.
    link: Option<Link>,
    endings: Endings,
    outbound: Option<OutboundReceiver>,
    /// What the client said of itself, until it is in a virtual host.
    client_properties: FieldTable,
    /// The entry among the open connections.
    stay: Option<Stay>,
    news: (NewsSender, Option<NewsReceiver>),
}

/// How far the connection has come.
enum Stage {
    /// Not logged in yet.
    Login,
    /// The password is being verified.
    Verifying { name: String, mechanism: ShortStr, capabilities: ClientCapabilities },
    /// Refused without a word, because the client would not understand one; closed at that time.
    Refused { until: Timestamp },
    /// Logged in, not yet in a virtual host.
    Opening { name: String, mechanism: ShortStr, capabilities: ClientCapabilities },
    /// In a virtual host, whose engine knows it.
    Open,
    /// The engine was told of the end, and will answer.
    Leaving {
        /// Whether the peer waits for the answer, to be told close-ok.
        peer_waits: bool,
    },
    /// No engine knows it any more, or ever did.
    Closing,
    /// All is said.
    Over,
}

impl Conversation {
    pub(super) fn new(shared: Arc<Shared>, visitor: Visitor, place: Place, limits: Limits) -> Self {
        let now = shared.clock.now();
        let hello = server_hello(&visitor.mechanisms);
        let session = Session::server(now, hello, session_limits(&limits));
        let connection = shared.next_connection();
        let (stage, endings) = (Stage::Login, Endings::default());
        let (sender, receiver) = mpsc::unbounded_channel();
        Self {
            shared,
            visitor,
            limits,
            is_blocked: false,
            stranger_bytes: 0,
            place,
            connection,
            session,
            stage,
            link: None,
            endings,
            outbound: None,
            client_properties: FieldTable::default(),
            stay: None,
            news: (sender, Some(receiver)),
        }
    }

    /// So many bytes have gone out.
    pub(super) fn note_written(&self, bytes: usize) {
        if let Some(stay) = &self.stay {
            stay.present().traffic.note_sent(bytes);
        }
    }

    /// So many bytes came. A stranger who sends more than any login takes is left.
    pub(super) fn note_read(&mut self, bytes: usize) {
        if let Some(stay) = &self.stay {
            stay.present().traffic.note_received(bytes);
        }
        if matches!(self.stage, Stage::Login | Stage::Verifying { .. } | Stage::Opening { .. }) {
            self.stranger_bytes = self.stranger_bytes.saturating_add(bytes);
            if self.stranger_bytes > self.limits.handshake_bytes_max {
                tracing::warn!(peer = %self.visitor.peer, "closing a connection that sends too much before it is open");
                self.hang_up();
            }
        }
    }

    /// Takes what was read; a partial frame stays in the buffer.
    pub(super) fn receive(&mut self, buffer: &mut BytesMut) {
        self.session.receive(self.shared.clock.now(), buffer);
        self.take_events();
    }

    /// Does what time has brought.
    pub(super) fn handle_timeout(&mut self) {
        let now = self.shared.clock.now();
        if matches!(self.stage, Stage::Refused { until } if until <= now) {
            self.stage = Stage::Over;
        }
        self.session.handle_timeout(now);
        self.take_events();
    }

    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        match self.stage {
            Stage::Refused { until } => Some(until),
            Stage::Login
            | Stage::Verifying { .. }
            | Stage::Opening { .. }
            | Stage::Open
            | Stage::Leaving { .. }
            | Stage::Closing
            | Stage::Over => self.session.next_deadline(),
        }
    }

    /// The broker ends, in peace or after a failure: tells the peer.
    pub(super) fn end(&mut self, failure: Option<&Failure>) {
        let error = match failure {
            None => {
                let text = "broker forced connection closure with reason 'shutdown'";
                AmqpError::new(ReplyCode::ConnectionForced, text)
            }
            Some(_) => AmqpError::new(ReplyCode::InternalError, "the broker has failed"),
        };
        self.close(&error);
    }

    /// Closes the connection with this error, if anybody is there who would understand it.
    fn close(&mut self, error: &AmqpError) {
        match self.stage {
            Stage::Login | Stage::Verifying { .. } | Stage::Refused { .. } | Stage::Over => {
                self.stage = Stage::Over;
            }
            Stage::Opening { .. } | Stage::Open | Stage::Leaving { .. } | Stage::Closing => {
                self.leave();
                self.session.close(error);
                self.take_events();
            }
        }
    }

    /// What the task of the connection is told from elsewhere; can be taken once.
    pub(super) fn take_news(&mut self) -> Option<NewsReceiver> {
        self.news.1.take()
    }

    /// Does what the news ask for.
    pub(super) fn hear(&mut self, news: News) {
        match news {
            News::Verified(is_right) => self.finish_login(is_right),
            News::Permissions => self.renew_permissions(),
            News::Close(reason) => {
                tracing::info!(peer = %self.visitor.peer, reason = %Printable(&reason), "closing a connection for an administrator");
                self.close(&AmqpError::new(ReplyCode::ConnectionForced, reason.to_string()));
            }
        }
        self.take_events();
    }

    /// The peer is gone: nothing more is said, but the engine must know.
    pub(super) fn hang_up(&mut self) {
        self.leave();
        self.stage = Stage::Over;
    }

    /// Whether all is said, and only written bytes are missing.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Over)
    }

    /// Whether the peer is in a virtual host.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Open)
    }

    /// Whether what the peer sends is of interest.
    pub(super) fn is_listening(&self) -> bool {
        match self.stage {
            Stage::Refused { .. } | Stage::Over => false,
            Stage::Open => !self.is_blocked,
            Stage::Login
            | Stage::Verifying { .. }
            | Stage::Opening { .. }
            | Stage::Leaving { .. }
            | Stage::Closing => true,
        }
    }

    /// The alarms have changed: who was blocked may be read again.
    pub(super) fn heed_alarms(&mut self) {
        if self.is_blocked && !self.shared.alarms.borrow().is_on() {
            self.is_blocked = false;
            self.session.send_unblocked();
        }
    }

    /// Whoever publishes in an alarm is told so, and read no further.
    fn block_in_alarm(&mut self) {
        let alarms = *self.shared.alarms.borrow();
        if alarms.is_on() && !self.is_blocked {
            self.is_blocked = true;
            self.session.send_blocked(ShortStr::truncated(&alarms.to_string()));
        }
    }

    /// The peer was not read for a while by our choice: that is no silence of its own.
    pub(super) fn excuse_silence(&mut self) {
        self.session.excuse_silence(self.shared.clock.now());
    }

    /// After a panic: the link, with word of the end, if the engine has not heard of it.
    pub(super) fn abandon(&mut self) -> Option<&mut Link> {
        self.leave();
        self.waiting_link()
    }

    /// The bytes to write.
    pub(super) fn output(&mut self) -> &mut FrameBuffer {
        self.session.output()
    }

    /// All bytes were written.
    pub(super) fn note_drained(&mut self) {
        if let (Stage::Open, Some(link)) = (&self.stage, &mut self.link) {
            link.repay();
        }
    }

    /// The link to the engine, while there is something on its way there.
    pub(super) fn waiting_link(&mut self) -> Option<&mut Link> {
        self.link.as_mut().filter(|link| link.has_inputs())
    }

    /// The engine's answers, once there is an engine.
    pub(super) fn take_outbound(&mut self) -> Option<OutboundReceiver> {
        self.outbound.take()
    }

    fn take_events(&mut self) {
        while let Some(event) = self.session.poll_event() {
            self.take(event);
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "a server has none of the other events, and of contents a client sends publishes alone"
    )]
    fn take(&mut self, event: Event) {
        let connection = self.connection;
        match event {
            Event::Login { mechanism, response, client_properties } => {
                self.log_in(&mechanism, &response.into_bytes(), &client_properties);
            }
            Event::Open { virtual_host } => self.open(&virtual_host),
            Event::ChannelOpened { channel } => self.open_channel(channel),
            Event::ChannelClosing { channel, .. } => {
                self.count_channel(-1);
                self.endings.begin(channel, Ending::Peer);
                self.push(Input::CloseChannel { connection, channel });
            }
            Event::ChannelFailed { channel, error } => {
                tracing::info!(peer = %self.visitor.peer, %channel, error = %Printable(&error), "closing a channel");
                self.count_channel(-1);
                self.endings.begin(channel, Ending::Session);
                self.push(Input::CloseChannel { connection, channel });
            }
            Event::Method { channel, method } => {
                self.push(Input::Method { connection, channel, method });
            }
            Event::Content { channel, method: Method::BasicPublish(publish), properties, body } => {
                self.block_in_alarm();
                self.push(Input::Publish { connection, channel, publish, properties, body });
            }
            Event::Closing { .. } => self.depart(),
            Event::SecretUpdating { .. } => self.session.finish_update_secret(),
            Event::Failed(failure) => {
                self.note_failure(&failure);
                self.leave();
            }
            Event::Closed => self.hang_up(),
            _ => {}
        }
    }

    fn push(&mut self, input: Input) {
        if let (Stage::Open, Some(link)) = (&self.stage, &mut self.link) {
            link.push(input);
        }
    }

    /// Tells the engine of the end, if it does not know.
    fn leave(&mut self) {
        match self.stage {
            Stage::Open => {
                self.push(Input::Disconnect { connection: self.connection });
                self.stage = Stage::Leaving { peer_waits: false };
            }
            Stage::Login
            | Stage::Verifying { .. }
            | Stage::Refused { .. }
            | Stage::Opening { .. } => {
                self.stage = Stage::Closing;
            }
            Stage::Leaving { .. } | Stage::Closing | Stage::Over => {}
        }
    }

    /// The peer closes the connection: it is answered once the engine has let go of what it owned.
    fn depart(&mut self) {
        self.leave();
        match &mut self.stage {
            Stage::Leaving { peer_waits } => *peer_waits = true,
            Stage::Login
            | Stage::Verifying { .. }
            | Stage::Refused { .. }
            | Stage::Opening { .. }
            | Stage::Open
            | Stage::Closing
            | Stage::Over => self.session.finish_close(),
        }
    }

    fn note_failure(&self, failure: &SessionFailure) {
        let peer = self.visitor.peer;
        let received: &[u8] =
            if let SessionFailure::ProtocolHeader { received } = failure { received } else { &[] };
        if received.starts_with(b"GET ") {
            tracing::warn!(%peer, "an http request on the amqp port");
        } else if received.starts_with(b"\x16\x03") {
            tracing::warn!(%peer, "a tls handshake on a plain port");
        } else {
            tracing::warn!(%peer, failure = %Printable(&failure), "a connection failed");
        }
    }
}
