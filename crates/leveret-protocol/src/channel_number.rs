//! The number of a channel.

use core::fmt;

/// A channel's number; 0 is the connection itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ChannelNumber(u16);

impl ChannelNumber {
    /// Channel 0, on which the connection is spoken of.
    pub const CONNECTION: Self = Self(0);

    /// The channel of that number.
    pub const fn new(number: u16) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn as_u16(self) -> u16 {
        self.0
    }
}

impl From<u16> for ChannelNumber {
    fn from(number: u16) -> Self {
        Self(number)
    }
}

impl fmt::Display for ChannelNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
