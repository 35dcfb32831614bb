//! An application to test: orders are charged, and what was charged is noted.

use std::io;

use leveret::{App, Classify, EncodeError, Handler, Json, Publish, Text};

#[derive(Debug, thiserror::Error)]
pub(crate) enum ChargeError {
    #[error("the card is expired")]
    Expired,
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

impl Classify for ChargeError {
    fn class(&self) -> leveret::Class {
        leveret::Class::Permanent
    }
}

pub(crate) async fn charge(Json(cents): Json<u32>) -> Result<Publish, ChargeError> {
    match cents {
        0 => Err(ChargeError::Expired),
        _ => Ok(Publish::new("shop", "order.charged").json(&cents)?),
    }
}

pub(crate) async fn note(Text(_): Text) {}

/// Fails as long as nobody is there.
pub(crate) async fn knock() -> io::Result<()> {
    Err(io::Error::other("nobody answers"))
}

pub(crate) fn orders() -> Handler {
    Handler::new("orders", charge).bind("shop", "order.placed")
}

pub(crate) fn app(orders: Handler) -> App {
    App::new("shop")
        .handler(orders)
        .handler(Handler::new("ledger", note).bind("shop", "order.charged"))
}

pub(crate) fn order(cents: u32) -> Publish {
    Publish::new("shop", "order.placed").json(&cents).unwrap()
}
