//! What one way into the broker offers, and what it tells of who comes through it.

use std::{net::SocketAddr, sync::Arc};

use crate::{
    mechanism::Mechanism,
    tls::{ClientCertificate, TlsKeeper},
    users::Peer,
};

/// A listener's offer.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    pub(crate) mechanisms: Arc<[Mechanism]>,
    /// Without it, the door speaks plain AMQP.
    pub(crate) tls: Option<Arc<TlsKeeper>>,
}

/// Who came, as far as the door can tell.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    pub(crate) peer: Peer,
    /// The address that was come to, if it was over a socket.
    pub(crate) local: Option<SocketAddr>,
    pub(crate) mechanisms: Arc<[Mechanism]>,
    pub(crate) certificate: ClientCertificate,
}

impl Door {
    /// The door for connections from within the process.
    pub(crate) fn in_process() -> Self {
        Self { mechanisms: Arc::new(Mechanism::PASSWORDS), tls: None }
    }

    /// Somebody who comes through; TLS may tell more of them later.
    pub(crate) fn visitor(&self, peer: Peer, local: Option<SocketAddr>) -> Visitor {
        let mechanisms = Arc::clone(&self.mechanisms);
        Visitor { peer, local, mechanisms, certificate: ClientCertificate::Absent }
    }
}
