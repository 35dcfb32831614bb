//! The shop: its database, its handlers, and how an order gets in.

use std::path::Path;
use std::time::Duration;

use leveret::{App, Delays, Handler, RetryPolicy};
use leveret_sql::{Outbox, OutboxError, Relay, Store};
use sqlx::Sqlite;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions};

use crate::order::{Order, Standing, Wish};
use crate::{bank, mail, payment, stock};

/// Workers with a transaction, calls of the bank, the relay, the web.
const CONNECTIONS_MAX: u32 = 16;

/// How long a batch of mails waits for more.
const MAIL_WINDOW: Duration = Duration::from_millis(50);

/// Everything the shop is made of. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Shop {
    store: Store<Sqlite>,
    outbox: Outbox<Sqlite>,
}

/// An order was not taken; nothing of it is left.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlaceError {
    /// There is no such article, or none of it was asked for.
    #[error("the shop does not sell {pieces} of `{item}`")]
    NotSold {
        /// The article.
        item: String,
        /// How many were asked for.
        pieces: u16,
    },
    /// The database did not take it.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
}

impl From<sqlx::Error> for PlaceError {
    fn from(error: sqlx::Error) -> Self {
        Self::Outbox(error.into())
    }
}

impl Shop {
    /// The shop in this file of `SQLite`, which is made and filled if need be.
    pub async fn open(file: &Path) -> Result<Self, sqlx::Error> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal);
        let pool =
            SqlitePoolOptions::new().max_connections(CONNECTIONS_MAX).connect_with(options).await?;
        sqlx::raw_sql(include_str!("schema.sql")).execute(&pool).await?;
        let store = Store::new(pool);
        store.migrate().await?;
        let outbox = Outbox::new(&store, "shop");
        Ok(Self { store, outbox })
    }

    /// The handlers, and the relay that takes messages from the database to the broker.
    pub fn app(&self) -> App {
        let patient =
            RetryPolicy::attempts(1).then(Delays::exponential(Duration::from_millis(200), 6));
        let mails = Handler::batch("mails", mail::notify)
            .bind("shop", "order.paid")
            .bind("shop", "order.refused")
            .window(MAIL_WINDOW);
        let app = App::new("shop")
            .state(self.store.clone())
            .state(self.pool().clone())
            .handler(stock::reserve::handler())
            .handler(payment::charge::handler().retry(patient))
            .handler(stock::release::handler())
            .handler(stock::complete::handler())
            .handler(mails)
            .handler(bank::take::handler());
        Relay::new(&self.store).attach(app)
    }

    /// Takes an order: the row and the message become lasting together, or neither does.
    ///
    /// No broker is needed for that: it may be away, or in another process.
    pub async fn place(&self, wish: Wish) -> Result<Order, PlaceError> {
        let Wish { item, pieces, card } = wish;
        let mut tx = self.pool().begin().await?;
        let row: Option<(i64, i64)> = sqlx::query_as(
            "INSERT INTO orders (item, pieces, cents) \
             SELECT item, $2, $2 * cents FROM stock WHERE item = $1 AND $2 > 0 RETURNING id, cents",
        )
        .bind(&item)
        .bind(i64::from(pieces))
        .fetch_optional(&mut *tx)
        .await?;
        let Some((id, cents)) = row else { return Err(PlaceError::NotSold { item, pieces }) };
        let order = Order { id, item, pieces, cents, card };
        let placed = order.event("placed").map_err(OutboxError::from)?;
        self.outbox.publish(&mut tx, placed).await?;
        tx.commit().await?;
        Ok(order)
    }

    /// How an order stands; none of this number if nothing.
    pub async fn order(&self, id: i64) -> Result<Option<Standing>, sqlx::Error> {
        type Row = (i64, String, i64, i64, String, Option<String>);
        let row: Option<Row> = sqlx::query_as(
            "SELECT id, item, pieces, cents, state, reason FROM orders WHERE id = $1",
        )
        .bind(id)
        .fetch_optional(self.pool())
        .await?;
        Ok(row.map(|(id, item, pieces, cents, state, reason)| Standing {
            id,
            item,
            pieces,
            cents,
            state,
            reason,
        }))
    }

    /// What is left: articles and pieces.
    pub async fn stock(&self) -> Result<Vec<(String, i64)>, sqlx::Error> {
        sqlx::query_as("SELECT item, pieces FROM stock ORDER BY item").fetch_all(self.pool()).await
    }

    /// The database, to look into.
    pub fn pool(&self) -> &SqlitePool {
        self.store.pool()
    }
}
