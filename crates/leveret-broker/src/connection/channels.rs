//! Channels whose end is under way between the session and the engine.
//!
//! Both may end a channel at the same time, and a client may open its number again before the
//! engine has heard of the end. So that nothing of the old channel reaches the new one, what the
//! engine says of a number is dropped until it has answered the end. It answers each, even of a
//! channel that it does not know any more.

use std::collections::BTreeMap;

use leveret_protocol::ChannelNumber;

/// The ends under way, by channel.
#[derive(Debug, Default)]
pub(super) struct Endings {
    under_way: BTreeMap<ChannelNumber, Vec<Ending>>,
}

/// Who wants to know of an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// The peer, who closes the channel and waits for close-ok.
    Peer,
    /// Nobody: the session has closed the channel, and told the peer why.
    Session,
}

impl Endings {
    /// The engine is told that a channel ends.
    pub(super) fn begin(&mut self, channel: ChannelNumber, ending: Ending) {
        self.under_way.entry(channel).or_default().push(ending);
    }

    /// The engine has answered the oldest.
    pub(super) fn finish(&mut self, channel: ChannelNumber) -> Option<Ending> {
        let endings = self.under_way.get_mut(&channel)?;
        let first = (!endings.is_empty()).then(|| endings.remove(0));
        if endings.is_empty() {
            self.under_way.remove(&channel);
        }
        first
    }

    /// Whether an end of this channel is not answered yet.
    pub(super) fn is_under_way(&self, channel: ChannelNumber) -> bool {
        self.under_way.contains_key(&channel)
    }

    /// Whether what the engine says of this channel is meant for one that is gone.
    pub(super) fn is_stale(&self, channel: ChannelNumber) -> bool {
        let first = self.under_way.get(&channel).and_then(|endings| endings.first());
        first == Some(&Ending::Session)
    }
}
