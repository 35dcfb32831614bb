//! Correlation ids that only their maker can make.
//!
//! A server that answers one call knows where replies to all others go; so that it cannot
//! answer them, an id is a number and a keyed hash of it. The key never leaves this process.

use std::{
    hash::{BuildHasher as _, RandomState},
    sync::atomic::{AtomicU64, Ordering},
};

use leveret_protocol::ShortStr;

/// Which call, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct CallNumber(u64);

/// Makes ids, and knows its own again.
#[derive(Debug, Default)]
pub(super) struct CallIds {
    key: RandomState,
    next: AtomicU64,
}

impl CallIds {
    pub(super) fn next(&self) -> CallNumber {
        CallNumber(self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// The id of a call: 32 hexadecimal digits.
    pub(super) fn id(&self, number: CallNumber) -> ShortStr {
        ShortStr::truncated(&format!("{:016x}{:016x}", number.0, self.key.hash_one(number.0)))
    }

    /// The call of an id, if it was made here.
    pub(super) fn number(&self, id: &ShortStr) -> Option<CallNumber> {
        let (number, _) = id.to_str().ok()?.split_at_checked(16)?;
        let number = CallNumber(u64::from_str_radix(number, 16).ok()?);
        (self.id(number) == *id).then_some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_known_to_their_maker_alone() {
        let (ids, others) = (CallIds::default(), CallIds::default());
        let (first, second) = (ids.next(), ids.next());
        assert_ne!(first, second);
        assert_eq!(ids.number(&ids.id(second)), Some(second));
        assert_eq!(others.number(&ids.id(second)), None);
        assert_ne!(others.id(first), ids.id(first));
        for odd in ["", "7", "+000000000000000", "00000000000000000000000000000000", "ööööööööö"]
        {
            assert_eq!(ids.number(&ShortStr::truncated(odd)), None, "{odd}");
        }
    }
}
