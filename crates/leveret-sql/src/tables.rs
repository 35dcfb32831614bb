//! The names of the tables, and statements that speak of them.

use sqlx::AssertSqlSafe;

/// The longest prefix, in bytes; names of indexes must stay under the 63 bytes of `PostgreSQL`.
const PREFIX_BYTES_MAX: usize = 32;

/// A prefix that cannot begin the name of a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no prefix for tables: wanted are a letter, then letters, digits and underscores, in lower case, {PREFIX_BYTES_MAX} bytes at most"
)]
pub struct InvalidPrefix(String);

/// What all names begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tables(String);

impl Tables {
    pub(crate) fn new(prefix: &str) -> Result<Self, InvalidPrefix> {
        let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let is_fit = prefix.starts_with(|c: char| c.is_ascii_lowercase())
            && prefix.chars().all(is_word)
            && prefix.len() <= PREFIX_BYTES_MAX;
        if is_fit { Ok(Self(prefix.to_owned())) } else { Err(InvalidPrefix(prefix.to_owned())) }
    }

    /// A statement whose `{p}` becomes the prefix.
    // The prefix is checked above, and all else is written in this crate.
    pub(crate) fn sql(&self, statement: &str) -> AssertSqlSafe<String> {
        AssertSqlSafe(self.text(statement))
    }

    pub(crate) fn text(&self, statement: &str) -> String {
        statement.replace("{p}", &self.0)
    }

    /// Where relays are told of new rows.
    pub(crate) fn bell(&self) -> String {
        self.text("{p}outbox")
    }
}

impl Default for Tables {
    fn default() -> Self {
        Self("leveret_".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_a_plain_word() {
        assert_eq!(Tables::new("shop_").unwrap().text("{p}inbox"), "shop_inbox");
        for prefix in ["", "1", "Shop", "a b", "a;", "ä", &"a".repeat(33)] {
            assert!(Tables::new(prefix).is_err(), "{prefix}");
        }
    }
}
