//! The sockets that the broker answers on.

use std::net::SocketAddr;

/// An open port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bound {
    pub(crate) address: SocketAddr,
    pub(crate) protocol: Protocol,
}

/// What is spoken there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Amqp,
    AmqpTls,
    Http,
    HttpTls,
}

impl Protocol {
    /// As lists of listeners name it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Amqp => "amqp",
            Self::AmqpTls => "amqp/ssl",
            Self::Http => "http",
            Self::HttpTls => "https",
        }
    }

    /// Whether health checks mean it by that name.
    pub(crate) fn is_called(self, name: &str) -> bool {
        match self {
            Self::Amqp => matches!(name, "amqp" | "amqp091" | "amqp0.9.1" | "amqp-0-9-1"),
            Self::AmqpTls => matches!(name, "amqps" | "amqp/ssl" | "amqp/tls"),
            Self::Http => matches!(name, "http" | "management"),
            Self::HttpTls => matches!(name, "https" | "http/ssl"),
        }
    }

    pub(crate) const fn is_tls(self) -> bool {
        matches!(self, Self::AmqpTls | Self::HttpTls)
    }
}
