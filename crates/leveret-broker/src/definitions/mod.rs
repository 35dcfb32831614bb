//! Definitions: users, virtual hosts and what is in them as one JSON file.
//!
//! Its shape is that of `RabbitMQ`'s. Keeps true: a file with anything wrong in it changes nothing. What is to be declared is tried on
//! an engine of its own first, by the rules of the real one.

mod document;
mod error;
mod export;
mod import;
mod item;
mod rehearsal;
mod thing;
mod views;

pub use self::error::DefinitionsError;
pub(crate) use self::{
    document::Definitions,
    export::export,
    import::{Imported, import},
};
