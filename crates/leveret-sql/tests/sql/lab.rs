//! What every test needs: tables of its own, a table of effects, arrivals.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use leveret::{App, Handler, Message, Publish, RunningApp, Text};
use leveret_sql::{Dialect, SqlError, Store, Tx};
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, Pool, Postgres, Sqlite};
use tempfile::TempDir;

/// A database to test on.
#[derive(Debug)]
pub(crate) struct Lab<Db: TestDb> {
    pub(crate) store: Store<Db>,
    pub(crate) prefix: String,
    folder: Option<TempDir>,
}

/// What tests do in a database.
pub(crate) trait TestDb: Dialect {
    fn lab(test: &str) -> impl Future<Output = Option<Lab<Self>>> + Send;

    fn execute(
        connection: &mut Self::Connection,
        statement: String,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    fn number(
        pool: &Pool<Self>,
        statement: String,
    ) -> impl Future<Output = Result<i64, sqlx::Error>> + Send;

    /// Statements that make it impossible to delete from a table, and possible again.
    fn hold_rows(prefix: &str) -> Vec<String>;
    fn free_rows(prefix: &str) -> Vec<String>;
}

impl TestDb for Sqlite {
    async fn lab(_: &str) -> Option<Lab<Self>> {
        let folder = tempfile::tempdir().unwrap();
        let pool = sqlite(&folder.path().join("lab.sqlite")).await;
        Some(Lab::prepared(pool, "leveret_".to_owned(), Some(folder)).await)
    }

    async fn execute(
        connection: &mut Self::Connection,
        statement: String,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(AssertSqlSafe(statement)).execute(connection).await.map(drop)
    }

    async fn number(pool: &Pool<Self>, statement: String) -> Result<i64, sqlx::Error> {
        sqlx::query_scalar(AssertSqlSafe(statement)).fetch_one(pool).await
    }

    fn hold_rows(prefix: &str) -> Vec<String> {
        vec![format!(
            "CREATE TRIGGER hold BEFORE DELETE ON {prefix}outbox \
             BEGIN SELECT RAISE(ABORT, 'held'); END"
        )]
    }

    fn free_rows(_: &str) -> Vec<String> {
        vec!["DROP TRIGGER hold".to_owned()]
    }
}

impl TestDb for Postgres {
    async fn lab(test: &str) -> Option<Lab<Self>> {
        let Ok(url) = std::env::var("DATABASE_URL") else {
            // Past the capture of test output: a skipped test must be seen.
            let mut out = io::stderr();
            writeln!(out, "skipped: {test}: DATABASE_URL is not set").unwrap();
            return None;
        };
        let pool = PgPoolOptions::new().max_connections(12).connect(&url).await.unwrap();
        let id = leveret::derived_message_id(&[&format!("{:?}", std::time::Instant::now())]);
        let prefix = format!("t{}_", id.to_string().replace('-', "").split_at(16).0);
        Some(Lab::prepared(pool, prefix, None).await)
    }

    async fn execute(
        connection: &mut Self::Connection,
        statement: String,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(AssertSqlSafe(statement)).execute(connection).await.map(drop)
    }

    async fn number(pool: &Pool<Self>, statement: String) -> Result<i64, sqlx::Error> {
        sqlx::query_scalar(AssertSqlSafe(statement)).fetch_one(pool).await
    }

    fn hold_rows(prefix: &str) -> Vec<String> {
        vec![
            format!(
                "CREATE FUNCTION {prefix}hold() RETURNS trigger LANGUAGE plpgsql \
                 AS $$ BEGIN RAISE EXCEPTION 'held'; END $$"
            ),
            format!(
                "CREATE TRIGGER hold BEFORE DELETE ON {prefix}outbox \
                 FOR EACH ROW EXECUTE FUNCTION {prefix}hold()"
            ),
        ]
    }

    fn free_rows(prefix: &str) -> Vec<String> {
        vec![format!("DROP TRIGGER hold ON {prefix}outbox")]
    }
}

impl<Db: TestDb> Lab<Db> {
    async fn prepared(pool: Pool<Db>, prefix: String, folder: Option<TempDir>) -> Self {
        let store = Store::new(pool).prefixed(&prefix).unwrap();
        store.migrate().await.unwrap();
        // A second time there is nothing to do.
        store.migrate().await.unwrap();
        let lab = Self { store, prefix, folder };
        lab.run(vec![format!("CREATE TABLE {}effects (name TEXT NOT NULL)", lab.prefix)]).await;
        lab
    }

    pub(crate) async fn run(&self, statements: Vec<String>) {
        let mut connection = self.store.pool().acquire().await.unwrap();
        for statement in statements {
            Db::execute(&mut connection, statement).await.unwrap();
        }
    }

    /// The statement that leaves an effect.
    pub(crate) fn effect(&self, name: &str) -> String {
        effect(&self.prefix, name)
    }

    pub(crate) async fn rows(&self, table: &str) -> i64 {
        let statement = format!("SELECT count(*) FROM {}{table}", self.prefix);
        Db::number(self.store.pool(), statement).await.unwrap()
    }

    /// Waits until a table has this many rows.
    pub(crate) async fn reached(&self, table: &str, rows: i64) {
        while self.rows(table).await != rows {
            tokio::task::yield_now().await;
        }
    }

    /// A handler that leaves its message's body as an effect, and sends it on to `results`.
    pub(crate) fn work(&self) -> Handler {
        let prefix = self.prefix.clone();
        let work = move |Text(text): Text, mut tx: Tx<Db>| {
            let statement = effect(&prefix, &text);
            async move {
                Db::execute(&mut tx, statement).await?;
                Ok::<_, SqlError>(Publish::to_queue("results").text(text))
            }
        };
        Handler::new("jobs", work).named("work")
    }

    pub(crate) fn app(&self) -> App {
        App::new("lab").in_memory().state(self.store.clone())
    }
}

pub(crate) fn effect(prefix: &str, name: &str) -> String {
    format!("INSERT INTO {prefix}effects (name) VALUES ('{name}')")
}

pub(crate) async fn sqlite(path: &Path) -> Pool<Sqlite> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal);
    SqlitePoolOptions::new().max_connections(12).connect_with(options).await.unwrap()
}

impl Lab<Postgres> {
    /// A lab that another process has prepared, in the database of `DATABASE_URL`.
    pub(crate) async fn joined(prefix: String) -> Self {
        let url = std::env::var("DATABASE_URL").unwrap();
        let pool = PgPoolOptions::new().max_connections(8).connect(&url).await.unwrap();
        Self { store: Store::new(pool).prefixed(&prefix).unwrap(), prefix, folder: None }
    }
}

impl Lab<Sqlite> {
    /// A lab that another process has prepared.
    pub(crate) async fn opened(file: &Path) -> Self {
        let (store, prefix) = (Store::new(sqlite(file).await), "leveret_".to_owned());
        Self { store, prefix, folder: None }
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.as_ref().unwrap().path().join("lab.sqlite")
    }
}

/// Runs a body on each database.
macro_rules! on_each_database {
    ($($name:ident)+) => {
        $(mod $name {
            use crate::lab::TestDb as _;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let lab = sqlx::Sqlite::lab(stringify!($name)).await.unwrap();
                super::bodies::$name(lab).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if let Some(lab) = sqlx::Postgres::lab(stringify!($name)).await {
                    super::bodies::$name(lab).await;
                }
            }
        })+
    };
}
pub(crate) use on_each_database;

/// Where messages arrive.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arrivals(Arc<Mutex<Vec<Message>>>);

impl Arrivals {
    /// A handler that notes what comes to a queue.
    pub(crate) fn on(&self, queue: &str) -> Handler {
        let arrivals = self.0.clone();
        Handler::new(queue, move |message: Message| {
            arrivals.lock().unwrap().push(message);
            std::future::ready(())
        })
        .named(queue)
    }

    pub(crate) fn ids(&self) -> Vec<String> {
        let id = |message: &Message| message.message_id().unwrap().to_string();
        self.0.lock().unwrap().iter().map(id).collect()
    }

    pub(crate) fn bodies(&self) -> Vec<String> {
        let text = |message: &Message| String::from_utf8_lossy(message.body()).into_owned();
        self.0.lock().unwrap().iter().map(text).collect()
    }
}

/// Sends jobs whose ids are their bodies.
pub(crate) async fn send(running: &RunningApp, ids: &[&str]) {
    for id in ids {
        let job = Publish::to_queue("jobs").text(*id).message_id(*id);
        running.publisher().publish(job).await.unwrap();
    }
}
