//! How a peer is let in, or not: login and virtual host.

use bytes::Bytes;
use leveret_protocol::{AmqpError, FieldTable, ReplyCode, ShortStr, connection};

use super::{Conversation, Stage};
use crate::{
    connection::{
        credentials::Credentials, hello::ClientCapabilities, link::Link, printable::Printable,
    },
    door::Visitor,
    mechanism::Mechanism,
    tls::ClientCertificate,
    users::{LoginError, User},
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
        match self.identify(mechanism, response) {
            Ok(user) => self.admit(user, capabilities),
            Err(reason) => self.refuse(mechanism, reason, capabilities),
        }
    }

    fn identify(&self, mechanism: &ShortStr, response: &Bytes) -> Result<User, LoginError> {
        let Visitor { peer, mechanisms, certificate } = &self.visitor;
        let mut offered = mechanisms.iter().copied();
        let mechanism =
            offered.find(|offered| *mechanism == offered.name()).ok_or(LoginError::Mechanism)?;
        let users = &self.shared.users;
        if mechanism == Mechanism::External {
            return match certificate {
                ClientCertificate::Absent => Err(LoginError::NoCertificate),
                ClientCertificate::Verified { user: None } => Err(LoginError::NamelessCertificate),
                ClientCertificate::Verified { user: Some(name) } => {
                    users.known(name, *peer).cloned()
                }
            };
        }
        let Credentials { name, password } = Credentials::read(mechanism, response)?;
        users.authenticate(&name, &password, *peer).cloned()
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
        let Stage::Opening { user, capabilities } = &self.stage else { return };
        let refusal = match self.shared.hosts.get(virtual_host) {
            None => format!("vhost {virtual_host} not found"),
            Some(_) if !user.may_open(virtual_host) => {
                format!("access to vhost '{virtual_host}' refused for user '{}'", user.name)
            }
            Some(ingress) => {
                let name = ShortStr::truncated(&user.name);
                let credit_max = u64::from(self.limits.egress_bytes_max);
                let (link, outbound) =
                    Link::open(ingress, self.connection, name, capabilities.engine, credit_max);
                tracing::debug!(peer = %self.visitor.peer, user = user.name, virtual_host = %Printable(virtual_host), "connection open");
                self.outbound = Some(outbound);
                self.link = Some(link);
                self.stage = Stage::Open;
                self.place.finish_handshake();
                return self.session.accept_open();
            }
        };
        tracing::warn!(peer = %self.visitor.peer, user = user.name, virtual_host = %Printable(virtual_host), "refusing a virtual host");
        self.stage = Stage::Closing;
        let error = AmqpError::new(ReplyCode::NotAllowed, refusal);
        self.session.close(&error.blaming(&connection::Open::default().into()));
    }
}
