//! AMQP field tables, properties and bodies as JSON, and back.
//!
//! The shapes are those of `RabbitMQ`'s HTTP API, which the broker's API, the command line and
//! everything that hands messages to other languages share. See
//! <https://www.rabbitmq.com/docs/http-api-reference>.
//!
//! ```
//! use leveret_protocol::{FieldTable, Properties};
//! use serde_json::json;
//!
//! let headers = FieldTable::builder().insert("x-attempt", 2i64).build();
//! let properties = Properties::builder().headers(headers).persistent().build();
//! let shown = leveret_json::properties(&properties);
//! assert_eq!(shown, json!({ "delivery_mode": 2, "headers": { "x-attempt": 2 } }));
//! assert_eq!(leveret_json::to_properties(&shown)?, properties);
//! # Ok::<(), leveret_json::JsonError>(())
//! ```

mod error;
mod field;
mod payload;
mod properties;

pub use self::{
    error::JsonError,
    field::{DEPTH_MAX, table, to_table, to_value, value},
    payload::{Payload, PayloadEncoding},
    properties::{properties, to_properties},
};
