//! The engine's chance, all of it from one seed.

use alloc::vec::Vec;

use leveret_protocol::ShortStr;

use crate::siphash::SipHash;

/// Random bits behind a server-made name.
const NAME_BYTES: usize = 16;

const BASE64URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A sequence of numbers that the seed decides (splitmix64).
#[derive(Debug)]
pub(crate) struct Chance {
    state: u64,
    secret: SipHash,
    secrets: u64,
}

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed, secret: SipHash::of_seed(seed), secrets: 0 }
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A name that nobody else has: the prefix and 22 characters of base64url.
    pub(crate) fn name(&mut self, prefix: &str) -> ShortStr {
        let bits = (u128::from(self.next()) << 64) | u128::from(self.next());
        Self::spell(prefix, bits)
    }

    /// A name that nobody can guess, though he knows all other names: a keyed hash's.
    pub(crate) fn secret_name(&mut self, prefix: &str) -> ShortStr {
        self.secrets += 1;
        let half = |number| self.secret.hash(number);
        let bits =
            (u128::from(half(self.secrets * 2)) << 64) | u128::from(half(self.secrets * 2 + 1));
        Self::spell(prefix, bits)
    }

    fn spell(prefix: &str, mut bits: u128) -> ShortStr {
        let mut name = Vec::with_capacity(prefix.len() + 22);
        name.extend_from_slice(prefix.as_bytes());
        for _ in 0..(NAME_BYTES * 8).div_ceil(6) {
            // The six highest bits; 128 is no multiple of six, and the last digit ends in zeros.
            let digit = usize::try_from(bits >> 122).unwrap_or_default();
            name.extend(BASE64URL.get(digit));
            bits <<= 6;
        }
        ShortStr::new(name).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_22_characters_that_the_seed_decides() {
        let name = Chance::new(7).name("amq.gen-");
        assert_eq!(name.len(), 8 + 22);
        assert_eq!(name, Chance::new(7).name("amq.gen-"));
        assert_ne!(name, Chance::new(8).name("amq.gen-"));
    }
}
