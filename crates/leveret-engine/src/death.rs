//! The history of a dead letter, as its `x-death` header tells it.
//!
//! Newest first, one entry for each queue and reason. Only what this engine wrote counts: a
//! history that a client sends along is ignored.

use alloc::vec::Vec;

use bytes::Bytes;
use leveret_protocol::{
    FieldArray, FieldTable, FieldTableBuilder, FieldValue, Properties, ShortStr, Timestamp,
};

use crate::message::{Letter, Origin};

/// Why a queue gave a message up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    Rejected,
    Expired,
    MaxLength,
    DeliveryLimit,
}

impl Reason {
    const fn name(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::MaxLength => "maxlen",
            Self::DeliveryLimit => "delivery_limit",
        }
    }
}

/// A queue gives a message up.
#[derive(Debug)]
pub(crate) struct Death {
    pub(crate) reason: Reason,
    pub(crate) queue: ShortStr,
    pub(crate) exchange: ShortStr,
    pub(crate) routing_keys: Vec<ShortStr>,
    pub(crate) at: Timestamp,
    /// The expiration that the message had, and loses.
    pub(crate) expiration: Option<ShortStr>,
}

/// All deaths of a message.
#[derive(Debug)]
pub(crate) struct Deaths {
    newest_first: Vec<FieldTable>,
    /// The newest, for the headers that name it.
    last: Option<FieldTable>,
}

const HISTORY: &str = "x-death";

impl Deaths {
    pub(crate) fn of(letter: &Letter) -> Self {
        let headers = match letter.origin {
            Origin::Client => None,
            Origin::DeadLetter => letter.properties.headers(),
        };
        let history = headers.and_then(|headers| headers.get(HISTORY));
        let newest_first =
            match history {
                Some(FieldValue::Array(deaths)) => deaths
                    .iter()
                    .filter_map(|death| {
                        if let FieldValue::Table(death) = death { Some(death) } else { None }
                    })
                    .collect(),
                Some(_) | None => Vec::new(),
            };
        Self { newest_first, last: None }
    }

    /// The same and one death more: counted where one like it is known.
    #[must_use]
    pub(crate) fn with(mut self, death: Death) -> Self {
        let is_like_it = |known: &FieldTable| {
            text(known, "queue").as_deref() == Some(&*death.queue)
                && text(known, "reason").as_deref() == Some(death.reason.name().as_bytes())
        };
        let entry = match self.newest_first.iter().position(is_like_it) {
            Some(at) => counted_once_more(&self.newest_first.remove(at)),
            None => death.first_entry(),
        };
        self.last = Some(entry.clone());
        self.newest_first.insert(0, entry);
        self
    }

    /// How many entries the history has.
    pub(crate) fn len(&self) -> usize {
        self.newest_first.len()
    }

    /// Whether the message was in that queue before and nobody has rejected it since: then it
    /// would go in circles for ever.
    pub(crate) fn is_cycle(&self, queue: &ShortStr) -> bool {
        let at = self
            .newest_first
            .iter()
            .position(|death| text(death, "queue").as_deref() == Some(queue.as_bytes()));
        let since = at.and_then(|at| self.newest_first.get(..=at)).unwrap_or_default();
        !since.is_empty()
            && since.iter().all(|death| text(death, "reason").as_deref() != Some(b"rejected"))
    }

    /// The properties with this history, and without an expiration: it would strike again.
    pub(crate) fn write(&self, properties: &Properties) -> Properties {
        let old = properties.headers().unwrap_or_default();
        let is_kept = |name: &ShortStr| *name != HISTORY && !name.starts_with(b"x-last-death-");
        let mut headers = old
            .iter()
            .filter(|(name, _)| is_kept(name))
            .fold(FieldTable::builder(), |headers, (name, value)| {
                headers.insert_named(&name, value)
            });
        let history: FieldArray = self.newest_first.iter().cloned().collect();
        headers = headers.insert(HISTORY, history);
        if let Some(last) = &self.last {
            if self.newest_first.len() == 1 && last.get("count") == Some(FieldValue::I64(1)) {
                headers = name_death(headers, last, FIRST);
            }
            headers = name_death(headers, last, LAST);
        }
        properties.to_builder().headers(headers.build()).expiration(None).build()
    }
}

type HeaderNames = [(&'static str, &'static str); 3];

const FIRST: HeaderNames = [
    ("x-first-death-exchange", "exchange"),
    ("x-first-death-queue", "queue"),
    ("x-first-death-reason", "reason"),
];

const LAST: HeaderNames = [
    ("x-last-death-exchange", "exchange"),
    ("x-last-death-queue", "queue"),
    ("x-last-death-reason", "reason"),
];

fn name_death(
    headers: FieldTableBuilder,
    death: &FieldTable,
    names: HeaderNames,
) -> FieldTableBuilder {
    names.into_iter().fold(headers, |headers, (name, field)| match death.get(field) {
        Some(value) => headers.insert(name, value),
        None => headers,
    })
}

impl Death {
    fn first_entry(&self) -> FieldTable {
        let routing_keys: FieldArray = self.routing_keys.iter().cloned().collect();
        let entry = FieldTable::builder()
            .insert("count", 1_i64)
            .insert("reason", self.reason.name())
            .insert("queue", self.queue.clone())
            .insert("time", FieldValue::Timestamp(self.at.as_millis() / 1000))
            .insert("exchange", self.exchange.clone())
            .insert("routing-keys", routing_keys);
        let entry = match &self.expiration {
            Some(expiration) => entry.insert("original-expiration", expiration.clone()),
            None => entry,
        };
        entry.build()
    }
}

fn counted_once_more(death: &FieldTable) -> FieldTable {
    let count = match death.get("count") {
        Some(FieldValue::I64(count)) => count.saturating_add(1),
        Some(_) | None => 1,
    };
    death
        .iter()
        .map(|(name, value)| {
            let value = if name == "count" { FieldValue::I64(count) } else { value };
            (name, value)
        })
        .collect()
}

fn text(table: &FieldTable, field: &str) -> Option<Bytes> {
    match table.get(field) {
        Some(FieldValue::LongString(text)) => Some(text),
        Some(_) | None => None,
    }
}
