//! What went wrong, how often.

use std::collections::BTreeMap;

use serde::Serialize;

use super::scan::Found;

/// Characters of an error's text in a table.
const ERROR_SHOWN_MAX: usize = 60;

/// Messages that failed alike.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Group {
    #[serde(rename = "group")]
    fingerprint: String,
    messages: u64,
    class: String,
    handler: String,
    queue: String,
    /// The text of one of them.
    error: String,
    /// Seconds since 1970, of the newest.
    last_failure: Option<u64>,
    #[serde(skip)]
    first_seen: usize,
}

/// Groups by fingerprint.
#[derive(Debug, Default)]
pub(super) struct Groups {
    groups: BTreeMap<String, Group>,
}

impl Groups {
    pub(super) fn add(&mut self, found: Found) {
        let record = found.record;
        let first_seen = self.groups.len();
        let group =
            self.groups.entry(record.fingerprint()).or_insert_with_key(|fingerprint| Group {
                fingerprint: fingerprint.clone(),
                messages: 0,
                class: record.class,
                handler: record.handler,
                queue: record
                    .queue
                    .map(|name| name.to_string_lossy().into_owned())
                    .unwrap_or_default(),
                error: record.error,
                last_failure: None,
                first_seen,
            });
        group.messages += 1;
        group.last_failure = group.last_failure.max(record.last_failure_secs);
    }

    /// The largest first, and of those that are as large the one that came first.
    pub(super) fn sorted(self) -> Vec<Group> {
        let mut groups: Vec<_> = self.groups.into_values().collect();
        groups.sort_by_key(|group| (std::cmp::Reverse(group.messages), group.first_seen));
        groups
    }
}

impl Group {
    /// With a text that fits in a line.
    pub(super) fn shortened(mut self) -> Self {
        if let Some((cut, _)) = self.error.char_indices().nth(ERROR_SHOWN_MAX) {
            self.error.truncate(cut);
            self.error.push('…');
        }
        self
    }
}
