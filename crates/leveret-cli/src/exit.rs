//! The exit codes of the command, those of `sysexits.h` where one fits.

use std::process::ExitCode;

/// Why the command ended, as the shell sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All went well.
    Success,
    /// What was asked for failed where it was done.
    Failed,
    /// There is something to change, which a plan was asked for.
    Changes,
    /// Part of it was done, and is told; the same again does the rest.
    Partial,
    /// The command line made no sense (`EX_USAGE`).
    Usage,
    /// Stored data cannot be read: damaged, or of a newer version (`EX_DATAERR`).
    Data,
    /// The configuration file is not there (`EX_NOINPUT`).
    NoInput,
    /// The broker cannot be reached, or refuses (`EX_UNAVAILABLE`).
    Unavailable,
    /// A failure of the program itself (`EX_SOFTWARE`).
    Internal,
    /// The data directory cannot be made or taken: in use, full, no directory (`EX_CANTCREAT`).
    CannotCreate,
    /// Reading or writing the disk failed (`EX_IOERR`).
    Disk,
    /// Try again later: an address is in use (`EX_TEMPFAIL`).
    Temporary,
    /// No permission for a file or an address (`EX_NOPERM`).
    Permission,
    /// The configuration is wrong (`EX_CONFIG`).
    Config,
    /// A second signal came before the clean stop was done.
    Forced,
}

impl Exit {
    fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failed => 1,
            Self::Changes => 2,
            Self::Partial => 3,
            Self::Usage => 64,
            Self::Data => 65,
            Self::NoInput => 66,
            Self::Unavailable => 69,
            Self::Internal => 70,
            Self::CannotCreate => 73,
            Self::Disk => 74,
            Self::Temporary => 75,
            Self::Permission => 77,
            Self::Config => 78,
            Self::Forced => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
