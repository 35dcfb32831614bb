//! The tree as read: Rust files, their lines and syntax, and the manifests.

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::Context as _;

/// Where and how a rule is broken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file, relative to the root.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// What was found and what was wanted, with the number of the rule.
    pub text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.text)
    }
}

/// One Rust file.
#[derive(Debug)]
pub struct Source {
    /// Relative to the root, with `/`.
    pub path: String,
    /// The text as it stands.
    pub text: String,
}

impl Source {
    /// A file written by `xtask codegen`: the walls are for what people write.
    pub fn is_generated(&self) -> bool {
        self.path.contains("/generated/")
    }

    /// Code that only tests or measurements run.
    pub fn is_test(&self) -> bool {
        ["/tests/", "/benches/", "/examples/", "/fuzz/"].iter().any(|part| self.path.contains(part))
            && !self.path.starts_with("examples/")
            || self.path.ends_with("/tests.rs")
            || self.path.starts_with("examples/") && self.path.contains("/tests/")
    }

    pub(super) fn finding(&self, line: usize, text: impl Into<String>) -> Finding {
        Finding { path: self.path.clone(), line, text: text.into() }
    }
}

/// All that the rules look at.
#[derive(Debug)]
pub struct Tree {
    /// Rust files, by path.
    pub files: Vec<Source>,
    /// `Cargo.toml` of each package: path and parsed text.
    pub manifests: Vec<(String, toml::Table)>,
    /// `path lines` of files that were over a wall when the wall came; they may only shrink.
    pub ratchet: Vec<(String, usize)>,
}

impl Tree {
    /// Reads the tree below `root`, leaving out build output and hidden folders.
    pub fn load(root: &Path) -> anyhow::Result<Self> {
        let mut tree = Self { files: Vec::new(), manifests: Vec::new(), ratchet: Vec::new() };
        tree.walk(root, root)?;
        tree.files.sort_by(|a, b| a.path.cmp(&b.path));
        let ratchet = fs::read_to_string(root.join("xtask/ratchet.txt")).unwrap_or_default();
        for line in ratchet.lines().filter(|line| !line.starts_with('#')) {
            let (path, lines) = line.split_once(' ').context("ratchet.txt wants `path lines`")?;
            tree.ratchet.push((path.to_owned(), lines.parse()?));
        }
        Ok(tree)
    }

    pub(super) fn ratchet_of(&self, file: &Source) -> Option<usize> {
        self.ratchet.iter().find(|(path, _)| *path == file.path).map(|(_, lines)| *lines)
    }

    fn walk(&mut self, root: &Path, folder: &Path) -> anyhow::Result<()> {
        for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                if name != "target" && !name.starts_with('.') && name != "node_modules" {
                    self.walk(root, &path)?;
                }
                continue;
            }
            let relative = path.strip_prefix(root)?.to_string_lossy().into_owned();
            if path.extension().is_some_and(|end| end == "rs") {
                let text = fs::read_to_string(&path).with_context(|| relative.clone())?;
                self.files.push(Source { path: relative, text });
            } else if name == "Cargo.toml" {
                let text = fs::read_to_string(&path)?;
                self.manifests.push((relative, text.parse()?));
            }
        }
        Ok(())
    }
}
