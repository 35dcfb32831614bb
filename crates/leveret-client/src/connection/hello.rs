//! What this client says of itself when it connects.

use std::time::Duration;

use bytes::Bytes;
use leveret_protocol::{ClientHello, FieldTable, FieldValue, Limits, ShortStr};

use crate::{error::ConnectError, options::ConnectOptions};

/// Extensions of the protocol that this client understands; brokers use those they find here.
const CAPABILITIES: [&str; 7] = [
    "publisher_confirms",
    "exchange_exchange_bindings",
    "basic.nack",
    "consumer_cancel_notify",
    "connection.blocked",
    "consumer_priorities",
    "authentication_failure_close",
];

/// How long the broker may take to answer that the connection closes.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

pub(super) fn hello(options: &ConnectOptions) -> Result<ClientHello, ConnectError> {
    Ok(ClientHello {
        mechanism: ShortStr::from_static("PLAIN"),
        response: plain(options)?.into(),
        client_properties: properties(options),
        locale: ShortStr::from_static("en_US"),
        virtual_host: options.virtual_host.clone(),
    })
}

/// RFC 4616: a zero byte stands before the user and before the password, and so in neither.
fn plain(options: &ConnectOptions) -> Result<Bytes, ConnectError> {
    let (user, password) = (options.user.as_str(), options.password.reveal());
    for (option, text) in [("user", user), ("password", password)] {
        if text.contains('\0') {
            return Err(ConnectError::Option { option, problem: "it has a zero byte" });
        }
    }
    Ok(["\0", user, "\0", password].concat().into())
}

fn properties(options: &ConnectOptions) -> FieldTable {
    let capabilities: FieldTable =
        CAPABILITIES.iter().map(|name| (ShortStr::from_static(name), true)).collect();
    let mut table = FieldTable::builder()
        .insert("product", "Leveret client")
        .insert("version", env!("CARGO_PKG_VERSION"))
        .insert("platform", "Rust")
        .insert("capabilities", FieldValue::Table(capabilities));
    if let Some(name) = &options.name {
        table = table.insert("connection_name", name.as_str());
    }
    let add = |table: leveret_protocol::FieldTableBuilder, (name, value)| {
        table.insert_named(&name, value)
    };
    options.client_properties.iter().fold(table, add).build()
}

pub(super) fn limits(options: &ConnectOptions) -> Result<Limits, ConnectError> {
    let heartbeat_secs = match u16::try_from(options.heartbeat.as_secs()) {
        Ok(0) if !options.heartbeat.is_zero() => 1,
        Ok(secs) => secs,
        Err(_) => {
            let problem = "at most 65535 seconds are possible";
            return Err(ConnectError::Option { option: "heartbeat", problem });
        }
    };
    let frame_max = if options.frame_max == 0 { u32::MAX } else { options.frame_max };
    Ok(Limits {
        frame_max,
        channel_max: options.channel_max,
        heartbeat_secs,
        message_bytes_max: u64::MAX,
        handshake_timeout: options.connect_timeout,
        close_timeout: CLOSE_TIMEOUT,
        ..Limits::default()
    })
}
