//! A headers exchange's table: bindings matched against a message's headers.

use alloc::{collections::BTreeMap, vec::Vec};

use leveret_protocol::{FieldTable, FieldValue, ShortStr};

use super::destinations::Destination;
use crate::{
    error::{BindError, same_header},
    identity::BindingId,
};

/// Every binding with what it wants; each publish looks at all of them.
#[derive(Debug, Default)]
pub(crate) struct HeaderTable {
    bindings: BTreeMap<BindingId, (HeaderMatch, Destination)>,
}

/// What a binding's arguments ask of the headers.
#[derive(Debug)]
pub(crate) struct HeaderMatch {
    /// All wanted headers, or any one of them.
    wants_all: bool,
    wanted: Vec<(ShortStr, FieldValue)>,
}

impl HeaderTable {
    pub(crate) fn add(
        &mut self,
        binding: BindingId,
        wanted: HeaderMatch,
        destination: Destination,
    ) {
        self.bindings.insert(binding, (wanted, destination));
    }

    pub(crate) fn remove(&mut self, binding: BindingId) {
        self.bindings.remove(&binding);
    }

    pub(crate) fn find(&self, headers: &FieldTable) -> impl Iterator<Item = Destination> {
        let mut present: BTreeMap<ShortStr, FieldValue> = BTreeMap::new();
        for (name, value) in headers {
            // Of a name that is there twice, the first counts.
            present.entry(name).or_insert(value);
        }
        self.bindings
            .values()
            .filter(move |(wanted, _)| wanted.is_met_by(&present))
            .map(|(_, destination)| *destination)
    }
}

impl HeaderMatch {
    /// Reads a binding's arguments. `all` and `any` pass over arguments that begin with `x-`,
    /// the forms `-with-x` only over `x-match` itself.
    pub(crate) fn parse(arguments: &FieldTable) -> Result<Self, BindError> {
        let (wants_all, with_x) = match arguments.get("x-match") {
            None => (true, false),
            Some(FieldValue::LongString(mode)) => match mode.as_ref() {
                b"all" => (true, false),
                b"any" => (false, false),
                b"all-with-x" => (true, true),
                b"any-with-x" => (false, true),
                _ => return Err(BindError::MatchMode { mode }),
            },
            Some(value) => return Err(BindError::MatchModeType { value }),
        };
        let is_wanted = |name: &ShortStr| {
            if with_x { *name != "x-match" } else { !name.starts_with(b"x-") }
        };
        let wanted = arguments.iter().filter(|(name, _)| is_wanted(name)).collect();
        Ok(Self { wants_all, wanted })
    }

    fn is_met_by(&self, headers: &BTreeMap<ShortStr, FieldValue>) -> bool {
        let is_met = |(name, value): &(ShortStr, FieldValue)| {
            // A wanted value of nothing asks only that the header be there.
            headers
                .get(name)
                .is_some_and(|found| *value == FieldValue::Void || same_header(value, found))
        };
        if self.wants_all { self.wanted.iter().all(is_met) } else { self.wanted.iter().any(is_met) }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::identity::QueueId;

    #[test]
    fn of_a_header_that_is_there_twice_the_first_counts() {
        let mut table = HeaderTable::default();
        let wanted = FieldTable::builder().insert("a", true).build();
        let queue = Destination::Queue(QueueId(1));
        table.add(BindingId(1), HeaderMatch::parse(&wanted).unwrap(), queue);
        let found = |raw: &'static [u8]| {
            let headers = FieldTable::from_bytes(Bytes::from_static(raw)).unwrap();
            table.find(&headers).count()
        };
        assert_eq!(found(b"\x01at\x01\x01at\x00"), 1);
        assert_eq!(found(b"\x01at\x00\x01at\x01"), 0);
    }
}
