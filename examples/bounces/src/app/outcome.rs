//! What came of all mails, read back from their files; lists derived from it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use bounces::Class;
use serde::Serialize;
use serde_json::Value;

use super::handlers::suppressed_id;
use super::layout::Layout;
use super::record::MailResult;

/// The header in which a dead letter tells its reason.
const REASON_HEADER: &str = "x-leveret-error";

/// What came of all mails.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// One per classified mail, in the order of the paths.
    pub(crate) results: Vec<MailResult>,
    /// Mails that could not be parsed.
    pub(crate) dead: Vec<DeadMail>,
    /// Addresses that should get no more mail, with the mails that say so.
    pub(crate) suppressed: BTreeMap<String, BTreeSet<String>>,
    /// Mails of which nothing is left.
    pub(crate) lost: Vec<String>,
    /// Mails that are both classified and dead.
    pub(crate) twice: Vec<String>,
    /// Addresses that the second handler has not written.
    pub(crate) unsuppressed: Vec<String>,
}

/// A mail that could not be parsed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct DeadMail {
    /// The message-id, derived from the path.
    pub(crate) id: String,
    /// The path relative to the directory.
    pub(crate) file: String,
    /// Why it could not be parsed.
    pub(crate) reason: String,
}

/// One line of `suppression.jsonl`.
#[derive(Debug, Serialize)]
struct SuppressionLine<'a> {
    address: &'a str,
    files: &'a BTreeSet<String>,
}

impl Outcome {
    /// Reads the files of these mails.
    pub(crate) fn read(layout: &Layout, mails: &BTreeMap<String, String>) -> anyhow::Result<Self> {
        let mut outcome = Self::default();
        for (id, file) in mails {
            let (result, dead) = (layout.result(id), layout.dead_mail(id));
            match (result.exists(), dead.exists()) {
                (true, false) => outcome.results.push(read_json(&result)?),
                (false, true) => outcome.dead.push(DeadMail {
                    id: id.clone(),
                    file: file.clone(),
                    reason: reason(&dead),
                }),
                (true, true) => outcome.twice.push(file.clone()),
                (false, false) => outcome.lost.push(file.clone()),
            }
        }
        outcome.results.sort_by(|a, b| a.file.cmp(&b.file));
        outcome.dead.sort_by(|a, b| a.file.cmp(&b.file));
        for result in &outcome.results {
            for address in result.verdict.suppressed() {
                outcome
                    .suppressed
                    .entry(address.to_owned())
                    .or_default()
                    .insert(result.file.clone());
            }
        }
        let addresses = outcome.suppressed.keys();
        let missing = addresses
            .filter(|address| !layout.suppressed_address(&suppressed_id(address)).exists());
        outcome.unsuppressed = missing.cloned().collect();
        Ok(outcome)
    }

    /// Writes the lists that are derived from the single files.
    pub(crate) fn write(&self, layout: &Layout) -> anyhow::Result<()> {
        layout.write("results.jsonl", &lines(&self.results)?)?;
        layout.write("dead.jsonl", &lines(&self.dead)?)?;
        let suppressed =
            self.suppressed.iter().map(|(address, files)| SuppressionLine { address, files });
        layout.write("suppression.jsonl", &lines(&suppressed.collect::<Vec<_>>())?)?;
        let addresses: String =
            self.suppressed.keys().flat_map(|address| [address, "\n"]).collect();
        layout.write("suppression.txt", addresses.as_bytes())
    }

    /// How many mails are of this class.
    pub(crate) fn count(&self, class: Class) -> usize {
        self.results.iter().filter(|result| result.verdict.class == class).count()
    }

    /// Whether each mail is accounted for exactly once.
    pub(crate) fn is_whole(&self) -> bool {
        self.lost.is_empty() && self.twice.is_empty() && self.unsuppressed.is_empty()
    }
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> anyhow::Result<T> {
    let text = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("not a result: {}", path.display()))
}

/// The reason beside a dead letter.
fn reason(dead: &Path) -> String {
    let mut side = dead.as_os_str().to_owned();
    side.push(".headers.json");
    let described: Option<Value> = read_json(Path::new(&side)).ok();
    let reason =
        described.as_ref().and_then(|value| value.get("headers")?.get(REASON_HEADER)?.as_str());
    reason.unwrap_or("no reason told").to_owned()
}

fn lines<T: Serialize>(values: &[T]) -> anyhow::Result<Vec<u8>> {
    let mut text = Vec::new();
    for value in values {
        serde_json::to_writer(&mut text, value)?;
        text.push(b'\n');
    }
    Ok(text)
}
