//! One connection that is opened again whenever it ends.
//!
//! Each life of it is a generation. What was declared is there before a generation is shown.

mod supervisor;

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, time::timeout};

pub(super) use self::supervisor::Supervisor;
use crate::{
    client::{
        error::{ClientEnd, ClientError},
        role::Role,
        shared::Shared,
    },
    connection::{Connection, Generation},
};

/// Shows the connection of this moment to whoever works on it.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    role: Role,
    shared: Arc<Shared>,
    shown: watch::Receiver<Option<Connection>>,
}

impl Link {
    /// The connection that is open now.
    pub(crate) fn current(&self) -> Option<Connection> {
        self.shown.borrow().as_ref().filter(|connection| connection.end().is_none()).cloned()
    }

    /// A connection that is open; waits for one up to a deadline.
    pub(crate) async fn live(&self, within: Duration) -> Result<Connection, ClientError> {
        match timeout(within, self.newer_than(None)).await {
            Ok(connection) => Ok(connection?),
            Err(_) => Err(self.absent(within)),
        }
    }

    /// What it means that no connection came in time.
    pub(crate) const fn absent(&self, within: Duration) -> ClientError {
        ClientError::NoConnection { role: self.role, within }
    }

    /// A connection that is open and came after that generation; waits for one.
    pub(crate) async fn newer_than(
        &self,
        generation: Option<Generation>,
    ) -> Result<Connection, ClientEnd> {
        let is_new = |shown: &Option<Connection>| {
            shown.as_ref().is_some_and(|connection| {
                connection.end().is_none() && Some(connection.generation()) > generation
            })
        };
        let mut shown = self.shown.clone();
        let found = tokio::select! {
            biased;
            end = self.shared.over() => return Err(end),
            found = shown.wait_for(is_new) => found.ok().and_then(|found| found.clone()),
        };
        match found {
            Some(connection) => Ok(connection),
            None => Err(self.shared.over().await),
        }
    }

    /// Waits until its task is gone, and with it the connection.
    pub(crate) async fn gone(&self) {
        let mut shown = self.shown.clone();
        while shown.changed().await.is_ok() {}
    }
}
