//! A broker of a few lines at the other end of pipes, which can be cut.

mod serving;

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard},
};

use bytes::BytesMut;
use leveret_client::{Backoff, ClientOptions, ConnectError, ConnectOptions, Connection, Dialer};
use leveret_protocol::ReplyCode;
use tokio::sync::watch;

/// What fits into a pipe.
const PIPE_BYTES: usize = 64 * 1024;

/// A broker; a clone is the same.
#[derive(Clone)]
pub(crate) struct Toy {
    state: Arc<Mutex<State>>,
    /// Raised to cut every connection.
    cuts: watch::Sender<u64>,
}

/// How the door behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    Open,
    Shut,
    /// Lets nobody log in.
    Refusing,
}

/// What the broker knows.
pub(crate) struct State {
    pub(crate) door: Door,
    /// Hosts whose door is shut, whatever that of the others.
    pub(crate) shut_hosts: Vec<String>,
    /// Where connections were tried.
    pub(crate) dialed: Vec<String>,
    /// How many connections are open.
    pub(crate) connections: usize,
}

impl Toy {
    pub(crate) fn new() -> Self {
        let state =
            State { door: Door::Open, shut_hosts: Vec::new(), dialed: Vec::new(), connections: 0 };
        Self { state: Arc::new(Mutex::new(state)), cuts: watch::Sender::new(0) }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn set_door(&self, door: Door) {
        self.state().door = door;
    }

    /// Cuts every connection.
    pub(crate) fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Waits until something is so; looked at again and again in virtual time.
    pub(crate) async fn quiet(&self, is_so: impl Fn() -> bool) {
        let mut ticks = tokio::time::interval(std::time::Duration::from_millis(1));
        for _ in 0..100_000 {
            if is_so() {
                return;
            }
            ticks.tick().await;
        }
        panic!("it never came to be");
    }

    /// Options for one connection for everything, with short pauses.
    pub(crate) fn options(&self) -> ClientOptions {
        let toy = self.clone();
        let address = ConnectOptions { heartbeat: std::time::Duration::ZERO, ..Default::default() };
        ClientOptions {
            addresses: vec![address],
            separate: false,
            backoff: Backoff::default(),
            dialer: Dialer::new(move |options| toy.clone().accept(options)),
            ..ClientOptions::default()
        }
    }

    async fn accept(self, options: ConnectOptions) -> Result<Connection, ConnectError> {
        let (near, far) = tokio::io::duplex(PIPE_BYTES);
        {
            let mut state = self.state();
            state.dialed.push(options.host.clone());
            if state.door == Door::Shut || state.shut_hosts.contains(&options.host) {
                let source = io::ErrorKind::ConnectionRefused.into();
                return Err(ConnectError::Unreachable { authority: options.authority(), source });
            }
        }
        drop(tokio::spawn(serving::serve(self.clone(), far)));
        Connection::over(near, &options).await
    }
}

/// Why nobody may log in.
fn refusal() -> leveret_protocol::AmqpError {
    leveret_protocol::AmqpError::new(ReplyCode::AccessRefused, "not you")
}

/// Room for what is read.
fn room() -> BytesMut {
    BytesMut::with_capacity(PIPE_BYTES)
}
