//! The files of a project, and whether one has changed.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// Of a larger project the first so many files are watched.
const FILES_MAX: usize = 20_000;
/// What programs make themselves, cargo among them.
const NOT_SOURCES: [&str; 4] = ["target", "data", "node_modules", "Cargo.lock"];

/// Every file with its time and size.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sources(BTreeMap<PathBuf, (Option<SystemTime>, u64)>);

impl Sources {
    /// As they are now. What cannot be read is as if it were not there.
    pub(super) fn of(folder: &Path) -> Self {
        let mut files = BTreeMap::new();
        let mut open = vec![folder.to_owned()];
        while let Some(folder) = open.pop() {
            let Ok(entries) = fs::read_dir(&folder) else { continue };
            for entry in entries.flatten() {
                if files.len() >= FILES_MAX {
                    return Self(files);
                }
                let Ok(kind) = entry.file_type() else { continue };
                if is_left_out(&entry.file_name()) {
                    continue;
                }
                if kind.is_dir() {
                    open.push(entry.path());
                } else if let Ok(metadata) = entry.metadata() {
                    files.insert(entry.path(), (metadata.modified().ok(), metadata.len()));
                }
            }
        }
        Self(files)
    }

    /// A file that differs, is new, or is gone.
    pub(super) fn changed<'a>(&'a self, now: &'a Self) -> Option<&'a Path> {
        let differs = now.0.iter().find(|(path, state)| self.0.get(*path) != Some(state));
        let gone = || self.0.iter().find(|(path, _)| !now.0.contains_key(*path));
        differs.or_else(gone).map(|(path, _)| path.as_path())
    }
}

fn is_left_out(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with('.') || name.ends_with('~') || NOT_SOURCES.contains(&name.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_a_new_and_a_lost_file_are_seen() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("src")).unwrap();
        fs::create_dir_all(at("target")).unwrap();
        fs::write(at("src/main.rs"), "fn main() {}").unwrap();
        let first = Sources::of(folder.path());
        fs::write(at("target/x"), "made").unwrap();
        fs::write(at(".hidden"), "not watched").unwrap();
        fs::write(at("Cargo.lock"), "not watched").unwrap();
        assert_eq!(first.changed(&Sources::of(folder.path())), None);
        fs::write(at("src/main.rs"), "fn main() { }").unwrap();
        let second = Sources::of(folder.path());
        assert_eq!(first.changed(&second), Some(at("src/main.rs").as_path()));
        fs::write(at("leveret.toml"), "").unwrap();
        let third = Sources::of(folder.path());
        assert_eq!(second.changed(&third), Some(at("leveret.toml").as_path()));
        fs::remove_file(at("src/main.rs")).unwrap();
        let fourth = Sources::of(folder.path());
        assert_eq!(third.changed(&fourth), Some(at("src/main.rs").as_path()));
    }
}
