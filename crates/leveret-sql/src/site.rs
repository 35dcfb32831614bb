//! A database as this crate uses it: connections, names, a bell.

use std::sync::Arc;

use sqlx::{Database, Pool};
use tokio::sync::Notify;

use crate::tables::Tables;

/// Where the tables are.
#[derive(Debug)]
pub struct Site<Db: Database> {
    pub(crate) pool: Pool<Db>,
    pub(crate) tables: Tables,
    /// Rung when this process has put something into the outbox.
    pub(crate) bell: Arc<Notify>,
}

impl<Db: Database> Clone for Site<Db> {
    fn clone(&self) -> Self {
        Self { pool: self.pool.clone(), tables: self.tables.clone(), bell: self.bell.clone() }
    }
}
