//! What a running broker is made of.

use std::{net::SocketAddr, sync::Arc};

use tokio::{sync::oneshot, task::JoinHandle};

use crate::{recovery::Recovered, shared::Shared, tls::TlsKeeper};

/// The tasks of a broker and what they share.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) shared: Arc<Shared>,
    pub(crate) tasks: Vec<JoinHandle<()>>,
    pub(crate) threads_ended: Vec<oneshot::Receiver<()>>,
    pub(crate) local_addrs: Vec<SocketAddr>,
    pub(crate) admin_addr: Option<SocketAddr>,
    pub(crate) recovered: Recovered,
    /// Where something speaks TLS.
    pub(crate) tls: Option<Arc<TlsKeeper>>,
}
