//! What a connection's bytes mean: events to the engine, effects back.
//!
//! Nothing here waits. Keeps true: the engine hears of a connection's end exactly once.

use std::sync::Arc;

use bytes::BytesMut;
use leveret_engine::{ConnectionId, Effect, Input};
use leveret_protocol::{
    AmqpError, ChannelNumber, Event, Failure as SessionFailure, FrameBuffer, Method, ReplyCode,
    SendError, Session, ShortStr, Timestamp, access, connection,
};

use super::{
    channels::{Ending, Endings},
    credentials::Credentials,
    hello::{ClientCapabilities, server_hello, session_limits},
    link::Link,
};
use crate::{
    host::OutboundReceiver,
    lifecycle::Failure,
    shared::{Place, Shared},
    users::{LoginError, Peer, User},
};

/// One connection's state.
pub(super) struct Conversation {
    pub(super) shared: Arc<Shared>,
    pub(super) peer: Peer,
    place: Place,
    connection: ConnectionId,
    session: Session,
    stage: Stage,
    /// The way to the engine; kept to the end, so that what waits in it is sent.
    link: Option<Link>,
    endings: Endings,
    outbound: Option<OutboundReceiver>,
}

/// How far the connection has come.
enum Stage {
    /// Not logged in yet.
    Login,
    /// Refused without a word, because the client would not understand one; closed at that time.
    Refused { until: Timestamp },
    /// Logged in, not yet in a virtual host.
    Opening { user: User, capabilities: ClientCapabilities },
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
    pub(super) fn new(shared: Arc<Shared>, peer: Peer, place: Place) -> Self {
        let now = shared.clock.now();
        let session = Session::server(now, server_hello(), session_limits(&shared.limits));
        let connection = shared.next_connection();
        let (stage, endings) = (Stage::Login, Endings::default());
        Self {
            shared,
            peer,
            place,
            connection,
            session,
            stage,
            link: None,
            endings,
            outbound: None,
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
            | Stage::Opening { .. }
            | Stage::Open
            | Stage::Leaving { .. }
            | Stage::Closing
            | Stage::Over => self.session.next_deadline(),
        }
    }

    /// Takes effects of the engine.
    pub(super) fn apply(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            self.apply_one(effect);
        }
        self.take_events();
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
        match self.stage {
            Stage::Login | Stage::Refused { .. } | Stage::Over => self.stage = Stage::Over,
            Stage::Opening { .. } | Stage::Open | Stage::Leaving { .. } | Stage::Closing => {
                self.leave();
                self.session.close(&error);
                self.take_events();
            }
        }
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

    /// Whether what the peer sends is of interest.
    pub(super) fn is_listening(&self) -> bool {
        !matches!(self.stage, Stage::Refused { .. } | Stage::Over)
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
                let capabilities = ClientCapabilities::read(&client_properties);
                let user = Credentials::read(&mechanism, &response).and_then(|credentials| {
                    let Credentials { name, password } = &credentials;
                    self.shared.users.authenticate(name, password, self.peer).cloned()
                });
                match user {
                    Ok(user) => self.admit(user, capabilities),
                    Err(reason) => self.refuse(&mechanism, reason, capabilities),
                }
            }
            Event::Open { virtual_host } => self.open(&virtual_host),
            Event::ChannelOpened { channel } => {
                self.push(Input::OpenChannel { connection, channel });
            }
            Event::ChannelClosing { channel, .. } => {
                self.endings.begin(channel, Ending::Peer);
                self.push(Input::CloseChannel { connection, channel });
            }
            Event::ChannelFailed { channel, error } => {
                tracing::info!(peer = %self.peer, %channel, %error, "closing a channel");
                self.endings.begin(channel, Ending::Session);
                self.push(Input::CloseChannel { connection, channel });
            }
            // Old clients ask for access before they use it; RabbitMQ gives everyone the same ticket.
            Event::Method { channel, method: Method::AccessRequest(_) } => {
                let sent = self.session.send(channel, &access::RequestOk { ticket: 1 }.into());
                self.note_sent(sent);
            }
            Event::Method { channel, method } => {
                self.push(Input::Method { connection, channel, method });
            }
            Event::Content { channel, method: Method::BasicPublish(publish), properties, body } => {
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

    fn admit(&mut self, user: User, capabilities: ClientCapabilities) {
        self.stage = Stage::Opening { user, capabilities };
        self.session.accept_login();
    }

    fn refuse(
        &mut self,
        mechanism: &ShortStr,
        reason: LoginError,
        capabilities: ClientCapabilities,
    ) {
        tracing::warn!(peer = %self.peer, %mechanism, %reason, "refusing a login");
        let now = self.shared.clock.now();
        if capabilities.authentication_failure_close {
            let text = format!(
                "Login was refused using authentication mechanism {mechanism}. For details see the broker logfile."
            );
            self.stage = Stage::Closing;
            self.session.refuse_login(&AmqpError::new(ReplyCode::AccessRefused, text));
        } else {
            self.stage =
                Stage::Refused { until: now.saturating_add(self.shared.limits.refusal_delay) };
        }
    }

    fn open(&mut self, virtual_host: &ShortStr) {
        let Stage::Opening { user, capabilities } = &self.stage else { return };
        let refusal = match self.shared.hosts.get(virtual_host) {
            None => format!("vhost {virtual_host} not found"),
            Some(_) if !user.may_open(virtual_host) => {
                format!("access to vhost '{virtual_host}' refused for user '{}'", user.name)
            }
            Some(ingress) => {
                let name = ShortStr::truncated(&user.name);
                let credit_max = u64::from(self.shared.limits.egress_bytes_max);
                let (link, outbound) = Link::open(
                    ingress.clone(),
                    self.connection,
                    name,
                    capabilities.engine,
                    credit_max,
                );
                tracing::debug!(peer = %self.peer, user = user.name, %virtual_host, "connection open");
                self.outbound = Some(outbound);
                self.link = Some(link);
                self.stage = Stage::Open;
                self.place.finish_handshake();
                return self.session.accept_open();
            }
        };
        tracing::warn!(peer = %self.peer, user = user.name, %virtual_host, "refusing a virtual host");
        self.stage = Stage::Closing;
        let error = AmqpError::new(ReplyCode::NotAllowed, refusal);
        self.session.close(&error.blaming(&connection::Open::default().into()));
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
            Stage::Login | Stage::Refused { .. } | Stage::Opening { .. } => {
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
            | Stage::Refused { .. }
            | Stage::Opening { .. }
            | Stage::Open
            | Stage::Closing
            | Stage::Over => self.session.finish_close(),
        }
    }

    /// The engine does not know the connection any more; tells whether the peer waited for that.
    fn forgotten(&mut self) -> bool {
        let peer_waits = matches!(self.stage, Stage::Leaving { peer_waits: true });
        if matches!(self.stage, Stage::Open | Stage::Leaving { .. }) {
            self.stage = Stage::Closing;
        }
        if peer_waits {
            self.session.finish_close();
        }
        peer_waits
    }

    fn apply_one(&mut self, effect: Effect) {
        let credit = effect.credit_bytes();
        match effect {
            Effect::Send { channel, method, .. } => {
                if self.may_send(channel) {
                    let sent = self.session.send(channel, &method);
                    self.note_sent(sent);
                }
            }
            Effect::Content { channel, method, properties, body, .. } => {
                if let Some(link) = &mut self.link {
                    link.owe(credit);
                }
                if self.may_send(channel) {
                    let sent = self.session.send_content(channel, &method, &properties, body);
                    self.note_sent(sent);
                }
            }
            Effect::ChannelClosed { channel, .. } => self.channel_ended(channel),
            Effect::FailChannel { channel, error, .. } => self.fail_channel(channel, error),
            Effect::ConnectionClosed { .. } => {
                self.forgotten();
            }
            Effect::FailConnection { error, .. } => {
                tracing::info!(peer = %self.peer, %error, "closing a connection");
                if !self.forgotten() {
                    self.session.close(&error);
                }
            }
            // Those are the log's.
            Effect::Append { .. } | Effect::Relocated { .. } => {}
        }
    }

    fn may_send(&self, channel: ChannelNumber) -> bool {
        matches!(self.stage, Stage::Open | Stage::Leaving { .. }) && !self.endings.is_stale(channel)
    }

    fn note_sent(&mut self, sent: Result<(), SendError>) {
        match sent {
            // What the engine says of a channel may cross with the end of it.
            Ok(()) | Err(SendError::NotOpen | SendError::ChannelNotOpen { .. }) => {}
            Err(error) => {
                tracing::warn!(peer = %self.peer, %error, "closing a connection that cannot take its message");
                self.leave();
                let error = AmqpError::new(ReplyCode::FrameError, error.to_string());
                self.session.close(&error);
            }
        }
    }

    /// The engine has answered the end of a channel.
    fn channel_ended(&mut self, channel: ChannelNumber) {
        match self.endings.finish(channel) {
            Some(Ending::Peer) => self.session.finish_channel_close(channel),
            Some(Ending::Session) | None => {}
        }
    }

    /// The engine ends a channel, and with that answers an end that it is only going to hear of.
    fn fail_channel(&mut self, channel: ChannelNumber, error: AmqpError) {
        match self.endings.finish(channel) {
            Some(Ending::Peer) => self.session.finish_channel_close(channel),
            Some(Ending::Session) => {}
            None => {
                tracing::info!(peer = %self.peer, %channel, %error, "closing a channel");
                self.session.close_channel(channel, &error);
            }
        }
    }

    fn note_failure(&self, failure: &SessionFailure) {
        let peer = self.peer;
        let received: &[u8] =
            if let SessionFailure::ProtocolHeader { received } = failure { received } else { &[] };
        if received.starts_with(b"GET ") {
            tracing::warn!(%peer, "an http request on the amqp port");
        } else if received.starts_with(b"\x16\x03") {
            tracing::warn!(%peer, "a tls handshake on a plain port");
        } else {
            tracing::warn!(%peer, %failure, "a connection failed");
        }
    }
}
