//! What every test needs: a broker, names of its own, arrivals.

use std::io::{self, Write as _};
use std::sync::{Arc, Mutex};

use leveret::{App, Endpoint, Handler, Message, Mode, Publish, RunningApp};

/// A broker to test on.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    endpoint: Endpoint,
    prefix: String,
}

impl Target {
    pub(crate) fn embedded() -> Self {
        Self::at(Endpoint::Memory)
    }

    /// The broker of `AMQP_URL`, if one is given.
    pub(crate) fn elsewhere(test: &str) -> Option<Self> {
        let Ok(address) = std::env::var("AMQP_URL") else {
            // Past the capture of test output: a skipped test must be seen.
            let mut out = io::stderr();
            writeln!(out, "skipped: {test}: AMQP_URL is not set").unwrap();
            return None;
        };
        Some(Self::at(Endpoint::Address(address)))
    }

    pub(crate) fn at(endpoint: Endpoint) -> Self {
        let id = leveret::derived_message_id(&[&format!("{:?}", std::time::Instant::now())]);
        Self { endpoint, prefix: format!("test-{}", &id.to_string()[..8]) }
    }

    /// A name that no other test has.
    pub(crate) fn name(&self, name: &str) -> String {
        format!("{}.{name}", self.prefix)
    }

    pub(crate) fn app(&self) -> App {
        App::new(self.prefix.as_str()).connect(self.endpoint.clone())
    }
}

impl Target {
    /// How many messages wait in a queue, if the broker outlives the application.
    pub(crate) async fn ready_after_restart(&self, queue: &str) -> Option<u32> {
        if self.endpoint.is_embedded() {
            return None;
        }
        let running = self.app().start().await.unwrap();
        let ready = running.messages_ready(queue).await;
        running.shutdown().await.unwrap();
        ready
    }
}

/// Runs a body on each broker.
macro_rules! on_each_broker {
    ($($name:ident)+) => {
        $(mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn embedded() {
                super::bodies::$name(crate::setup::Target::embedded()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn elsewhere() {
                if let Some(target) = crate::setup::Target::elsewhere(stringify!($name)) {
                    super::bodies::$name(target).await;
                }
            }
        })+
    };
}
pub(crate) use on_each_broker;

/// Where messages arrive.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arrivals(Arc<Mutex<Vec<Message>>>);

impl Arrivals {
    /// A handler that notes what comes to a queue.
    pub(crate) fn on(&self, queue: String) -> Handler {
        let arrivals = self.clone();
        Handler::new(queue.as_str(), move |message: Message| {
            arrivals.note(message);
            std::future::ready(())
        })
        .named(queue)
    }

    pub(crate) fn note(&self, message: Message) {
        self.0.lock().unwrap().push(message);
    }

    pub(crate) fn all(&self) -> Vec<Message> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn bodies(&self) -> Vec<String> {
        let text = |message: &Message| String::from_utf8_lossy(message.body()).into_owned();
        self.all().iter().map(text).collect()
    }

    pub(crate) fn one(&self) -> Message {
        let all = self.all();
        assert_eq!(all.len(), 1, "one message arrived: {all:#?}");
        all[0].clone()
    }
}

/// Sends bodies to a queue, one after the other.
pub(crate) async fn send(running: &RunningApp, queue: &str, bodies: &[&str]) {
    for body in bodies {
        let publish = Publish::to_queue(queue).text(*body);
        running.publisher().publish(publish).await.unwrap();
    }
}

/// Waits until a handler has a message in hand.
pub(crate) async fn in_hand(running: &RunningApp, handler: &str) {
    while running.stats().handler(handler).in_flight == 0 {
        tokio::task::yield_now().await;
    }
}

pub(crate) const MODES: [Mode; 2] = [Mode::Transaction, Mode::Confirmed];

pub(crate) fn in_mode(handler: Handler, mode: Mode) -> Handler {
    match mode {
        Mode::Transaction => handler.transaction(),
        Mode::Confirmed => handler.confirmed(),
    }
}

/// Whatever this thread tells from now on goes to `subscriber`, as long as the answer lives.
///
/// `tracing` asks only the thread that first comes to an event whether anybody listens, and keeps
/// the answer, as long as there is one subscriber. Another test's thread would say no for this one:
/// the second, which hears nothing, makes it ask all.
pub(crate) fn heard_by(
    subscriber: impl Into<tracing::Dispatch>,
) -> (tracing::subscriber::DefaultGuard, tracing::Dispatch) {
    let second = tracing::Dispatch::new(tracing_subscriber::registry());
    (tracing::dispatcher::set_default(&subscriber.into()), second)
}
