//! The query of an AMQP URI: what each key means.

use std::{path::PathBuf, time::Duration};

use super::{
    error::{UriError, UriPart},
    key::{Key, ROWS, Row},
    text::{decimal, split, text},
};
use crate::options::{ConnectOptions, Mechanism, TlsIdentity, TlsOptions};

/// What to do with a key that nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unknown {
    Refuse,
    Skip,
}

/// What a query has said so far that only makes sense as a whole.
#[derive(Debug, Default)]
struct Gathered {
    mechanisms: Vec<Mechanism>,
    certificate_file: Option<PathBuf>,
    key_file: Option<PathBuf>,
}

/// Reads `key=value&…` into options.
pub(super) fn read(
    query: &str,
    options: &mut ConnectOptions,
    unknown: Unknown,
) -> Result<(), UriError> {
    let mut gathered = Gathered::default();
    for (index, pair) in query.split('&').enumerate() {
        if pair.is_empty() {
            continue;
        }
        let (name, value) = split(pair, '=');
        let Some(row) = ROWS.iter().find(|(_, known, _)| *known == name) else {
            if unknown == Unknown::Refuse {
                return Err(UriError::UnknownKey { position: index + 1 });
            }
            tracing::warn!(position = index + 1, "unknown parameter of an AMQP URI skipped");
            continue;
        };
        let value = text(value.unwrap_or_default(), UriPart::Query)?;
        read_pair(*row, value, options, &mut gathered)?;
    }
    gathered.finish(options)
}

fn read_pair(
    (key, name, wanted): Row,
    value: String,
    options: &mut ConnectOptions,
    gathered: &mut Gathered,
) -> Result<(), UriError> {
    let unfit = UriError::Value { key: name, wanted };
    let millis = |value: &str| {
        decimal::<u32>(value).filter(|millis| *millis > 0).map(u64::from).map(Duration::from_millis)
    };
    match key {
        Key::Heartbeat => {
            let seconds: u16 = decimal(&value).ok_or(unfit)?;
            options.heartbeat = Duration::from_secs(seconds.into());
        }
        Key::ConnectionTimeout => options.connect_timeout = millis(&value).ok_or(unfit)?,
        Key::RequestTimeout => options.request_timeout = millis(&value).ok_or(unfit)?,
        Key::PublishTimeout => options.publish_timeout = millis(&value).ok_or(unfit)?,
        Key::ChannelMax => options.channel_max = decimal(&value).ok_or(unfit)?,
        Key::FrameMax => {
            let is_legal = |bytes: &u32| *bytes == 0 || *bytes >= 4096;
            options.frame_max = decimal(&value).filter(is_legal).ok_or(unfit)?;
        }
        Key::AuthMechanism => {
            gathered.mechanisms.push(Mechanism::named(&value).ok_or(unfit)?);
        }
        Key::Locale if value == "en_US" => {}
        Key::ConnectionName => options.name = Some(value),
        Key::Locale | Key::Password => return Err(unfit),
        Key::Authorities
        | Key::Certificate
        | Key::Proof
        | Key::Verify
        | Key::ServerName
        | Key::Depth => {
            let Some(tls) = &mut options.tls else {
                return Err(UriError::NeedsTls { key: name });
            };
            return read_tls(key, value, tls, gathered).ok_or(unfit);
        }
    }
    Ok(())
}

/// Nothing if the value does not fit.
fn read_tls(key: Key, value: String, tls: &mut TlsOptions, gathered: &mut Gathered) -> Option<()> {
    if value.is_empty() {
        return None;
    }
    match key {
        Key::Authorities => tls.ca_file = Some(value.into()),
        Key::Certificate => gathered.certificate_file = Some(value.into()),
        Key::Proof => gathered.key_file = Some(value.into()),
        Key::ServerName => tls.server_name = Some(value),
        Key::Depth => tls.depth_max = Some(decimal(&value)?),
        Key::Verify => {
            tls.danger_accept_any_certificate = match value.as_str() {
                "verify_none" => true,
                "verify_peer" => false,
                _ => return None,
            };
        }
        Key::Heartbeat
        | Key::ConnectionTimeout
        | Key::ChannelMax
        | Key::FrameMax
        | Key::AuthMechanism
        | Key::Locale
        | Key::RequestTimeout
        | Key::PublishTimeout
        | Key::ConnectionName
        | Key::Password => {}
    }
    Some(())
}

impl Gathered {
    fn finish(self, options: &mut ConnectOptions) -> Result<(), UriError> {
        if !self.mechanisms.is_empty() {
            options.mechanisms = self.mechanisms;
        }
        let identity = match (self.certificate_file, self.key_file) {
            (None, None) => return Ok(()),
            (Some(certificate_file), Some(key_file)) => TlsIdentity { certificate_file, key_file },
            (Some(_), None) => {
                return Err(UriError::HalfIdentity { present: "certfile", missing: "keyfile" });
            }
            (None, Some(_)) => {
                return Err(UriError::HalfIdentity { present: "keyfile", missing: "certfile" });
            }
        };
        if let Some(tls) = &mut options.tls {
            tls.identity = Some(identity);
        }
        Ok(())
    }
}
