//! Messages that become real with a database transaction, from anywhere.

use leveret::{Publish, ShortStr};

use crate::dialect::Dialect;
use crate::error::OutboxError;
use crate::row::Row;
use crate::store::Store;

/// Publishes by writing into a transaction: the message goes out if that commits, and only then.
///
/// Within a handler nothing of it is needed: what a handler with a [`Tx`](crate::Tx)
/// returns or publishes goes this way by itself.
///
/// ```
/// use leveret::Publish;
/// use leveret_sql::{Outbox, OutboxError};
/// use sqlx::SqlitePool;
///
/// async fn order(pool: &SqlitePool, outbox: &Outbox<sqlx::Sqlite>) -> Result<(), OutboxError> {
///     let mut tx = pool.begin().await?;
///     sqlx::query("INSERT INTO orders (item) VALUES ('pen')").execute(&mut *tx).await?;
///     outbox.publish(&mut tx, Publish::new("shop", "order.placed").text("pen")).await?;
///     tx.commit().await?;
///     Ok(())
/// }
/// ```
#[derive(Debug)]
pub struct Outbox<Db: Dialect> {
    store: Store<Db>,
    app: String,
}

impl<Db: Dialect> Outbox<Db> {
    /// The outbox of a store; `app` is the application's name, the app-id of its messages.
    pub fn new(store: &Store<Db>, app: impl Into<String>) -> Self {
        Self { store: store.clone(), app: app.into() }
    }

    /// Puts a message into the outbox, as a part of this transaction, and tells its message-id.
    ///
    /// With the header [`ORDERING_KEY`](crate::ORDERING_KEY) it leaves after all of the same value
    /// that were committed before; another transaction that publishes under it waits for this one.
    pub async fn publish(
        &self,
        transaction: &mut Db::Connection,
        publish: Publish,
    ) -> Result<ShortStr, OutboxError> {
        let sealed = publish.seal(&self.app)?;
        let id = sealed.properties.message_id().unwrap_or_default();
        Db::keep(transaction, &self.store.site, &[Row::new(sealed)]).await?;
        self.store.site.bell.notify_one();
        Ok(id)
    }
}

impl<Db: Dialect> Clone for Outbox<Db> {
    fn clone(&self) -> Self {
        Self { store: self.store.clone(), app: self.app.clone() }
    }
}
