//! What the engine asks for, done on the session.

use leveret_engine::{Content, Effect};
use leveret_protocol::{AmqpError, ChannelNumber, ReplyCode, SendError};

use super::{Conversation, Stage};
use crate::connection::{channels::Ending, printable::Printable};

impl Conversation {
    /// Takes effects of the engine.
    pub(in crate::connection) fn apply(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            self.apply_one(effect);
        }
        self.take_events();
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
            Effect::Content { channel, content, .. } => {
                if let Some(link) = &mut self.link {
                    link.owe(credit);
                }
                if self.may_send(channel) {
                    let sent = self.send_content(channel, &content);
                    self.note_sent(sent);
                }
            }
            Effect::ChannelClosed { channel, .. } => self.channel_ended(channel),
            Effect::FailChannel { channel, error, .. } => self.fail_channel(channel, &error),
            Effect::ConnectionClosed { .. } => {
                self.forgotten();
            }
            Effect::FailConnection { error, .. } => {
                tracing::info!(peer = %self.visitor.peer, error = %Printable(&error), "closing a connection");
                if !self.forgotten() {
                    self.session.close(&error);
                }
            }
            // Those are the log's.
            Effect::Append { .. }
            | Effect::Relocated { .. }
            | Effect::StorePage { .. }
            | Effect::LoadPage { .. }
            | Effect::DropPage { .. }
            | Effect::ThinPage { .. }
            | Effect::PageDamaged { .. } => {}
        }
    }

    fn send_content(&mut self, channel: ChannelNumber, content: &Content) -> Result<(), SendError> {
        if let Some(delivery) = content.as_delivery() {
            return self.session.send_delivery(channel, delivery);
        }
        let (properties, body) = (content.properties(), content.body().clone());
        self.session.send_content(channel, &content.method(), properties, body)
    }

    fn may_send(&self, channel: ChannelNumber) -> bool {
        matches!(self.stage, Stage::Open | Stage::Leaving { .. }) && !self.endings.is_stale(channel)
    }

    fn note_sent(&mut self, sent: Result<(), SendError>) {
        match sent {
            // What the engine says of a channel may cross with the end of it.
            Ok(()) | Err(SendError::NotOpen | SendError::ChannelNotOpen { .. }) => {}
            Err(error) => {
                tracing::warn!(peer = %self.visitor.peer, error = %Printable(&error), "closing a connection that cannot take its message");
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

    /// The engine ends a channel. If an end is under way already, the engine answers that too.
    fn fail_channel(&mut self, channel: ChannelNumber, error: &AmqpError) {
        if self.endings.is_stale(channel) {
            return;
        }
        tracing::info!(peer = %self.visitor.peer, %channel, error = %Printable(&error), "closing a channel");
        if matches!(self.stage, Stage::Open) && !self.endings.is_under_way(channel) {
            self.count_channel(-1);
            self.session.close_channel(channel, error);
        } else {
            self.session.send_channel_failure(channel, error);
        }
    }
}
