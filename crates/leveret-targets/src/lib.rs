//! Targets: who handles messages outside of the program, in any language.
//!
//! A [`TargetConfig`] is read from a configuration file and becomes a
//! [`Handler`](leveret::Handler), on which binds, concurrency, retries and all else are put as on
//! any handler.
//!
//! | target | a message is |
//! |---|---|
//! | [`http`](HttpTarget) | a request to a web server |
//! | [`command`](CommandTarget) | a run of a program |
//! | [`worker`](WorkerTarget) | a frame to one of several processes that stay |
//!
//! Keeps true: nothing a publisher writes leaves the place it is put in, and no secret is shown.

mod command;
mod config;
mod delivery;
mod error;
mod http;
mod metadata;
mod output;
mod process;
mod span;
mod template;
mod voice;
mod worker;

pub use command::{CommandTarget, ExitRule};
pub use config::TargetConfig;
pub use error::TargetError;
pub use http::{Basic, CloudEvents, HeaderTemplates, HttpTarget, StatusWord};
pub use output::OutputConfig;
pub use span::Span;
pub use worker::WorkerTarget;
