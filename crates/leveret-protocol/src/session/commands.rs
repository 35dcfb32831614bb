//! What the owner of a session asks it to send.

use bytes::Bytes;

use super::Session;
use crate::{
    channel_number::ChannelNumber,
    frame::{Content, Delivery},
    generated::{channel, connection, method_enum::Method},
    method::Sender,
    properties::Properties,
    reply::AmqpError,
    session::{
        channels::ChannelState,
        content::Assembly,
        event::SendError,
        phase::{Phase, Role, Step},
    },
    short_str::ShortStr,
};

impl Session {
    /// Asks the server to open a channel; [`Event::ChannelOpened`](crate::Event::ChannelOpened)
    /// follows.
    ///
    /// Methods may be sent at once: the server reads them in order.
    pub fn open_channel(&mut self, channel: ChannelNumber) -> Result<(), SendError> {
        self.check_open()?;
        self.channels.open_own(channel, self.negotiated.channel_max)?;
        self.push(channel, &channel::Open.into());
        Ok(())
    }

    /// Answers [`Event::ChannelOpened`](crate::Event::ChannelOpened) where the limits have the
    /// owner asked: the peer is told that its channel is open.
    ///
    /// Does nothing if the peer does not wait for it.
    pub fn accept_channel(&mut self, channel: ChannelNumber) {
        let Some(used) = self.channels.used(channel) else { return };
        if self.phase == Phase::Running && used.state == ChannelState::PeerOpening {
            used.state = ChannelState::Open;
            self.push(channel, &channel::OpenOk.into());
        }
    }

    /// Asks the peer to close a channel and discards what it sends there until it answers with
    /// [`Event::ChannelClosed`](crate::Event::ChannelClosed).
    ///
    /// If the peer has asked for the same, it is answered instead, and no event follows. Does
    /// nothing if the channel is not open.
    pub fn close_channel(&mut self, channel: ChannelNumber, error: &AmqpError) {
        if !self.is_open() {
            return;
        }
        let Some(used) = self.channels.used(channel) else { return };
        match used.state {
            ChannelState::Opening | ChannelState::PeerOpening | ChannelState::Open => {
                used.state = ChannelState::Closing;
                used.assembly = Assembly::default();
                self.push_channel_close(channel, error);
            }
            ChannelState::PeerClosing => self.finish_channel_close(channel),
            ChannelState::Closing => {}
        }
    }

    /// Tells a peer that closes the channel, or the connection, that the channel failed before:
    /// it would take what it sent there for done. Its own close is still to be answered.
    ///
    /// Does nothing if the peer closes neither.
    pub fn send_channel_failure(&mut self, channel: ChannelNumber, error: &AmqpError) {
        let is_leaving = self.phase == Phase::PeerClosing;
        let is_told = self.channels.used(channel).is_some_and(|used| match used.state {
            ChannelState::PeerClosing => is_leaving || self.phase == Phase::Running,
            ChannelState::Open => is_leaving,
            ChannelState::Opening | ChannelState::PeerOpening | ChannelState::Closing => false,
        });
        if is_told {
            self.push_channel_close(channel, error);
        }
    }

    fn push_channel_close(&mut self, channel: ChannelNumber, error: &AmqpError) {
        let close = channel::Close {
            reply_code: error.code.as_u16(),
            reply_text: error.reply_text(),
            class_id: error.class_id,
            method_id: error.method_id,
        };
        self.push(channel, &close.into());
    }

    /// Answers [`Event::ChannelClosing`](crate::Event::ChannelClosing); the number is free then.
    ///
    /// Does nothing if the peer does not wait for it.
    pub fn finish_channel_close(&mut self, channel: ChannelNumber) {
        if self.is_open()
            && self
                .channels
                .used(channel)
                .is_some_and(|used| used.state == ChannelState::PeerClosing)
        {
            self.push(channel, &channel::CloseOk.into());
            self.channels.remove(channel);
        }
    }

    /// Asks the peer to close the connection; [`Event::Closed`](crate::Event::Closed) follows.
    ///
    /// What the peer sends until then is discarded. Does nothing if the connection closes already.
    pub fn close(&mut self, error: &AmqpError) {
        match self.phase {
            // Whoever has said nothing yet would not understand.
            Phase::Handshake(Step::ProtocolHeader) => self.end(),
            Phase::Handshake(_) | Phase::Running => {
                self.push_close(error);
                self.phase = self.closing();
            }
            Phase::Closing { .. } | Phase::PeerClosing | Phase::Closed => {}
        }
    }

    /// Answers [`Event::Closing`](crate::Event::Closing); [`Event::Closed`](crate::Event::Closed)
    /// follows. Does nothing if the peer does not wait for it.
    pub fn finish_close(&mut self) {
        if self.phase == Phase::PeerClosing {
            self.push(ChannelNumber::CONNECTION, &connection::CloseOk.into());
            self.end();
        }
    }

    /// Sends a method without content.
    pub fn send(&mut self, channel: ChannelNumber, method: &Method) -> Result<(), SendError> {
        self.check_sendable(channel, method)?;
        if method.has_content() {
            return Err(SendError::NotSendable { name: method.name() });
        }
        self.heartbeat.note_written(self.now);
        Ok(self.output.push_method(channel, method, self.negotiated.frame_max)?)
    }

    /// Sends a method with its content, in as many frames as it takes.
    pub fn send_content(
        &mut self,
        channel: ChannelNumber,
        method: &Method,
        properties: &Properties,
        body: Bytes,
    ) -> Result<(), SendError> {
        self.check_sendable(channel, method)?;
        if !method.has_content() {
            return Err(SendError::NotSendable { name: method.name() });
        }
        self.heartbeat.note_written(self.now);
        let content = Content { method, properties, body };
        Ok(self.output.push_content(channel, content, self.negotiated.frame_max)?)
    }

    /// Sends a `basic.deliver` with its content, as [`send_content`](Self::send_content) would.
    pub fn send_delivery(
        &mut self,
        channel: ChannelNumber,
        delivery: Delivery<'_>,
    ) -> Result<(), SendError> {
        self.check_open()?;
        self.channels.check_sendable(channel)?;
        if self.role == Role::Client {
            return Err(SendError::NotSendable { name: "basic.deliver" });
        }
        self.heartbeat.note_written(self.now);
        Ok(self.output.push_delivery(channel, delivery, self.negotiated.frame_max)?)
    }

    /// Tells a client that publishing is stopped, if it knows the extension.
    pub fn send_blocked(&mut self, reason: ShortStr) {
        if self.is_open() && self.peer_has_capability("connection.blocked") {
            self.push(ChannelNumber::CONNECTION, &connection::Blocked { reason }.into());
        }
    }

    /// Tells a client that publishing goes on, if it knows the extension.
    pub fn send_unblocked(&mut self) {
        if self.is_open() && self.peer_has_capability("connection.blocked") {
            self.push(ChannelNumber::CONNECTION, &connection::Unblocked.into());
        }
    }

    /// Replaces the client's credential; [`Event::SecretUpdated`](crate::Event::SecretUpdated)
    /// follows.
    pub fn update_secret(&mut self, update: connection::UpdateSecret) -> Result<(), SendError> {
        self.check_open()?;
        self.heartbeat.note_written(self.now);
        let max = self.negotiated.frame_max;
        Ok(self.output.push_method(ChannelNumber::CONNECTION, &update.into(), max)?)
    }

    /// Answers [`Event::SecretUpdating`](crate::Event::SecretUpdating).
    pub fn finish_update_secret(&mut self) {
        if self.is_open() {
            self.push(ChannelNumber::CONNECTION, &connection::UpdateSecretOk.into());
        }
    }

    fn check_open(&self) -> Result<(), SendError> {
        if self.is_open() { Ok(()) } else { Err(SendError::NotOpen) }
    }

    fn check_sendable(&self, channel: ChannelNumber, method: &Method) -> Result<(), SendError> {
        self.check_open()?;
        self.channels.check_sendable(channel)?;
        let is_own = match method.sender() {
            Sender::Both => true,
            Sender::Client => self.role == Role::Client,
            Sender::Server => self.role == Role::Server,
        };
        let is_managed = match method.class_id() {
            10 => true,
            20 => !matches!(method, Method::ChannelFlow(_)),
            _ => false,
        };
        if is_managed || !is_own {
            return Err(SendError::NotSendable { name: method.name() });
        }
        Ok(())
    }
}
