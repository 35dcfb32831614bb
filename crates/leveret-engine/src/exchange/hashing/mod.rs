//! Exchanges that give each message to one binding, by a hash of something in it.
//!
//! Consistent: every binding draws a number from the message's hash and its own, and the best
//! one wins, so a binding that comes takes its share from all others evenly, and when it goes
//! its share goes back; nothing else moves. A weight of two draws as well as two bindings.

use alloc::vec::Vec;

use leveret_protocol::{FieldTable, FieldValue, Properties, ShortStr};

use super::{destinations::Destination, routing_keys::Keys};
use crate::{
    error::{BindError, DeclareError, integer},
    identity::BindingId,
};

/// What of a message is hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HashOn {
    RoutingKey,
    Header(ShortStr),
    MessageId,
    CorrelationId,
    Timestamp,
}

const HEADER: &str = "hash-header";
const PROPERTY: &str = "hash-property";

impl HashOn {
    /// Reads an exchange's arguments.
    pub(crate) fn parse(arguments: &FieldTable) -> Result<Self, DeclareError> {
        let name = |argument| match arguments.get(argument) {
            None => Ok(None),
            Some(FieldValue::LongString(name)) => {
                let name = ShortStr::new(name).map_err(|_| DeclareError::HashName { argument })?;
                Ok(Some(name))
            }
            Some(_) => Err(DeclareError::HashName { argument }),
        };
        match (name(HEADER)?, name(PROPERTY)?) {
            (None, None) => Ok(Self::RoutingKey),
            (Some(_), Some(_)) => Err(DeclareError::HashOnBoth),
            (Some(header), None) => Ok(Self::Header(header)),
            (None, Some(property)) => match property.as_bytes() {
                b"message_id" => Ok(Self::MessageId),
                b"correlation_id" => Ok(Self::CorrelationId),
                b"timestamp" => Ok(Self::Timestamp),
                _ => Err(DeclareError::HashProperty { property }),
            },
        }
    }

    /// The message's hash; all messages that have nothing to be hashed have the same.
    fn of(&self, keys: &Keys<'_>, properties: &Properties) -> u64 {
        match self {
            Self::RoutingKey => hash(keys.own),
            Self::Header(name) => {
                let name = name.to_str().unwrap_or_default();
                let value = properties.headers().and_then(|headers| headers.get(name));
                value.map_or(NOTHING, |value| hash_value(&value))
            }
            Self::MessageId => properties.message_id().map_or(NOTHING, |id| hash(&id)),
            Self::CorrelationId => properties.correlation_id().map_or(NOTHING, |id| hash(&id)),
            Self::Timestamp => {
                properties.timestamp().map_or(NOTHING, |seconds| hash(&seconds.to_be_bytes()))
            }
        }
    }
}

/// The bindings of a consistent-hash exchange with their weights.
#[derive(Debug)]
pub(crate) struct HashTable {
    on: HashOn,
    bindings: Vec<Weighted>,
}

#[derive(Debug)]
struct Weighted {
    binding: BindingId,
    weight: u32,
    destination: Destination,
}

impl HashTable {
    pub(crate) const fn new(on: HashOn) -> Self {
        Self { on, bindings: Vec::new() }
    }

    pub(crate) fn add(&mut self, binding: BindingId, weight: u32, destination: Destination) {
        self.bindings.push(Weighted { binding, weight, destination });
    }

    pub(crate) fn remove(&mut self, binding: BindingId) {
        self.bindings.retain(|known| known.binding != binding);
    }

    pub(crate) fn find(&self, keys: &Keys<'_>, properties: &Properties) -> Option<Destination> {
        let message = self.on.of(keys, properties);
        let mut best: Option<(f64, Destination)> = None;
        for known in &self.bindings {
            let score = exponential(mix(message ^ mix(known.binding.0))) / f64::from(known.weight);
            if best.is_none_or(|(least, _)| score < least) {
                best = Some((score, known.destination));
            }
        }
        best.map(|(_, destination)| destination)
    }
}

/// A binding key of a consistent-hash exchange: how large a share the binding has.
pub(crate) fn parse_weight(key: &ShortStr) -> Result<u32, BindError> {
    let text = key.to_str().unwrap_or_default();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(BindError::WeightNoInteger { key: key.clone() });
    }
    if text.starts_with('-') || digits.bytes().all(|digit| digit == b'0') {
        return Err(BindError::WeightNotPositive);
    }
    digits.parse().map_err(|_| BindError::WeightTooLarge { max: u32::MAX })
}

/// The bindings of an exchange that looks at nothing but the routing key's hash.
#[derive(Debug, Default)]
pub(crate) struct ModulusTable {
    bindings: Vec<(BindingId, Destination)>,
}

impl ModulusTable {
    pub(crate) fn add(&mut self, binding: BindingId, destination: Destination) {
        self.bindings.push((binding, destination));
    }

    pub(crate) fn remove(&mut self, binding: BindingId) {
        self.bindings.retain(|(known, _)| *known != binding);
    }

    pub(crate) fn find(&self, keys: &Keys<'_>) -> Option<Destination> {
        self.at(hash(keys.own))
    }

    /// The binding that a number falls on; all are equally likely.
    pub(crate) fn at(&self, number: u64) -> Option<Destination> {
        let count = u64::try_from(self.bindings.len()).ok()?;
        let at = usize::try_from(number.checked_rem(count)?).ok()?;
        self.bindings.get(at).map(|(_, destination)| *destination)
    }
}

/// The hash of what is not there.
const NOTHING: u64 = 0;

/// Numbers by value across their widths, all else by its bytes.
fn hash_value(value: &FieldValue) -> u64 {
    if let Some(number) = integer(value) {
        return hash(&number.to_be_bytes());
    }
    if let FieldValue::LongString(bytes) | FieldValue::Bytes(bytes) = value {
        return hash(bytes);
    }
    let table: FieldTable = core::iter::once((ShortStr::EMPTY, value.clone())).collect();
    hash(table.as_bytes())
}

/// The same in every process: what a key leads to has to outlive a restart.
fn hash(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks();
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let start =
        words.iter().fold(mix(length), |state, word| mix(state ^ u64::from_le_bytes(*word)));
    let tail = rest.iter().fold(0, |tail, byte| (tail << 8) | u64::from(*byte));
    mix(start ^ tail)
}

/// Every bit of the answer depends on every bit of the number (the end of splitmix64).
const fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// A uniform number as an exponential one, `-ln(u)`: of several, divided by their weights, each
/// is the least as often as its weight says.
fn exponential(uniform: u64) -> f64 {
    const TWO_TO_32: f64 = 4_294_967_296.0;
    let [high, low] =
        [uniform >> 32, uniform & 0xFFFF_FFFF].map(|half| u32::try_from(half).unwrap_or(u32::MAX));
    let (high, low) = (f64::from(high), f64::from(low));
    // Above 0, and at most 1.
    let mut value = (high + (low + 0.5) / TWO_TO_32) / TWO_TO_32;
    let mut halvings = 0.0;
    while value < 0.5 {
        value *= 2.0;
        halvings += 1.0;
    }
    // ln(v) = 2 atanh((v - 1) / (v + 1)), and the argument is small.
    let ratio = (value - 1.0) / (value + 1.0);
    let square = ratio * ratio;
    let series = [17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0];
    let sum = series.into_iter().fold(0.0, |sum, odd| sum * square + 1.0 / odd);
    halvings * core::f64::consts::LN_2 - 2.0 * ratio * sum
}

#[cfg(test)]
mod tests;
