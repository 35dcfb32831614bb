//! How a peer is let in, or not: login and virtual host.

use std::sync::atomic::AtomicU32;

use bytes::Bytes;
use leveret_engine::Input;
use leveret_protocol::{AmqpError, FieldTable, ReplyCode, ShortStr, connection};

use super::{Conversation, Stage};
use crate::{
    connection::{
        credentials::Credentials,
        hello::ClientCapabilities,
        link::{Entrant, Link},
        printable::Printable,
    },
    door::Visitor,
    mechanism::Mechanism,
    news::News,
    presence::{Crowded, Present, Traffic},
    registry::Login,
    shared::Shared,
    tls::ClientCertificate,
    users::LoginError,
};

impl Conversation {
    pub(super) fn log_in(
        &mut self,
        mechanism: &ShortStr,
        response: &Bytes,
        client_properties: &FieldTable,
    ) {
        #[cfg(test)]
        assert!(mechanism != "PANIC", "as the test asks");
        let capabilities = ClientCapabilities::read(client_properties);
        // In buffers of their own: what came with them is not kept as long as the connection.
        let properties = Bytes::copy_from_slice(client_properties.as_bytes());
        self.client_properties = FieldTable::from_bytes(properties).unwrap_or_default();
        let mechanism = &owned(mechanism);
        let (name, mechanism) = match self.identify(mechanism, response) {
            Ok((name, Login::Right)) => return self.admit(name, mechanism.clone(), capabilities),
            Ok((name, Login::Unverified(verification))) => {
                let news = self.news.0.clone();
                tokio::spawn(async move {
                    // The connection may have ended meanwhile.
                    news.send(News::Verified(verification.run().await)).ok();
                });
                (name, mechanism.clone())
            }
            Err(reason) => return self.refuse(mechanism, reason, capabilities),
        };
        self.stage = Stage::Verifying { name, mechanism, capabilities };
    }

    fn identify(
        &self,
        mechanism: &ShortStr,
        response: &Bytes,
    ) -> Result<(String, Login), LoginError> {
        let Visitor { peer, mechanisms, certificate, .. } = &self.visitor;
        let mut offered = mechanisms.iter().copied();
        let mechanism =
            offered.find(|offered| *mechanism == offered.name()).ok_or(LoginError::Mechanism)?;
        let registry = &self.shared.registry;
        if mechanism == Mechanism::External {
            return match certificate {
                ClientCertificate::Absent => Err(LoginError::NoCertificate),
                ClientCertificate::Verified { user: None } => Err(LoginError::NamelessCertificate),
                ClientCertificate::Verified { user: Some(name) } => {
                    registry.recognise(name, *peer).map(|()| (name.clone(), Login::Right))
                }
            };
        }
        let Credentials { name, password } = Credentials::read(mechanism, response)?;
        let login = registry.log_in(&name, &password, *peer)?;
        Ok((String::from_utf8_lossy(&name).into_owned(), login))
    }

    /// The password was verified.
    pub(super) fn finish_login(&mut self, is_right: bool) {
        let Stage::Verifying { name, mechanism, capabilities } = &mut self.stage else { return };
        let (name, mechanism) = (std::mem::take(name), std::mem::take(mechanism));
        let capabilities = *capabilities;
        if is_right {
            self.admit(name, mechanism, capabilities);
        } else {
            self.refuse(&mechanism, LoginError::Mismatch, capabilities);
        }
    }

    fn admit(&mut self, name: String, mechanism: ShortStr, capabilities: ClientCapabilities) {
        self.shared.attempts.amqp().note(true);
        self.stage = Stage::Opening { name, mechanism, capabilities };
        self.session.accept_login();
    }

    fn refuse(
        &mut self,
        mechanism: &ShortStr,
        reason: LoginError,
        capabilities: ClientCapabilities,
    ) {
        self.shared.attempts.amqp().note(false);
        tracing::warn!(peer = %self.visitor.peer, mechanism = %Printable(mechanism), reason = %Printable(&reason), "refusing a login");
        let now = self.shared.clock.now();
        if capabilities.authentication_failure_close {
            let text = format!(
                "Login was refused using authentication mechanism {mechanism}. For details see the broker logfile."
            );
            self.stage = Stage::Closing;
            self.session.refuse_login(&AmqpError::new(ReplyCode::AccessRefused, text));
        } else {
            self.stage = Stage::Refused { until: now.saturating_add(self.limits.refusal_delay) };
        }
    }

    pub(super) fn open(&mut self, virtual_host: &ShortStr) {
        let Stage::Opening { name, mechanism, capabilities } = &mut self.stage else { return };
        let (user, mechanism) = (std::mem::take(name), std::mem::take(mechanism));
        let capabilities = *capabilities;
        if let Err(text) = self.enter(user.clone(), mechanism, virtual_host, capabilities) {
            tracing::warn!(peer = %self.visitor.peer, %user, virtual_host = %Printable(virtual_host), reason = %Printable(&text), "refusing a virtual host");
            self.stage = Stage::Closing;
            let error = AmqpError::new(ReplyCode::NotAllowed, text);
            self.session.close(&error.blaming(&connection::Open::default().into()));
        }
    }

    /// Lets the user into a virtual host, or says in `RabbitMQ`'s words why not.
    fn enter(
        &mut self,
        user: String,
        mechanism: ShortStr,
        virtual_host: &ShortStr,
        capabilities: ClientCapabilities,
    ) -> Result<(), String> {
        let Shared { registry, hosts, presence, clock, .. } = &*self.shared;
        let ceilings = registry.may_open(&user, virtual_host)?;
        let ingress =
            hosts.ingress(virtual_host).ok_or_else(|| format!("vhost {virtual_host} not found"))?;
        let present = Present {
            id: self.connection,
            user: user.clone(),
            virtual_host: owned(virtual_host),
            peer: self.visitor.peer,
            local: self.visitor.local,
            mechanism,
            is_tls: !matches!(self.visitor.certificate, ClientCertificate::Absent),
            opened_at: clock.now(),
            client_properties: std::mem::take(&mut self.client_properties),
            channels: AtomicU32::new(0),
            negotiated: self.session.negotiated(),
            traffic: Traffic::default(),
            news: self.news.0.clone(),
        };
        let stay = presence.enter(present, ceilings).map_err(|crowded| match crowded {
            Crowded::VirtualHost { max } => format!(
                "access to vhost '{virtual_host}' refused for user '{user}': connection limit ({max}) is reached"
            ),
            Crowded::User { max } => format!(
                "connection refused for user '{user}': user connection limit ({max}) is reached"
            ),
        })?;
        // Asked only now: what changes from here on is news to this connection.
        let authority = registry.authority(&user, virtual_host);
        let credit_max = u64::from(self.limits.egress_bytes_max);
        let entrant = Entrant {
            connection: self.connection,
            user: ShortStr::truncated(&user),
            authority,
            capabilities: capabilities.engine,
        };
        let (mut link, outbound) = Link::open(&ingress, entrant, credit_max);
        let name = ShortStr::truncated(&stay.present().name());
        link.push(Input::NameConnection { connection: self.connection, name });
        tracing::debug!(peer = %self.visitor.peer, %user, virtual_host = %Printable(virtual_host), "connection open");
        self.outbound = Some(outbound);
        self.link = Some(link);
        self.stay = Some(stay);
        self.stage = Stage::Open;
        self.place.finish_handshake();
        self.session.accept_open();
        Ok(())
    }
}

/// The text in a buffer of its own.
fn owned(text: &ShortStr) -> ShortStr {
    ShortStr::new(Bytes::copy_from_slice(text.as_bytes())).unwrap_or_default()
}
