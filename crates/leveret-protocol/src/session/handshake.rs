//! From the first byte to an open connection, as a server and as a client.

use alloc::{
    string::{String, ToString as _},
    vec::Vec,
};

use bytes::{Buf as _, BytesMut};

use super::{Hello, Session};
use crate::{
    channel_number::ChannelNumber,
    field::FieldTable,
    frame::{FrameKind, PROTOCOL_HEADER},
    generated::{connection, method_enum::Method},
    reply::AmqpError,
    secret::Secret,
    session::{
        dialect::Dialect,
        event::{Event, Failure},
        fault::Fault,
        hello::ClientLogin,
        input::Frame,
        phase::{Phase, Step},
    },
    short_str::ShortStr,
};

const CHANNEL_0: ChannelNumber = ChannelNumber::CONNECTION;

/// An error repeats no more of what a server offers.
const OFFERED_BYTES_MAX: usize = 256;

impl Session {
    /// As a server: reads the client's first eight octets.
    pub(super) fn receive_protocol_header(&mut self, buffer: &mut BytesMut) {
        let begins_well = buffer.iter().zip(b"AMQP").all(|(found, wanted)| found == wanted);
        self.dialect = match buffer.first_chunk::<8>().copied().map(Dialect::announced) {
            None if begins_well => return,
            Some(Some(dialect)) => dialect,
            Some(None) | None => return self.refuse_protocol_header(buffer),
        };
        buffer.advance(PROTOCOL_HEADER.len());
        if let Hello::Server(hello) = core::mem::replace(&mut self.hello, Hello::Said) {
            let start = connection::Start {
                version_major: 0,
                version_minor: 9,
                server_properties: hello.server_properties,
                mechanisms: hello.mechanisms,
                locales: hello.locales,
            };
            self.push(CHANNEL_0, &self.dialect.greet(start).into());
        }
        self.phase = Phase::Handshake(Step::StartOk);
    }

    fn refuse_protocol_header(&mut self, buffer: &mut BytesMut) {
        // AMQP 0-9-1, 4.2.2: a server answers with the header it speaks, and closes.
        self.output.push_raw(&PROTOCOL_HEADER);
        let mut received = [0; 8];
        received.iter_mut().zip(buffer.iter()).for_each(|(to, from)| *to = *from);
        buffer.clear();
        self.give_up(Failure::ProtocolHeader { received });
    }

    /// As a client: a server that speaks another version answers with its header.
    pub(super) fn receive_refused_version(&mut self, buffer: &mut BytesMut) {
        if buffer.starts_with(b"AMQP")
            && let Some(&wanted) = buffer.first_chunk::<8>()
        {
            buffer.clear();
            self.give_up(Failure::VersionRefused { wanted });
        }
    }

    pub(super) fn handle_handshake_frame(
        &mut self,
        step: Step,
        frame: &mut Frame<'_>,
    ) -> Result<Option<Event>, Fault> {
        match frame.kind {
            FrameKind::Heartbeat => return Self::check_heartbeat(frame).map(|()| None),
            FrameKind::Header | FrameKind::Body => return Err(Fault::not_a_method()),
            FrameKind::Method => {}
        }
        let ids = frame.method_ids()?;
        let unexpected = || Fault::unexpected_in_state(step.name()).blaming(ids);
        if frame.channel != CHANNEL_0 {
            return Err(unexpected());
        }
        let mut method = Method::PLACEHOLDER;
        Method::read(&mut frame.payload, &mut method)
            .map_err(|error| Fault::undecodable(error).blaming(ids))?;
        match (step, method) {
            (_, Method::ConnectionClose(close)) => Ok(Some(self.peer_closes(close))),
            (Step::StartOk, Method::ConnectionStartOk(start_ok)) => Ok(Some(self.login(start_ok))),
            (Step::SecureOk, Method::ConnectionSecureOk(secure_ok)) => {
                self.phase = Phase::Handshake(Step::LoginAnswer);
                Ok(Some(Event::LoginContinued { response: secure_ok.response }))
            }
            (Step::TuneOk, Method::ConnectionTuneOk(tune_ok)) => {
                self.negotiated = self.limits.settle(tune_ok).map_err(Fault::Connection)?;
                self.heartbeat.start(self.now, self.negotiated.heartbeat_secs);
                self.phase = Phase::Handshake(Step::Open);
                Ok(None)
            }
            (Step::Open, Method::ConnectionOpen(open)) => {
                self.phase = Phase::Handshake(Step::OpenAnswer);
                Ok(Some(Event::Open { virtual_host: open.virtual_host }))
            }
            (Step::Start, Method::ConnectionStart(start)) => {
                self.start(start);
                Ok(None)
            }
            (Step::SecureOrTune, Method::ConnectionSecure(secure)) => {
                self.phase = Phase::Handshake(Step::ChallengeAnswer);
                Ok(Some(Event::Challenged { challenge: secure.challenge }))
            }
            (Step::SecureOrTune, Method::ConnectionTune(tune)) => self.tune(tune).map(|()| None),
            (Step::OpenOk, Method::ConnectionOpenOk(_)) => Ok(Some(self.opened())),
            _ => Err(unexpected()),
        }
    }

    fn login(&mut self, start_ok: connection::StartOk) -> Event {
        let connection::StartOk { client_properties, mechanism, response, .. } = start_ok;
        self.remember_capabilities(&client_properties);
        self.phase = Phase::Handshake(Step::LoginAnswer);
        Event::Login { mechanism, response, client_properties }
    }

    /// As a client: answers the server's first method.
    fn start(&mut self, start: connection::Start) {
        let Hello::Client(hello) = core::mem::replace(&mut self.hello, Hello::Said) else { return };
        let is_offered = |login: &&ClientLogin| offers(&start.mechanisms, &login.mechanism);
        let Some(login) = hello.logins.iter().find(is_offered) else {
            return self.give_up(not_offered(&start.mechanisms, &hello.logins));
        };
        self.remember_capabilities(&start.server_properties);
        let start_ok = connection::StartOk {
            client_properties: hello.client_properties.clone(),
            mechanism: login.mechanism.clone(),
            response: login.response.clone(),
            locale: hello.locale.clone(),
        };
        self.push(CHANNEL_0, &start_ok.into());
        self.hello = Hello::Opening(hello, start.server_properties);
        self.phase = Phase::Handshake(Step::SecureOrTune);
    }

    /// As a client: answers the server's limits and opens the virtual host.
    fn tune(&mut self, tune: connection::Tune) -> Result<(), Fault> {
        self.negotiated = self.limits.answer(tune).map_err(Fault::Connection)?;
        let tune_ok = connection::TuneOk {
            channel_max: self.negotiated.channel_max,
            frame_max: self.negotiated.frame_max,
            heartbeat: self.negotiated.heartbeat_secs,
        };
        self.push(CHANNEL_0, &tune_ok.into());
        let virtual_host = match &self.hello {
            Hello::Opening(hello, _) => hello.virtual_host.clone(),
            Hello::Client(_) | Hello::Server(_) | Hello::Said => ShortStr::EMPTY,
        };
        self.push(CHANNEL_0, &connection::Open { virtual_host }.into());
        self.heartbeat.start(self.now, self.negotiated.heartbeat_secs);
        self.phase = Phase::Handshake(Step::OpenOk);
        Ok(())
    }

    fn opened(&mut self) -> Event {
        self.phase = Phase::Running;
        let server_properties = match core::mem::replace(&mut self.hello, Hello::Said) {
            Hello::Opening(_, server_properties) => server_properties,
            Hello::Client(_) | Hello::Server(_) | Hello::Said => FieldTable::default(),
        };
        Event::Opened { server_properties, negotiated: self.negotiated }
    }

    /// Lets the client in. Does nothing if no login waits.
    pub fn accept_login(&mut self) {
        if self.phase == Phase::Handshake(Step::LoginAnswer) {
            self.push(CHANNEL_0, &self.limits.tune().into());
            self.phase = Phase::Handshake(Step::TuneOk);
        }
    }

    /// Asks the client for another round of its login mechanism. Does nothing if no login waits.
    pub fn challenge(&mut self, challenge: impl Into<bytes::Bytes>) {
        if self.phase == Phase::Handshake(Step::LoginAnswer) {
            self.push(CHANNEL_0, &connection::Secure { challenge: challenge.into() }.into());
            self.phase = Phase::Handshake(Step::SecureOk);
        }
    }

    /// Turns the client away; [`Event::Closed`] follows. Does nothing if no login waits.
    ///
    /// Only a client with the capability `authentication_failure_close` is told why. Whoever
    /// wants to slow down guessing calls this late.
    pub fn refuse_login(&mut self, error: &AmqpError) {
        if self.phase == Phase::Handshake(Step::LoginAnswer) {
            if self.peer_has_capability("authentication_failure_close") {
                self.push_close(error);
                self.phase = self.closing();
            } else {
                self.end();
            }
        }
    }

    /// Answers a server's challenge. Does nothing if none waits.
    pub fn answer_challenge(&mut self, response: impl Into<Secret>) {
        if self.phase == Phase::Handshake(Step::ChallengeAnswer) {
            self.push(CHANNEL_0, &connection::SecureOk { response: response.into() }.into());
            self.phase = Phase::Handshake(Step::SecureOrTune);
        }
    }

    /// Opens the virtual host for the client. Does nothing if no client waits for it.
    pub fn accept_open(&mut self) {
        if self.phase == Phase::Handshake(Step::OpenAnswer) {
            self.push(CHANNEL_0, &connection::OpenOk.into());
            self.phase = Phase::Running;
        }
    }

    /// Refuses the virtual host; [`Event::Closed`] follows. Does nothing if no client waits for it.
    pub fn refuse_open(&mut self, error: &AmqpError) {
        if self.phase == Phase::Handshake(Step::OpenAnswer) {
            self.close(error);
        }
    }
}

/// Whether a mechanism is among those offered, which are separated by spaces.
fn offers(mechanisms: &[u8], wanted: &[u8]) -> bool {
    mechanisms.split(|octet| *octet == b' ').any(|offered| offered == wanted)
}

fn not_offered(mechanisms: &[u8], wanted: &[ClientLogin]) -> Failure {
    let shown = mechanisms.get(..OFFERED_BYTES_MAX).unwrap_or(mechanisms);
    let wanted: Vec<_> = wanted.iter().map(|login| login.mechanism.to_string()).collect();
    Failure::MechanismNotOffered {
        offered: String::from_utf8_lossy(shown).into_owned(),
        wanted: wanted.join(" "),
    }
}
