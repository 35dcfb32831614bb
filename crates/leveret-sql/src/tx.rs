//! The transaction of one attempt: committed before its message is settled.

use std::fmt::{self, Debug, Formatter};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use leveret::{
    Abandoning, Completing, Failure, FromMessage, Needs, Participant, Request, SealedPublish,
};
use sqlx::Transaction;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::timeout;
use tracing::debug;

use crate::dialect::Dialect;
use crate::error::{not_begun, not_completed};
use crate::row::{Entry, Row};
use crate::site::Site;
use crate::store::Store;

/// How long taking back a transaction may take; the database does it by itself after that.
const ROLLBACK_PATIENCE: Duration = Duration::from_secs(5);

/// A database transaction as an argument of a handler.
///
/// What the handler writes in it, the id of its message, and all that the handler publishes become
/// lasting together, or nothing of it does; then the message is acknowledged. A message whose id
/// is there already is acknowledged without the handler being run, and counted as a duplicate.
/// A [`Relay`](crate::Relay) publishes what the handler has put out.
///
/// It needs a [`Store`] in [`App::state`](leveret::App::state). A message without an id cannot be
/// recognised: it is handled each time it comes.
///
/// ```
/// use leveret::{Json, Publish};
/// use leveret_sql::{SqlError, Tx};
/// use sqlx::Sqlite;
///
/// async fn book(Json(amount): Json<i64>, mut tx: Tx<Sqlite>) -> Result<Publish, SqlError> {
///     sqlx::query("UPDATE account SET cents = cents + $1").bind(amount).execute(&mut *tx).await?;
///     Ok(Publish::to_queue("booked").text(amount.to_string()))
/// }
/// # leveret::Handler::new("bookings", book);
/// ```
pub struct Tx<Db: Dialect>(OwnedMutexGuard<Transaction<'static, Db>>);

/// The same transaction, waiting for the handler's end.
struct Part<Db: Dialect> {
    // A lock, as the handler has the transaction until it returns; nobody ever waits for it.
    transaction: Arc<Mutex<Transaction<'static, Db>>>,
    site: Site<Db>,
    entry: Option<Entry>,
}

impl<Db: Dialect> FromMessage for Tx<Db> {
    type Rejection = Failure;

    async fn from_message(request: &Request) -> Result<Self, Failure> {
        let Some(store) = request.state::<Store<Db>>() else {
            return Err(Failure::permanent(fix::<Db>()));
        };
        if request.has_participant() {
            return Err(Failure::permanent("a handler can have one transaction"));
        }
        let mut transaction = Db::begin(&store.site).await.map_err(|error| not_begun(&error))?;
        let entry = entry(request, store.keep_ids);
        if let Some(entry) = &entry {
            let is_new = Db::note(&mut transaction, &store.site, entry).await;
            if !is_new.map_err(|error| not_begun(&error))? {
                request.mark_duplicate();
                return Err(Failure::permanent("handled before"));
            }
        }
        let transaction = Arc::new(Mutex::new(transaction));
        let handed = transaction.clone().lock_owned().await;
        request
            .enlist(Part { transaction, site: store.site.clone(), entry })
            .map_err(Failure::permanent)?;
        Ok(Self(handed))
    }

    fn needs(needs: &mut Needs<'_>) {
        needs.no_batch("Tx");
        needs.state_or::<Store<Db>>(&fix::<Db>());
    }
}

/// What to write where the store is missing.
fn fix<Db: Dialect>() -> String {
    format!("a {} database: add `.state(leveret_sql::Store::new(pool))` to the app", Db::NAME)
}

fn entry(request: &Request, keep_ids: Duration) -> Option<Entry> {
    Some(Entry {
        app: request.app(),
        handler: request.handler().to_owned(),
        message_id: request.message().message_id()?.as_bytes().to_vec(),
        keep_ms: i64::try_from(keep_ids.as_millis()).unwrap_or(i64::MAX / 2),
    })
}

impl<Db: Dialect> Participant for Part<Db> {
    fn complete(self: Box<Self>, outputs: Vec<SealedPublish>) -> Completing {
        Box::pin(self.commit(outputs))
    }

    fn abandon(self: Box<Self>) -> Abandoning {
        Box::pin(async move {
            let Some(transaction) = Arc::into_inner(self.transaction) else { return };
            let rollback = timeout(ROLLBACK_PATIENCE, transaction.into_inner().rollback());
            // What is not taken back here is taken back when its connection is used again or lost.
            if let Ok(Err(error)) = rollback.await {
                debug!(%error, "rollback failed");
            }
        })
    }
}

impl<Db: Dialect> Part<Db> {
    async fn commit(self, outputs: Vec<SealedPublish>) -> Result<Vec<SealedPublish>, Failure> {
        let Some(transaction) = Arc::into_inner(self.transaction) else {
            let text = "the handler has returned, and something it began still has its transaction";
            return Err(Failure::permanent(text).named("transaction-held"));
        };
        let mut transaction = transaction.into_inner();
        let rows: Vec<Row> = outputs.into_iter().map(Row::new).collect();
        let site = &self.site;
        // Where a statement has failed and the handler went on, PostgreSQL takes all back and calls
        // that a success.
        let is_noted = Db::is_noted(&mut transaction, site, self.entry.as_ref()).await;
        if !is_noted.map_err(not_completed)? {
            let text = "the handler has ended its transaction by itself";
            return Err(Failure::permanent(text).named("transaction-ended"));
        }
        Db::keep(&mut transaction, site, &rows).await.map_err(not_completed)?;
        transaction.commit().await.map_err(not_completed)?;
        if !rows.is_empty() {
            site.bell.notify_one();
        }
        Ok(Vec::new())
    }
}

impl<Db: Dialect> Deref for Tx<Db> {
    type Target = Db::Connection;

    fn deref(&self) -> &Db::Connection {
        &self.0
    }
}

impl<Db: Dialect> DerefMut for Tx<Db> {
    fn deref_mut(&mut self) -> &mut Db::Connection {
        &mut self.0
    }
}

impl<Db: Dialect> Debug for Tx<Db> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("Tx")
    }
}
