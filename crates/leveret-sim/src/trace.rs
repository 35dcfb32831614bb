//! What happened, line by line: hashed always, kept to be read.

use std::fmt::{self, Write};

use crate::moment::Moment;

/// Kept lines beyond this are dropped from the front.
const LINES_MAX: usize = 2_000_000;

/// The trace of one run.
#[derive(Debug, Clone)]
pub(crate) struct Trace {
    hash: Fnv,
    lines: u64,
    kept: Option<std::collections::VecDeque<String>>,
}

/// Fowler, Noll and Vo's hash, 1a with 64 bits, over words: enough to tell two runs apart.
#[derive(Debug, Clone, Copy)]
struct Fnv(u64);

impl Trace {
    pub(crate) fn new(keep: bool) -> Self {
        Self { hash: Fnv(0xcbf2_9ce4_8422_2325), lines: 0, kept: keep.then(Default::default) }
    }

    pub(crate) fn note(&mut self, now: Moment, text: fmt::Arguments<'_>) {
        self.lines += 1;
        self.hash.add(now.0);
        // The hash takes everything.
        self.hash.write_fmt(text).ok();
        if let Some(kept) = &mut self.kept {
            if kept.len() == LINES_MAX {
                kept.pop_front();
            }
            kept.push_back(format!("{now} {text}"));
        }
    }

    /// For readers only: not part of the hash.
    pub(crate) fn tell(&mut self, now: Moment, text: impl FnOnce() -> String) {
        if let Some(kept) = &mut self.kept {
            kept.push_back(format!("{now}     {}", text()));
        }
    }

    pub(crate) const fn hash(&self) -> u64 {
        self.hash.0
    }

    pub(crate) fn into_lines(self) -> Vec<String> {
        self.kept.unwrap_or_default().into()
    }
}

impl Fnv {
    fn add(&mut self, word: u64) {
        self.0 = (self.0 ^ word).wrapping_mul(0x0000_0100_0000_01b3);
        self.0 ^= self.0 >> 29;
    }
}

impl Write for Fnv {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let (words, rest) = text.as_bytes().as_chunks::<8>();
        for word in words {
            self.add(u64::from_le_bytes(*word));
        }
        for byte in rest {
            self.add(u64::from(*byte));
        }
        Ok(())
    }
}
