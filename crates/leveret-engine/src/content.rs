//! A message on its way to a client, with the method that brings it.
//!
//! What is sent most, a delivery, shares the message as the queues have it: nothing of it is copied
//! between the engine and the socket.

use alloc::{boxed::Box, sync::Arc};

use bytes::Bytes;
use leveret_protocol::{Delivery, Method, Properties, ShortStr, basic};

use crate::message::{Letter, Message};

/// A method with its content: `basic.deliver`, `basic.get-ok` or `basic.return`.
#[derive(Debug, Clone)]
pub struct Content {
    form: Form,
}

#[derive(Debug, Clone)]
enum Form {
    Delivery { to: Arc<ShortStr>, tag: u64, redelivered: bool, message: Arc<Message> },
    Other(Box<Parts>),
}

#[derive(Debug, Clone)]
struct Parts {
    method: Method,
    properties: Properties,
    body: Bytes,
}

impl Content {
    /// The message goes to that consumer.
    pub(crate) const fn delivery(
        to: Arc<ShortStr>,
        (tag, redelivered): (u64, bool),
        message: Arc<Message>,
    ) -> Self {
        Self { form: Form::Delivery { to, tag, redelivered, message } }
    }

    /// The letter goes with that method.
    pub(crate) fn of_letter(method: Method, letter: &Letter) -> Self {
        Self::new(method, letter.properties.clone(), letter.body.clone())
    }

    /// A content of its own parts.
    pub fn new(method: Method, properties: Properties, body: Bytes) -> Self {
        Self { form: Form::Other(Box::new(Parts { method, properties, body })) }
    }

    /// The method.
    pub fn method(&self) -> Method {
        match &self.form {
            Form::Other(parts) => parts.method.clone(),
            Form::Delivery { to, tag, redelivered, message } => {
                Method::BasicDeliver(basic::Deliver {
                    consumer_tag: (**to).clone(),
                    delivery_tag: *tag,
                    redelivered: *redelivered,
                    exchange: message.letter.exchange.clone(),
                    routing_key: message.letter.routing_key.clone(),
                })
            }
        }
    }

    /// The content's properties.
    pub fn properties(&self) -> &Properties {
        match &self.form {
            Form::Delivery { message, .. } => &message.letter.properties,
            Form::Other(parts) => &parts.properties,
        }
    }

    /// The content's body.
    pub fn body(&self) -> &Bytes {
        match &self.form {
            Form::Delivery { message, .. } => &message.letter.body,
            Form::Other(parts) => &parts.body,
        }
    }

    /// All of it, if it is a `basic.deliver`.
    pub fn as_delivery(&self) -> Option<Delivery<'_>> {
        let (properties, body) = (self.properties(), self.body());
        match &self.form {
            Form::Delivery { to, tag, redelivered, message } => Some(Delivery {
                consumer_tag: to,
                delivery_tag: *tag,
                redelivered: *redelivered,
                exchange: &message.letter.exchange,
                routing_key: &message.letter.routing_key,
                properties,
                body,
            }),
            Form::Other(parts) => {
                let Method::BasicDeliver(deliver) = &parts.method else { return None };
                Some(Delivery {
                    consumer_tag: &deliver.consumer_tag,
                    delivery_tag: deliver.delivery_tag,
                    redelivered: deliver.redelivered,
                    exchange: &deliver.exchange,
                    routing_key: &deliver.routing_key,
                    properties,
                    body,
                })
            }
        }
    }
}

impl PartialEq for Content {
    fn eq(&self, other: &Self) -> bool {
        self.method() == other.method()
            && self.properties() == other.properties()
            && self.body() == other.body()
    }
}

impl Eq for Content {}
