//! SipHash-2-4 of one number: unguessable for who does not know the key.

#[derive(Debug, Clone, Copy)]
pub(crate) struct SipHash {
    key: [u64; 2],
}

impl SipHash {
    /// Keyed by a seed; as secret as that.
    pub(crate) fn of_seed(seed: u64) -> Self {
        let seeded = Self { key: [seed, seed.rotate_left(32)] };
        Self { key: [seeded.hash(0), seeded.hash(1)] }
    }

    pub(crate) fn hash(self, number: u64) -> u64 {
        let [zero, one] = self.key;
        let mut state = [
            zero ^ 0x736f_6d65_7073_6575,
            one ^ 0x646f_7261_6e64_6f6d,
            zero ^ 0x6c79_6765_6e65_7261,
            one ^ 0x7465_6462_7974_6573,
        ];
        // The number is one block; the last holds only the length of all.
        for block in [number, 8 << 56] {
            state[3] ^= block;
            rounds(&mut state, 2);
            state[0] ^= block;
        }
        state[2] ^= 0xff;
        rounds(&mut state, 4);
        state[0] ^ state[1] ^ state[2] ^ state[3]
    }
}

fn rounds(state: &mut [u64; 4], count: usize) {
    let [mut v0, mut v1, mut v2, mut v3] = *state;
    for _ in 0..count {
        v0 = v0.wrapping_add(v1);
        v1 = v1.rotate_left(13) ^ v0;
        v0 = v0.rotate_left(32);
        v2 = v2.wrapping_add(v3);
        v3 = v3.rotate_left(16) ^ v2;
        v0 = v0.wrapping_add(v3);
        v3 = v3.rotate_left(21) ^ v0;
        v2 = v2.wrapping_add(v1);
        v1 = v1.rotate_left(17) ^ v2;
        v2 = v2.rotate_left(32);
    }
    *state = [v0, v1, v2, v3];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_hashes_as_the_authors_of_siphash_say() {
        // Their test vector for the key 00 01 .. 0f and the message 00 01 .. 07.
        let key = [0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908];
        assert_eq!(SipHash { key }.hash(0x0706_0504_0302_0100), 0x93f5_f579_9a93_2462);
    }
}
