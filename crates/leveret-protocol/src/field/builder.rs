//! Builds tables and arrays, and turns plain Rust values into field values.

use alloc::{string::String, vec::Vec};

use bytes::{BufMut as _, Bytes, BytesMut};

use super::{FieldArray, FieldTable, FieldValue, scan};
use crate::{short_str::ShortStr, writer::put_long_str};

/// A table being written.
#[derive(Debug, Clone, Default)]
pub struct FieldTableBuilder {
    raw: BytesMut,
}

impl FieldTableBuilder {
    /// Adds a value under a constant name, in place of an older one of that name.
    ///
    /// # Panics
    ///
    /// If the name is longer than 255 bytes.
    #[must_use]
    pub fn insert(self, name: &'static str, value: impl Into<FieldValue>) -> Self {
        self.insert_named(&ShortStr::from_static(name), value)
    }

    /// Adds a value under a name, in place of an older one of that name.
    #[must_use]
    pub fn insert_named(mut self, name: &ShortStr, value: impl Into<FieldValue>) -> Self {
        self.remove(name);
        crate::writer::put_short_str(&mut self.raw, name);
        put_value(&mut self.raw, &value.into());
        self
    }

    fn remove(&mut self, name: &ShortStr) {
        let mut at = 0;
        while let Some((start, stop)) = scan::name_at(&self.raw, at) {
            let Some((_, _, end)) = scan::value_at(&self.raw, stop) else { return };
            if self.raw.get(start..stop) == Some(name.as_bytes()) {
                let after = self.raw.split_off(end);
                self.raw.truncate(at);
                self.raw.unsplit(after);
                return;
            }
            at = end;
        }
    }

    /// The table.
    pub fn build(self) -> FieldTable {
        FieldTable { raw: self.raw.freeze() }
    }
}

/// An array being written.
#[derive(Debug, Clone, Default)]
pub struct FieldArrayBuilder {
    raw: BytesMut,
}

impl FieldArrayBuilder {
    /// Adds a value at the end.
    #[must_use]
    pub fn push(mut self, value: impl Into<FieldValue>) -> Self {
        put_value(&mut self.raw, &value.into());
        self
    }

    /// The array.
    pub fn build(self) -> FieldArray {
        FieldArray { raw: self.raw.freeze() }
    }
}

impl<V: Into<FieldValue>> FromIterator<V> for FieldArray {
    fn from_iter<I: IntoIterator<Item = V>>(values: I) -> Self {
        values.into_iter().fold(FieldArrayBuilder::default(), FieldArrayBuilder::push).build()
    }
}

impl<V: Into<FieldValue>> FromIterator<(ShortStr, V)> for FieldTable {
    fn from_iter<I: IntoIterator<Item = (ShortStr, V)>>(values: I) -> Self {
        let builder = FieldTableBuilder::default();
        values
            .into_iter()
            .fold(builder, |table, (name, value)| table.insert_named(&name, value))
            .build()
    }
}

fn put_value(out: &mut BytesMut, value: &FieldValue) {
    match value {
        FieldValue::Bool(value) => out.put_slice(&[b't', u8::from(*value)]),
        FieldValue::I8(value) => put_fixed(out, b'b', value.to_be_bytes()),
        FieldValue::U8(value) => put_fixed(out, b'B', value.to_be_bytes()),
        FieldValue::I16(value) => put_fixed(out, b's', value.to_be_bytes()),
        FieldValue::U16(value) => put_fixed(out, b'u', value.to_be_bytes()),
        FieldValue::I32(value) => put_fixed(out, b'I', value.to_be_bytes()),
        FieldValue::U32(value) => put_fixed(out, b'i', value.to_be_bytes()),
        FieldValue::I64(value) => put_fixed(out, b'l', value.to_be_bytes()),
        FieldValue::F32(value) => put_fixed(out, b'f', value.to_be_bytes()),
        FieldValue::F64(value) => put_fixed(out, b'd', value.to_be_bytes()),
        FieldValue::Decimal { scale, value } => {
            put_fixed(out, b'D', [*scale]);
            out.put_u32(*value);
        }
        FieldValue::LongString(bytes) => put_counted(out, b'S', bytes),
        FieldValue::Array(array) => put_counted(out, b'A', array.as_bytes()),
        FieldValue::Timestamp(seconds) => put_fixed(out, b'T', seconds.to_be_bytes()),
        FieldValue::Table(table) => put_counted(out, b'F', table.as_bytes()),
        FieldValue::Bytes(bytes) => put_counted(out, b'x', bytes),
        FieldValue::Void => out.put_u8(b'V'),
    }
}

fn put_fixed<const N: usize>(out: &mut BytesMut, kind: u8, bytes: [u8; N]) {
    out.put_u8(kind);
    out.put_slice(&bytes);
}

fn put_counted(out: &mut BytesMut, kind: u8, bytes: &[u8]) {
    out.put_u8(kind);
    put_long_str(out, bytes);
}

/// Writes `impl From<$from> for FieldValue` for each line.
macro_rules! values {
    ($($from:ty => |$value:ident| $into:expr;)*) => {
        $(impl From<$from> for FieldValue {
            fn from($value: $from) -> Self { $into }
        })*
    };
}

values! {
    bool => |value| Self::Bool(value);
    i8 => |value| Self::I8(value);
    u8 => |value| Self::U8(value);
    i16 => |value| Self::I16(value);
    u16 => |value| Self::U16(value);
    i32 => |value| Self::I32(value);
    u32 => |value| Self::U32(value);
    i64 => |value| Self::I64(value);
    f32 => |value| Self::F32(value);
    f64 => |value| Self::F64(value);
    &str => |text| Self::LongString(Bytes::copy_from_slice(text.as_bytes()));
    String => |text| Self::LongString(Bytes::from(text.into_bytes()));
    ShortStr => |text| Self::LongString(text.into_bytes());
    &[u8] => |bytes| Self::Bytes(Bytes::copy_from_slice(bytes));
    Vec<u8> => |bytes| Self::Bytes(Bytes::from(bytes));
    Bytes => |bytes| Self::Bytes(bytes);
    FieldArray => |array| Self::Array(array);
    FieldTable => |table| Self::Table(table);
}
