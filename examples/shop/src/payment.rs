//! Payment: a call to the bank with a deadline, and each way it can fail.

use std::time::Duration;

use leveret::{Classify, EncodeError, Json, Publish, RpcClient, RpcError, handler};

use crate::bank::{Charge, Receipt};
use crate::order::Order;

/// How long the bank has to answer.
const ANSWER_WITHIN: Duration = Duration::from_millis(500);

/// Why an order is not paid, and with that what follows.
#[derive(Debug, thiserror::Error, Classify)]
pub(crate) enum ChargeError {
    /// Nobody knows whether the money was taken. It may be asked for again: the bank takes it
    /// once for each order.
    #[error("the bank does not answer: {0}")]
    #[classify(transient, name = "bank-silent")]
    Silent(RpcError),
    #[error("the bank has no time")]
    #[classify(busy = "300ms", name = "bank-busy")]
    Busy,
    #[error("{0}")]
    #[classify(permanent, name = "card-declined")]
    Declined(String),
    #[error(transparent)]
    #[classify(permanent)]
    Encode(#[from] EncodeError),
}

impl From<RpcError> for ChargeError {
    fn from(error: RpcError) -> Self {
        let RpcError::Remote { error, .. } = error else { return Self::Silent(error) };
        if error.is_transient { Self::Busy } else { Self::Declined(error.text) }
    }
}

/// Has the bank take the money. No database transaction is held open meanwhile.
#[handler(queue = "payments", exchange = "shop", key = "order.reserved", concurrency = 4)]
pub(crate) async fn charge(
    Json(order): Json<Order>,
    bank: RpcClient,
) -> Result<Publish, ChargeError> {
    let charge = Charge { order: order.id, cents: order.cents, card: order.card.clone() };
    let _: Receipt = bank.call_within("bank", &charge, ANSWER_WITHIN).await?;
    Ok(order.event("paid")?)
}
