//! A message on its way, as like itself as the target lets it be.

use leveret_client::{Delivery, FieldTable, FieldValue, Publish, ShortStr};

/// What a header is called that would copy the message again.
const CC: &str = "CC";
/// How often the old queue delivered the message, in the broker's words.
const COUNT: &str = "x-delivery-count";
const CC_KEPT: ShortStr = ShortStr::from_static("x-leveret-cc");

/// Where messages go, and as whom.
#[derive(Debug, Clone)]
pub(super) struct Destination {
    pub(super) queue: ShortStr,
    /// An exchange that leads nowhere else, so that routing keys stay; without it the default one.
    pub(super) exchange: Option<ShortStr>,
    /// Whose user-ids the target lets pass.
    pub(super) user: String,
}

/// The message for the target, and whether its user-id had to be taken off.
pub(super) fn packed(delivery: &Delivery, destination: &Destination) -> (Publish, bool) {
    let user = delivery.properties.user_id();
    let is_foreign = user.is_some_and(|user| user != *destination.user.as_str());
    let mut properties = delivery.properties.clone();
    if is_foreign {
        properties = properties.to_builder().user_id(None).build();
    }
    let headers = properties.headers().unwrap_or_default();
    if headers.get(CC).is_some() || headers.get(COUNT).is_some() {
        let renamed = |(name, value): (ShortStr, FieldValue)| {
            if name == *CC { (CC_KEPT, value) } else { (name, value) }
        };
        let kept = headers.iter().filter(|(name, _)| *name != *COUNT);
        let headers: FieldTable = kept.map(renamed).collect();
        let headers = Some(headers).filter(|headers| !headers.is_empty());
        properties = properties.to_builder().headers(headers).build();
    }
    let (exchange, routing_key) = match &destination.exchange {
        Some(exchange) => (exchange.clone(), delivery.routing_key.clone()),
        None => (ShortStr::EMPTY, destination.queue.clone()),
    };
    let body = delivery.body.clone();
    (Publish { exchange, routing_key, mandatory: true, properties, body }, is_foreign)
}
