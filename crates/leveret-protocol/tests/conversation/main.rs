//! Conversations as scripts: what a peer sends, what is heard, what is answered.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "tests stop at a surprise"
)]

mod channels;
mod client;
mod content;
mod frames;
mod handshake;
mod heartbeats;
mod old_dialect;
mod script;
