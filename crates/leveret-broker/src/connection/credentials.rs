//! What a peer says to log in: the responses of the mechanisms with a password.

use bytes::Bytes;
use leveret_protocol::{FieldTable, FieldValue};

use crate::{mechanism::Mechanism, users::LoginError};

/// A name and a password, as the peer sent them.
pub(super) struct Credentials {
    pub(super) name: Bytes,
    pub(super) password: Bytes,
}

impl Credentials {
    /// Reads a response; a certificate stands in none.
    pub(super) fn read(mechanism: Mechanism, response: &Bytes) -> Result<Self, LoginError> {
        match mechanism {
            Mechanism::Plain => plain(response),
            Mechanism::AmqPlain => amqplain(response),
            Mechanism::External => Err(LoginError::Mechanism),
        }
    }
}

/// RFC 4616: an identity to act as (nobody acts as another here), the name, the password, with NULs
/// between.
fn plain(response: &Bytes) -> Result<Credentials, LoginError> {
    let mut parts = response.splitn(3, |byte| *byte == 0);
    let (Some(other), Some(name), Some(password)) = (parts.next(), parts.next(), parts.next())
    else {
        return Err(LoginError::Malformed);
    };
    if !other.is_empty() || password.contains(&0) {
        return Err(LoginError::Malformed);
    }
    Ok(Credentials { name: response.slice_ref(name), password: response.slice_ref(password) })
}

/// A field table without its length, with `LOGIN` and `PASSWORD`.
fn amqplain(response: &Bytes) -> Result<Credentials, LoginError> {
    let table = FieldTable::from_bytes(response.clone()).map_err(|_| LoginError::Malformed)?;
    let text = |key| match table.get(key) {
        Some(FieldValue::LongString(text)) => Ok(text),
        _ => Err(LoginError::Malformed),
    };
    Ok(Credentials { name: text("LOGIN")?, password: text("PASSWORD")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(mechanism: &str, response: &'static [u8], expected: Result<(&str, &str), LoginError>) {
        let mechanism = Mechanism::parse(mechanism).unwrap();
        let read = Credentials::read(mechanism, &Bytes::from_static(response));
        let texts = read.as_ref().map(|read| {
            let text = |bytes| std::str::from_utf8(bytes).unwrap();
            (text(&read.name), text(&read.password))
        });
        assert_eq!(texts.map_err(|error| *error), expected);
    }

    #[test]
    fn plain_has_three_parts() {
        check("PLAIN", b"\0guest\0secret", Ok(("guest", "secret")));
        check("PLAIN", b"\0guest\0", Ok(("guest", "")));
        check("PLAIN", b"as\0guest\0secret", Err(LoginError::Malformed));
        check("PLAIN", b"\0guest", Err(LoginError::Malformed));
        check("PLAIN", b"", Err(LoginError::Malformed));
        check("PLAIN", b"\0a\0b\0c", Err(LoginError::Malformed));
        check("EXTERNAL", b"", Err(LoginError::Mechanism));
    }

    #[test]
    fn amqplain_is_a_table_without_its_length() {
        check("AMQPLAIN", b"\x05LOGINS\0\0\0\x01a\x08PASSWORDS\0\0\0\x01b", Ok(("a", "b")));
        check("AMQPLAIN", b"\x05LOGINS\0\0\0\x01a", Err(LoginError::Malformed));
        check("AMQPLAIN", b"\x05LOGINS\0\0\0\x09a", Err(LoginError::Malformed));
    }
}
