//! Values with their places: moved, and laid over each other.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The same value at other places.
pub(crate) fn placed<'a>(
    value: Spanned<DeValue<'a>>,
    place: &dyn Fn(Range<usize>) -> Range<usize>,
) -> Spanned<DeValue<'a>> {
    let span = place(value.span());
    let inner = match value.into_inner() {
        DeValue::Array(list) => {
            DeValue::Array(list.into_iter().map(|item| placed(item, place)).collect())
        }
        DeValue::Table(table) => DeValue::Table(placed_table(table, place)),
        scalar @ (DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)) => scalar,
    };
    Spanned::new(span, inner)
}

/// The same table at other places.
pub(crate) fn placed_table<'a>(
    table: DeTable<'a>,
    place: &dyn Fn(Range<usize>) -> Range<usize>,
) -> DeTable<'a> {
    let mut moved = DeTable::new();
    for (key, value) in table {
        let span = place(key.span());
        moved.insert(Spanned::new(span, key.into_inner()), placed(value, place));
    }
    moved
}

/// What becomes of lists that both have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lists {
    /// The upper one counts.
    Replace,
    /// The lower one's items, then the upper one's.
    Join,
}

/// Puts `upper` on top: tables become one, anything else is replaced.
pub(crate) fn overlay<'a>(lower: &mut DeTable<'a>, upper: DeTable<'a>, lists: Lists) {
    for (key, over) in upper {
        let Some((known, under)) = lower.remove_entry(&key) else {
            lower.insert(key, over);
            continue;
        };
        let span = over.span();
        let (kept, value) = match (under.into_inner(), over.into_inner()) {
            (DeValue::Table(mut under), DeValue::Table(over)) => {
                overlay(&mut under, over, lists);
                (known, DeValue::Table(under))
            }
            (DeValue::Array(under), DeValue::Array(over)) if lists == Lists::Join => {
                (known, DeValue::Array(under.into_iter().chain(over).collect()))
            }
            (_, over) => (key, over),
        };
        lower.insert(kept, Spanned::new(span, value));
    }
}

/// The value under a key.
pub(crate) fn get<'t, 'a>(table: &'t DeTable<'a>, name: &str) -> Option<&'t Spanned<DeValue<'a>>> {
    table.iter().find(|(key, _)| key.get_ref() == name).map(|(_, value)| value)
}

/// Takes out the value under a key.
pub(crate) fn take<'a>(table: &mut DeTable<'a>, name: &str) -> Option<Spanned<DeValue<'a>>> {
    let key = table.keys().find(|key| key.get_ref() == name)?.clone();
    table.remove(&key)
}
