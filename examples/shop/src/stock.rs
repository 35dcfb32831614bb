//! Stock: taken and given back; each step is one database transaction.

use leveret::{Json, Message, Publish, handler};
use leveret_sql::{OutboxError, Tx};
use sqlx::{Sqlite, SqliteConnection};

use crate::order::Order;

/// Takes the pieces from the stock, if there are as many.
///
/// The stock, the order's state and the message that follows change together, and once for each
/// `order.placed`, however often that is delivered.
#[handler(queue = "reservations", exchange = "shop", key = "order.placed", concurrency = 2)]
pub(crate) async fn reserve(
    Json(order): Json<Order>,
    mut tx: Tx<Sqlite>,
) -> Result<Publish, OutboxError> {
    let taken =
        sqlx::query("UPDATE stock SET pieces = pieces - $2 WHERE item = $1 AND pieces >= $2")
            .bind(&order.item)
            .bind(i64::from(order.pieces))
            .execute(&mut *tx)
            .await?;
    if taken.rows_affected() == 0 {
        return refuse(&order, "sold out", &mut tx).await;
    }
    sqlx::query("UPDATE orders SET state = 'reserved' WHERE id = $1")
        .bind(order.id)
        .execute(&mut *tx)
        .await?;
    Ok(order.event("reserved")?)
}

/// Gives the pieces back when their payment has become a dead letter.
///
/// The letter is the message of the payment, unchanged, with the reason in its headers.
#[handler(queue = "payments.dead")]
pub(crate) async fn release(
    Json(order): Json<Order>,
    letter: Message,
    mut tx: Tx<Sqlite>,
) -> Result<Publish, OutboxError> {
    sqlx::query("UPDATE stock SET pieces = pieces + $2 WHERE item = $1")
        .bind(&order.item)
        .bind(i64::from(order.pieces))
        .execute(&mut *tx)
        .await?;
    let reason = letter.header_text("x-leveret-error").unwrap_or_default();
    refuse(&order, &reason, &mut tx).await
}

/// Notes that an order is paid.
#[handler(queue = "completions", exchange = "shop", key = "order.paid")]
pub(crate) async fn complete(
    Json(order): Json<Order>,
    mut tx: Tx<Sqlite>,
) -> Result<(), OutboxError> {
    sqlx::query("UPDATE orders SET state = 'paid' WHERE id = $1")
        .bind(order.id)
        .execute(&mut *tx)
        .await?;
    Ok(())
}

async fn refuse(
    order: &Order,
    reason: &str,
    tx: &mut SqliteConnection,
) -> Result<Publish, OutboxError> {
    sqlx::query("UPDATE orders SET state = 'refused', reason = $2 WHERE id = $1")
        .bind(order.id)
        .bind(reason)
        .execute(tx)
        .await?;
    Ok(order.event("refused")?)
}
