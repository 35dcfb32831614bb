//! Chance for tests that kill: how often, and when.

use std::{
    env,
    hash::{BuildHasher, RandomState},
    time::Duration,
};

/// How many kills a test makes: `LEVERET_KILLS`, or a few.
pub(crate) fn kills(few: u32) -> u32 {
    env::var("LEVERET_KILLS").map_or(few, |kills| kills.parse().unwrap())
}

/// Numbers nobody foresees; a kill hits another place each time, even with the same numbers.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new() -> Self {
        Self(RandomState::new().hash_one(0))
    }

    /// A moment before this one.
    pub(crate) fn moment(&mut self, end: Duration) -> Duration {
        let nanos = u64::try_from(end.as_nanos()).unwrap().max(1);
        Duration::from_nanos(self.number() % nanos)
    }

    /// `SplitMix64`.
    fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
