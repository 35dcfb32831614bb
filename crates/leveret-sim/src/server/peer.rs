//! The server's end of one stream: a session, and its way to an engine and back.
//!
//! Does what the broker's connection task does, without sockets and logins.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use leveret_engine::{Authority, Capabilities, ConnectionId, Effect, Input};
use leveret_protocol::{
    AmqpError, ChannelNumber, Event as SessionEvent, FieldTable, Limits, Method, ReplyCode,
    SendError, ServerHello, Session, ShortStr,
};

use super::{
    endings::{Ending, Endings},
    rights::Nothing,
};
use crate::{
    moment::Moment,
    place::{HostIndex, LinkId},
    recovery::host_name,
    scene::Scene,
};

/// Beyond this, nothing is read until some of it is written.
const OUTPUT_BYTES_MAX: usize = 128 << 10;

#[derive(Debug)]
pub(super) struct Peer {
    pub(super) link: LinkId,
    pub(super) connection: ConnectionId,
    pub(super) host: Option<HostIndex>,
    pub(super) session: Session,
    pub(super) stage: Stage,
    pub(super) buffer: BytesMut,
    pub(super) inputs: Vec<Input>,
    /// Whether the inputs wait for room in the engine's queue.
    pub(super) is_waiting: bool,
    pub(super) outbound: VecDeque<Vec<Effect>>,
    pub(super) timer_at: Option<Moment>,
    endings: Endings,
    /// Deliveries taken from the engine and not yet granted again.
    owed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Not in a virtual host yet.
    Entering,
    Open,
    /// The engine was told of the end, and will answer.
    Leaving {
        client_waits: bool,
    },
    /// No engine knows it any more, or ever did.
    Closing,
    Over,
}

impl Peer {
    pub(super) fn new(scene: &Scene, link: LinkId) -> Self {
        let hello = ServerHello {
            mechanisms: Bytes::from_static(b"PLAIN"),
            locales: Bytes::from_static(b"en_US"),
            server_properties: FieldTable::default(),
        };
        let limits = Limits {
            frame_max: 4096,
            channel_max: 8,
            heartbeat_secs: scene.conditions.heartbeat_secs,
            ..Limits::default()
        };
        Self {
            link,
            connection: ConnectionId(link.0),
            host: None,
            session: Session::server(scene.server_time(), hello, limits),
            stage: Stage::Entering,
            buffer: BytesMut::new(),
            inputs: Vec::new(),
            is_waiting: false,
            outbound: VecDeque::new(),
            timer_at: None,
            endings: Endings::default(),
            owed: 0,
        }
    }

    pub(super) fn is_listening(&mut self) -> bool {
        self.stage != Stage::Over
            && !self.is_waiting
            && self.session.output().len() < OUTPUT_BYTES_MAX
    }

    pub(super) fn is_over(&self) -> bool {
        self.stage == Stage::Over
    }

    /// Bytes have come.
    pub(super) fn receive(&mut self, scene: &mut Scene) {
        self.session.receive(scene.server_time(), &mut self.buffer);
        self.take_events(scene);
    }

    pub(super) fn handle_timeout(&mut self, scene: &mut Scene) {
        self.session.handle_timeout(scene.server_time());
        self.take_events(scene);
    }

    /// Takes what the engine has said.
    pub(super) fn apply_outbound(&mut self, scene: &mut Scene) {
        while let Some(effects) = self.outbound.pop_front() {
            for effect in effects {
                self.apply(scene, effect);
            }
        }
        self.take_events(scene);
    }

    /// All bytes were written: grants the engine what was delivered, when it is worth a message.
    pub(super) fn note_drained(&mut self, egress_bytes: u64) {
        if self.stage == Stage::Open && self.owed > 0 && self.owed >= egress_bytes / 4 {
            let bytes = std::mem::take(&mut self.owed);
            self.push(Input::Credit { connection: self.connection, bytes });
        }
    }

    /// The client is gone.
    pub(super) fn hang_up(&mut self) {
        self.leave();
        self.stage = Stage::Over;
    }

    /// The server ends.
    pub(super) fn end(&mut self, scene: &mut Scene, error: &AmqpError) {
        match self.stage {
            Stage::Entering | Stage::Over => self.stage = Stage::Over,
            Stage::Open | Stage::Leaving { .. } | Stage::Closing => {
                self.leave();
                self.session.close(error);
                self.take_events(scene);
            }
        }
    }

    fn take_events(&mut self, scene: &mut Scene) {
        while let Some(event) = self.session.poll_event() {
            self.take(scene, event);
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "a server has none of the other events, and of contents a client sends publishes alone"
    )]
    fn take(&mut self, scene: &mut Scene, event: SessionEvent) {
        let connection = self.connection;
        match event {
            SessionEvent::Login { .. } => self.session.accept_login(),
            SessionEvent::Open { virtual_host } => self.open(scene, &virtual_host),
            SessionEvent::ChannelOpened { channel } => {
                self.push(Input::OpenChannel { connection, channel });
            }
            SessionEvent::ChannelClosing { channel, .. } => {
                self.endings.begin(channel, Ending::Client);
                self.push(Input::CloseChannel { connection, channel });
            }
            SessionEvent::ChannelFailed { channel, error } => {
                scene.note(format_args!("{} fails channel {channel}: {error}", self.link));
                self.endings.begin(channel, Ending::Session);
                self.push(Input::CloseChannel { connection, channel });
            }
            SessionEvent::Method { channel, method } => {
                self.push(Input::Method { connection, channel, method });
            }
            SessionEvent::Content {
                channel,
                method: Method::BasicPublish(publish),
                properties,
                body,
            } => {
                self.push(Input::Publish { connection, channel, publish, properties, body });
            }
            SessionEvent::Closing { .. } => self.depart(),
            SessionEvent::Failed(failure) => {
                scene.note(format_args!("{} failed: {failure}", self.link));
                scene.oracle.session_failed(&failure);
                self.leave();
            }
            SessionEvent::Closed => self.hang_up(),
            _ => {}
        }
    }

    fn open(&mut self, scene: &mut Scene, virtual_host: &ShortStr) {
        let mut hosts = (0..scene.conditions.hosts).map(HostIndex);
        let Some(host) = hosts.find(|host| host_name(*host).as_bytes() == &**virtual_host) else {
            self.stage = Stage::Closing;
            let error = AmqpError::new(ReplyCode::NotAllowed, "vhost not found");
            return self.session.close(&error);
        };
        self.host = Some(host);
        self.stage = Stage::Open;
        self.session.accept_open();
        let connection = self.connection;
        let user = ShortStr::from_static("guest");
        let capabilities = Capabilities { consumer_cancel_notify: true, ..Capabilities::default() };
        let authority = Authority::full();
        self.push(Input::Connect { connection, user, capabilities, authority });
        self.push(Input::Credit { connection, bytes: scene.conditions.egress_bytes });
    }

    /// From the next method on, the user may do nothing.
    pub(super) fn forbid(&mut self) {
        let (connection, authority) = (self.connection, Authority::new(Nothing));
        self.push(Input::SetPermissions { connection, authority });
    }

    fn push(&mut self, input: Input) {
        if self.stage == Stage::Open {
            self.inputs.push(input);
        }
    }

    /// Tells the engine of the end, if it does not know.
    fn leave(&mut self) {
        match self.stage {
            Stage::Open => {
                self.push(Input::Disconnect { connection: self.connection });
                self.stage = Stage::Leaving { client_waits: false };
            }
            Stage::Entering => self.stage = Stage::Closing,
            Stage::Leaving { .. } | Stage::Closing | Stage::Over => {}
        }
    }

    /// The client closes the connection: it is answered once the engine has let go of what it owned.
    fn depart(&mut self) {
        self.leave();
        match &mut self.stage {
            Stage::Leaving { client_waits } => *client_waits = true,
            Stage::Entering | Stage::Open | Stage::Closing | Stage::Over => {
                self.session.finish_close();
            }
        }
    }

    /// The engine does not know the connection any more; tells whether the client waited for that.
    fn forgotten(&mut self) -> bool {
        let client_waits = self.stage == Stage::Leaving { client_waits: true };
        if matches!(self.stage, Stage::Open | Stage::Leaving { .. }) {
            self.stage = Stage::Closing;
        }
        if client_waits {
            self.session.finish_close();
        }
        client_waits
    }

    fn apply(&mut self, scene: &mut Scene, effect: Effect) {
        self.owed = self.owed.saturating_add(effect.credit_bytes());
        match effect {
            Effect::Send { channel, method, .. } => {
                if self.may_send(channel) {
                    let sent = self.session.send(channel, &method);
                    self.note_sent(scene, sent);
                }
            }
            Effect::Content { channel, content, .. } => {
                if self.may_send(channel) {
                    let sent = if let Some(delivery) = content.as_delivery() {
                        self.session.send_delivery(channel, delivery)
                    } else {
                        let (properties, body) = (content.properties(), content.body().clone());
                        self.session.send_content(channel, &content.method(), properties, body)
                    };
                    self.note_sent(scene, sent);
                }
            }
            Effect::ChannelClosed { channel, .. } => {
                if self.endings.finish(channel) == Some(Ending::Client) {
                    self.session.finish_channel_close(channel);
                }
            }
            Effect::FailChannel { channel, error, .. } => self.fail_channel(channel, &error),
            Effect::ConnectionClosed { .. } => {
                self.forgotten();
            }
            Effect::FailConnection { error, .. } => {
                if !self.forgotten() {
                    self.session.close(&error);
                }
            }
            // Those are the log's and the pager's.
            Effect::Append { .. }
            | Effect::Relocated { .. }
            | Effect::StorePage { .. }
            | Effect::LoadPage { .. }
            | Effect::DropPage { .. }
            | Effect::ThinPage { .. }
            | Effect::PageDamaged { .. } => {}
        }
    }

    fn may_send(&self, channel: ChannelNumber) -> bool {
        matches!(self.stage, Stage::Open | Stage::Leaving { .. }) && !self.endings.is_stale(channel)
    }

    fn note_sent(&mut self, scene: &mut Scene, sent: Result<(), SendError>) {
        match sent {
            Ok(()) | Err(SendError::NotOpen | SendError::ChannelNotOpen { .. }) => {}
            Err(error) => {
                scene.oracle.object(format!("the session does not take an answer: {error}"));
                self.leave();
            }
        }
    }

    /// The engine ends a channel. If an end is under way already, the engine answers that too.
    fn fail_channel(&mut self, channel: ChannelNumber, error: &AmqpError) {
        if self.endings.is_stale(channel) {
            return;
        }
        if self.stage == Stage::Open && !self.endings.is_under_way(channel) {
            self.session.close_channel(channel, error);
        } else {
            self.session.send_channel_failure(channel, error);
        }
    }
}
