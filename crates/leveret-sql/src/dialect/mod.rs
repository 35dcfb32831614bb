//! What `PostgreSQL` and `SQLite` do differently, behind one trait.

#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;
mod statements;

use std::future::Future;
use std::time::Duration;

use sqlx::{Database, Transaction};

use crate::row::{Entry, Parked, Row};
use crate::site::Site;

/// A database that Leveret can use: `sqlx::Postgres` or `sqlx::Sqlite`. Nobody else implements it.
pub trait Dialect: Engine {}

impl<Db: Engine> Dialect for Db {}

/// What came of a claim's rows.
#[derive(Debug, Default)]
pub struct Report {
    /// Published and confirmed.
    pub(crate) sent: Vec<i64>,
    pub(crate) failed: Vec<FailedRow>,
}

/// A row that could not be published.
#[derive(Debug)]
pub(crate) struct FailedRow {
    pub(crate) id: i64,
    pub(crate) attempts: i32,
    pub(crate) error: String,
    pub(crate) next: Next,
}

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// It is due again after this time.
    After(Duration),
    Parked,
}

/// Rows that no other relay has.
#[derive(Debug)]
pub struct Claim<Db: Engine> {
    pub(crate) hold: Db::Hold,
    pub(crate) rows: Vec<Row>,
}

/// What is done in the database.
pub trait Engine: Database {
    /// Statements by version, from the first.
    const STEPS: &'static [&'static [&'static str]];

    /// What keeps other relays away from a claim's rows.
    type Hold: Send;

    /// Rings when the outbox has something new.
    type Bell: Send;

    /// Begins a transaction that may write.
    fn begin(
        site: &Site<Self>,
    ) -> impl Future<Output = Result<Transaction<'static, Self>, sqlx::Error>> + Send;

    /// Writes an id down; false if it is there already. Waits for a transaction that has just
    /// written the same one.
    fn note(
        connection: &mut Self::Connection,
        site: &Site<Self>,
        entry: &Entry,
    ) -> impl Future<Output = Result<bool, sqlx::Error>> + Send;

    /// Whether the transaction can go on, and still holds the id.
    fn is_noted(
        connection: &mut Self::Connection,
        site: &Site<Self>,
        entry: Option<&Entry>,
    ) -> impl Future<Output = Result<bool, sqlx::Error>> + Send;

    /// Puts messages into the outbox; their ids and attempts do not matter.
    fn keep(
        connection: &mut Self::Connection,
        site: &Site<Self>,
        rows: &[Row],
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// Takes rows that are due. Of one ordering key only one relay has rows at a time, and the
    /// first of them is the eldest there is.
    fn claim(
        site: &Site<Self>,
        limit: u32,
        lease: Duration,
    ) -> impl Future<Output = Result<Option<Claim<Self>>, sqlx::Error>> + Send;

    /// Deletes what was sent, writes down what failed, gives back the rest.
    fn release(
        site: &Site<Self>,
        hold: Self::Hold,
        report: &Report,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// Forgets some ids that are too old, and says how many.
    fn expire(site: &Site<Self>) -> impl Future<Output = Result<u64, sqlx::Error>> + Send;

    fn migrate(site: &Site<Self>) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    fn waiting(site: &Site<Self>) -> impl Future<Output = Result<u64, sqlx::Error>> + Send;

    fn parked(
        site: &Site<Self>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Parked>, sqlx::Error>> + Send;

    fn unpark(site: &Site<Self>, id: i64)
    -> impl Future<Output = Result<bool, sqlx::Error>> + Send;

    fn bell(site: &Site<Self>) -> impl Future<Output = Result<Self::Bell, sqlx::Error>> + Send;

    fn rung(bell: &mut Self::Bell) -> impl Future<Output = ()> + Send;
}
