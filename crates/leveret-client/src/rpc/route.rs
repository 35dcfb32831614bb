//! Where a request goes.

use leveret_protocol::ShortStr;

use crate::{message::Publish, rpc::error::RpcError};

/// An exchange and a routing key; of a queue, the default exchange and its name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Route {
    exchange: Name,
    routing_key: Name,
}

/// A name as it was given; whether it can be one is told when a request goes there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Name {
    Good(ShortStr),
    TooLong { bytes: usize },
}

impl Route {
    /// The request without its body.
    pub(super) fn request(self) -> Result<Publish, RpcError> {
        match (self.exchange, self.routing_key) {
            (Name::Good(exchange), Name::Good(routing_key)) => {
                Ok(Publish { exchange, routing_key, ..Publish::default() })
            }
            (Name::TooLong { bytes }, _) => Err(RpcError::Name { what: "exchange", bytes }),
            (_, Name::TooLong { bytes }) => Err(RpcError::Name { what: "routing key", bytes }),
        }
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        let name = ShortStr::try_from(text);
        name.map_or_else(|error| Self::TooLong { bytes: error.bytes }, Self::Good)
    }
}

impl From<&str> for Route {
    fn from(queue: &str) -> Self {
        Self { exchange: Name::Good(ShortStr::EMPTY), routing_key: queue.into() }
    }
}

impl From<&String> for Route {
    fn from(queue: &String) -> Self {
        queue.as_str().into()
    }
}

impl From<&ShortStr> for Route {
    fn from(queue: &ShortStr) -> Self {
        (ShortStr::EMPTY, queue.clone()).into()
    }
}

impl From<ShortStr> for Route {
    fn from(queue: ShortStr) -> Self {
        (ShortStr::EMPTY, queue).into()
    }
}

impl From<(&str, &str)> for Route {
    fn from((exchange, routing_key): (&str, &str)) -> Self {
        Self { exchange: exchange.into(), routing_key: routing_key.into() }
    }
}

impl From<(ShortStr, ShortStr)> for Route {
    fn from((exchange, routing_key): (ShortStr, ShortStr)) -> Self {
        Self { exchange: Name::Good(exchange), routing_key: Name::Good(routing_key) }
    }
}
