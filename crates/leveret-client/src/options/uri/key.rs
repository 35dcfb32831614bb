//! The keys of an AMQP URI.

/// A key of the query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Heartbeat,
    ConnectionTimeout,
    ChannelMax,
    FrameMax,
    AuthMechanism,
    Locale,
    RequestTimeout,
    PublishTimeout,
    ConnectionName,
    Authorities,
    Certificate,
    Proof,
    Password,
    Verify,
    ServerName,
    Depth,
}

/// A key, its name, and what its value may be.
pub(super) type Row = (Key, &'static str, &'static str);

pub(super) const ROWS: [Row; 16] = [
    (Key::Heartbeat, "heartbeat", "seconds from 0 to 65535"),
    (Key::ConnectionTimeout, "connection_timeout", "milliseconds from 1 to 4294967295"),
    (Key::ChannelMax, "channel_max", "a number from 0 to 65535"),
    (Key::FrameMax, "frame_max", "0 or bytes from 4096 on"),
    (Key::AuthMechanism, "auth_mechanism", "`plain`, `amqplain` or `external`"),
    (Key::Locale, "locale", "`en_US`"),
    (Key::RequestTimeout, "request_timeout", "milliseconds from 1 to 4294967295"),
    (Key::PublishTimeout, "publish_timeout", "milliseconds from 1 to 4294967295"),
    (Key::ConnectionName, "connection_name", "a text"),
    (Key::Authorities, "cacertfile", "the path of a PEM file"),
    (Key::Certificate, "certfile", "the path of a PEM file"),
    (Key::Proof, "keyfile", "the path of a PEM file"),
    (Key::Password, "password", "not to be there: keys are read without passphrase only"),
    (Key::Verify, "verify", "`verify_peer` or `verify_none`"),
    (Key::ServerName, "server_name_indication", "the name of a host"),
    (Key::Depth, "depth", "a number from 0 to 255"),
];

/// All keys, as an error lists them.
pub(super) fn names() -> String {
    ROWS.map(|(_, name, _)| name).join(", ")
}
