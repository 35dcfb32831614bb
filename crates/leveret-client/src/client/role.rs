//! What a client's connection is for.

use std::fmt;

/// What one of a client's connections is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Publishing.
    Publishing,
    /// Consuming, declaring and transactions.
    Consuming,
    /// Everything, as the client has only one.
    Everything,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Publishing => "publishing",
            Self::Consuming => "consuming",
            Self::Everything => "shared",
        })
    }
}
