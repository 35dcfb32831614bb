//! Which mails there are, and how the files bridge reads them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use leveret::derived_message_id;
use leveret::files::FileSource;

use super::layout::{Layout, place};
use super::names::{INCOMING, Names};
use super::samples::SAMPLES;

/// A mail larger than this is reported and left.
const MAIL_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// How deep folders are followed, as far as the files bridge does.
const DEPTH_MAX: usize = 64;

/// Where the mails come from.
#[derive(Debug, Clone)]
pub(crate) enum Input {
    /// The samples of this example, laid out below the output directory.
    Samples,
    /// A directory with `new/`: what was sent is moved to `cur/`.
    Maildir(PathBuf),
    /// Any other directory: nothing in it is changed.
    ReadOnly(PathBuf),
}

impl Input {
    /// What a directory on the command line stands for, or its absence.
    pub(crate) fn of(directory: Option<PathBuf>) -> anyhow::Result<Self> {
        let Some(directory) = directory else { return Ok(Self::Samples) };
        let path = fs::canonicalize(&directory)
            .with_context(|| format!("cannot read directory {}", directory.display()))?;
        anyhow::ensure!(path.is_dir(), "{} is no directory", directory.display());
        Ok(if path.join("new").is_dir() { Self::Maildir(path) } else { Self::ReadOnly(path) })
    }

    /// Tells one input from another.
    pub(crate) fn source(&self) -> String {
        match self {
            Self::Samples => "the samples".to_owned(),
            Self::Maildir(path) | Self::ReadOnly(path) => path.display().to_string(),
        }
    }

    /// A name for the input's own output directory.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Samples => "samples".to_owned(),
            Self::Maildir(path) | Self::ReadOnly(path) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                // Two directories of one name have results of their own.
                let id = derived_message_id(&["input", &path.to_string_lossy()]).to_string();
                format!("{name}-{}", id.get(..8).unwrap_or_default())
            }
        }
    }

    /// Lays the samples out, unless an earlier run has.
    pub(crate) fn prepare(&self, layout: &Layout) -> anyhow::Result<()> {
        let Self::Samples = self else { return Ok(()) };
        let (new, cur) = (layout.mail().join("new"), layout.mail().join("cur"));
        for folder in [&new, &cur] {
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot make directory {}", folder.display()))?;
        }
        for (name, mail) in SAMPLES {
            let path = new.join(name);
            if !path.exists() && !cur.join(name).exists() {
                place(&path, mail).with_context(|| format!("cannot write {}", path.display()))?;
            }
        }
        Ok(())
    }

    /// The bridge that turns the mails into messages.
    pub(crate) fn bridge(&self, layout: &Layout, names: &Names) -> FileSource {
        let source = match self {
            Self::Samples => FileSource::new(layout.mail()),
            Self::Maildir(path) => FileSource::new(path),
            Self::ReadOnly(path) => FileSource::new(path).read_only(layout.sent()),
        };
        source
            .to(names.exchange(), INCOMING)
            .content_type("message/rfc822")
            .size_max(MAIL_BYTES_MAX)
    }

    /// All mails there are or were, by their message-ids.
    pub(crate) fn mails(&self, layout: &Layout) -> anyhow::Result<BTreeMap<String, String>> {
        let roots = match self {
            Self::Samples => vec![layout.mail().join("new"), layout.mail().join("cur")],
            Self::Maildir(path) => vec![path.join("new"), path.join("cur")],
            Self::ReadOnly(path) => vec![path.clone()],
        };
        let mut mails = BTreeMap::new();
        for root in roots.iter().filter(|root| root.is_dir()) {
            for path in files_below(root, DEPTH_MAX)? {
                let name = path_text(path.strip_prefix(root).unwrap_or(&path));
                mails.insert(mail_id(&name), name);
            }
        }
        Ok(mails)
    }
}

/// The identity of a mail: its path relative to the directory, as the files bridge derives it.
pub(crate) fn mail_id(file: &str) -> String {
    derived_message_id(&["file", file]).to_string()
}

/// A path as the files bridge tells it: what is no text is escaped as `%FF`.
pub(crate) fn path_text(path: &Path) -> String {
    let mut text = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

/// Regular files below a folder; hidden ones are somebody's temporary files.
fn files_below(folder: &Path, depth: usize) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let entries = fs::read_dir(folder)
        .with_context(|| format!("cannot read directory {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let kind = entry.file_type()?;
        if kind.is_dir() && depth > 0 {
            files.extend(files_below(&entry.path(), depth - 1)?);
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    Ok(files)
}
