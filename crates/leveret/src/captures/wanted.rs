//! Which captured words a type asks for, known without a message.

use std::fmt::Display;

use serde::de::value::Error as Stop;
use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};

/// What a type is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Words of these names.
    Names(&'static [&'static str]),
    /// So many words, in their order.
    Words(usize),
    /// It takes what there is.
    Anything,
}

pub(crate) fn wanted<T: DeserializeOwned>() -> Wanted {
    let mut wanted = Wanted::Anything;
    T::deserialize(Asked(&mut wanted)).map(drop).unwrap_or_default();
    wanted
}

/// Notes what it is asked for, and gives nothing.
struct Asked<'a>(&'a mut Wanted);

impl Asked<'_> {
    fn note<T>(self, wanted: Wanted) -> Result<T, Stop> {
        *self.0 = wanted;
        Err(stop("only asked"))
    }
}

fn stop(text: impl Display) -> Stop {
    Stop::custom(text)
}

/// For each method: a scalar asks for one word.
macro_rules! one_word {
    ($($method:ident)+) => {
        $(fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Stop> {
            self.note(Wanted::Words(1))
        })+
    };
}

impl<'de> Deserializer<'de> for Asked<'_> {
    type Error = Stop;

    one_word! {
        deserialize_bool deserialize_char deserialize_str deserialize_string
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Stop> {
        self.note(Wanted::Anything)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Stop> {
        self.note(Wanted::Words(1))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, words: usize, _: V) -> Result<V::Value, Stop> {
        self.note(Wanted::Words(words))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        words: usize,
        _: V,
    ) -> Result<V::Value, Stop> {
        self.note(Wanted::Words(words))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Stop> {
        self.note(Wanted::Names(names))
    }

    serde::forward_to_deserialize_any! {
        bytes byte_buf option unit unit_struct seq map identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its shape matters")]
    struct Order {
        region: String,
        #[serde(rename = "id")]
        number: Option<u32>,
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its shape matters")]
    struct Region(String);

    #[test]
    fn a_type_tells_what_it_is_made_of() {
        assert_eq!(wanted::<Order>(), Wanted::Names(&["region", "id"]));
        assert_eq!(wanted::<(String, u32)>(), Wanted::Words(2));
        assert_eq!(wanted::<u64>(), Wanted::Words(1));
        assert_eq!(wanted::<Region>(), Wanted::Words(1));
        assert_eq!(wanted::<BTreeMap<String, String>>(), Wanted::Anything);
        assert_eq!(wanted::<Vec<String>>(), Wanted::Anything);
    }
}
