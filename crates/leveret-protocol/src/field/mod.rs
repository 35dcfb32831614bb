//! Field tables: named, typed values, kept as the bytes they came in.
//!
//! A table is checked once when it is read, so looking into it cannot fail; what a peer
//! sent is passed on byte for byte, duplicate keys and all.

mod builder;
mod scan;
mod text;

use core::fmt;

use bytes::Bytes;

use self::scan::{Container, check, name_at, value_at};
pub use self::{
    builder::{FieldArrayBuilder, FieldTableBuilder},
    scan::NESTING_MAX,
};
use crate::{decode_error::DecodeError, short_str::ShortStr};

/// One value of a table or an array.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldValue {
    /// `t`: true or false.
    Bool(bool),
    /// `b`
    I8(i8),
    /// `B`
    U8(u8),
    /// `s`
    I16(i16),
    /// `u`
    U16(u16),
    /// `I`
    I32(i32),
    /// `i`
    U32(u32),
    /// `l`; `L` is read as this too, as `RabbitMQ` does.
    I64(i64),
    /// `f`
    F32(f32),
    /// `d`
    F64(f64),
    /// `D`: a number with so many decimal places.
    Decimal {
        /// How many digits follow the point.
        scale: u8,
        /// The digits.
        value: u32,
    },
    /// `S`: a string of any bytes.
    LongString(Bytes),
    /// `A`
    Array(FieldArray),
    /// `T`: seconds since the Unix epoch.
    Timestamp(u64),
    /// `F`
    Table(FieldTable),
    /// `x`: bytes that are no string.
    Bytes(Bytes),
    /// `V`: nothing.
    Void,
}

/// Named values in the order they were written.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct FieldTable {
    raw: Bytes,
}

/// Values in the order they were written.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct FieldArray {
    raw: Bytes,
}

impl FieldTable {
    /// Checks a table's bytes, without the length before them.
    pub fn from_bytes(raw: Bytes) -> Result<Self, DecodeError> {
        check(&raw, Container::Table)?;
        Ok(Self { raw })
    }

    /// An empty table to fill.
    pub fn builder() -> FieldTableBuilder {
        FieldTableBuilder::default()
    }

    /// The values with their names, in order.
    pub const fn iter(&self) -> Fields<'_> {
        Fields { raw: &self.raw, at: 0 }
    }

    /// The first value of that name.
    pub fn get(&self, name: &str) -> Option<FieldValue> {
        let mut at = 0;
        loop {
            let (start, stop) = name_at(&self.raw, at)?;
            let (kind, value_start, value_stop) = value_at(&self.raw, stop)?;
            if self.raw.get(start..stop) == Some(name.as_bytes()) {
                return decode(&self.raw, kind, value_start, value_stop);
            }
            at = value_stop;
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// The bytes, without the length before them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.raw
    }
}

impl FieldArray {
    /// Checks an array's bytes, without the length before them.
    pub fn from_bytes(raw: Bytes) -> Result<Self, DecodeError> {
        check(&raw, Container::Array)?;
        Ok(Self { raw })
    }

    /// An empty array to fill.
    pub fn builder() -> FieldArrayBuilder {
        FieldArrayBuilder::default()
    }

    /// The values in order.
    pub const fn iter(&self) -> Values<'_> {
        Values { raw: &self.raw, at: 0 }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// The bytes, without the length before them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.raw
    }
}

/// The values of a table with their names.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    raw: &'a Bytes,
    at: usize,
}

impl Iterator for Fields<'_> {
    type Item = (ShortStr, FieldValue);

    fn next(&mut self) -> Option<Self::Item> {
        let (start, stop) = name_at(self.raw, self.at)?;
        let name = ShortStr::from_octet_counted(self.raw.slice(start..stop));
        let (kind, start, stop) = value_at(self.raw, stop)?;
        self.at = stop;
        Some((name, decode(self.raw, kind, start, stop)?))
    }
}

/// The values of an array.
#[derive(Debug, Clone)]
pub struct Values<'a> {
    raw: &'a Bytes,
    at: usize,
}

impl Iterator for Values<'_> {
    type Item = FieldValue;

    fn next(&mut self) -> Option<Self::Item> {
        let (kind, start, stop) = value_at(self.raw, self.at)?;
        self.at = stop;
        decode(self.raw, kind, start, stop)
    }
}

impl<'a> IntoIterator for &'a FieldTable {
    type Item = (ShortStr, FieldValue);
    type IntoIter = Fields<'a>;

    fn into_iter(self) -> Fields<'a> {
        self.iter()
    }
}

impl<'a> IntoIterator for &'a FieldArray {
    type Item = FieldValue;
    type IntoIter = Values<'a>;

    fn into_iter(self) -> Values<'a> {
        self.iter()
    }
}

impl fmt::Debug for FieldTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

impl fmt::Debug for FieldArray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

/// The value of that type between two places of checked bytes.
fn decode(raw: &Bytes, kind: u8, start: usize, stop: usize) -> Option<FieldValue> {
    let bytes = raw.get(start..stop)?;
    Some(match kind {
        b't' => FieldValue::Bool(*bytes.first()? != 0),
        b'b' => FieldValue::I8(i8::from_be_bytes(*bytes.first_chunk()?)),
        b'B' => FieldValue::U8(*bytes.first()?),
        b's' => FieldValue::I16(i16::from_be_bytes(*bytes.first_chunk()?)),
        b'u' => FieldValue::U16(u16::from_be_bytes(*bytes.first_chunk()?)),
        b'I' => FieldValue::I32(i32::from_be_bytes(*bytes.first_chunk()?)),
        b'i' => FieldValue::U32(u32::from_be_bytes(*bytes.first_chunk()?)),
        b'l' | b'L' => FieldValue::I64(i64::from_be_bytes(*bytes.first_chunk()?)),
        b'f' => FieldValue::F32(f32::from_be_bytes(*bytes.first_chunk()?)),
        b'd' => FieldValue::F64(f64::from_be_bytes(*bytes.first_chunk()?)),
        b'D' => FieldValue::Decimal {
            scale: *bytes.first()?,
            value: u32::from_be_bytes(*bytes.get(1..)?.first_chunk()?),
        },
        b'S' => FieldValue::LongString(raw.slice(start..stop)),
        b'A' => FieldValue::Array(FieldArray { raw: raw.slice(start..stop) }),
        b'T' => FieldValue::Timestamp(u64::from_be_bytes(*bytes.first_chunk()?)),
        b'F' => FieldValue::Table(FieldTable { raw: raw.slice(start..stop) }),
        b'x' => FieldValue::Bytes(raw.slice(start..stop)),
        b'V' => FieldValue::Void,
        _ => return None,
    })
}
