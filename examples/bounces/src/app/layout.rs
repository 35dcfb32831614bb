//! Where everything lies below the output directory.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

/// The files and folders of one input's results.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    out: PathBuf,
    data: PathBuf,
}

impl Layout {
    /// Makes the directories; refuses those that hold the results of another input.
    pub(crate) fn open(out: PathBuf, data: Option<PathBuf>, source: &str) -> anyhow::Result<Self> {
        let data = data.unwrap_or_else(|| out.join("data"));
        let layout = Self { out, data };
        for folder in
            [&layout.out, &layout.data, &layout.results(), &layout.dead(), &layout.suppressed()]
        {
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot make directory {}", folder.display()))?;
        }
        layout.claim(source)?;
        Ok(layout)
    }

    /// The whole.
    pub(crate) fn out(&self) -> &Path {
        &self.out
    }

    /// The broker's data, and what was sent.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    /// Which files of a read-only directory were sent.
    pub(crate) fn sent(&self) -> PathBuf {
        self.data.join("sent")
    }

    /// The ids that were handled, for brokers elsewhere.
    pub(crate) fn inbox(&self) -> PathBuf {
        self.data.join("inbox.redb")
    }

    /// One JSON file per mail.
    pub(crate) fn results(&self) -> PathBuf {
        self.out.join("results")
    }

    /// The result of one mail.
    pub(crate) fn result(&self, id: &str) -> PathBuf {
        self.results().join(format!("{id}.json"))
    }

    /// Mails that could not be parsed, with the reason beside each.
    pub(crate) fn dead(&self) -> PathBuf {
        self.out.join("dead")
    }

    /// One mail that could not be parsed.
    pub(crate) fn dead_mail(&self, id: &str) -> PathBuf {
        self.dead().join(format!("{id}.eml"))
    }

    /// One JSON file per suppressed address.
    pub(crate) fn suppressed(&self) -> PathBuf {
        self.out.join("suppressed")
    }

    /// The file of one suppressed address.
    pub(crate) fn suppressed_address(&self, id: &str) -> PathBuf {
        self.suppressed().join(format!("{id}.json"))
    }

    /// Where the shipped samples are laid out.
    pub(crate) fn mail(&self) -> PathBuf {
        self.out.join("mail")
    }

    /// Writes a file so that it is there whole, or not at all.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let path = self.out.join(name);
        place(&path, bytes).with_context(|| format!("cannot write {}", path.display()))
    }

    fn claim(&self, source: &str) -> anyhow::Result<()> {
        let marker = self.out.join("source");
        match fs::read_to_string(&marker) {
            Ok(known) if known.trim_end() == source => Ok(()),
            Ok(known) => bail!(
                "{} holds the results of {}: name another directory with --out, or remove it",
                self.out.display(),
                known.trim_end()
            ),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.write("source", format!("{source}\n").as_bytes())
            }
            Err(error) => Err(error).with_context(|| format!("cannot read {}", marker.display())),
        }
    }
}

/// Writes under a temporary name, syncs, renames, and syncs the folder.
pub(crate) fn place(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".tmp");
    let mut file = File::create(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}
