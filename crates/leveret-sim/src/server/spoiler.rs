//! A broker's mistakes, made on purpose: the checker must see them.

use bytes::Bytes;
use leveret_engine::{Content, Effect};
use leveret_protocol::{Method, basic};

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
        (Sabotage::LostMarks, Effect::Content { connection, channel, content }) => {
            Effect::Content { connection, channel, content: unmarked(content) }
        }
        (_, effect) => effect,
    }
}

/// A dead letter as if nobody had seen it.
fn unmarked(content: Content) -> Content {
    let properties = content.properties().clone();
    let is_dead = properties.headers().is_some_and(|headers| headers.get("x-death").is_some());
    let Method::BasicDeliver(deliver) = content.method() else { return content };
    if !is_dead {
        return content;
    }
    let method = Method::BasicDeliver(basic::Deliver { redelivered: false, ..deliver });
    Content::new(method, properties, content.body().clone())
}
