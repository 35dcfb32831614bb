//! Files in a folder of their own, read as the command reads them.

use std::fs;

use leveret_runner::{ConfigText, Outside, Plan, RunFile, Setting};
use tempfile::TempDir;

/// Files of a test, the first of which is read.
pub(crate) struct Files {
    folder: TempDir,
    outside: Outside,
    first: &'static str,
}

impl Files {
    pub(crate) fn new(files: &[(&'static str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        Self { folder, outside: Outside::default(), first: files.first().unwrap().0 }
    }

    /// One file `leveret.toml`.
    pub(crate) fn one(text: &str) -> Self {
        Self::new(&[("leveret.toml", text)])
    }

    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.outside.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(crate) fn set(mut self, setting: &str) -> Self {
        self.outside.set.push(setting.to_owned());
        self
    }

    /// Everything that is wrong, without the folder's name.
    pub(crate) fn errors(&self) -> String {
        let text = ConfigText::default();
        let path = self.folder.path().join(self.first);
        let read = RunFile::read(&text, &path, &self.outside).and_then(Plan::of);
        let folder = format!("{}/", self.folder.path().display());
        format!("{}\n", read.unwrap_err()).replace(&folder, "")
    }

    /// Every setting, with its origin; nothing is wrong.
    pub(crate) fn settings(&self) -> String {
        let text = ConfigText::default();
        let path = self.folder.path().join(self.first);
        let file = RunFile::read(&text, &path, &self.outside).unwrap();
        let folder = format!("{}/", self.folder.path().display());
        let line = |one: &Setting| format!("{} = {}  # {}\n", one.name, one.value, one.origin);
        let all: String = file.settings().iter().map(line).collect();
        Plan::of(file).unwrap();
        all.replace(&folder, "")
    }
}
