//! Where inbox and outbox are: a pool of connections, and the names of the tables.

use std::sync::Arc;
use std::time::Duration;

use sqlx::Pool;

use crate::dialect::Dialect;
use crate::row::Parked;
use crate::site::Site;
use crate::tables::{InvalidPrefix, Tables};

/// How long a handled id is kept unless told otherwise.
const KEEP_IDS: Duration = Duration::from_hours(168);

/// A database with Leveret's tables in it. Cheap to clone.
///
/// Given to [`App::state`](leveret::App::state) it lets handlers take a [`Tx`](crate::Tx).
/// A pool needs a connection for each worker that has a `Tx`, and two for each relay.
#[derive(Debug)]
pub struct Store<Db: Dialect> {
    pub(crate) site: Site<Db>,
    pub(crate) keep_ids: Duration,
}

impl<Db: Dialect> Store<Db> {
    /// The tables `leveret_inbox` and `leveret_outbox` of this database.
    pub fn new(pool: Pool<Db>) -> Self {
        let site = Site { pool, tables: Tables::default(), bell: Arc::default() };
        Self { site, keep_ids: KEEP_IDS }
    }

    /// Tables whose names begin otherwise than with `leveret_`.
    pub fn prefixed(mut self, prefix: &str) -> Result<Self, InvalidPrefix> {
        self.site.tables = Tables::new(prefix)?;
        Ok(self)
    }

    /// How long the id of a handled message is kept, a week unless told otherwise: a duplicate that
    /// comes later is handled again.
    #[must_use]
    pub fn keep_ids(mut self, time: Duration) -> Self {
        self.keep_ids = time;
        self
    }

    /// The connections.
    pub fn pool(&self) -> &Pool<Db> {
        &self.site.pool
    }

    /// Brings the tables to the newest form. Several processes may do so at a time; a second time
    /// it does nothing.
    pub async fn migrate(&self) -> Result<(), sqlx::Error> {
        Db::migrate(&self.site).await
    }

    /// The statements that [`migrate`](Self::migrate) runs on an empty database, for those who
    /// migrate with a tool of their own.
    pub fn schema(&self) -> Vec<String> {
        Db::STEPS.iter().flat_map(|step| *step).map(|text| self.site.tables.text(text)).collect()
    }

    /// How many messages wait in the outbox, those that are parked left out.
    pub async fn waiting(&self) -> Result<u64, sqlx::Error> {
        Db::waiting(&self.site).await
    }

    /// Messages that could not be published and were set aside, the eldest first, at most `limit`.
    pub async fn parked(&self, limit: u32) -> Result<Vec<Parked>, sqlx::Error> {
        Db::parked(&self.site, limit).await
    }

    /// Lets a parked message be tried again; false if there is none of this id.
    pub async fn unpark(&self, id: i64) -> Result<bool, sqlx::Error> {
        let is_there = Db::unpark(&self.site, id).await?;
        self.site.bell.notify_one();
        Ok(is_there)
    }
}

impl<Db: Dialect> Clone for Store<Db> {
    fn clone(&self) -> Self {
        Self { site: self.site.clone(), keep_ids: self.keep_ids }
    }
}
