//! One table of cases, held against Leveret's broker and against `RabbitMQ`.
//!
//! The cases lie in `cases/`, a file for each concept. [`play`] runs one over a real socket, with
//! methods written and read as bytes, and gives back what was said. What `RabbitMQ` says is
//! recorded in `recorded/`; `tests/table.rs` holds our broker against it. Differences on purpose
//! stand with their reasons in `deviations.txt`.

mod admin;
mod case;
mod layout;
mod literal;
mod method;
mod peer;
mod play;
mod property;
mod target;
mod transcript;
mod verdict;
mod wire;

pub use case::{Case, read_cases};
pub use play::play;
pub use target::Target;
pub use transcript::{Recording, Transcript, read_recording, write_recording};
pub use verdict::Reasons;
