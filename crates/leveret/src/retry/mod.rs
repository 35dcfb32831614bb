//! How often a message is tried, and after which pauses.

mod delays;
mod policy;

pub use delays::Delays;
pub use policy::RetryPolicy;
pub(crate) use policy::{DELIVERIES_MAX, Next, Tries};
