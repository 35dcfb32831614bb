//! An open connection: what each frame means, until it closes.

use super::Session;
use crate::{
    channel_number::ChannelNumber,
    frame::FrameKind,
    generated::{channel, connection, method_enum::Method},
    method::Sender,
    reply::AmqpError,
    session::{
        channels::ChannelState,
        content::{ContentLimits, HeaderTables},
        event::{CloseReason, Event},
        fault::Fault,
        input::Frame,
        limits::ChannelOpens,
        phase::{Phase, Role},
    },
};

/// Class and method of connection.close and its answer, and of channel.open, close and answer.
const CONNECTION_CLOSE: (u16, u16) = (10, 50);
const CONNECTION_CLOSE_OK: (u16, u16) = (10, 51);
const CHANNEL_OPEN: (u16, u16) = (20, 10);
const CHANNEL_CLOSE: (u16, u16) = (20, 40);
const CHANNEL_CLOSE_OK: (u16, u16) = (20, 41);

const CLASS_CONNECTION: u16 = 10;
const CLASS_CHANNEL: u16 = 20;

impl Session {
    pub(super) fn handle_running_frame(
        &mut self,
        frame: &mut Frame<'_>,
        out: &mut Option<Event>,
    ) -> Result<(), Fault> {
        match frame.kind {
            FrameKind::Heartbeat => Self::check_heartbeat(frame),
            FrameKind::Method if frame.channel == ChannelNumber::CONNECTION => {
                *out = Some(self.handle_connection_method(frame)?);
                Ok(())
            }
            FrameKind::Method => self.handle_channel_method(frame, out),
            FrameKind::Header | FrameKind::Body => self.handle_content_frame(frame, out),
        }
    }

    pub(super) fn check_heartbeat(frame: &Frame<'_>) -> Result<(), Fault> {
        if frame.channel != ChannelNumber::CONNECTION {
            return Err(Fault::heartbeat_on_channel());
        }
        if frame.payload.len() > 0 {
            return Err(Fault::unknown_frame(FrameKind::Heartbeat as u8));
        }
        Ok(())
    }

    fn handle_content_frame(
        &mut self,
        frame: &mut Frame<'_>,
        out: &mut Option<Event>,
    ) -> Result<(), Fault> {
        let Frame { kind, channel, payload } = frame;
        let channel = *channel;
        if channel == ChannelNumber::CONNECTION {
            return Err(Fault::not_a_method());
        }
        let used = self.channels.used(channel).ok_or_else(Fault::not_a_method)?;
        match used.state {
            ChannelState::Opening => return Err(Fault::not_a_method()),
            ChannelState::Closing | ChannelState::PeerClosing => return Ok(()),
            ChannelState::PeerOpening | ChannelState::Open => {}
        }
        if *kind == FrameKind::Body {
            return used.assembly.read_body(payload, channel, out);
        }
        let limits = ContentLimits {
            channel,
            message_bytes_max: self.limits.message_bytes_max,
            headers: match self.role {
                Role::Client => HeaderTables::Any,
                Role::Server => HeaderTables::Sound,
            },
        };
        used.assembly.read_header(payload, limits, out)
    }

    fn handle_channel_method(
        &mut self,
        frame: &mut Frame<'_>,
        out: &mut Option<Event>,
    ) -> Result<(), Fault> {
        let ids = frame.method_ids()?;
        let number = frame.channel;
        let Some(channel) = self.channels.used(number) else {
            *out = self.handle_unused_channel(frame, ids)?;
            return Ok(());
        };
        match channel.state {
            ChannelState::PeerOpening | ChannelState::Open => {}
            ChannelState::Opening => {
                *out = self.handle_opening_channel(frame, ids)?;
                return Ok(());
            }
            ChannelState::Closing => {
                *out = self.handle_closing_channel(number, ids);
                return Ok(());
            }
            ChannelState::PeerClosing => return Ok(()),
        }
        channel.assembly.expect_method()?;
        if ids.0 == CLASS_CHANNEL {
            let method = decode(frame, ids)?;
            check_sender(self.role, &method)?;
            *out = self.handle_channel_class(number, method)?;
            return Ok(());
        }
        let is_content = Method::announces_content(ids);
        let place = if is_content {
            channel.assembly.begin()
        } else {
            let event = out.insert(Event::Method { channel: number, method: Method::PLACEHOLDER });
            let Event::Method { method, .. } = event else { return Ok(()) };
            method
        };
        Method::read(&mut frame.payload, place)
            .map_err(|error| Fault::undecodable(error).blaming(ids))?;
        check_sender(self.role, place)
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "all other methods are refused alike")]
    fn handle_channel_class(
        &mut self,
        number: ChannelNumber,
        method: Method,
    ) -> Result<Option<Event>, Fault> {
        match method {
            Method::ChannelOpen(_) => {
                Err(Fault::channel_open_twice().blaming((method.class_id(), method.method_id())))
            }
            Method::ChannelClose(close) => {
                if let Some(channel) = self.channels.used(number) {
                    channel.state = ChannelState::PeerClosing;
                }
                Ok(Some(Event::ChannelClosing { channel: number, reason: close.into() }))
            }
            Method::ChannelFlow(flow) if self.role == Role::Server && !flow.active => {
                Err(Fault::flow_inactive().blaming((method.class_id(), method.method_id())))
            }
            Method::ChannelFlow(flow) => {
                self.push(number, &channel::FlowOk { active: flow.active }.into());
                let is_news = self.role == Role::Client;
                Ok(is_news.then_some(Event::Method { channel: number, method }))
            }
            // A server asks no client to pause, so none has anything to answer.
            Method::ChannelFlowOk(_) if self.role == Role::Client => {
                Ok(Some(Event::Method { channel: number, method }))
            }
            other => {
                Err(Fault::unimplemented_method().blaming((other.class_id(), other.method_id())))
            }
        }
    }

    /// A method on a channel that is not in use.
    fn handle_unused_channel(
        &mut self,
        frame: &mut Frame<'_>,
        ids: (u16, u16),
    ) -> Result<Option<Event>, Fault> {
        let channel = frame.channel;
        if ids == CHANNEL_OPEN && self.role == Role::Server {
            decode(frame, ids)?;
            let state = match self.limits.channel_opens {
                ChannelOpens::Accepted => ChannelState::Open,
                ChannelOpens::Asked => ChannelState::PeerOpening,
            };
            self.channels.open_by_peer(channel, self.negotiated.channel_max, state)?;
            if state == ChannelState::Open {
                self.push(channel, &channel::OpenOk.into());
            }
            return Ok(Some(Event::ChannelOpened { channel }));
        }
        // The answer may cross with an end of its own.
        if ids == CHANNEL_CLOSE_OK && self.channels.was_closed(channel) {
            return Ok(None);
        }
        Err(Fault::channel_not_open().blaming(ids))
    }

    /// A method on a channel that this side wants to open.
    fn handle_opening_channel(
        &mut self,
        frame: &mut Frame<'_>,
        ids: (u16, u16),
    ) -> Result<Option<Event>, Fault> {
        let number = frame.channel;
        let method = decode(frame, ids)?;
        let Some(channel) = self.channels.used(number) else { return Ok(None) };
        if let Method::ChannelOpenOk(_) = method {
            channel.state = ChannelState::Open;
            return Ok(Some(Event::ChannelOpened { channel: number }));
        }
        if let Method::ChannelClose(_) = method {
            return self.handle_channel_class(number, method);
        }
        Err(Fault::channel_not_open().blaming(ids))
    }

    /// A method on a channel that this side wants to close: all but the answer is discarded.
    fn handle_closing_channel(&mut self, channel: ChannelNumber, ids: (u16, u16)) -> Option<Event> {
        match ids {
            CHANNEL_CLOSE_OK => {
                self.channels.remove(channel);
                Some(Event::ChannelClosed { channel })
            }
            CHANNEL_CLOSE => {
                self.push(channel, &channel::CloseOk.into());
                None
            }
            _ => None,
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "all other methods are refused alike")]
    fn handle_connection_method(&mut self, frame: &mut Frame<'_>) -> Result<Event, Fault> {
        let ids = frame.method_ids()?;
        let is_client = self.role == Role::Client;
        Ok(match decode(frame, ids)? {
            Method::ConnectionClose(close) => self.peer_closes(close),
            Method::ConnectionUpdateSecret(update) if !is_client => {
                Event::SecretUpdating { new_secret: update.new_secret, reason: update.reason }
            }
            Method::ConnectionUpdateSecretOk(_) if is_client => Event::SecretUpdated,
            Method::ConnectionBlocked(blocked) if is_client => {
                Event::Blocked { reason: blocked.reason }
            }
            Method::ConnectionUnblocked(_) if is_client => Event::Unblocked,
            _ => return Err(Fault::unexpected_in_state("running").blaming(ids)),
        })
    }

    /// After this side's connection.close, only the end of the conversation matters.
    pub(super) fn handle_closing_frame(&mut self, frame: &Frame<'_>) {
        if frame.kind == FrameKind::Method && frame.channel == ChannelNumber::CONNECTION {
            match frame.method_ids() {
                Ok(CONNECTION_CLOSE_OK) => self.end(),
                Ok(CONNECTION_CLOSE) => {
                    self.push(ChannelNumber::CONNECTION, &connection::CloseOk.into());
                }
                Ok(_) | Err(_) => {}
            }
        }
    }

    pub(super) fn peer_closes(&mut self, close: connection::Close) -> Event {
        self.phase = Phase::PeerClosing;
        self.input.cut();
        Event::Closing { reason: close.into() }
    }

    pub(super) fn fail_channel(&mut self, channel: ChannelNumber, error: AmqpError) {
        self.close_channel(channel, &error);
        self.events.push_back(Event::ChannelFailed { channel, error });
    }
}

fn decode(frame: &mut Frame<'_>, ids: (u16, u16)) -> Result<Method, Fault> {
    let mut method = Method::PLACEHOLDER;
    Method::read(&mut frame.payload, &mut method)
        .map_err(|error| Fault::undecodable(error).blaming(ids))?;
    Ok(method)
}

/// Whether the peer may send this method on a channel.
fn check_sender(own: Role, method: &Method) -> Result<(), Fault> {
    let is_peers = match method.sender() {
        Sender::Both => true,
        Sender::Client => own == Role::Server,
        Sender::Server => own == Role::Client,
    };
    if is_peers && method.class_id() != CLASS_CONNECTION {
        return Ok(());
    }
    Err(Fault::unimplemented_method().blaming((method.class_id(), method.method_id())))
}

impl From<connection::Close> for CloseReason {
    fn from(close: connection::Close) -> Self {
        let connection::Close { reply_code: code, reply_text: text, class_id, method_id } = close;
        Self { code, text, class_id, method_id }
    }
}

impl From<channel::Close> for CloseReason {
    fn from(close: channel::Close) -> Self {
        let channel::Close { reply_code: code, reply_text: text, class_id, method_id } = close;
        Self { code, text, class_id, method_id }
    }
}
