//! Captured words as typed values, through serde.

use serde::de::value::{Error, MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, Error as _, IntoDeserializer, Visitor};

/// All captured words: as a struct or map by their names, as a tuple in their order, or alone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words<'a>(pub(super) &'a [(&'a str, &'a str)]);

/// One of them.
#[derive(Debug, Clone, Copy)]
struct Word<'a>(&'a str);

impl<'a> Words<'a> {
    fn only(self) -> Result<Word<'a>, Error> {
        match self.0 {
            [(_, word)] => Ok(Word(word)),
            all => {
                let count = all.len();
                Err(Error::custom(format!("one captured word is wanted, the binding has {count}")))
            }
        }
    }
}

/// For each method: what one word makes.
macro_rules! only {
    ($($method:ident)+) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.only()?.$method(visitor)
        })+
    };
}

impl<'de> Deserializer<'de> for Words<'_> {
    type Error = Error;

    only! {
        deserialize_bool deserialize_char deserialize_str deserialize_string
        deserialize_bytes deserialize_byte_buf deserialize_identifier
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let words = self.0.iter().map(|(name, word)| (*name, Word(word)));
        visitor.visit_map(MapDeserializer::new(words))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(SeqDeserializer::new(self.0.iter().map(|(_, word)| Word(word))))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.only()?.deserialize_enum(name, variants, visitor)
    }

    serde::forward_to_deserialize_any! { unit unit_struct map struct ignored_any }
}

impl IntoDeserializer<'_, Error> for Word<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// For each method: the word read as that type.
macro_rules! parsed {
    ($($method:ident $visit:ident $ty:ty;)+) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            let parsed = self.0.parse::<$ty>();
            let wrong = |_| Error::custom(format!("`{}` is no {}", self.0, stringify!($ty)));
            visitor.$visit(parsed.map_err(wrong)?)
        })+
    };
}

impl<'de> Deserializer<'de> for Word<'_> {
    type Error = Error;

    parsed! {
        deserialize_bool visit_bool bool;
        deserialize_char visit_char char;
        deserialize_i8 visit_i8 i8;
        deserialize_i16 visit_i16 i16;
        deserialize_i32 visit_i32 i32;
        deserialize_i64 visit_i64 i64;
        deserialize_i128 visit_i128 i128;
        deserialize_u8 visit_u8 u8;
        deserialize_u16 visit_u16 u16;
        deserialize_u32 visit_u32 u32;
        deserialize_u64 visit_u64 u64;
        deserialize_u128 visit_u128 u128;
        deserialize_f32 visit_f32 f32;
        deserialize_f64 visit_f64 f64;
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    /// The words of `{name..}`.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let words = self.0.split('.').filter(|_| !self.0.is_empty()).map(Word);
        visitor.visit_seq(SeqDeserializer::new(words))
    }

    serde::forward_to_deserialize_any! {
        str string bytes byte_buf unit unit_struct tuple tuple_struct map struct identifier
        ignored_any
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde::de::DeserializeOwned;

    use super::*;

    const WORDS: [(&str, &str); 3] = [("region", "eu"), ("id", "7"), ("rest", "a.b")];

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Region {
        Eu,
        Us,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Order {
        id: u32,
        region: Region,
        rest: Vec<String>,
        shard: Option<u8>,
    }

    fn read<T: DeserializeOwned>(words: &[(&str, &str)]) -> Result<T, String> {
        T::deserialize(Words(words)).map_err(|error| error.to_string())
    }

    #[test]
    fn words_become_fields_by_name_and_tuples_by_place() {
        let rest = vec!["a".to_owned(), "b".to_owned()];
        let order = Order { id: 7, region: Region::Eu, rest, shard: None };
        assert_eq!(read(&WORDS), Ok(order));
        assert_eq!(read(&WORDS), Ok((Region::Eu, 7_u8, "a.b".to_owned())));
        let map: BTreeMap<String, String> = read(&WORDS).unwrap();
        assert_eq!(map["rest"], "a.b");
        assert_eq!(read(&[("region", "us")]), Ok(Region::Us));
        assert_eq!(read(&[("rest", "")]), Ok(Vec::from([String::new()])));
    }

    #[test]
    fn a_word_that_does_not_fit_is_told() {
        let error = |words: &[(&str, &str)]| read::<u16>(words).unwrap_err();
        assert_eq!(error(&[("id", "many")]), "`many` is no u16");
        assert_eq!(error(&WORDS), "one captured word is wanted, the binding has 3");
        let missing = read::<Order>(&[("region", "eu")]).unwrap_err();
        assert_eq!(missing, "missing field `id`");
    }
}
