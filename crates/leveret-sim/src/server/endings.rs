//! Channels whose end is under way between the session and the engine.
//!
//! As in the broker's shell: what the engine says of a number is dropped until it has answered
//! the end of the channel that had the number before.

use std::collections::{BTreeMap, VecDeque};

use leveret_protocol::ChannelNumber;

/// Who wants to know of an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// The client, who waits for close-ok.
    Client,
    /// Nobody: the session has closed the channel.
    Session,
}

#[derive(Debug, Default)]
pub(super) struct Endings {
    under_way: BTreeMap<ChannelNumber, VecDeque<Ending>>,
}

impl Endings {
    pub(super) fn begin(&mut self, channel: ChannelNumber, ending: Ending) {
        self.under_way.entry(channel).or_default().push_back(ending);
    }

    /// The engine has answered the oldest.
    pub(super) fn finish(&mut self, channel: ChannelNumber) -> Option<Ending> {
        let endings = self.under_way.get_mut(&channel)?;
        let first = endings.pop_front();
        if endings.is_empty() {
            self.under_way.remove(&channel);
        }
        first
    }

    pub(super) fn is_under_way(&self, channel: ChannelNumber) -> bool {
        self.under_way.contains_key(&channel)
    }

    /// Whether what the engine says of this channel is meant for one that is gone.
    pub(super) fn is_stale(&self, channel: ChannelNumber) -> bool {
        let first = self.under_way.get(&channel).and_then(VecDeque::front);
        first == Some(&Ending::Session)
    }
}
