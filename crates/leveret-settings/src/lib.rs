//! How settings are read: times, the line of an error, the word that was meant.
//!
//! There are three kinds of files, of the broker, of handlers and of topology, and flags and variables beside them. They
//! take the same words, and their errors look alike:
//!
//! ```text
//! leveret.toml:3:1: unknown key `lissten`
//!   |
//! 3 | lissten = ["127.0.0.1:5672"]
//!   | ^^^^^^^
//!   = did you mean `listen`?
//! ```

mod duration;
mod excerpt;
mod slip;

pub use duration::parse_duration;
pub use excerpt::{Excerpt, Shown};
pub use slip::nearest;
