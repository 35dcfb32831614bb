//! How an application is run under test.

use std::sync::Arc;
use std::time::Duration;

use super::application::TestApp;
use crate::app::{App, StartError};
use crate::endpoint::Endpoint;
use crate::relay::{Cut, Place, Point, Relay};

/// How long a test waits for everything to settle, unless told otherwise.
const PATIENCE_DEFAULT: Duration = Duration::from_secs(30);

/// Which broker a test uses instead of the one in memory; the first that is set.
const ADDRESS_VARIABLES: [&str; 2] = ["LEVERET_TEST_URL", "AMQP_URL"];

/// Where an application runs under test, and what is done to it.
#[derive(Debug, Clone)]
#[must_use = "nothing runs until `start`"]
pub struct TestOptions {
    pub(super) endpoint: Endpoint,
    pub(super) patience: Duration,
    pub(super) cuts: Vec<(Place, Cut)>,
}

impl Default for TestOptions {
    /// On the broker of `LEVERET_TEST_URL` or else `AMQP_URL`; if neither is set, in memory.
    fn default() -> Self {
        let address = ADDRESS_VARIABLES.iter().find_map(|name| std::env::var(name).ok());
        let endpoint = address.map_or(Endpoint::Memory, Endpoint::Address);
        Self { endpoint, patience: PATIENCE_DEFAULT, cuts: Vec::new() }
    }
}

impl TestOptions {
    /// On the broker in memory, whatever the environment says: virtual time needs it.
    pub fn in_memory(mut self) -> Self {
        self.endpoint = Endpoint::Memory;
        self
    }

    /// On this broker, whatever the environment says. Without TLS.
    pub fn address(mut self, address: impl Into<String>) -> Self {
        self.endpoint = Endpoint::Address(address.into());
        self
    }

    /// How long to wait for everything to settle, 30 s unless told otherwise; then the test
    /// fails and says what is left. In virtual time it is virtual, too.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Breaks the connection once, at the first such step: whoever takes it never sees it.
    ///
    /// Before [`Point::Confirm`], for example, a confirm is lost: the broker has the output.
    pub fn cut_before(self, point: Point) -> Self {
        self.cut_before_nth(1, point)
    }

    /// The same at a later step of this kind, counted from one: before the second
    /// [`Point::Output`], for example, the broker has one output of two.
    ///
    /// Several cuts of one kind are made one after another, as a step strikes one of them.
    pub fn cut_before_nth(mut self, number: usize, point: Point) -> Self {
        self.cuts.push((Place::After(number.saturating_sub(1), point), Cut::Before));
        self
    }

    /// Breaks the connection once, after the first such step: no answer comes to it.
    pub fn cut_after(self, point: Point) -> Self {
        self.cut_after_nth(1, point)
    }

    /// The same at a later step of this kind, counted from one.
    pub fn cut_after_nth(mut self, number: usize, point: Point) -> Self {
        self.cuts.push((Place::After(number.saturating_sub(1), point), Cut::After));
        self
    }

    /// Starts the application and returns when its handlers consume. The broker it was to
    /// connect to, and the directory it was to keep, are left alone.
    pub async fn start(self, app: App) -> Result<TestApp, StartError> {
        let relay = Arc::new(Relay::default());
        let mut app = app.connect(self.endpoint.clone());
        app.connections.values_mut().for_each(|endpoint| *endpoint = self.endpoint.clone());
        app.relay = Some(relay.clone());
        let running = app.start().await?;
        for (place, cut) in &self.cuts {
            relay.cut(*place, *cut);
        }
        TestApp::over(running, relay, self.patience).await
    }
}

impl TestApp {
    /// Starts an application on the broker in memory, or on the one that `LEVERET_TEST_URL` or
    /// `AMQP_URL` names.
    pub async fn start(app: App) -> Result<Self, StartError> {
        TestOptions::default().start(app).await
    }

    /// Where to run an application, and what to do to it.
    pub fn options() -> TestOptions {
        TestOptions::default()
    }
}
