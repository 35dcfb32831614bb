//! A second connection to a broker elsewhere, for what is published.
//!
//! A broker in need reads no further from a connection that publishes: what is acknowledged on it
//! would wait, too. It is opened when somebody wants to publish.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use leveret_client::ConnectOptions;
use tokio::sync::watch;

use super::{Declaration, Dialer, Link, Supervisor};
use crate::phase::PhaseListener;

/// Where a link's messages are published.
#[derive(Debug)]
pub(crate) struct Outlet {
    link: Link,
    wanted: watch::Sender<bool>,
}

impl Outlet {
    /// An outlet beside the connection of that name, and what keeps it open once it is wanted.
    pub(crate) fn beside(
        name: &str,
        dialer: &Dialer,
        declarations: Vec<Declaration>,
        phase: PhaseListener,
    ) -> (Arc<Self>, impl Future<Output = ()> + Send + 'static) {
        let own = dialer.options.name.as_ref().map(|name| format!("{name}:publisher"));
        let options = ConnectOptions { name: own, ..dialer.options.clone() };
        let dialer = Dialer { options, ..dialer.clone() };
        let name = format!("{name} (publisher)");
        // Not counted among the handlers' connections that were lost.
        let supervisor = Supervisor::new(&name, dialer, declarations, Arc::<AtomicU64>::default());
        let (wanted, is_wanted) = watch::channel(false);
        let outlet = Arc::new(Self { link: supervisor.link(), wanted });
        (outlet, supervisor.run_once_wanted(is_wanted, phase))
    }

    /// The link, without opening it.
    pub(crate) const fn link(&self) -> &Link {
        &self.link
    }

    /// Opens the connection, if nobody did before.
    pub(crate) fn want(&self) {
        self.wanted.send_if_modified(|wanted| !std::mem::replace(wanted, true));
    }

    /// What opens it when it is told so.
    pub(crate) fn wish(&self) -> watch::Sender<bool> {
        self.wanted.clone()
    }

    /// Returns once somebody wants it.
    pub(crate) async fn wanted(&self) {
        // The sender is here.
        self.wanted.subscribe().wait_for(|wanted| *wanted).await.ok();
    }
}
