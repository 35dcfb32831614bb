//! What a handler's mode means on its broker, and which mode is chosen for it.
//!
//! A broker says itself whether a transaction is whole or nothing; it is never guessed from an
//! address or a version.

use crate::handler::{Handler, Mode};
use crate::later::Timer;
use crate::link::Link;

/// What a broker says whose transactions are whole or nothing, whatever happens to it.
const ATOMIC_TRANSACTIONS: &str = "leveret.atomic_transactions";

/// How a handler's outputs and acknowledgement belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Guarantee {
    pub(super) mode: Mode,
    is_atomic: bool,
    /// What holds messages back; nothing is held back without a connection.
    pub(super) timer: Timer,
}

impl Guarantee {
    /// The handler's own mode, or a transaction where that is atomic.
    pub(super) fn of(handler: &Handler, link: Option<&Link>) -> Self {
        let generation = link.and_then(Link::current);
        let timer = generation
            .as_ref()
            .map_or(Timer::Native, |generation| Timer::of(&generation.connection));
        let is_atomic = generation
            .is_some_and(|generation| generation.connection.has_capability(ATOMIC_TRANSACTIONS));
        let default = if is_atomic { Mode::Transaction } else { Mode::Confirmed };
        Self { mode: handler.mode.unwrap_or(default), is_atomic, timer }
    }

    /// On the broker within the program.
    pub(super) fn within(handler: &Handler) -> Self {
        let mode = handler.mode.unwrap_or(Mode::Transaction);
        Self { mode, is_atomic: true, timer: Timer::Native }
    }

    /// Whether a killed broker may keep a part of a transaction.
    pub(super) fn tears_transactions(self) -> bool {
        self.mode == Mode::Transaction && !self.is_atomic
    }

    /// Whether outputs and acknowledgement are there both or not at all.
    pub(super) fn is_one_unit(self) -> bool {
        self.mode == Mode::Transaction && self.is_atomic
    }

    /// The same in words, for the log.
    pub(super) const fn describe(self) -> &'static str {
        match (self.mode, self.is_atomic) {
            (Mode::Transaction, true) => "outputs and acknowledgement are one atomic transaction",
            (Mode::Transaction, false) => {
                "outputs and acknowledgement are one transaction, which this broker may keep in part if it is killed"
            }
            (Mode::Confirmed, _) => {
                "outputs are confirmed before the acknowledgement; a crash between repeats them under the same ids"
            }
        }
    }
}

#[cfg(all(test, feature = "embedded"))]
mod tests {
    use std::sync::Arc;

    use leveret_broker::Broker;
    use leveret_client::{ConnectOptions, Connection};

    use super::{Guarantee, Timer};
    use crate::handler::{Handler, Mode};
    use crate::link::{Dialer, Supervisor, Way};

    fn chosen(connection: Connection, handler: Handler) -> Guarantee {
        let dialer = Dialer {
            options: ConnectOptions::default(),
            way: Way::Socket,
            #[cfg(feature = "test-kit")]
            relay: None,
        };
        let supervisor = Supervisor::new("main", dialer, Vec::new(), Arc::default());
        supervisor.show_first(connection);
        Guarantee::of(&handler, Some(&supervisor.link()))
    }

    fn handler() -> Handler {
        Handler::new("jobs", || async {})
    }

    #[tokio::test]
    async fn a_broker_elsewhere_with_atomic_transactions_gets_transactions() {
        let broker = Broker::builder().in_memory();
        let broker = broker.listen("127.0.0.1:0".parse().unwrap()).start().await.unwrap();
        let url = format!("amqp://guest:guest@{}/%2f", broker.local_addrs()[0]);
        let connection = Connection::open(&url).await.unwrap();
        let guarantee = chosen(connection.clone(), handler());
        assert!(guarantee.is_one_unit());
        assert_eq!(guarantee.timer, Timer::Native);
        assert_eq!(chosen(connection.clone(), handler().confirmed()).mode, Mode::Confirmed);
        connection.close().await;
        broker.shutdown().await;
    }
}
