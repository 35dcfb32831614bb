//! Words of a routing key by the names that a binding gives them.

mod template;
mod wanted;
mod words;

use serde::de::DeserializeOwned;

#[cfg(feature = "http")]
pub(crate) use template::is_name;
pub(crate) use template::{Template, TemplateError};
pub(crate) use wanted::{Wanted, wanted};
use words::Words;

/// Captured words, each with its name, in the order of the key.
pub(crate) type Captured<'a> = Vec<(&'a str, &'a str)>;

/// Makes a value of captured words; the error says which word does not fit.
pub(crate) fn read<T: DeserializeOwned>(captured: &Captured<'_>) -> Result<T, String> {
    T::deserialize(Words(captured)).map_err(|error| error.to_string())
}
