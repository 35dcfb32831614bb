//! One side of a conversation: bytes in, events out, and bytes to write.
//!
//! Does no IO and asks no clock; knows nothing of queues and users. It is the same for clients
//! and servers once the connection is open. Keeps true: whatever a peer sends, it does not
//! panic, and it sets no memory aside for a length that is merely announced.

mod channels;
mod commands;
mod content;
mod conversation;
mod dialect;
mod event;
mod fault;
mod handshake;
mod heartbeat;
mod hello;
mod input;
mod limits;
mod phase;

use alloc::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use self::{
    channels::Channels,
    dialect::Dialect,
    fault::Fault,
    heartbeat::{Beat, Heartbeat},
    input::{Frame, Input},
    phase::{Phase, Role, Step},
};
pub use self::{
    event::{CloseReason, Event, Failure, SendError},
    hello::{ClientHello, ClientLogin, ServerHello},
    limits::{ChannelOpens, Limits, Negotiated},
};
use crate::{
    channel_number::ChannelNumber,
    field::{FieldTable, FieldValue},
    frame::{FrameBuffer, PROTOCOL_HEADER},
    generated::{connection, method_enum::Method},
    reply::AmqpError,
    timestamp::Timestamp,
};

/// One side of an AMQP connection.
///
/// The owner goes round: what was read goes into [`receive`](Self::receive), then
/// [`poll_event`](Self::poll_event) until there is none, then what
/// [`output`](Self::output) holds is written. It calls
/// [`handle_timeout`](Self::handle_timeout) at [`next_deadline`](Self::next_deadline).
/// After [`Event::Closed`] it writes what is left and closes the socket.
#[derive(Debug)]
pub struct Session {
    role: Role,
    dialect: Dialect,
    phase: Phase,
    limits: Limits,
    hello: Hello,
    negotiated: Negotiated,
    /// The table `capabilities` that the peer sent.
    peer_capabilities: FieldTable,
    input: Input,
    events: VecDeque<Event>,
    output: FrameBuffer,
    channels: Channels,
    heartbeat: Heartbeat,
    /// The latest time that was told.
    now: Timestamp,
    open_until: Timestamp,
}

/// What this side brought, until it is said.
#[derive(Debug)]
enum Hello {
    Client(ClientHello),
    /// A client keeps what the server says of itself until the connection is open.
    Opening(ClientHello, FieldTable),
    Server(ServerHello),
    Said,
}

impl Session {
    /// Begins as a client: the protocol header waits to be written.
    pub fn client(now: Timestamp, hello: ClientHello, limits: Limits) -> Self {
        let mut session = Self::new(now, Role::Client, Hello::Client(hello), limits);
        session.output.push_raw(&PROTOCOL_HEADER);
        session
    }

    /// Begins as a server, which waits for a protocol header.
    pub fn server(now: Timestamp, hello: ServerHello, limits: Limits) -> Self {
        Self::new(now, Role::Server, Hello::Server(hello), limits)
    }

    fn new(now: Timestamp, role: Role, hello: Hello, limits: Limits) -> Self {
        let step = match role {
            Role::Client => Step::Start,
            Role::Server => Step::ProtocolHeader,
        };
        let offer = limits.tune();
        Self {
            role,
            dialect: Dialect::default(),
            phase: Phase::Handshake(step),
            hello,
            negotiated: Negotiated {
                frame_max: offer.frame_max,
                channel_max: offer.channel_max,
                heartbeat_secs: 0,
            },
            peer_capabilities: FieldTable::default(),
            input: Input::default(),
            events: VecDeque::new(),
            output: FrameBuffer::new(),
            channels: Channels::default(),
            heartbeat: Heartbeat::new(now),
            now,
            open_until: now.saturating_add(limits.handshake_timeout),
            limits,
        }
    }

    /// Takes the whole frames from the beginning of `buffer` and leaves a partial one.
    ///
    /// They wait as they are until [`poll_event`](Self::poll_event) looks at them.
    pub fn receive(&mut self, now: Timestamp, buffer: &mut BytesMut) {
        self.now = self.now.max(now);
        self.heartbeat.note_received(self.now);
        match self.phase {
            Phase::Handshake(Step::ProtocolHeader) => self.receive_protocol_header(buffer),
            Phase::Handshake(Step::Start) => self.receive_refused_version(buffer),
            Phase::Handshake(_) | Phase::Running | Phase::Closing { .. } => {}
            Phase::PeerClosing | Phase::Closed => buffer.clear(),
        }
        match self.phase {
            Phase::Handshake(Step::ProtocolHeader) | Phase::PeerClosing | Phase::Closed => {}
            // Not a frame, but the beginning of a header that refuses ours.
            Phase::Handshake(Step::Start) if buffer.starts_with(b"AMQP") => {}
            Phase::Handshake(_) | Phase::Running | Phase::Closing { .. } => {
                self.input.take(buffer, self.dialect);
            }
        }
    }

    /// What happened next; `None` once all that was received has been looked at.
    ///
    /// Looking at it may also fill [`output`](Self::output).
    pub fn poll_event(&mut self) -> Option<Event> {
        let mut event = self.events.pop_front();
        if event.is_none() {
            self.poll_frames(&mut event);
        }
        event
    }

    fn poll_frames(&mut self, event: &mut Option<Event>) {
        let frames = self.input.lend();
        while event.is_none()
            && self.events.is_empty()
            && let Some(frame_max) = self.readable_frame_max()
        {
            let handled = match self.input.next(&frames, frame_max) {
                Ok(None) => break,
                Ok(Some(mut frame)) => self.handle_frame(&mut frame, event),
                Err(fault) => Err(fault),
            };
            if let Err(fault) = handled {
                *event = None;
                self.fail(fault);
            }
        }
        self.input.give_back(frames);
        if event.is_none() {
            *event = self.events.pop_front();
        }
    }

    /// The longest frame that is read now; `None` while nothing is read.
    fn readable_frame_max(&self) -> Option<u32> {
        match self.phase {
            Phase::Handshake(step) if step.waits_for_owner() => None,
            Phase::Handshake(Step::ProtocolHeader) | Phase::PeerClosing | Phase::Closed => None,
            Phase::Handshake(step) if !step.is_logged_in() => {
                Some(self.limits.frame_max_before_login)
            }
            Phase::Handshake(_) | Phase::Running | Phase::Closing { .. } => {
                Some(self.negotiated.frame_max)
            }
        }
    }

    /// What waits to be written; the owner takes from it what it has written.
    pub const fn output(&mut self) -> &mut FrameBuffer {
        &mut self.output
    }

    /// All that waits to be written, as a buffer of its own.
    pub fn take_output(&mut self) -> FrameBuffer {
        core::mem::take(&mut self.output)
    }

    /// When to call [`handle_timeout`](Self::handle_timeout) next.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Handshake(_) => Some(self.open_until),
            Phase::Running => self.heartbeat.next_deadline(),
            Phase::Closing { until } => Some(until),
            Phase::PeerClosing | Phase::Closed => None,
        }
    }

    /// Sends a heartbeat if one is due, or gives the peer up: then nothing waits to be written any more,
    /// but what was said before a close that the peer has not answered. How long to wait for that to be
    /// written is up to the caller.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        match self.phase {
            Phase::Handshake(_) if self.now >= self.open_until => {
                self.lose(Failure::HandshakeTimeout);
            }
            // Why it was closed may not be written yet: with this much time, the peer may still take it.
            Phase::Closing { until } if self.now >= until => self.give_up(Failure::CloseTimeout),
            Phase::Running => match self.heartbeat.handle_timeout(self.now) {
                Beat::Nothing => {}
                Beat::Send => self.output.push_heartbeat(),
                Beat::PeerIsDead => self.lose(Failure::HeartbeatMissed),
            },
            Phase::Handshake(_) | Phase::Closing { .. } | Phase::PeerClosing | Phase::Closed => {}
        }
    }

    /// Takes the peer's silence so far for ours: its owner did not read.
    pub fn excuse_silence(&mut self, now: Timestamp) {
        self.heartbeat.note_received(self.now.max(now));
    }

    /// What both sides settled on; before that, what this side allows.
    pub const fn negotiated(&self) -> Negotiated {
        self.negotiated
    }

    /// Whether the peer said that it knows an extension, such as `consumer_cancel_notify`.
    pub fn peer_has_capability(&self, name: &str) -> bool {
        self.peer_capabilities.get(name) == Some(FieldValue::Bool(true))
    }

    /// Whether methods can be sent.
    pub fn is_open(&self) -> bool {
        self.phase == Phase::Running
    }

    /// Whether [`Event::Closed`] has come or waits to be polled.
    pub fn is_closed(&self) -> bool {
        self.phase == Phase::Closed
    }

    /// What the frame brings is written to `out`: an event is large to pass from hand to hand.
    fn handle_frame(
        &mut self,
        frame: &mut Frame<'_>,
        out: &mut Option<Event>,
    ) -> Result<(), Fault> {
        match self.phase {
            Phase::Running => self.handle_running_frame(frame, out),
            Phase::Handshake(step) => {
                *out = self.handle_handshake_frame(step, frame)?;
                Ok(())
            }
            Phase::Closing { .. } => {
                self.handle_closing_frame(frame);
                Ok(())
            }
            Phase::PeerClosing | Phase::Closed => Ok(()),
        }
    }

    /// Remembers which extensions the peer knows, without keeping its bytes alive.
    fn remember_capabilities(&mut self, properties: &FieldTable) {
        if let Some(FieldValue::Table(table)) = properties.get("capabilities") {
            let copy = FieldTable::from_bytes(Bytes::copy_from_slice(table.as_bytes()));
            self.peer_capabilities = copy.unwrap_or_default();
        }
    }

    /// Queues one of the session's own methods, which are short enough for any peer.
    fn push(&mut self, channel: ChannelNumber, method: &Method) {
        self.heartbeat.note_written(self.now);
        if self.dialect.push(&mut self.output, channel, method) {
            return;
        }
        let pushed = self.output.push_method(channel, method, u32::MAX);
        debug_assert!(pushed.is_ok(), "the session's own methods fit any frame");
    }

    fn fail(&mut self, fault: Fault) {
        let (error, can_go_on) = match fault {
            Fault::Channel(channel, error) => return self.fail_channel(channel, error),
            Fault::Connection(error) => (error, true),
            Fault::Framing(error) => (error, false),
        };
        let is_stranger = match self.phase {
            Phase::Handshake(step) => !step.is_logged_in(),
            Phase::Running => false,
            Phase::Closing { .. } if can_go_on => return,
            Phase::Closing { .. } | Phase::PeerClosing | Phase::Closed => return self.end(),
        };
        // A stranger whose frames make no sense is told nothing.
        if can_go_on || !is_stranger {
            self.push_close(&error);
        }
        self.events.push_back(Event::Failed(Failure::Protocol(error)));
        if can_go_on && !is_stranger {
            self.phase = self.closing();
        } else {
            self.end();
        }
    }

    fn push_close(&mut self, error: &AmqpError) {
        let close = connection::Close {
            reply_code: error.code.as_u16(),
            reply_text: error.reply_text(),
            class_id: error.class_id,
            method_id: error.method_id,
        };
        self.push(ChannelNumber::CONNECTION, &close.into());
    }

    fn closing(&self) -> Phase {
        Phase::Closing { until: self.now.saturating_add(self.limits.close_timeout) }
    }

    /// The peer is gone, or does not read: nobody is to wait until all is written to it.
    fn lose(&mut self, failure: Failure) {
        self.output = FrameBuffer::new();
        self.give_up(failure);
    }

    fn give_up(&mut self, failure: Failure) {
        self.events.push_back(Event::Failed(failure));
        self.end();
    }

    /// Nothing more is read.
    fn end(&mut self) {
        if self.phase != Phase::Closed {
            self.phase = Phase::Closed;
            self.input.cut();
            self.events.push_back(Event::Closed);
        }
    }
}
