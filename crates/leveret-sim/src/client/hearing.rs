//! What a client is told, and what is wrong with it.

use leveret_protocol::{ChannelNumber, Event as SessionEvent, Failure, Method, Properties};

use super::{
    Client, State,
    channel::{Answer, Channel, ChannelState, Mode},
};
use crate::{oracle::letter_of, scene::Scene};

/// Reply codes with which a channel of a world may be closed: refused, missing, locked, precondition.
const CHANNEL_CODES: [u16; 4] = [403, 404, 405, 406];

/// Reply codes with which a connection may be closed: the server stops, or has failed; a quorum queue
/// is consumed from on a channel with a prefetch of its own.
const CONNECTION_CODES: [u16; 3] = [320, 540, 541];

/// Addresses that a client remembers.
const ADDRESSES_MAX: usize = 8;

impl Client {
    /// Bytes have come.
    pub(super) fn hear(&mut self, scene: &mut Scene) {
        if let Some(session) = &mut self.session {
            session.receive(scene.client_time(), &mut self.buffer);
        }
        self.hear_events(scene);
    }

    pub(super) fn hear_events(&mut self, scene: &mut Scene) {
        while let Some(event) =
            self.session.as_mut().and_then(leveret_protocol::Session::poll_event)
        {
            if let Err(objection) = self.take(scene, event) {
                scene.oracle.object(format!("{}: {objection}", self.id));
            }
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "a client has none of the other events")]
    fn take(&mut self, scene: &mut Scene, event: SessionEvent) -> Result<(), String> {
        match event {
            SessionEvent::Opened { .. } => self.state = State::Open,
            SessionEvent::ChannelOpened { channel } => {
                if let Some(channel) = self.channels.get_mut(&channel) {
                    channel.state = ChannelState::Open;
                }
            }
            SessionEvent::ChannelClosing { channel, reason } => {
                scene.note(format_args!("{}: {channel} closed: {}", self.id, reason.text));
                self.channels.remove(&channel);
                if let Some(session) = &mut self.session {
                    session.finish_channel_close(channel);
                }
                if !CHANNEL_CODES.contains(&reason.code) {
                    return Err(format!("channel closed with {}: {}", reason.code, reason.text));
                }
            }
            SessionEvent::ChannelClosed { channel } => {
                self.channels.remove(&channel);
            }
            SessionEvent::Method { channel, method } => {
                return self.take_method(scene, channel, &method);
            }
            SessionEvent::Content { channel, method, properties, body } => {
                self.note_address(&properties, &body);
                return self.take_content(channel, &method, &body);
            }
            SessionEvent::Closing { reason } => {
                scene.note(format_args!("{} is closed: {}", self.id, reason.text));
                if let Some(session) = &mut self.session {
                    session.finish_close();
                }
                if !CONNECTION_CODES.contains(&reason.code) {
                    return Err(format!("connection closed with {}: {}", reason.code, reason.text));
                }
            }
            SessionEvent::Failed(Failure::Protocol(error)) => {
                return Err(format!("the server broke the protocol: {error}"));
            }
            SessionEvent::Failed(failure) => {
                scene.note(format_args!("{} gives up: {failure}", self.id));
            }
            _ => {}
        }
        Ok(())
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "all others are answers")]
    fn take_method(
        &mut self,
        scene: &mut Scene,
        number: ChannelNumber,
        method: &Method,
    ) -> Result<(), String> {
        let Some(channel) = self.channels.get_mut(&number) else { return Ok(()) };
        match method {
            Method::BasicAck(ack) => channel.take_confirm(ack.delivery_tag, ack.multiple),
            Method::BasicNack(nack) => channel.take_confirm(nack.delivery_tag, nack.multiple),
            Method::BasicCancel(cancel) => {
                channel.consumers.retain(|tag| *tag != cancel.consumer_tag);
                Ok(())
            }
            _ => {
                channel.take_answer(method)?;
                match method {
                    Method::ConfirmSelectOk(_) => channel.mode = Mode::Confirm,
                    Method::BasicRecoverOk(_) => channel.unsettled.clear(),
                    Method::TxSelectOk(_) => channel.mode = Mode::Transaction,
                    Method::BasicConsumeOk(consumer) => {
                        channel.consumers.push(consumer.consumer_tag.clone());
                    }
                    _ => {}
                }
                if self.script.pop_front().is_some() && self.script.is_empty() {
                    scene.note(format_args!("{} has founded", self.id));
                    scene.unfounded = scene.unfounded.saturating_sub(1);
                }
                Ok(())
            }
        }
    }

    /// Remembers where a reply is waited for.
    fn note_address(&mut self, properties: &Properties, body: &[u8]) {
        let (Some(address), Some(letter)) = (properties.reply_to(), letter_of(body)) else {
            return;
        };
        if self.addresses.len() >= ADDRESSES_MAX {
            self.addresses.pop_front();
        }
        self.addresses.push_back((address, letter));
    }

    fn take_content(
        &mut self,
        number: ChannelNumber,
        method: &Method,
        body: &[u8],
    ) -> Result<(), String> {
        letter_of(body).ok_or("a body that nobody wrote")?;
        let Some(channel) = self.channels.get_mut(&number) else { return Ok(()) };
        take_given(channel, method)
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a server sends no other contents")]
fn take_given(channel: &mut Channel, method: &Method) -> Result<(), String> {
    match method {
        Method::BasicDeliver(deliver) => {
            let no_ack = channel.no_ack_consumers.contains(&deliver.consumer_tag);
            channel.take_delivery(deliver.delivery_tag, no_ack)
        }
        Method::BasicGetOk(got) => {
            let no_ack = channel.pending == Some(Answer::Got { no_ack: true });
            channel.take_answer(method)?;
            channel.take_delivery(got.delivery_tag, no_ack)
        }
        _ => Ok(()),
    }
}
