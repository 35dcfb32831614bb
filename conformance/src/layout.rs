//! The table of methods, as the protocol crate's own file writes it.
//!
//! Only names, numbers and the order of fields; what they mean is the broker's matter.

use std::{collections::HashMap, sync::LazyLock};

/// Every method of AMQP 0-9-1, by name and by number.
pub(crate) static METHODS: LazyLock<Methods> =
    LazyLock::new(|| Methods::parse(include_str!("../../crates/leveret-protocol/methods.txt")));

#[derive(Debug)]
pub(crate) struct Methods {
    all: Vec<Layout>,
    by_name: HashMap<String, usize>,
    by_ids: HashMap<(u16, u16), usize>,
}

#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) name: String,
    pub(crate) ids: (u16, u16),
    pub(crate) has_content: bool,
    pub(crate) fields: Vec<Field>,
}

#[derive(Debug)]
pub(crate) struct Field {
    /// None for a reserved field, which is written as zero.
    pub(crate) name: Option<String>,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Bit,
    Octet,
    Short,
    Long,
    LongLong,
    ShortStr,
    LongStr,
    Table,
}

impl Methods {
    fn parse(text: &str) -> Self {
        let mut all: Vec<Layout> = Vec::new();
        let mut class = (String::new(), 0);
        for line in text.lines() {
            let is_field = line.starts_with("    ");
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                [name, kind, ..] if is_field => {
                    let name = (*name != "-").then(|| (*name).to_owned());
                    if let (Some(layout), Some(kind)) = (all.last_mut(), Kind::named(kind)) {
                        layout.fields.push(Field { name, kind });
                    }
                }
                ["class", id, name, ..] => class = ((*name).to_owned(), number(id)),
                ["method", id, name, _, rest @ ..] => all.push(Layout {
                    name: format!("{}.{name}", class.0),
                    ids: (class.1, number(id)),
                    has_content: rest.first() == Some(&"content"),
                    fields: Vec::new(),
                }),
                _ => {}
            }
        }
        let by_name = all.iter().enumerate().map(|(at, one)| (one.name.clone(), at)).collect();
        let by_ids = all.iter().enumerate().map(|(at, one)| (one.ids, at)).collect();
        Self { all, by_name, by_ids }
    }

    pub(crate) fn named(&self, name: &str) -> Option<&Layout> {
        self.all.get(*self.by_name.get(name)?)
    }

    pub(crate) fn numbered(&self, ids: (u16, u16)) -> Option<&Layout> {
        self.all.get(*self.by_ids.get(&ids)?)
    }
}

impl Kind {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "bit" => Self::Bit,
            "octet" => Self::Octet,
            "short" => Self::Short,
            "long" => Self::Long,
            "longlong" => Self::LongLong,
            "shortstr" => Self::ShortStr,
            "longstr" | "secret" => Self::LongStr,
            "table" => Self::Table,
            _ => return None,
        })
    }
}

fn number(text: &str) -> u16 {
    text.parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_specification() {
        assert_eq!(METHODS.named("queue.declare").unwrap().ids, (50, 10));
        assert_eq!(METHODS.numbered((60, 71)).unwrap().name, "basic.get-ok");
        assert!(METHODS.named("basic.publish").unwrap().has_content);
        assert_eq!(METHODS.all.len(), 66);
    }
}
