//! Which files a directory holds, and how their names are told.

use std::borrow::Cow;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// How deep folders are followed.
const DEPTH_MAX: usize = 64;

/// What a directory holds.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Regular files, as sorted relative paths.
    pub(super) files: Vec<PathBuf>,
    /// What could not be looked at.
    pub(super) unreadable: Vec<(PathBuf, io::Error)>,
}

/// All regular files below `root` .
///
/// Hidden files and folders are left alone: they are others' temporary ones. A folder that
/// vanishes or cannot be read meanwhile is reported beside the files of the others.
pub(super) fn scan(root: &Path) -> io::Result<Listing> {
    let Listing { mut files, mut unreadable } = Listing::default();
    let mut folders = vec![(PathBuf::new(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let entries = match fs::read_dir(root.join(&folder)) {
            Ok(entries) => entries,
            Err(error) if depth == 0 => return Err(error),
            Err(error) => {
                unreadable.push((folder, error));
                continue;
            }
        };
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            if name.as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let path = folder.join(name);
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && depth < DEPTH_MAX => folders.push((path, depth + 1)),
                Ok(kind) if kind.is_file() => files.push(path),
                Ok(_) => {}
                Err(error) => unreadable.push((path, error)),
            }
        }
    }
    files.sort();
    Ok(Listing { files, unreadable })
}

/// A path as text, the same for the same path only: what is no text is escaped as `%FF`.
pub(super) fn path_text(path: &Path) -> Cow<'_, str> {
    if let Some(text) = path.to_str() {
        return Cow::Borrowed(text);
    }
    let mut text = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    Cow::Owned(text)
}
