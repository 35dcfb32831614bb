//! The line that an error is about, and the word that was meant.
//!
//! Three kinds of files are read here: of the broker, of handlers, of topology. Their errors look alike:
//!
//! ```text
//! leveret.toml:3:1: unknown key `lissten`
//!   |
//! 3 | lissten = ["127.0.0.1:5672"]
//!   | ^^^^^^^
//!   = did you mean `listen`?
//! ```

mod excerpt;
mod slip;

pub use excerpt::{Excerpt, Shown};
pub use slip::nearest;
