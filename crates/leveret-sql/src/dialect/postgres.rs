//! `PostgreSQL`: rows are claimed by locks, relays are woken by notifications.

use std::future::{Future, pending};
use std::time::Duration;

use sqlx::postgres::PgListener;
use sqlx::{AssertSqlSafe, Error, Postgres, Transaction, query, query_scalar};

use super::statements::{delegated, statements};
use super::{Claim, Engine, FailedRow, Next, Report};
use crate::row::{COLUMNS, Columns, Entry, Parked, Row, message_id};
use crate::site::Site;

statements!(Postgres, now = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint", row = "ctid");

const STEPS: &[&[&str]] = &[&[
    "CREATE TABLE {p}inbox (
        app TEXT NOT NULL,
        handler TEXT NOT NULL,
        message_id BYTEA NOT NULL,
        expires_at BIGINT NOT NULL,
        PRIMARY KEY (app, handler, message_id)
    )",
    "CREATE INDEX {p}inbox_expiry ON {p}inbox (expires_at)",
    "CREATE TABLE {p}outbox (
        id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        ordering_key BYTEA,
        exchange BYTEA NOT NULL,
        routing_key BYTEA NOT NULL,
        mandatory BOOLEAN NOT NULL,
        properties BYTEA NOT NULL,
        body BYTEA NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        due_at BIGINT NOT NULL DEFAULT 0,
        last_error TEXT,
        parked_at BIGINT
    )",
    "CREATE INDEX {p}outbox_waiting ON {p}outbox (id) WHERE parked_at IS NULL",
    "CREATE INDEX {p}outbox_order ON {p}outbox (ordering_key, id) WHERE parked_at IS NULL",
]];

/// Rows come into the outbox in the order in which their transactions commit: who puts one of the
/// same key there waits. Without that a later row could be seen before an earlier one.
const LOCK_KEY: &str =
    "SELECT pg_advisory_xact_lock(hashtextextended('{p}' || encode($1, 'hex'), 0))";

const INSERT: &str = "WITH kept AS (
        INSERT INTO {p}outbox (ordering_key, exchange, routing_key, mandatory, properties, body)
        VALUES ($1, $2, $3, $4, $5, $6) RETURNING id
    ) SELECT pg_notify('{p}outbox', '') FROM kept";

/// The eldest of each key, and all without one; not what another relay has locked.
const HEADS: &str = " FROM {p}outbox AS o
    WHERE parked_at IS NULL
      AND due_at <= (extract(epoch FROM clock_timestamp()) * 1000)::bigint
      AND (ordering_key IS NULL OR NOT EXISTS (
          SELECT 1 FROM {p}outbox AS e
          WHERE e.ordering_key = o.ordering_key AND e.parked_at IS NULL AND e.id < o.id))
    ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED";

/// What stands behind claimed heads: nobody else takes it as long as they are locked.
const FOLLOWERS: &str = " FROM {p}outbox
    WHERE parked_at IS NULL AND ordering_key = ANY($1) AND NOT id = ANY($2)
    ORDER BY id LIMIT $3";

impl Engine for Postgres {
    const STEPS: &'static [&'static [&'static str]] = STEPS;

    type Hold = Transaction<'static, Self>;
    type Bell = PgListener;

    delegated!(Postgres);

    fn begin(
        site: &Site<Self>,
    ) -> impl Future<Output = Result<Transaction<'static, Self>, Error>> + Send {
        site.pool.begin()
    }

    async fn keep(
        connection: &mut Connection,
        site: &Site<Self>,
        rows: &[Row],
    ) -> Result<(), Error> {
        let mut keys: Vec<&Vec<u8>> = rows.iter().filter_map(|row| row.key.as_ref()).collect();
        // Always in the same order, so that two transactions do not wait for each other.
        keys.sort();
        keys.dedup();
        for key in keys {
            query(site.tables.sql(LOCK_KEY)).bind(key).execute(&mut *connection).await?;
        }
        for row in rows {
            insert(connection, site.tables.sql(INSERT), row).await?;
        }
        Ok(())
    }

    async fn claim(
        site: &Site<Self>,
        limit: u32,
        _: Duration,
    ) -> Result<Option<Claim<Self>>, Error> {
        let mut hold = site.pool.begin().await?;
        let heads = site.tables.sql(&format!("SELECT {COLUMNS}{HEADS}"));
        let heads: Vec<Columns> =
            sqlx::query_as(heads).bind(i64::from(limit)).fetch_all(&mut *hold).await?;
        let mut rows: Vec<Row> = heads.into_iter().map(Row::from).collect();
        if rows.is_empty() {
            hold.rollback().await?;
            return Ok(None);
        }
        let keys: Vec<Vec<u8>> = rows.iter().filter_map(|row| row.key.clone()).collect();
        if !keys.is_empty() {
            let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
            let followers = site.tables.sql(&format!("SELECT {COLUMNS}{FOLLOWERS}"));
            let followers: Vec<Columns> = sqlx::query_as(followers)
                .bind(keys)
                .bind(ids)
                .bind(i64::from(limit))
                .fetch_all(&mut *hold)
                .await?;
            rows.extend(followers.into_iter().map(Row::from));
        }
        Ok(Some(Claim { hold, rows }))
    }

    async fn release(
        site: &Site<Self>,
        mut hold: Transaction<'static, Self>,
        report: &Report,
    ) -> Result<(), Error> {
        for id in &report.sent {
            query(site.tables.sql(DELETE)).bind(id).execute(&mut *hold).await?;
        }
        for failed in &report.failed {
            write_down(&mut hold, site, failed).await?;
        }
        hold.commit().await
    }

    async fn migrate(site: &Site<Self>) -> Result<(), Error> {
        let mut tx = site.pool.begin().await?;
        let lock = "SELECT pg_advisory_xact_lock(hashtextextended('{p}schema', 0))";
        query(site.tables.sql(lock)).execute(&mut *tx).await?;
        run_steps(&mut tx, site).await?;
        tx.commit().await
    }

    async fn bell(site: &Site<Self>) -> Result<PgListener, Error> {
        let mut listener = PgListener::connect_with(&site.pool).await?;
        listener.listen(&site.tables.bell()).await?;
        Ok(listener)
    }

    async fn rung(bell: &mut PgListener) {
        if bell.recv().await.is_err() {
            // The relay looks from time to time, and the listener connects again by itself.
            pending::<()>().await;
        }
    }
}
