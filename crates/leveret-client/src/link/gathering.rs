//! When the writer lets others push before it writes again.
//!
//! Those who are about to push then share one write. Between a request and its reply nobody is,
//! and stepping back only costs a turn of the runtime.

/// Where it brought nothing, it is tried again after so many writes.
const WRITES_BETWEEN_TRIES: u8 = 8;

/// Whether stepping back has paid of late.
#[derive(Debug, Default)]
pub(crate) struct Gathering {
    /// Writes until it is tried again.
    pause: u8,
}

impl Gathering {
    /// Whether to step back before this write.
    pub(super) const fn is_due(&mut self) -> bool {
        self.pause = self.pause.saturating_sub(1);
        self.pause == 0
    }

    /// Stepping back found something to write, or nothing.
    pub(super) const fn note(&mut self, has_paid: bool) {
        self.pause = if has_paid { 0 } else { WRITES_BETWEEN_TRIES };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_brings_nothing_is_tried_at_every_eighth_write() {
        let mut gathering = Gathering::default();
        assert!(gathering.is_due());
        gathering.note(false);
        let tries: Vec<bool> = (0..8).map(|_| gathering.is_due()).collect();
        assert_eq!(tries, [false, false, false, false, false, false, false, true]);
        gathering.note(true);
        assert!(gathering.is_due() && gathering.is_due(), "as long as it pays, every time");
    }
}
