//! Statements that are the same for each database, but for its type.

/// Functions that run them: sqlx has a trait for each type of value and database, and a generic
/// function would have to name each pair. Expands to plain functions of a connection of `$db`.
macro_rules! statements {
    ($db:ident, now = $now:literal, row = $row:literal) => {
        type Connection = <$db as sqlx::Database>::Connection;

        const NOTE: &str = concat!(
            "INSERT INTO {p}inbox (app, handler, message_id, expires_at) VALUES ($1, $2, $3, ",
            $now,
            " + $4) ON CONFLICT DO NOTHING"
        );
        const IS_NOTED: &str =
            "SELECT count(*) FROM {p}inbox WHERE app = $1 AND handler = $2 AND message_id = $3";
        const DELETE: &str = "DELETE FROM {p}outbox WHERE id = $1";
        const FAIL: &str = concat!(
            "UPDATE {p}outbox SET attempts = $2, last_error = $3, due_at = ",
            $now,
            " + $4 WHERE id = $1"
        );
        const PARK: &str = concat!(
            "UPDATE {p}outbox SET attempts = $2, last_error = $3, parked_at = ",
            $now,
            " WHERE id = $1"
        );
        const EXPIRE: &str = concat!(
            "DELETE FROM {p}inbox WHERE ",
            $row,
            " IN (SELECT ",
            $row,
            " FROM {p}inbox WHERE expires_at < ",
            $now,
            " LIMIT 1000)"
        );
        const PARKED: &str = "SELECT id, properties, attempts, last_error FROM {p}outbox \
             WHERE parked_at IS NOT NULL ORDER BY id LIMIT $1";

        async fn note(
            connection: &mut Connection,
            site: &Site<$db>,
            entry: &Entry,
        ) -> Result<bool, Error> {
            let noted = query(site.tables.sql(NOTE))
                .bind(&entry.app)
                .bind(&entry.handler)
                .bind(&entry.message_id)
                .bind(entry.keep_ms)
                .execute(connection)
                .await?;
            Ok(noted.rows_affected() == 1)
        }

        async fn is_noted(
            connection: &mut Connection,
            site: &Site<$db>,
            entry: Option<&Entry>,
        ) -> Result<bool, Error> {
            // Any statement fails in a transaction where one has failed before.
            let Some(entry) = entry else {
                query("SELECT 1").execute(connection).await?;
                return Ok(true);
            };
            let count: i64 = query_scalar(site.tables.sql(IS_NOTED))
                .bind(&entry.app)
                .bind(&entry.handler)
                .bind(&entry.message_id)
                .fetch_one(connection)
                .await?;
            Ok(count == 1)
        }

        async fn insert(
            connection: &mut Connection,
            statement: AssertSqlSafe<String>,
            row: &Row,
        ) -> Result<(), Error> {
            let Ok(sealed) = &row.sealed else { return Ok(()) };
            query(statement)
                .bind(&row.key)
                .bind(sealed.exchange.as_bytes())
                .bind(sealed.routing_key.as_bytes())
                .bind(sealed.mandatory)
                .bind(sealed.properties.as_bytes())
                .bind(&sealed.body[..])
                .execute(connection)
                .await
                .map(drop)
        }

        async fn write_down(
            connection: &mut Connection,
            site: &Site<$db>,
            failed: &FailedRow,
        ) -> Result<(), Error> {
            let FailedRow { id, attempts, error, next } = failed;
            match next {
                Next::After(pause) => {
                    let pause_ms = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX / 2);
                    let failing = query(site.tables.sql(FAIL)).bind(id).bind(attempts).bind(error);
                    failing.bind(pause_ms).execute(connection).await.map(drop)
                }
                Next::Parked => {
                    let parking = query(site.tables.sql(PARK)).bind(id).bind(attempts).bind(error);
                    parking.execute(connection).await.map(drop)
                }
            }
        }

        async fn expire(site: &Site<$db>) -> Result<u64, Error> {
            Ok(query(site.tables.sql(EXPIRE)).execute(&site.pool).await?.rows_affected())
        }

        async fn waiting(site: &Site<$db>) -> Result<u64, Error> {
            let statement = "SELECT count(*) FROM {p}outbox WHERE parked_at IS NULL";
            let count: i64 = query_scalar(site.tables.sql(statement)).fetch_one(&site.pool).await?;
            Ok(count.unsigned_abs())
        }

        async fn parked(site: &Site<$db>, limit: u32) -> Result<Vec<Parked>, Error> {
            let rows: Vec<(i64, Vec<u8>, i32, Option<String>)> =
                sqlx::query_as(site.tables.sql(PARKED))
                    .bind(i64::from(limit))
                    .fetch_all(&site.pool)
                    .await?;
            let parked = |(id, properties, attempts, error): (_, _, i32, Option<String>)| Parked {
                id,
                message_id: message_id(properties),
                attempts: attempts.unsigned_abs(),
                error: error.unwrap_or_default(),
            };
            Ok(rows.into_iter().map(parked).collect())
        }

        async fn unpark(site: &Site<$db>, id: i64) -> Result<bool, Error> {
            let statement = "UPDATE {p}outbox SET parked_at = NULL, attempts = 0, due_at = 0 \
                 WHERE id = $1 AND parked_at IS NOT NULL";
            let unparked = query(site.tables.sql(statement)).bind(id).execute(&site.pool).await?;
            Ok(unparked.rows_affected() == 1)
        }

        /// Runs the steps that have not been run, within a transaction.
        async fn run_steps(connection: &mut Connection, site: &Site<$db>) -> Result<(), Error> {
            let versions = "CREATE TABLE IF NOT EXISTS {p}schema (version BIGINT PRIMARY KEY)";
            query(site.tables.sql(versions)).execute(&mut *connection).await?;
            let newest = "SELECT coalesce(max(version), 0) FROM {p}schema";
            let done: i64 =
                query_scalar(site.tables.sql(newest)).fetch_one(&mut *connection).await?;
            for (version, step) in (1_i64..).zip(<$db as Engine>::STEPS) {
                if version <= done {
                    continue;
                }
                for statement in *step {
                    query(site.tables.sql(statement)).execute(&mut *connection).await?;
                }
                let insert = site.tables.sql("INSERT INTO {p}schema (version) VALUES ($1)");
                query(insert).bind(version).execute(&mut *connection).await?;
            }
            Ok(())
        }
    };
}

/// The functions of the trait that are these statements and nothing more.
macro_rules! delegated {
    ($db:ident) => {
        fn note(
            connection: &mut Connection,
            site: &Site<Self>,
            entry: &Entry,
        ) -> impl Future<Output = Result<bool, Error>> + Send {
            note(connection, site, entry)
        }

        fn is_noted(
            connection: &mut Connection,
            site: &Site<Self>,
            entry: Option<&Entry>,
        ) -> impl Future<Output = Result<bool, Error>> + Send {
            is_noted(connection, site, entry)
        }

        fn expire(site: &Site<Self>) -> impl Future<Output = Result<u64, Error>> + Send {
            expire(site)
        }

        fn waiting(site: &Site<Self>) -> impl Future<Output = Result<u64, Error>> + Send {
            waiting(site)
        }

        fn parked(
            site: &Site<Self>,
            limit: u32,
        ) -> impl Future<Output = Result<Vec<Parked>, Error>> + Send {
            parked(site, limit)
        }

        fn unpark(site: &Site<Self>, id: i64) -> impl Future<Output = Result<bool, Error>> + Send {
            unpark(site, id)
        }
    };
}

pub(super) use {delegated, statements};
