//! Rows: structs as lines under a line of their fields' names.

use serde::{
    Deserializer, Serialize,
    de::{
        DeserializeOwned, DeserializeSeed, Error as _, IntoDeserializer, SeqAccess, Visitor,
        value::{self, MapDeserializer},
    },
    forward_to_deserialize_any,
};

use crate::codec::plain::{Refused, Shape, Shaped};

/// Named rows, written.
pub(super) fn encode<T: Serialize + ?Sized>(rows: &T) -> Result<Vec<u8>, Refused> {
    rows.serialize(Shaped(Rows(csv::Writer::from_writer(Vec::new()))))
}

/// The rows of a text that begins with a line of names.
pub(super) fn decode<T: DeserializeOwned>(text: &str) -> Result<T, value::Error> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names = reader.headers().map_err(value::Error::custom)?.clone();
    T::deserialize(Lines { names, records: reader.into_records() })
}

struct Rows(csv::Writer<Vec<u8>>);

impl Shape for Rows {
    type Output = Vec<u8>;
    const WANTED: &'static str = "a sequence of structs";

    fn begin(self) -> Result<Self, Refused> {
        Ok(self)
    }

    fn element<T: Serialize + ?Sized>(&mut self, row: &T) -> Result<(), Refused> {
        let is_first = self.0.get_ref().is_empty();
        self.0.serialize(row).map_err(Refused::because)?;
        if is_first {
            self.0.flush().map_err(Refused::because)?;
            let lines =
                csv::ReaderBuilder::new().has_headers(false).from_reader(&**self.0.get_ref());
            // Rows whose fields have no names have no line above them; the first would be lost.
            if lines.into_byte_records().count() != 2 {
                return Err(Refused::wanted(Self::WANTED));
            }
        }
        Ok(())
    }

    fn end(self) -> Result<Vec<u8>, Refused> {
        self.0.into_inner().map_err(Refused::because)
    }
}

/// All rows, as a sequence.
struct Lines<'a> {
    names: csv::StringRecord,
    records: csv::StringRecordsIntoIter<&'a [u8]>,
}

impl<'de> Deserializer<'de> for Lines<'_> {
    type Error = value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, value::Error> {
        visitor.visit_seq(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, value::Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> SeqAccess<'de> for Lines<'_> {
    type Error = value::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, value::Error> {
        let Some(record) = self.records.next() else { return Ok(None) };
        let record = record.map_err(value::Error::custom)?;
        let fields = self.names.iter().zip(&record).map(|(name, text)| (name, Field(text)));
        seed.deserialize(MapDeserializer::new(fields)).map(Some)
    }
}

/// One field of one row.
#[derive(Clone, Copy)]
struct Field<'a>(&'a str);

impl IntoDeserializer<'_> for Field<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Writes one method for each line: a type that is parsed, and what a visitor calls it.
macro_rules! parsed {
    ($($method:ident $visit:ident;)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, value::Error> {
            visitor.$visit(self.0.trim().parse().map_err(value::Error::custom)?)
        })*
    };
}

impl<'de> Deserializer<'de> for Field<'_> {
    type Error = value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, value::Error> {
        visitor.visit_str(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, value::Error> {
        if self.0.is_empty() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, value::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, value::Error> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    parsed! {
        deserialize_bool visit_bool;
        deserialize_i8 visit_i8;
        deserialize_i16 visit_i16;
        deserialize_i32 visit_i32;
        deserialize_i64 visit_i64;
        deserialize_i128 visit_i128;
        deserialize_u8 visit_u8;
        deserialize_u16 visit_u16;
        deserialize_u32 visit_u32;
        deserialize_u64 visit_u64;
        deserialize_u128 visit_u128;
        deserialize_f32 visit_f32;
        deserialize_f64 visit_f64;
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct
        identifier ignored_any
    }
}
