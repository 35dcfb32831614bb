//! What the records of an earlier life say, folded together.

mod error;

pub use self::error::ReplayError;
