//! A checksum over the parts of a transaction.
//!
//! The journal guards each record against damage; this one guards against parts of another
//! transaction, or in another order.

/// Multiply and rotate, eight bytes at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Checksum {
    state: u64,
}

impl Checksum {
    pub(crate) const fn new() -> Self {
        Self { state: 0x243F_6A88_85A3_08D3 }
    }

    /// The same, with one part more.
    pub(crate) fn add(&mut self, part: &[u8]) {
        let (words, rest) = part.as_chunks();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        let tail = rest.iter().fold(0, |tail, byte| (tail << 8) | u64::from(*byte));
        self.mix(tail);
        self.mix(u64::try_from(part.len()).unwrap_or(u64::MAX));
    }

    pub(crate) const fn value(self) -> u64 {
        self.state
    }

    const fn mix(&mut self, word: u64) {
        let mixed = (self.state ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.state = mixed.rotate_left(29);
    }
}
