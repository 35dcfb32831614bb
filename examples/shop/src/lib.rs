//! A web shop in small: a database, a broker, no seam where an order is lost.
//!
//! [`Shop`] is all of it: [`Shop::router`] takes orders, [`Shop::app`] handles what follows.

mod bank;
mod mail;
mod order;
mod payment;
mod shop;
mod stock;
mod web;

pub use order::{Order, Standing, Wish};
pub use shop::{PlaceError, Shop};
