//! What goes wrong in a world.

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    /// The broker's process is killed; what it wrote stays.
    Kill,
    /// The machine loses its power; what was synced stays.
    PowerLoss,
    /// The power goes during one of the next calls of the disk.
    PowerCut,
    /// The disk answers one of the next calls with an error.
    DiskError,
    /// One of the next writes finds no space.
    DiskFull,
    /// A connection is reset.
    Reset,
    /// A client ends its side of the stream without a word.
    HalfClose,
    /// Nothing passes on a connection for a while.
    Partition,
    /// Nothing passes on a connection any more, and nobody is told.
    Vanish,
    /// A client stops reading for a while.
    Stall,
    /// The broker's process stands still for a while.
    Pause,
    /// The broker is stopped in peace and started again.
    Stop,
    /// The clock is set to another time when the broker starts again.
    Clock,
    /// A connection's permissions are taken away.
    Forbid,
    /// The policies of a virtual host are replaced.
    Policy,
}

impl FaultKind {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Kill,
        Self::PowerLoss,
        Self::PowerCut,
        Self::DiskError,
        Self::DiskFull,
        Self::Reset,
        Self::HalfClose,
        Self::Partition,
        Self::Vanish,
        Self::Stall,
        Self::Pause,
        Self::Stop,
        Self::Clock,
        Self::Forbid,
        Self::Policy,
    ];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::PowerLoss => "power-loss",
            Self::PowerCut => "power-cut",
            Self::DiskError => "disk-error",
            Self::DiskFull => "disk-full",
            Self::Reset => "reset",
            Self::HalfClose => "half-close",
            Self::Partition => "partition",
            Self::Vanish => "vanish",
            Self::Stall => "stall",
            Self::Pause => "pause",
            Self::Stop => "stop",
            Self::Clock => "clock",
            Self::Forbid => "forbid",
            Self::Policy => "policy",
        }
    }

    /// The kind of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}
