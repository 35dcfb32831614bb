//! The list of consumers, as far as it matters here.

use leveret_protocol::{ChannelNumber, ShortStr};
use serde::Deserialize;

use super::error::ManagementError;

/// What a list says of one queue's consumers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Listed {
    /// How many consumers the queue has.
    pub(super) consumers: u32,
    /// Whether the own one is among them, and then whether it is its turn.
    pub(super) own: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    consumer_tag: String,
    queue: Queue,
    /// Old brokers do not tell: then every consumer is active.
    #[serde(default = "yes")]
    active: bool,
    channel_details: Option<Details>,
}

#[derive(Debug, Deserialize)]
struct Queue {
    name: String,
}

/// An empty list stands for none in some brokers' JSON, so nothing in here is required.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Details {
    Known { number: u16 },
    Unknown(serde::de::IgnoredAny),
}

const fn yes() -> bool {
    true
}

impl Listed {
    /// Finds a consumer by its queue, its tag and its channel's number.
    pub(super) fn read(
        body: &[u8],
        (queue, tag, channel): (&ShortStr, &ShortStr, ChannelNumber),
    ) -> Result<Self, ManagementError> {
        let unreadable =
            |error: serde_json::Error| ManagementError::Unreadable { reason: error.to_string() };
        let entries: Vec<Entry> = serde_json::from_slice(body).map_err(unreadable)?;
        let of_queue = entries.iter().filter(|entry| *queue == *entry.queue.name);
        let is_own = |entry: &&Entry| {
            let number = match entry.channel_details {
                Some(Details::Known { number }) => Some(number),
                Some(Details::Unknown(_)) | None => None,
            };
            *tag == *entry.consumer_tag && number.is_none_or(|number| number == channel.as_u16())
        };
        let own = of_queue.clone().find(is_own).map(|entry| entry.active);
        Ok(Self { consumers: u32::try_from(of_queue.count()).unwrap_or(u32::MAX), own })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(body: &str) -> Result<Listed, ManagementError> {
        let own = (&ShortStr::from_static("q"), &ShortStr::from_static("t"), 2.into());
        Listed::read(body.as_bytes(), own)
    }

    #[test]
    fn a_consumer_is_known_by_queue_tag_and_channel() {
        let entry = |queue: &str, tag: &str, rest: &str| {
            format!(r#"{{"consumer_tag":"{tag}","queue":{{"name":"{queue}","vhost":"/"}}{rest}}}"#)
        };
        let two = r#","channel_details":{"number":2,"peer_port":1},"active":false"#;
        for (entries, consumers, own) in [
            (vec![], 0, None),
            (vec![entry("p", "t", two)], 0, None),
            (vec![entry("q", "s", two), entry("q", "t", two)], 2, Some(false)),
            (vec![entry("q", "t", r#","channel_details":{"number":3}"#)], 1, None),
            (vec![entry("q", "t", r#","channel_details":[]"#)], 1, Some(true)),
            (vec![entry("q", "t", "")], 1, Some(true)),
        ] {
            let body = format!("[{}]", entries.join(","));
            assert_eq!(listed(&body).unwrap(), Listed { consumers, own }, "{body}");
        }
        for body in ["", "{}", "[{}]", "[1]"] {
            let error = listed(body).unwrap_err();
            assert!(matches!(error, ManagementError::Unreadable { .. }), "{body}: {error}");
        }
    }
}
