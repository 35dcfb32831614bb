//! Declarations that hold together: what definitions have for this host.

use alloc::vec::Vec;

use leveret_protocol::{Method, tx};

use super::Turn;
use crate::{
    channel::{Channel, ChannelKey},
    identity::OpeningId,
};

impl Turn<'_> {
    pub(super) fn together(&mut self, at: ChannelKey, methods: Vec<Method>) {
        self.takes_over = true;
        self.draft.begin_transaction();
        for method in methods {
            self.open_again(at);
            self.method(at, method);
            self.part_ways();
        }
        self.open_again(at);
        self.send_when_written(at, Method::TxCommitOk(tx::CommitOk));
    }

    fn open_again(&mut self, at: ChannelKey) {
        let opening = OpeningId(self.host.serials.next());
        if let Some(connection) = self.host.connections.get_mut(&at.connection) {
            connection.channels.entry(at.channel).or_insert_with(|| Channel::new(opening));
        }
    }
}
