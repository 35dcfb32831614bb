//! How the broker introduces itself.

use bytes::Bytes;
use leveret_engine::Capabilities;
use leveret_protocol::{
    ChannelOpens, FieldTable, FieldValue, Limits as SessionLimits, ServerHello,
};

use crate::{limits::Limits, mechanism::Mechanism};

/// Clients compare this with `RabbitMQ`'s, whose behaviour of that version we have; `product` and
/// `leveret_version` say who we are.
const COMPATIBLE_VERSION: &str = "3.13.7";

/// What a client says, too, if it wants it.
const REFUSED_COMMITS: &str = "leveret.refused_commits";

/// What clients may count on: only what is there.
const CAPABILITIES: [&str; 13] = [
    "publisher_confirms",
    "exchange_exchange_bindings",
    "basic.nack",
    "consumer_cancel_notify",
    "connection.blocked",
    "consumer_priorities",
    "authentication_failure_close",
    "per_consumer_qos",
    "direct_reply_to",
    "leveret.atomic_transactions",
    "leveret.peek",
    REFUSED_COMMITS,
    "leveret.scheduled_messages",
];

/// What the server sends in `connection.start`.
pub(super) fn server_hello(mechanisms: &[Mechanism]) -> ServerHello {
    let names: Vec<&str> = mechanisms.iter().map(|mechanism| mechanism.name()).collect();
    let text = |text: &'static str| FieldValue::LongString(Bytes::from_static(text.as_bytes()));
    let capabilities =
        CAPABILITIES.iter().fold(FieldTable::builder(), |table, name| table.insert(name, true));
    let server_properties = FieldTable::builder()
        .insert("capabilities", capabilities.build())
        .insert("product", text("Leveret"))
        .insert("version", text(COMPATIBLE_VERSION))
        .insert("leveret_version", text(env!("CARGO_PKG_VERSION")))
        .insert("platform", text("Rust"))
        .insert("information", text("version names the RabbitMQ release that Leveret behaves like"))
        .build();
    ServerHello {
        mechanisms: names.join(" ").into(),
        locales: Bytes::from_static(b"en_US"),
        server_properties,
    }
}

/// The bounds as the session knows them.
pub(super) fn session_limits(limits: &Limits) -> SessionLimits {
    SessionLimits {
        frame_max: limits.frame_bytes_max,
        channel_max: limits.channels_max,
        heartbeat_secs: u16::try_from(limits.heartbeat.as_secs()).unwrap_or(u16::MAX),
        message_bytes_max: limits.message_bytes_max,
        handshake_timeout: limits.handshake_timeout,
        close_timeout: limits.close_timeout,
        channel_opens: ChannelOpens::Asked,
        ..SessionLimits::default()
    }
}

/// What a client said it can do.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ClientCapabilities {
    pub(super) authentication_failure_close: bool,
    pub(super) engine: Capabilities,
}

impl ClientCapabilities {
    pub(super) fn read(client_properties: &FieldTable) -> Self {
        let Some(FieldValue::Table(table)) = client_properties.get("capabilities") else {
            return Self::default();
        };
        let has = |name| table.get(name) == Some(FieldValue::Bool(true));
        Self {
            authentication_failure_close: has("authentication_failure_close"),
            engine: Capabilities {
                consumer_cancel_notify: has("consumer_cancel_notify"),
                refused_commits: has(REFUSED_COMMITS),
            },
        }
    }
}
