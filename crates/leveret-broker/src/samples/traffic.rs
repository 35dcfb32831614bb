//! The bytes of connections, at two looks.

use std::collections::HashMap;

use leveret_engine::ConnectionId;

use super::Change;

/// Bytes over a connection since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Octets {
    pub(crate) received: u64,
    pub(crate) sent: u64,
}

/// The last two looks at the connections that are open.
#[derive(Debug, Default)]
pub(crate) struct TrafficSamples {
    of_connections: HashMap<ConnectionId, Change<Octets>>,
}

impl TrafficSamples {
    pub(crate) fn of(&self, connection: ConnectionId) -> Change<Octets> {
        self.of_connections.get(&connection).copied().unwrap_or_default()
    }

    pub(super) fn followed_by(
        &self,
        look: impl Iterator<Item = (ConnectionId, Octets)>,
        is_first: bool,
    ) -> Self {
        let next = look
            .map(|(id, octets)| (id, Change::next(self.of_connections.get(&id), octets, is_first)));
        Self { of_connections: next.collect() }
    }
}
