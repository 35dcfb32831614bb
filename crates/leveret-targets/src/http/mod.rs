//! A request to a web server for each message.
//!
//! The request's headers and what a status means are the framework's own
//! ([`leveret::serve`]), so that a service behind a socket is answered to as one inside.

mod auth;
mod client;
mod event;
mod exchange;
mod headers;
mod rules;
mod target;
mod url;

use std::sync::Arc;

use leveret::Handler;

use crate::delivery::Delivery;
use crate::error::TargetError;

pub use auth::Basic;
pub use event::CloudEvents;
use exchange::Exchange;
pub use headers::HeaderTemplates;
pub use rules::StatusWord;
pub use target::HttpTarget;

impl HttpTarget {
    pub(crate) fn into_handler(self, name: &str, queue: &str) -> Result<Handler, TargetError> {
        let exchange = Arc::new(Exchange::new(self, name, queue)?);
        let handle = move |delivery: Delivery| {
            let exchange = exchange.clone();
            async move { exchange.handle(&delivery).await }
        };
        Ok(Handler::new(queue, handle).named(name))
    }
}
