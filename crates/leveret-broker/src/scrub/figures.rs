//! How far the scrub is, and what it found.

/// What the scrub has read since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scrubbed {
    /// Whether it reads now.
    pub state: ScrubState,
    /// Segments of the log and pages that it has read.
    pub files: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// How many of them are damaged; the log of the broker names each.
    pub damaged: u64,
}

/// Whether the scrub reads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScrubState {
    /// There is nothing on the disk, or the rate is 0.
    #[default]
    Off,
    /// It reads.
    Running,
    /// It has read all that was there when the broker started.
    Done,
}

impl ScrubState {
    /// One word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Running => "running",
            Self::Done => "done",
        }
    }
}
