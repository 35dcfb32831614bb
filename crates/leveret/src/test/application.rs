//! An application that runs under test.

use std::sync::Arc;
use std::time::Duration;

use leveret_client::{Channel, Connection};
use leveret_protocol::ShortStr;
use tokio::time::timeout;

use super::sightings::{DeadLetter, Ending, Handled, Published};
use crate::app::{RunningApp, StartError, StopError};
use crate::lineage::seal_first;
use crate::publish::Publish;
use crate::publisher::PublishError;
use crate::publishing::told;
use crate::relay::{Relay, is_dead_letter};

/// Who publishes what a test publishes.
const APP_ID: ShortStr = ShortStr::from_static("test");

/// An application that runs under test: see [`test`](crate::test).
#[derive(Debug)]
pub struct TestApp {
    running: RunningApp,
    relay: Arc<Relay>,
    patience: Duration,
    /// The test's own way to the broker: it is not recorded, and never cut.
    connection: Connection,
    channel: Channel,
}

impl TestApp {
    pub(super) async fn over(
        running: RunningApp,
        relay: Arc<Relay>,
        patience: Duration,
    ) -> Result<Self, StartError> {
        let connection = running.connect().await.map_err(|error| {
            let source = Box::new(error);
            StartError::Connect { endpoint: "the broker under test".to_owned(), source }
        })?;
        let opening = async {
            let channel = connection.channel().await?;
            channel.confirm_select().await?;
            Ok(channel)
        };
        let channel = opening.await.map_err(|source| StartError::Declare {
            what: "the test's channel".to_owned(),
            source,
        })?;
        Ok(Self { running, relay, patience, connection, channel })
    }

    /// Publishes a message, and returns when everything that comes of it has settled: what is
    /// held back for later stays there.
    ///
    /// The test fails if that takes longer than its patience.
    pub async fn publish(&self, publish: Publish) -> Result<(), PublishError> {
        self.send(publish).await?;
        self.settled().await;
        Ok(())
    }

    /// Publishes a message twice under one id, as a publisher does that has lost a confirm.
    pub async fn publish_twice(&self, publish: Publish) -> Result<(), PublishError> {
        let id = publish.message_id.clone().unwrap_or_else(crate::message_id::fresh);
        let publish = publish.message_id(id.to_string());
        self.send(publish.clone()).await?;
        self.send(publish).await?;
        self.settled().await;
        Ok(())
    }

    /// Lets time go by, and returns when everything that became due has settled.
    ///
    /// On a paused clock (`#[tokio::test(start_paused = true)]`) it costs no time: the broker in
    /// memory and the application live on it, and all that is due happens in its order.
    pub async fn advance(&self, time: Duration) {
        tokio::time::sleep(time).await;
        self.settled().await;
    }

    /// Returns when the queues of all handlers are empty and nothing is in hand.
    ///
    /// The test fails if that takes longer than its patience.
    pub async fn settled(&self) {
        let is_settled = timeout(self.patience, self.running.at_rest(&self.relay)).await.is_ok();
        assert!(is_settled, "not settled after {:?}: {}", self.patience, self.story());
    }

    /// What one handler is done with, in order.
    pub fn handled(&self, handler: &str) -> Vec<Handled> {
        let all = self.outcomes().into_iter();
        all.filter(|one| one.handler == handler && one.ending == Ending::Handled).collect()
    }

    /// How every delivered message ended, in order.
    pub fn outcomes(&self) -> Vec<Handled> {
        self.relay.read(|log| log.settled.iter().map(Into::into).collect())
    }

    /// What the broker has taken from the application, in order; without what the test published,
    /// and without dead letters.
    pub fn published(&self) -> Vec<Published> {
        self.relay.read(|log| {
            let outputs = log.taken.iter().filter(|taken| !is_dead_letter(&taken.parcel));
            outputs.map(Into::into).collect()
        })
    }

    /// The dead letters, in order.
    pub fn dead_letters(&self) -> Vec<DeadLetter> {
        self.relay.read(|log| {
            let letters = log.taken.iter().filter(|taken| is_dead_letter(&taken.parcel));
            letters.map(Into::into).collect()
        })
    }

    /// How often the connection was cut.
    pub fn cuts(&self) -> usize {
        self.relay.read(|log| log.steps.cuts_made())
    }

    /// The application itself.
    pub fn running(&self) -> &RunningApp {
        &self.running
    }

    /// Stops the application gracefully.
    pub async fn shutdown(self) -> Result<(), StopError> {
        self.connection.close().await;
        drop((self.channel, self.connection));
        self.running.shutdown().await
    }

    pub(super) fn relay(&self) -> &Relay {
        &self.relay
    }

    async fn send(&self, publish: Publish) -> Result<(), PublishError> {
        if let Some(problem) = &publish.problem {
            return Err(PublishError::Encode(problem.clone()));
        }
        let sealed = seal_first(publish, &APP_ID);
        let names = (sealed.exchange.clone(), sealed.routing_key.clone());
        let confirm = self.channel.publish(sealed).await.map_err(|error| told(error, &names))?;
        confirm.await.map_err(|error| told(error, &names))
    }
}
