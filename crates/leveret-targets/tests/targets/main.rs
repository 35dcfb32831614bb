//! Targets on a real broker.
//!
//! Servers, programs and workers that succeed, fail, hang and crash.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod commands;
mod http;
mod killed;
mod many;
mod server;
mod setup;
mod workers;
