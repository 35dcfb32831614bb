//! The bank: a server of calls, which elsewhere would be somebody else's program.
//!
//! | card | what it does |
//! |---|---|
//! | `declined` | refuses for good |
//! | `busy` | has no time when it is asked first |
//! | `slow` | takes the money, and answers too late when it is asked first |
//! | any other | takes the money |

use std::time::Duration;

use leveret::{Deadline, Failure, Json, RemoteError, Reply, State, handler};
use serde::{Deserialize, Serialize};
use sqlx::SqlitePool;

/// What it is asked to take.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Charge {
    /// It takes the money once for each number.
    pub(crate) order: i64,
    pub(crate) cents: i64,
    pub(crate) card: String,
}

/// What it has taken.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Receipt {
    pub(crate) cents: i64,
}

/// Takes money.
#[handler(queue = "bank", concurrency = 4)]
pub(crate) async fn take(
    Json(charge): Json<Charge>,
    deadline: Deadline,
    State(pool): State<SqlitePool>,
) -> Result<Reply, Failure> {
    let asked = book(&charge, &pool).await?;
    match (charge.card.as_str(), asked) {
        ("declined", _) => return Ok(refusal("declined", "the card is declined", Again::Never)),
        ("busy", 1) => return Ok(refusal("busy", "come back later", Again::Later)),
        ("slow", 1) => {
            let late = deadline.left().unwrap_or_default() + Duration::from_millis(50);
            tokio::time::sleep(late).await;
        }
        _ => {}
    }
    Ok(Reply::json(&Receipt { cents: charge.cents })?)
}

/// Whether asking again may help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Again {
    Later,
    Never,
}

/// An answer that says no. The request is handled with it: no retry, no dead letter.
fn refusal(class: &str, text: &str, again: Again) -> Reply {
    Reply::error(&RemoteError {
        class: class.to_owned(),
        text: text.to_owned(),
        is_transient: again == Again::Later,
    })
}

/// Writes the charge into the bank's book, one line for each order, and tells how often it was
/// asked for.
async fn book(charge: &Charge, pool: &SqlitePool) -> Result<i64, sqlx::Error> {
    let refused_at_first = matches!(charge.card.as_str(), "declined" | "busy");
    sqlx::query_scalar(
        "INSERT INTO charges (order_id, cents, asked) VALUES ($1, $2, 1) \
         ON CONFLICT (order_id) DO UPDATE SET asked = asked + 1, cents = $3 RETURNING asked",
    )
    .bind(charge.order)
    .bind(if refused_at_first { 0 } else { charge.cents })
    .bind(if charge.card == "declined" { 0 } else { charge.cents })
    .fetch_one(pool)
    .await
}
