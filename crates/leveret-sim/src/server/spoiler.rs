//! A broker's mistakes, made on purpose: the checker must see them.

use bytes::Bytes;
use leveret_engine::{Content, Effect, Input};
use leveret_protocol::{ChannelNumber, Method, Properties, ShortStr, basic};

use crate::{
    client::CHANNELS_MAX,
    plan::Sabotage,
    topology::{DELAYED, REPLY_TO, SCHEDULED},
};

/// How a record begins that first says what was settled: its version, its kind, its first fact.
const SETTLED_FIRST: [u8; 3] = [1, 1, 8];

/// A record that says nothing.
const NO_FACTS: [u8; 2] = [1, 1];

/// What a broker with that mistake hears instead.
pub(super) fn mishear(sabotage: Sabotage, input: Input) -> Input {
    match (sabotage, input) {
        (Sabotage::LastingRights, Input::SetPermissions { .. }) => Input::Wake,
        (
            Sabotage::LostAppointments,
            Input::Publish { connection, channel, mut publish, properties, body },
        ) if is_late(&properties) => {
            publish.routing_key = ShortStr::from_static("nowhere");
            Input::Publish { connection, channel, publish, properties, body }
        }
        (_, input) => input,
    }
}

/// Whether the message is to wait for its time.
fn is_late(properties: &Properties) -> bool {
    properties.headers().is_some_and(|headers| {
        [SCHEDULED, DELAYED].iter().any(|header| headers.get(header).is_some())
    })
}

/// What a broker with that mistake says instead.
pub(super) fn spoil(sabotage: Sabotage, is_wake: bool, effect: Effect) -> Effect {
    match (sabotage, effect) {
        (Sabotage::LostSlices, Effect::Append { lsn, record })
            if is_wake && record.starts_with(&SETTLED_FIRST) =>
        {
            Effect::Append { lsn, record: Bytes::from_static(&NO_FACTS) }
        }
        (Sabotage::LostAcks, Effect::Append { lsn, record })
            if record.starts_with(&SETTLED_FIRST) =>
        {
            Effect::Append { lsn, record: Bytes::from_static(&NO_FACTS) }
        }
        (Sabotage::LostMarks, Effect::Content { connection, channel, content }) => {
            Effect::Content { connection, channel, content: unmarked(content) }
        }
        (Sabotage::StrayReplies, Effect::Content { connection, channel, content })
            if is_reply(&content) =>
        {
            let channel = ChannelNumber::new(channel.as_u16() % CHANNELS_MAX + 1);
            Effect::Content { connection, channel, content }
        }
        (_, effect) => effect,
    }
}

/// Whether it comes from no queue.
fn is_reply(content: &Content) -> bool {
    let method = content.method();
    let Method::BasicDeliver(deliver) = &method else { return false };
    deliver.routing_key.starts_with(REPLY_TO.as_bytes())
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
