//! What this client says of itself when it connects.

use std::time::Duration;

use bytes::Bytes;
use leveret_protocol::{ClientHello, ClientLogin, FieldTable, FieldValue, Limits, ShortStr};

use crate::{
    error::ConnectError,
    options::{ConnectOptions, Mechanism},
};

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

/// The same where the options ask for it.
const REFUSED_COMMITS: &str = "leveret.refused_commits";

/// How long the broker may take to answer that the connection closes.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

pub(super) fn hello(options: &ConnectOptions) -> Result<ClientHello, ConnectError> {
    Ok(ClientHello {
        logins: logins(options)?,
        client_properties: properties(options),
        locale: ShortStr::from_static("en_US"),
        virtual_host: options.virtual_host.clone(),
    })
}

/// Who logs in, as an error names them.
pub(super) fn who(options: &ConnectOptions) -> String {
    if options.mechanisms.iter().all(|mechanism| *mechanism == Mechanism::External) {
        return "(named by the certificate)".to_owned();
    }
    options.user.clone()
}

fn logins(options: &ConnectOptions) -> Result<Vec<ClientLogin>, ConnectError> {
    if options.mechanisms.is_empty() {
        return Err(ConnectError::Option { option: "mechanisms", problem: "there is none" });
    }
    let login = |mechanism: &Mechanism| {
        let response = match mechanism {
            Mechanism::Plain => plain(options)?,
            Mechanism::AmqPlain => amqplain(options),
            // The certificate has said it all.
            Mechanism::External => Bytes::new(),
        };
        let mechanism = ShortStr::from_static(mechanism.name());
        Ok(ClientLogin { mechanism, response: response.into() })
    };
    options.mechanisms.iter().map(login).collect()
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

/// AMQP 0-8, AMQPLAIN: a field table without its length.
fn amqplain(options: &ConnectOptions) -> Bytes {
    let table = FieldTable::builder()
        .insert("LOGIN", options.user.as_str())
        .insert("PASSWORD", options.password.reveal())
        .build();
    Bytes::copy_from_slice(table.as_bytes())
}

fn properties(options: &ConnectOptions) -> FieldTable {
    let refused_commits = options.refused_commits.then_some(&REFUSED_COMMITS);
    let capabilities = CAPABILITIES.iter().chain(refused_commits);
    let capabilities: FieldTable =
        capabilities.map(|name| (ShortStr::from_static(name), true)).collect();
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
    check(options)?;
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

/// What would let nothing happen at all.
fn check(options: &ConnectOptions) -> Result<(), ConnectError> {
    let problem = "zero leaves no time for anything";
    for (option, within) in [
        ("connect_timeout", options.connect_timeout),
        ("request_timeout", options.request_timeout),
        ("publish_timeout", options.publish_timeout),
    ] {
        if within.is_zero() {
            return Err(ConnectError::Option { option, problem });
        }
    }
    if options.unconfirmed_max == 0 {
        let problem = "zero lets no publish out";
        return Err(ConnectError::Option { option: "unconfirmed_max", problem });
    }
    Ok(())
}
