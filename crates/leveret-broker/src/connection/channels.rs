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

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: ChannelNumber = ChannelNumber::new(1);

    #[test]
    fn what_is_said_of_a_failed_channel_does_not_reach_the_next_of_its_number() {
        let mut endings = Endings::default();
        endings.begin(ONE, Ending::Session);
        assert!(endings.is_stale(ONE));
        assert!(!endings.is_stale(ChannelNumber::new(2)));
        // The peer has opened the number anew, and closes it, before the engine has said a word.
        endings.begin(ONE, Ending::Peer);
        assert!(endings.is_stale(ONE));
        assert_eq!(endings.finish(ONE), Some(Ending::Session));
        assert!(!endings.is_stale(ONE), "what comes now is the new channel's");
        assert_eq!(endings.finish(ONE), Some(Ending::Peer));
        assert!(!endings.is_under_way(ONE));
        assert_eq!(endings.finish(ONE), None);
    }
}
