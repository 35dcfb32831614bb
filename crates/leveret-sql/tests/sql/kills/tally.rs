//! What came out, compared with what went in.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use leveret_client::{AckMode, Connection, ShortStr};

/// A message that came out: its id and its body.
pub(super) type Output = (String, String);

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tally {
    all: u64,
    /// Numbers that never came out.
    pub(super) lost: u64,
    /// How often a number came out again.
    pub(super) twice: u64,
    /// What was never put in.
    pub(super) strange: u64,
    /// How many ids there were.
    pub(super) ids: u64,
}

impl Tally {
    /// The numbers from zero went in.
    pub(super) fn of(all: u64, outputs: Vec<Output>) -> Self {
        let mut times: BTreeMap<u64, u64> = BTreeMap::new();
        let mut strange = 0;
        let ids: BTreeSet<&String> = outputs.iter().map(|(id, _)| id).collect();
        for (_, body) in &outputs {
            match body.parse::<u64>() {
                Ok(number) if number < all => *times.entry(number).or_default() += 1,
                Ok(_) | Err(_) => strange += 1,
            }
        }
        let lost = all - times.len() as u64;
        let twice = times.values().map(|times| times - 1).sum();
        Self { all, lost, twice, strange, ids: ids.len() as u64 }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { all, lost, twice, strange, .. } = self;
        write!(f, "{all} in, {lost} lost, {twice} twice, {strange} strange")
    }
}

/// Takes all that is in a queue.
pub(super) async fn drained(connection: &Connection, queue: &'static str) -> Vec<Output> {
    let channel = connection.channel().await.unwrap();
    let mut outputs = Vec::new();
    while let Some(got) = channel.get(ShortStr::from_static(queue), AckMode::NoAck).await.unwrap() {
        let id = got.delivery.properties.message_id().map(|id| id.to_string());
        let body = String::from_utf8_lossy(&got.delivery.body).into_owned();
        outputs.push((id.unwrap_or_default(), body));
    }
    outputs
}
