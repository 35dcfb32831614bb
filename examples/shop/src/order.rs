//! What is ordered, and how it travels.

use leveret::{EncodeError, Publish};
use serde::{Deserialize, Serialize};

/// The topic exchange of all that happens to orders.
pub(crate) const EXCHANGE: &str = "shop";

/// What a customer asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// The article's name.
    pub item: String,
    /// How many, at least one.
    pub pieces: u16,
    /// The card to charge; what the bank makes of it is told in its module.
    pub card: String,
}

/// An order, as its messages carry it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Its number.
    pub id: i64,
    /// The article's name.
    pub item: String,
    /// How many.
    pub pieces: u16,
    /// What all of them cost.
    pub cents: i64,
    /// The card to charge.
    pub card: String,
}

/// How an order stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Its number.
    pub id: i64,
    /// The article's name.
    pub item: String,
    /// How many.
    pub pieces: i64,
    /// What all of them cost.
    pub cents: i64,
    /// `placed`, `reserved`, `paid` or `refused`.
    pub state: String,
    /// Why it was refused.
    pub reason: Option<String>,
}

impl Order {
    /// The message that says what has happened to it: `order.placed`.
    pub(crate) fn event(&self, what: &str) -> Result<Publish, EncodeError> {
        Publish::new(EXCHANGE, format!("order.{what}")).json(self)
    }
}
