//! The broker from outside: over sockets and pipes, with files and disks.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "tests stop at a surprise"
)]

mod admin_api;
mod alarms;
mod backup;
mod bad_http;
mod bad_input;
mod bad_rows;
mod bad_settings;
mod config;
mod definitions;
mod durability;
mod extensions;
mod flow;
mod handshake;
mod http_limits;
mod http_objects;
mod http_tools;
mod lifecycle;
mod observers;
mod operations;
mod paging;
mod security;
mod tls;
mod virtual_hosts;
mod wire;
