//! Field values as RabbitMQ's error texts show them.

use core::{cmp::Ordering, fmt};

use leveret_protocol::FieldValue;

/// The name of a value's type.
pub(crate) const fn type_name(value: &FieldValue) -> &'static str {
    match value {
        FieldValue::Bool(_) => "bool",
        FieldValue::I8(_) => "byte",
        FieldValue::U8(_) => "unsignedbyte",
        FieldValue::I16(_) => "short",
        FieldValue::U16(_) => "unsignedshort",
        FieldValue::I32(_) => "signedint",
        FieldValue::U32(_) => "unsignedint",
        FieldValue::I64(_) => "long",
        FieldValue::F32(_) => "float",
        FieldValue::F64(_) => "double",
        FieldValue::Decimal { .. } => "decimal",
        FieldValue::LongString(_) => "longstr",
        FieldValue::Array(_) => "array",
        FieldValue::Timestamp(_) => "timestamp",
        FieldValue::Table(_) => "table",
        FieldValue::Bytes(_) => "binary",
        FieldValue::Void => "void",
    }
}

/// A value's text; what has parts is shown by its type alone.
pub(crate) struct Shown<'a>(pub(crate) &'a FieldValue);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            FieldValue::Bool(value) => write!(f, "{value}"),
            FieldValue::I8(value) => write!(f, "{value}"),
            FieldValue::U8(value) => write!(f, "{value}"),
            FieldValue::I16(value) => write!(f, "{value}"),
            FieldValue::U16(value) => write!(f, "{value}"),
            FieldValue::I32(value) => write!(f, "{value}"),
            FieldValue::U32(value) => write!(f, "{value}"),
            FieldValue::I64(value) => write!(f, "{value}"),
            FieldValue::F32(value) => write!(f, "{value:?}"),
            FieldValue::F64(value) => write!(f, "{value:?}"),
            FieldValue::Decimal { scale, value } => write!(f, "{{{scale},{value}}}"),
            FieldValue::LongString(bytes) | FieldValue::Bytes(bytes) => {
                f.write_str(&alloc::string::String::from_utf8_lossy(bytes))
            }
            FieldValue::Timestamp(seconds) => write!(f, "{seconds}"),
            FieldValue::Array(_) | FieldValue::Table(_) => f.write_str("[...]"),
            FieldValue::Void => f.write_str("undefined"),
        }
    }
}

/// Bytes as Erlang prints them: `<<"text">>`, `<<>>`, `<<1,2>>`.
pub(crate) struct Binary<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Binary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((first, rest)) = self.0.split_first() else { return f.write_str("<<>>") };
        if self.0.iter().all(|byte| matches!(byte, b' '..=b'~')) {
            f.write_str("<<\"")?;
            for byte in self.0 {
                let escape = if matches!(byte, b'"' | b'\\') { "\\" } else { "" };
                write!(f, "{escape}{}", char::from(*byte))?;
            }
            return f.write_str("\">>");
        }
        write!(f, "<<{first}")?;
        rest.iter().try_for_each(|byte| write!(f, ",{byte}"))?;
        f.write_str(">>")
    }
}

/// The value of an integer of any width.
pub(crate) fn integer(value: &FieldValue) -> Option<i64> {
    match value {
        FieldValue::I8(value) => Some((*value).into()),
        FieldValue::U8(value) => Some((*value).into()),
        FieldValue::I16(value) => Some((*value).into()),
        FieldValue::U16(value) => Some((*value).into()),
        FieldValue::I32(value) => Some((*value).into()),
        FieldValue::U32(value) => Some((*value).into()),
        FieldValue::I64(value) => Some(*value),
        FieldValue::Bool(_)
        | FieldValue::F32(_)
        | FieldValue::F64(_)
        | FieldValue::Decimal { .. }
        | FieldValue::LongString(_)
        | FieldValue::Array(_)
        | FieldValue::Timestamp(_)
        | FieldValue::Table(_)
        | FieldValue::Bytes(_)
        | FieldValue::Void => None,
    }
}

/// Whether two arguments say the same: integers are compared by value across their widths.
pub(crate) fn same_argument(one: &FieldValue, other: &FieldValue) -> bool {
    match (integer(one), integer(other)) {
        (Some(one), Some(other)) => one == other,
        (None, None) => one == other,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// Whether a header is what a binding wants: numbers are compared by value, and strings by
/// their bytes, however they were written. Each client chooses types of its own.
pub(crate) fn same_header(wanted: &FieldValue, found: &FieldValue) -> bool {
    match (octets(wanted), octets(found)) {
        (Some(wanted), Some(found)) => return wanted == found,
        (None, None) => {}
        (Some(_), None) | (None, Some(_)) => return false,
    }
    match (whole(wanted), whole(found)) {
        (Some(wanted), Some(found)) => wanted == found,
        (None, None) if float(wanted).is_none() => wanted == found,
        _ => match (number(wanted), number(found)) {
            (Some(wanted), Some(found)) => wanted.partial_cmp(&found) == Some(Ordering::Equal),
            _ => false,
        },
    }
}

fn octets(value: &FieldValue) -> Option<&[u8]> {
    let (FieldValue::LongString(bytes) | FieldValue::Bytes(bytes)) = value else { return None };
    Some(bytes)
}

fn whole(value: &FieldValue) -> Option<i128> {
    if let FieldValue::Timestamp(seconds) = value {
        return Some((*seconds).into());
    }
    integer(value).map(i128::from)
}

fn float(value: &FieldValue) -> Option<f64> {
    if let FieldValue::F32(value) = value {
        return Some((*value).into());
    }
    if let FieldValue::F64(value) = value { Some(*value) } else { None }
}

/// A number as a float; beyond 32 bits no whole number is compared with a fraction.
fn number(value: &FieldValue) -> Option<f64> {
    float(value).or_else(|| i32::try_from(whole(value)?).ok().map(f64::from))
}
