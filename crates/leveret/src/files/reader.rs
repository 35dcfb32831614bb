//! Reads a directory pass by pass: lists, sends, moves or records.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use futures_util::StreamExt as _;
use futures_util::stream;
use tokio::task::spawn_blocking;
use tracing::{info, warn};

use super::record::SentRecord;
use super::scan::{Listing, path_text, scan};
use super::source::{FileContent, FileEvent, FileFate, FileSource, FileSummary, Place, ReadError};
use crate::failure::{Class, Classify as _};
use crate::publisher::{PublishError, Publisher};

/// How many passes in a row may fail to publish before reading once gives up.
const FAILED_PASSES_MAX: u32 = 5;

/// The pause after the first failed pass; it doubles with each further one.
const BACK_OFF: Duration = Duration::from_millis(500);

impl FileSource {
    /// Sends all files there are, then returns: for one-shot programs.
    ///
    /// `progress` is told each file's fate. Dropping the future stops at once and loses nothing:
    /// files whose message is not confirmed stay where they are.
    pub async fn drain(
        &self,
        publisher: &Publisher,
        mut progress: impl FnMut(FileEvent<'_>),
    ) -> Result<FileSummary, ReadError> {
        let mut reader = Reader::open(self, AfterTrouble::Leave)?;
        let mut failed_passes = 0;
        loop {
            match reader.pass(publisher, &mut progress).await? {
                Pass::Idle => {
                    reader.sync()?;
                    info!(
                        directory = %self.directory.display(),
                        sent = reader.summary.sent,
                        left = reader.summary.left,
                        "directory read"
                    );
                    return Ok(reader.summary);
                }
                Pass::Progress => failed_passes = 0,
                Pass::Failed { path, error } => {
                    failed_passes += 1;
                    if failed_passes == FAILED_PASSES_MAX {
                        return Err(ReadError::Publish { path, source: error });
                    }
                    tokio::time::sleep(BACK_OFF * 2_u32.pow(failed_passes - 1)).await;
                }
            }
        }
    }

    /// Sends files as they come, until the future is dropped or the directory is unusable.
    pub async fn watch(
        &self,
        publisher: &Publisher,
        mut progress: impl FnMut(FileEvent<'_>),
    ) -> Result<(), ReadError> {
        let mut reader = Reader::open(self, AfterTrouble::TryAgain)?;
        loop {
            if let Pass::Failed { path, error } = reader.pass(publisher, &mut progress).await? {
                warn!(path = %path.display(), %error, "file not published, will be tried again");
            }
            reader.sync()?;
            tokio::time::sleep(self.every).await;
        }
    }
}

/// Whether a file that could not be sent is tried in later passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AfterTrouble {
    Leave,
    TryAgain,
}

enum Pass {
    /// There was nothing to send.
    Idle,
    Progress,
    /// The broker could not take a file for now.
    Failed {
        path: PathBuf,
        error: PublishError,
    },
}

struct Reader<'a> {
    source: &'a FileSource,
    after_trouble: AfterTrouble,
    record: Option<SentRecord>,
    /// Confirmed, but still in `new/`: only the move is tried again.
    unmoved: HashSet<PathBuf>,
    /// Files whose trouble was told already.
    reported: HashSet<PathBuf>,
    summary: FileSummary,
}

impl<'a> Reader<'a> {
    fn open(source: &'a FileSource, after_trouble: AfterTrouble) -> Result<Self, ReadError> {
        let record = match &source.place {
            Place::NewToCur => {
                for folder in ["new", "cur"] {
                    let path = source.directory.join(folder);
                    fs::create_dir_all(&path)
                        .map_err(|error| ReadError::Directory { path, source: error })?;
                }
                None
            }
            Place::ReadOnly { record } => Some(
                SentRecord::open(record)
                    .map_err(|error| ReadError::Record { path: record.clone(), source: error })?,
            ),
        };
        Ok(Self {
            source,
            after_trouble,
            record,
            unmoved: HashSet::new(),
            reported: HashSet::new(),
            summary: FileSummary::default(),
        })
    }

    async fn pass(
        &mut self,
        publisher: &Publisher,
        progress: &mut impl FnMut(FileEvent<'_>),
    ) -> Result<Pass, ReadError> {
        let root = self.source.incoming();
        let todo = self.list(&root).await?;
        let mut remaining = todo.len();
        if remaining == 0 {
            return Ok(Pass::Idle);
        }
        let (source, root, unmoved) = (self.source, &root, self.unmoved.clone());
        let mut sending = stream::iter(todo)
            .map(|path| {
                let is_confirmed = unmoved.contains(&path);
                async move {
                    let fate = if is_confirmed {
                        Ok(source.retire(&path))
                    } else {
                        send(source, root, &path, publisher).await
                    };
                    (path, fate)
                }
            })
            .buffer_unordered(source.window);
        let mut outcome = Pass::Progress;
        while let Some((path, fate)) = sending.next().await {
            remaining -= 1;
            match fate {
                Ok(fate) => {
                    if let Some(fate) = self.note(&path, fate)? {
                        let done = self.summary.sent + self.summary.left;
                        let known = done + remaining;
                        progress(FileEvent { path: &path, fate: &fate, done, known });
                    }
                }
                Err(error) if error.class() == Class::Permanent => {
                    return Err(ReadError::Publish { path, source: error });
                }
                Err(error) => outcome = Pass::Failed { path, error },
            }
        }
        Ok(outcome)
    }

    /// The files to send, without those that were sent or are left.
    async fn list(&mut self, root: &Path) -> Result<Vec<PathBuf>, ReadError> {
        let directory = root.to_owned();
        let Listing { mut files, unreadable } = spawn_blocking(move || scan(&directory))
            .await
            .unwrap_or_else(|error| Err(io::Error::other(error)))
            .map_err(|error| ReadError::Directory { path: root.into(), source: error })?;
        for (folder, error) in unreadable {
            if self.reported.insert(folder.clone()) {
                warn!(folder = %folder.display(), %error, "folder not readable");
            }
        }
        if let Some(record) = &self.record {
            let before = files.len();
            files.retain(|path| !record.contains(&path_text(path)));
            self.summary.sent_before =
                before - files.len() - self.summary.sent.min(before - files.len());
        }
        if self.after_trouble == AfterTrouble::Leave {
            files.retain(|path| !self.reported.contains(path));
        }
        Ok(files)
    }

    /// Keeps count; gives the fate back if it is news.
    fn note(&mut self, path: &Path, fate: FileFate) -> Result<Option<FileFate>, ReadError> {
        match &fate {
            FileFate::Sent => {
                self.write_record(|record| record.add(&path_text(path)))?;
                self.reported.remove(path);
                if !self.unmoved.remove(path) {
                    self.summary.sent += 1;
                }
                return Ok(Some(fate));
            }
            FileFate::NotMoved(error) => {
                if self.unmoved.insert(path.to_owned()) {
                    self.summary.sent += 1;
                    self.reported.insert(path.to_owned());
                    warn!(path = %path.display(), %error, "file sent but not moved");
                    return Ok(Some(fate));
                }
            }
            FileFate::Vanished | FileFate::Unreadable(_) | FileFate::TooLarge { .. } => {
                if self.reported.insert(path.to_owned()) {
                    self.summary.left += 1;
                    warn!(path = %path.display(), %fate, "file left");
                    return Ok(Some(fate));
                }
            }
        }
        Ok(None)
    }

    fn sync(&mut self) -> Result<(), ReadError> {
        self.write_record(SentRecord::sync)
    }

    fn write_record(
        &mut self,
        write: impl FnOnce(&mut SentRecord) -> io::Result<()>,
    ) -> Result<(), ReadError> {
        match (&self.source.place, &mut self.record) {
            (Place::ReadOnly { record: path }, Some(record)) => write(record)
                .map_err(|error| ReadError::Record { path: path.clone(), source: error }),
            (Place::ReadOnly { .. } | Place::NewToCur, _) => Ok(()),
        }
    }
}

async fn send(
    source: &FileSource,
    root: &Path,
    path: &Path,
    publisher: &Publisher,
) -> Result<FileFate, PublishError> {
    let (file, size_max) = (root.join(path), source.size_max);
    let content = spawn_blocking(move || read_whole(&file, size_max)).await;
    match content.unwrap_or_else(|error| Err(FileFate::Unreadable(io::Error::other(error)))) {
        Ok(content) => publisher.publish(source.message(path, content)).await?,
        Err(fate) => return Ok(fate),
    }
    Ok(source.retire(path))
}

impl FileSource {
    /// Moves a sent file out of the way.
    fn retire(&self, path: &Path) -> FileFate {
        let moved = match self.place {
            Place::ReadOnly { .. } => Ok(()),
            Place::NewToCur => move_to_cur(&self.directory, path),
        };
        moved.map_or_else(FileFate::NotMoved, |()| FileFate::Sent)
    }
}

fn read_whole(path: &Path, size_max: u64) -> Result<FileContent, FileFate> {
    let told = |error: io::Error| {
        if error.kind() == io::ErrorKind::NotFound {
            return FileFate::Vanished;
        }
        FileFate::Unreadable(error)
    };
    let file = File::open(path).map_err(told)?;
    let metadata = file.metadata().map_err(told)?;
    if metadata.len() > size_max {
        return Err(FileFate::TooLarge { bytes: metadata.len() });
    }
    // The file may grow while it is read.
    let mut body = Vec::new();
    file.take(size_max.saturating_add(1)).read_to_end(&mut body).map_err(told)?;
    if body.len() as u64 > size_max {
        return Err(FileFate::TooLarge { bytes: body.len() as u64 });
    }
    let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    Ok(FileContent { body, modified_nanos: modified.map_or(0, |age| age.as_nanos()) })
}

/// Renames a file of `new/` into `cur/`; one that is there already keeps its name.
fn move_to_cur(directory: &Path, path: &Path) -> io::Result<()> {
    let (from, mut to) = (directory.join("new").join(path), directory.join("cur").join(path));
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    if to.symlink_metadata().is_ok() {
        let mut name = to.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}", uuid::Uuid::now_v7()));
        to.set_file_name(name);
    }
    match fs::rename(from, to) {
        // Somebody else has moved or removed it: it is out of the way.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        moved => moved,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_read_tells_why() {
        let dir = tempfile::tempdir().unwrap();
        let fate = |path: &Path| read_whole(path, 4).map(|content| content.body);
        assert!(matches!(fate(&dir.path().join("gone")), Err(FileFate::Vanished)));
        assert!(matches!(
            fate(dir.path()),
            Err(FileFate::Unreadable(_) | FileFate::TooLarge { .. })
        ));
        let file = dir.path().join("file");
        fs::write(&file, "four").unwrap();
        assert_eq!(fate(&file).unwrap(), b"four");
        fs::write(&file, "five!").unwrap();
        assert!(matches!(fate(&file), Err(FileFate::TooLarge { bytes: 5 })));
    }
}
