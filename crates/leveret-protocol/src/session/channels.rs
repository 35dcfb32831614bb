//! The channels of one connection, and what may happen on each.

use alloc::{boxed::Box, vec::Vec};

use crate::{
    channel_number::ChannelNumber,
    session::{content::Assembly, event::SendError, fault::Fault},
};

/// The class and method of channel.open.
const CHANNEL_OPEN: (u16, u16) = (20, 10);

/// All channels, by number.
#[derive(Debug, Default)]
pub(super) struct Channels {
    /// At most `channel_max` places, each two words long.
    places: Vec<Place>,
    in_use: u16,
}

/// What is known of one number.
#[derive(Debug, Default)]
enum Place {
    /// Never opened.
    #[default]
    Fresh,
    /// Opened once, and closed by both sides.
    Closed,
    /// In use.
    Used(Box<Channel>),
}

/// One channel in use.
#[derive(Debug, Default)]
pub(super) struct Channel {
    pub(super) state: ChannelState,
    pub(super) assembly: Assembly,
}

/// Where a channel stands between open and close-ok.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum ChannelState {
    /// We asked to open it.
    Opening,
    /// The peer asked to open it, and was not told yet that it may.
    PeerOpening,
    /// Both sides may send.
    #[default]
    Open,
    /// We asked to close it: what comes is discarded.
    Closing,
    /// The peer asked to close it: we may still send.
    PeerClosing,
}

impl Channels {
    fn place(&self, channel: ChannelNumber) -> &Place {
        self.places.get(usize::from(channel.as_u16())).unwrap_or(&Place::Fresh)
    }

    /// The channel, if it is in use.
    pub(super) fn used(&mut self, channel: ChannelNumber) -> Option<&mut Channel> {
        match self.places.get_mut(usize::from(channel.as_u16()))? {
            Place::Used(channel) => Some(channel),
            Place::Fresh | Place::Closed => None,
        }
    }

    /// Whether the number was in use before and is free now.
    pub(super) fn was_closed(&self, channel: ChannelNumber) -> bool {
        matches!(self.place(channel), Place::Closed)
    }

    /// Whether this side may send on it.
    pub(super) fn check_sendable(&self, channel: ChannelNumber) -> Result<(), SendError> {
        let error = SendError::ChannelNotOpen { channel };
        let Place::Used(used) = self.place(channel) else { return Err(error) };
        match used.state {
            ChannelState::Opening | ChannelState::Open | ChannelState::PeerClosing => Ok(()),
            ChannelState::PeerOpening | ChannelState::Closing => Err(error),
        }
    }

    /// The peer opens a channel.
    pub(super) fn open_by_peer(
        &mut self,
        channel: ChannelNumber,
        max: u16,
        state: ChannelState,
    ) -> Result<(), Fault> {
        if matches!(self.place(channel), Place::Used(_)) {
            return Err(Fault::channel_open_twice());
        }
        if self.in_use >= max {
            return Err(Fault::too_many_channels(max));
        }
        if channel.as_u16() > max {
            return Err(Fault::channel_above_max(channel, max).blaming(CHANNEL_OPEN));
        }
        self.insert(channel, state);
        Ok(())
    }

    /// This side opens a channel.
    pub(super) fn open_own(&mut self, channel: ChannelNumber, max: u16) -> Result<(), SendError> {
        if channel == ChannelNumber::CONNECTION || channel.as_u16() > max {
            return Err(SendError::ChannelOutOfRange { channel, max });
        }
        if matches!(self.place(channel), Place::Used(_)) {
            return Err(SendError::ChannelInUse { channel });
        }
        self.insert(channel, ChannelState::Opening);
        Ok(())
    }

    /// Frees the number.
    pub(super) fn remove(&mut self, channel: ChannelNumber) {
        if let Some(place @ Place::Used(_)) = self.places.get_mut(usize::from(channel.as_u16())) {
            *place = Place::Closed;
            self.in_use -= 1;
        }
    }

    fn insert(&mut self, channel: ChannelNumber, state: ChannelState) {
        let index = usize::from(channel.as_u16());
        if self.places.len() <= index {
            self.places.resize_with(index + 1, Place::default);
        }
        if let Some(place) = self.places.get_mut(index) {
            *place = Place::Used(Box::new(Channel { state, assembly: Assembly::default() }));
            self.in_use += 1;
        }
    }
}
