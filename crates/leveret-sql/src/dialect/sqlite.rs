//! `SQLite`: rows are claimed for a time, relays of the same process are woken.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use sqlx::{AssertSqlSafe, Error, Sqlite, Transaction, query, query_scalar};
use tokio::sync::Notify;

use super::statements::{delegated, statements};
use super::{Claim, Engine, FailedRow, Next, Report};
use crate::row::{COLUMNS, Columns, Entry, Parked, Row, message_id};
use crate::site::Site;

statements!(Sqlite, now = "CAST(unixepoch('subsec') * 1000 AS INTEGER)", row = "rowid");

const STEPS: &[&[&str]] = &[&[
    "CREATE TABLE {p}inbox (
        app TEXT NOT NULL,
        handler TEXT NOT NULL,
        message_id BLOB NOT NULL,
        expires_at INTEGER NOT NULL,
        PRIMARY KEY (app, handler, message_id)
    )",
    "CREATE INDEX {p}inbox_expiry ON {p}inbox (expires_at)",
    "CREATE TABLE {p}outbox (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        ordering_key BLOB,
        exchange BLOB NOT NULL,
        routing_key BLOB NOT NULL,
        mandatory BOOLEAN NOT NULL,
        properties BLOB NOT NULL,
        body BLOB NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        due_at INTEGER NOT NULL DEFAULT 0,
        claimed_until INTEGER NOT NULL DEFAULT 0,
        last_error TEXT,
        parked_at INTEGER
    )",
    "CREATE INDEX {p}outbox_order ON {p}outbox (ordering_key, id) WHERE parked_at IS NULL",
]];

/// A transaction that reads first and writes later fails when another has written in between.
const BEGIN: &str = "BEGIN IMMEDIATE";

const INSERT: &str =
    "INSERT INTO {p}outbox (ordering_key, exchange, routing_key, mandatory, properties, body)
     VALUES ($1, $2, $3, $4, $5, $6)";

/// The eldest of each key, and all without one; not what another relay has.
const CLAIM: &str = "UPDATE {p}outbox
    SET claimed_until = CAST(unixepoch('subsec') * 1000 AS INTEGER) + $2
    WHERE id IN (
        SELECT id FROM {p}outbox AS o
        WHERE parked_at IS NULL
          AND due_at <= CAST(unixepoch('subsec') * 1000 AS INTEGER)
          AND claimed_until <= CAST(unixepoch('subsec') * 1000 AS INTEGER)
          AND (ordering_key IS NULL OR NOT EXISTS (
              SELECT 1 FROM {p}outbox AS e
              WHERE e.ordering_key = o.ordering_key AND e.parked_at IS NULL AND e.id < o.id))
        ORDER BY id LIMIT $1)
    RETURNING ";

/// What stands behind a claimed head: nobody else takes it before the head is gone.
const FOLLOWERS: &str = " FROM {p}outbox
    WHERE parked_at IS NULL AND ordering_key = $1 AND id > $2 ORDER BY id LIMIT $3";

impl Engine for Sqlite {
    const STEPS: &'static [&'static [&'static str]] = STEPS;

    /// The claimed rows.
    type Hold = Vec<i64>;
    type Bell = Arc<Notify>;

    delegated!(Sqlite);

    fn begin(
        site: &Site<Self>,
    ) -> impl Future<Output = Result<Transaction<'static, Self>, Error>> + Send {
        site.pool.begin_with(BEGIN)
    }

    async fn keep(
        connection: &mut Connection,
        site: &Site<Self>,
        rows: &[Row],
    ) -> Result<(), Error> {
        for row in rows {
            insert(connection, site.tables.sql(INSERT), row).await?;
        }
        Ok(())
    }

    async fn claim(
        site: &Site<Self>,
        limit: u32,
        lease: Duration,
    ) -> Result<Option<Claim<Self>>, Error> {
        // Most looks find nothing, and must not make writers wait.
        if waiting(site).await? == 0 {
            return Ok(None);
        }
        let mut tx = site.pool.begin_with(BEGIN).await?;
        let lease_ms = i64::try_from(lease.as_millis()).unwrap_or(i64::MAX / 2);
        let heads: Vec<Columns> = sqlx::query_as(site.tables.sql(&format!("{CLAIM}{COLUMNS}")))
            .bind(i64::from(limit))
            .bind(lease_ms)
            .fetch_all(&mut *tx)
            .await?;
        let mut rows: Vec<Row> = heads.into_iter().map(Row::from).collect();
        rows.sort_by_key(|row| row.id);
        let hold: Vec<i64> = rows.iter().map(|row| row.id).collect();
        let heads: Vec<(i64, Vec<u8>)> =
            rows.iter().filter_map(|row| Some((row.id, row.key.clone()?))).collect();
        let mut room = i64::from(limit);
        for (id, key) in heads {
            let followers = site.tables.sql(&format!("SELECT {COLUMNS}{FOLLOWERS}"));
            let followers: Vec<Columns> =
                sqlx::query_as(followers).bind(key).bind(id).bind(room).fetch_all(&mut *tx).await?;
            room -= i64::try_from(followers.len()).unwrap_or(room);
            rows.extend(followers.into_iter().map(Row::from));
        }
        tx.commit().await?;
        Ok((!rows.is_empty()).then_some(Claim { hold, rows }))
    }

    async fn release(site: &Site<Self>, hold: Vec<i64>, report: &Report) -> Result<(), Error> {
        let mut tx = site.pool.begin_with(BEGIN).await?;
        for id in &report.sent {
            query(site.tables.sql(DELETE)).bind(id).execute(&mut *tx).await?;
        }
        for failed in &report.failed {
            write_down(&mut tx, site, failed).await?;
        }
        for id in hold.iter().filter(|id| !report.sent.contains(id)) {
            let free = "UPDATE {p}outbox SET claimed_until = 0 WHERE id = $1";
            query(site.tables.sql(free)).bind(id).execute(&mut *tx).await?;
        }
        tx.commit().await
    }

    async fn migrate(site: &Site<Self>) -> Result<(), Error> {
        let mut tx = site.pool.begin_with(BEGIN).await?;
        run_steps(&mut tx, site).await?;
        tx.commit().await
    }

    async fn bell(site: &Site<Self>) -> Result<Arc<Notify>, Error> {
        Ok(site.bell.clone())
    }

    async fn rung(bell: &mut Arc<Notify>) {
        bell.notified().await;
    }
}
