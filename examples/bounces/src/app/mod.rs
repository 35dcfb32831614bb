//! The application: mails in, results out, nothing lost, nothing twice.
//!
//! Wires the bridge, the handlers and the files together; what a mail is, the library says.

mod account;
mod handlers;
mod input;
mod layout;
mod names;
mod outcome;
mod progress;
mod record;
mod run;
mod samples;
mod summary;

pub(crate) use input::Input;
pub(crate) use layout::Layout;
pub(crate) use run::{Options, run};
pub(crate) use summary::Ending;
