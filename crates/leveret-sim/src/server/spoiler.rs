//! A broker's mistakes, made on purpose: the checker must see them.

use bytes::Bytes;
use leveret_engine::Effect;
use leveret_protocol::Method;

use crate::plan::Sabotage;

/// How a record begins that first says what was settled: its version, its kind, its first fact.
const SETTLED_FIRST: [u8; 3] = [1, 1, 8];

/// A record that says nothing.
const NO_FACTS: [u8; 2] = [1, 1];

/// What a broker with that mistake says instead.
pub(super) fn spoil(sabotage: Sabotage, is_wake: bool, effect: Effect) -> Effect {
    match (sabotage, effect) {
        (Sabotage::LostSlices, Effect::Append { lsn, record })
            if is_wake && record.starts_with(&SETTLED_FIRST) =>
        {
            Effect::Append { lsn, record: Bytes::from_static(&NO_FACTS) }
        }
        (
            Sabotage::LostMarks,
            Effect::Content {
                connection,
                channel,
                method: Method::BasicDeliver(mut deliver),
                properties,
                body,
            },
        ) => {
            let headers = properties.headers().unwrap_or_default();
            if headers.get("x-death").is_some() {
                deliver.redelivered = false;
            }
            let method = Method::BasicDeliver(deliver);
            Effect::Content { connection, channel, method, properties, body }
        }
        (_, effect) => effect,
    }
}
