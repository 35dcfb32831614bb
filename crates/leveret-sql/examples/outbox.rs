//! An order and its message in one database transaction.
//!
//! `cargo run -p leveret-sql --example outbox`

use leveret::{App, Handler, Publish, Text};
use leveret_sql::{Outbox, Relay, SqlError, Store, Tx};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{Sqlite, SqlitePool};

/// Takes one from the stock; the shipment goes out if, and only if, the stock has changed.
async fn reserve(Text(item): Text, mut tx: Tx<Sqlite>) -> Result<Publish, SqlError> {
    sqlx::query("UPDATE stock SET pieces = pieces - 1 WHERE item = $1")
        .bind(&item)
        .execute(&mut *tx)
        .await?;
    Ok(Publish::to_queue("shipments").text(item))
}

/// What a web request would do.
async fn order(pool: &SqlitePool, outbox: &Outbox<Sqlite>) -> anyhow::Result<()> {
    let mut tx = pool.begin().await?;
    sqlx::query("INSERT INTO orders (item) VALUES ('pen')").execute(&mut *tx).await?;
    outbox.publish(&mut tx, Publish::to_queue("placed").text("pen")).await?;
    tx.commit().await?;
    Ok(())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let file = SqliteConnectOptions::new().filename(folder.path().join("shop.sqlite"));
    let pool = SqlitePoolOptions::new().connect_with(file.create_if_missing(true)).await?;
    sqlx::query("CREATE TABLE orders (item TEXT)").execute(&pool).await?;
    sqlx::query("CREATE TABLE stock (item TEXT, pieces INTEGER)").execute(&pool).await?;
    sqlx::query("INSERT INTO stock VALUES ('pen', 10)").execute(&pool).await?;

    let store = Store::new(pool.clone());
    store.migrate().await?;
    let app = App::new("shop")
        .in_memory()
        .state(store.clone())
        .handler(Handler::new("placed", reserve))
        .handler(Handler::new("shipments", || async {}).named("ship"));
    let running = Relay::new(&store).attach(app).start().await?;

    order(&pool, &Outbox::new(&store, "shop")).await?;
    running.wait_until(|stats| stats.handler("ship").handled == 1).await;
    // The same message twice, as after a crash of somebody else: it has its effect once.
    let again = Publish::to_queue("placed").text("pen").message_id("order-2");
    running.publisher().publish(again.clone()).await?;
    running.publisher().publish(again).await?;
    running.wait_until(|stats| stats.handler("ship").handled == 2).await;
    running.wait_until(|stats| stats.handler("reserve").duplicates == 1).await;

    let left: i64 = sqlx::query_scalar("SELECT pieces FROM stock").fetch_one(&pool).await?;
    anyhow::ensure!(left == 8, "8 pens are left, not {left}");
    running.shutdown().await?;
    Ok(())
}
