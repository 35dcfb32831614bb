//! What is missing is told before the first message.

use leveret::{App, Handler};
use leveret_sql::{Relay, Store, Tx};
use sqlx::Sqlite;

use crate::lab::sqlite;

#[tokio::test]
async fn a_transaction_without_a_store_is_told_at_start() {
    let work = |_: Tx<Sqlite>| async {};
    let app = App::new("lab").in_memory().handler(Handler::new("jobs", work).named("work"));
    assert_eq!(
        app.start().await.unwrap_err().to_string(),
        "handler `work` needs a SQLite database: add `.state(leveret_sql::Store::new(pool))` to the app"
    );
}

#[tokio::test]
async fn tables_that_are_missing_are_told_at_start() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(sqlite(&folder.path().join("empty.sqlite")).await);
    let app = Relay::new(&store).attach(App::new("lab").in_memory());
    let error = app.start().await.unwrap_err().to_string();
    assert!(error.contains("`Store::migrate` makes it"), "{error}");
    store.migrate().await.unwrap();
    let app = Relay::new(&store).attach(App::new("lab").in_memory());
    app.start().await.unwrap().shutdown().await.unwrap();
}

#[tokio::test]
async fn the_schema_is_what_migrating_runs() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(sqlite(&folder.path().join("own.sqlite")).await);
    let store = store.prefixed("own_").unwrap();
    let schema = store.schema();
    assert!(schema[0].starts_with("CREATE TABLE own_inbox"), "{schema:?}");
    for statement in schema {
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(store.pool()).await.unwrap();
    }
    assert_eq!(store.waiting().await.unwrap(), 0);
}
