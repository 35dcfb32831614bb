//! Salts and seeds: what ties a checksum to the place where it was written.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use super::{Epoch, Position, SegmentNumber};

/// Where a piece of the log stands; part of each of its checksums.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seed {
    pub(crate) salt: u64,
    pub(crate) position: Position,
}

impl Seed {
    /// The CRC-32C of the seed followed by the bytes.
    pub(crate) fn checksum(self, bytes: &[u8]) -> u32 {
        let start = crc32c::crc32c(&self.salt.to_le_bytes());
        let start = crc32c::crc32c_append(start, &self.position.0.to_le_bytes());
        crc32c::crc32c_append(start, bytes)
    }
}

/// Draws the salts of one open.
#[derive(Debug)]
pub(crate) struct Salts {
    source: Option<u64>,
}

impl Salts {
    pub(crate) fn new(seed: Option<u64>) -> Self {
        Self { source: seed }
    }

    /// The identity of a journal that begins now.
    pub(crate) fn identity(&self) -> u64 {
        self.draw([u64::MAX, 0])
    }

    /// The salt of a segment. A number may be tried again after a crash, but never in the same epoch.
    pub(crate) fn salt(&self, number: SegmentNumber, epoch: Epoch) -> u64 {
        self.draw([number.0, u64::from(epoch.0)])
    }

    fn draw(&self, what: [u64; 2]) -> u64 {
        // The standard hasher is keyed by the system's randomness: all that a salt needs.
        let Some(seed) = self.source else { return RandomState::new().build_hasher().finish() };
        what.into_iter().fold(mix(seed), |salt, part| mix(salt ^ part))
    }
}

/// The finaliser of splitmix64: neighbouring numbers become unrelated ones.
pub(crate) fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}
