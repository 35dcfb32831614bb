//! A broker of a few lines at the other end of pipes, which can be cut.

mod model;
mod serving;

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use leveret_client::{ClientOptions, ConnectError, ConnectOptions, Connection, Dialer, ShortStr};
use leveret_protocol::AmqpError;
use tokio::sync::watch;

use self::model::Guest;
pub(crate) use self::model::Model;

/// What fits into a pipe.
const PIPE_BYTES: usize = 64 * 1024;

pub(crate) fn short(text: &str) -> ShortStr {
    ShortStr::try_from(text).unwrap()
}

/// A broker; a clone is the same.
#[derive(Clone)]
pub(crate) struct Toy {
    state: Arc<Mutex<State>>,
    /// Raised to cut every connection.
    cuts: watch::Sender<u64>,
    /// Raised when there may be something to say.
    work: watch::Sender<u64>,
}

/// How the door behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Door {
    #[default]
    Open,
    Shut,
    /// Lets nobody log in.
    Refusing,
}

/// What becomes of publishes in confirm mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Confirming {
    #[default]
    AtOnce,
    /// The message is in its queue, but nobody says so.
    Never,
}

/// What the broker knows.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) door: Door,
    /// Hosts whose door is shut, whatever that of the others.
    pub(crate) shut_hosts: Vec<String>,
    /// Where connections were tried.
    pub(crate) dialed: Vec<String>,
    /// How many connections are open.
    pub(crate) connections: usize,
    /// What publishers are told now, if they are held up.
    pub(crate) blocked: Option<ShortStr>,
    /// The names of all methods that came, but for publishes.
    pub(crate) methods: Vec<&'static str>,
    /// Methods that are refused, and how.
    pub(crate) refusals: BTreeMap<&'static str, AmqpError>,
    pub(crate) confirming: Confirming,
    pub(crate) model: Model,
    guests: Guest,
}

impl Toy {
    pub(crate) fn new() -> Self {
        let (cuts, work) = (watch::Sender::new(0), watch::Sender::new(0));
        Self { state: Arc::default(), cuts, work }
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

    /// Cuts every connection, and forgets what does not survive that.
    pub(crate) fn restart(&self) {
        self.cut();
        self.state().model.restart();
    }

    /// Has every connection look for something to say.
    pub(crate) fn stir(&self) {
        self.work.send_modify(|work| *work += 1);
    }

    /// Holds publishers up, or lets them go on.
    pub(crate) fn set_blocked(&self, reason: Option<&str>) {
        self.state().blocked = reason.map(short);
        self.stir();
    }

    /// How often a method came.
    pub(crate) fn count(&self, method: &str) -> usize {
        self.state().methods.iter().filter(|name| **name == method).count()
    }

    /// The bodies of the messages that are ready in a queue.
    pub(crate) fn ready(&self, queue: &str) -> Vec<String> {
        let state = self.state();
        let ready = state.model.queues.get(&short(queue)).map(|queue| &queue.ready);
        let text = |body: &[u8]| String::from_utf8(body.to_vec()).unwrap();
        ready.into_iter().flatten().map(|message| text(&message.body)).collect()
    }

    /// Waits until something is so; looked at again and again in virtual time.
    pub(crate) async fn until(&self, is_so: impl Fn(&State) -> bool) {
        let mut ticks = tokio::time::interval(Duration::from_millis(1));
        for _ in 0..1_000_000 {
            if is_so(&self.state()) {
                return;
            }
            ticks.tick().await;
        }
        panic!("it never came to be");
    }

    /// Options for one connection for everything.
    pub(crate) fn options(&self) -> ClientOptions {
        let toy = self.clone();
        let address = ConnectOptions { heartbeat: Duration::ZERO, ..ConnectOptions::default() };
        ClientOptions {
            addresses: vec![address],
            separate: false,
            dialer: Dialer::new(move |options| toy.clone().accept(options)),
            ..ClientOptions::default()
        }
    }

    async fn accept(self, options: ConnectOptions) -> Result<Connection, ConnectError> {
        let (near, far) = tokio::io::duplex(PIPE_BYTES);
        let guest = {
            let mut state = self.state();
            state.dialed.push(options.host.clone());
            if state.door == Door::Shut || state.shut_hosts.contains(&options.host) {
                let source = io::ErrorKind::ConnectionRefused.into();
                return Err(ConnectError::Unreachable { authority: options.authority(), source });
            }
            state.guests += 1;
            state.guests
        };
        drop(tokio::spawn(serving::serve(self.clone(), guest, far)));
        Connection::over(near, &options).await
    }
}
