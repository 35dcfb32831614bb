//! What was sent from a directory that must stay as it is.
//!
//! One path a line, appended. A crash may lose the last lines: those files are sent again, under the same message-ids.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// How many lines may wait before they are written through to the disk.
const UNSYNCED_LINES_MAX: usize = 256;

#[derive(Debug)]
pub(super) struct SentRecord {
    file: File,
    sent: HashSet<String>,
    unsynced: usize,
}

impl SentRecord {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let whole = text.rfind('\n').map_or(0, |newline| newline + 1);
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        // A line that was cut is no path.
        file.set_len(whole as u64)?;
        let sent = text.get(..whole).unwrap_or_default().lines().map(unescape).collect();
        Ok(Self { file, sent, unsynced: 0 })
    }

    pub(super) fn contains(&self, path: &str) -> bool {
        self.sent.contains(path)
    }

    pub(super) fn add(&mut self, path: &str) -> io::Result<()> {
        self.file.write_all(format!("{}\n", escape(path)).as_bytes())?;
        self.sent.insert(path.to_owned());
        self.unsynced += 1;
        if self.unsynced >= UNSYNCED_LINES_MAX {
            self.sync()?;
        }
        Ok(())
    }

    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        self.unsynced = 0;
        Ok(())
    }
}

fn escape(path: &str) -> String {
    path.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r")
}

fn unescape(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => text.push('\n'),
                Some('r') => text.push('\r'),
                Some(other) => text.push(other),
                None => {}
            },
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_is_known_after_a_restart_but_for_a_torn_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state/sent");
        let mut record = SentRecord::open(&path).unwrap();
        for name in ["a/1.eml", "new\nline\\", "torn"] {
            record.add(name).unwrap();
        }
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 2]).unwrap();
        let mut record = SentRecord::open(&path).unwrap();
        assert!(record.contains("a/1.eml") && record.contains("new\nline\\"));
        assert!(!record.contains("torn") && !record.contains("to"));
        record.add("torn").unwrap();
        assert!(SentRecord::open(&path).unwrap().contains("torn"));
    }
}
