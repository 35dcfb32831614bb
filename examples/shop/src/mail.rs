//! Mails to customers: many events at a time, one insert for all.

use leveret::{Batch, Json, RoutingKey, State};
use leveret_sql::SqlError;
use sqlx::SqlitePool;

use crate::order::Order;

/// Writes the mails into a table, which is this shop's post office.
///
/// An event may come twice: a batch takes part in no database transaction. The table has one line
/// for each order, so the second mail is none.
pub(crate) async fn notify(
    State(pool): State<SqlitePool>,
    batch: Batch<(RoutingKey, Json<Order>)>,
) -> Result<(), SqlError> {
    let mut tx = pool.begin().await?;
    for (RoutingKey(key), Json(order)) in batch {
        let news = if key == "order.paid" { "is on its way" } else { "is not possible" };
        sqlx::query("INSERT INTO mails VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(order.id)
            .bind(format!("Your order of {} {} {news}.", order.pieces, order.item))
            .execute(&mut *tx)
            .await?;
    }
    Ok(tx.commit().await?)
}
