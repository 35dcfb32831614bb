//! Values that are their own body: text and bytes, as serde sees them.

use std::{error, fmt};

use serde::{
    Deserializer, Serialize, Serializer,
    de::{
        IntoDeserializer, Visitor,
        value::{self, SeqDeserializer},
    },
    forward_to_deserialize_any,
    ser::{self, Impossible, SerializeSeq, SerializeTuple},
};

/// A string's text.
pub(super) fn text<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, Refused> {
    value.serialize(Shaped(Text))
}

/// The bytes of a string or a sequence of them.
pub(super) fn bytes<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, Refused> {
    value.serialize(Shaped(Octets(Vec::new())))
}

/// The value is of another shape.
#[derive(Debug)]
pub(super) struct Refused(String);

impl Refused {
    pub(super) fn wanted(wanted: &str) -> Self {
        Self(format!("wanted {wanted}"))
    }

    #[cfg(feature = "csv")]
    pub(super) fn because(error: impl fmt::Display) -> Self {
        Self(error.to_string())
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl error::Error for Refused {}

impl ser::Error for Refused {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self(text.to_string())
    }
}

/// The one shape of values that a format takes; all others are refused.
pub(super) trait Shape: Sized {
    type Output;
    /// The shape, in words.
    const WANTED: &'static str;

    fn text(self, _text: &str) -> Result<Self::Output, Refused> {
        Err(Refused::wanted(Self::WANTED))
    }

    fn bytes(self, _bytes: &[u8]) -> Result<Self::Output, Refused> {
        Err(Refused::wanted(Self::WANTED))
    }

    fn byte(self, _byte: u8) -> Result<Self::Output, Refused> {
        Err(Refused::wanted(Self::WANTED))
    }

    /// A sequence begins.
    fn begin(self) -> Result<Self, Refused> {
        Err(Refused::wanted(Self::WANTED))
    }

    fn element<T: Serialize + ?Sized>(&mut self, _element: &T) -> Result<(), Refused> {
        Err(Refused::wanted(Self::WANTED))
    }

    fn end(self) -> Result<Self::Output, Refused> {
        Err(Refused::wanted(Self::WANTED))
    }
}

struct Text;

impl Shape for Text {
    type Output = Vec<u8>;
    const WANTED: &'static str = "a string";

    fn text(self, text: &str) -> Result<Vec<u8>, Refused> {
        Ok(text.as_bytes().to_vec())
    }
}

struct Octets(Vec<u8>);

impl Shape for Octets {
    type Output = Vec<u8>;
    const WANTED: &'static str = "a string or a sequence of u8";

    fn text(self, text: &str) -> Result<Vec<u8>, Refused> {
        Ok(text.as_bytes().to_vec())
    }

    fn bytes(self, bytes: &[u8]) -> Result<Vec<u8>, Refused> {
        Ok(bytes.to_vec())
    }

    fn begin(self) -> Result<Self, Refused> {
        Ok(self)
    }

    fn element<T: Serialize + ?Sized>(&mut self, element: &T) -> Result<(), Refused> {
        self.0.push(element.serialize(Shaped(Octet))?);
        Ok(())
    }

    fn end(self) -> Result<Vec<u8>, Refused> {
        Ok(self.0)
    }
}

struct Octet;

impl Shape for Octet {
    type Output = u8;
    const WANTED: &'static str = "a sequence of u8";

    fn byte(self, byte: u8) -> Result<u8, Refused> {
        Ok(byte)
    }
}

/// A serializer for values of one shape.
pub(super) struct Shaped<S>(pub(super) S);

/// Writes one method for each line: values that have no shape.
macro_rules! refused {
    ($($method:ident $type:ty;)*) => {
        $(fn $method(self, _value: $type) -> Result<S::Output, Refused> {
            Err(Refused::wanted(S::WANTED))
        })*
    };
}

impl<S: Shape> Serializer for Shaped<S> {
    type Ok = S::Output;
    type Error = Refused;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Impossible<S::Output, Refused>;
    type SerializeTupleVariant = Impossible<S::Output, Refused>;
    type SerializeMap = Impossible<S::Output, Refused>;
    type SerializeStruct = Impossible<S::Output, Refused>;
    type SerializeStructVariant = Impossible<S::Output, Refused>;

    refused! {
        serialize_bool bool;
        serialize_i8 i8;
        serialize_i16 i16;
        serialize_i32 i32;
        serialize_i64 i64;
        serialize_u16 u16;
        serialize_u32 u32;
        serialize_u64 u64;
        serialize_f32 f32;
        serialize_f64 f64;
        serialize_unit_struct &'static str;
    }

    fn serialize_u8(self, byte: u8) -> Result<S::Output, Refused> {
        self.0.byte(byte)
    }

    fn serialize_char(self, letter: char) -> Result<S::Output, Refused> {
        self.0.text(letter.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, text: &str) -> Result<S::Output, Refused> {
        self.0.text(text)
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<S::Output, Refused> {
        self.0.bytes(bytes)
    }

    fn serialize_none(self) -> Result<S::Output, Refused> {
        Err(Refused::wanted(S::WANTED))
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Output, Refused> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<S::Output, Refused> {
        Err(Refused::wanted(S::WANTED))
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<S::Output, Refused> {
        self.0.text(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<S::Output, Refused> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _value: &T,
    ) -> Result<S::Output, Refused> {
        Err(Refused::wanted(S::WANTED))
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<Self, Refused> {
        self.0.begin().map(Self)
    }

    fn serialize_tuple(self, _len: usize) -> Result<Self, Refused> {
        self.0.begin().map(Self)
    }

    fn serialize_tuple_struct(
        self,
        _name: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeTupleStruct, Refused> {
        Err(Refused::wanted(S::WANTED))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeTupleVariant, Refused> {
        Err(Refused::wanted(S::WANTED))
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Self::SerializeMap, Refused> {
        Err(Refused::wanted(S::WANTED))
    }

    fn serialize_struct(
        self,
        _name: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeStruct, Refused> {
        Err(Refused::wanted(S::WANTED))
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeStructVariant, Refused> {
        Err(Refused::wanted(S::WANTED))
    }
}

impl<S: Shape> SerializeSeq for Shaped<S> {
    type Ok = S::Output;
    type Error = Refused;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, element: &T) -> Result<(), Refused> {
        self.0.element(element)
    }

    fn end(self) -> Result<S::Output, Refused> {
        self.0.end()
    }
}

impl<S: Shape> SerializeTuple for Shaped<S> {
    type Ok = S::Output;
    type Error = Refused;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, element: &T) -> Result<(), Refused> {
        self.0.element(element)
    }

    fn end(self) -> Result<S::Output, Refused> {
        self.0.end()
    }
}

/// A deserializer of text or bytes.
#[derive(Clone, Copy)]
pub(super) enum Plain<'a> {
    Text(&'a str),
    Bytes(&'a [u8]),
}

impl<'de> Deserializer<'de> for Plain<'_> {
    type Error = value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, value::Error> {
        match self {
            Self::Text(text) => visitor.visit_str(text),
            Self::Bytes(bytes) => visitor.visit_bytes(bytes),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, value::Error> {
        match self {
            Self::Text(text) => visitor.visit_str(text),
            Self::Bytes(bytes) => visitor.visit_seq(SeqDeserializer::new(bytes.iter().copied())),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, value::Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, value::Error> {
        visitor.visit_some(self)
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
        match self {
            Self::Text(text) => visitor.visit_enum(text.into_deserializer()),
            Self::Bytes(bytes) => visitor.visit_bytes(bytes),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct tuple_struct map struct identifier ignored_any
    }
}
