//! Tells a supervisor such as systemd how the broker is doing.
//!
//! It is one datagram for each word, to a socket that the environment names; without one, nothing
//! is said. Nobody waits for the supervisor, and nothing depends on it.

use std::{
    env,
    os::{
        linux::net::SocketAddrExt,
        unix::net::{SocketAddr, UnixDatagram},
    },
    time::Duration,
};

/// Who started us and wants to know.
#[derive(Debug)]
pub(crate) struct Supervisor {
    socket: Option<(UnixDatagram, SocketAddr)>,
    watchdog: Option<Duration>,
}

impl Supervisor {
    /// Reads `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID`.
    pub(crate) fn from_env() -> Self {
        Self { socket: socket(), watchdog: watchdog() }
    }

    /// How often it wants to hear that we live.
    pub(crate) fn watchdog(&self) -> Option<Duration> {
        self.watchdog.filter(|_| self.socket.is_some())
    }

    /// What is being done, for people.
    pub(crate) fn status(&self, text: &str) {
        self.say(&format!("STATUS={text}"));
    }

    /// Clients can come; so they can after a reload.
    pub(crate) fn ready(&self, status: &str) {
        self.say(&format!("READY=1\nSTATUS={status}"));
    }

    /// The configuration is read anew.
    pub(crate) fn reloading(&self) {
        self.say("RELOADING=1\nSTATUS=reading the configuration again");
    }

    /// Clients are asked to leave.
    pub(crate) fn stopping(&self) {
        self.say("STOPPING=1\nSTATUS=stopping");
    }

    /// We live.
    pub(crate) fn alive(&self) {
        self.say("WATCHDOG=1");
    }

    fn say(&self, words: &str) {
        if let Some((socket, address)) = &self.socket {
            // Who does not listen is not told.
            socket.send_to_addr(words.as_bytes(), address).ok();
        }
    }
}

fn socket() -> Option<(UnixDatagram, SocketAddr)> {
    let name = env::var("NOTIFY_SOCKET").ok().filter(|name| !name.is_empty())?;
    // A name that begins with @ is no file.
    let address = match name.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(&name),
    };
    let socket = UnixDatagram::unbound().ok()?;
    socket.set_nonblocking(true).ok()?;
    Some((socket, address.ok()?))
}

/// Half of what the supervisor allows, if it means this process.
fn watchdog() -> Option<Duration> {
    if let Ok(id) = env::var("WATCHDOG_PID")
        && id.parse() != Ok(std::process::id())
    {
        return None;
    }
    let micros = env::var("WATCHDOG_USEC").ok()?.parse().ok().filter(|micros| *micros > 0)?;
    Some(Duration::from_micros(micros) / 2)
}
