//! The part of STYLE.md that a machine holds and clippy does not.
//!
//! Reads the tree, never writes it. Each rule lives in the file of its kind; a finding names
//! the file, the line and the rule's number.

mod circles;
mod dependencies;
mod items;
mod paths;
mod shape;
mod source;
mod table;
mod words;

pub use source::{Finding, Source, Tree};
pub use table::{Size, sizes};

/// Everything in the tree that breaks a rule, in the order of the files.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in &tree.files {
        shape::check(file, &mut findings);
        words::check(file, &mut findings);
        items::check(file, &mut findings);
        shape::length(file, tree.ratchet_of(file), &mut findings);
    }
    circles::check(tree, &mut findings);
    dependencies::check(tree, &mut findings);
    findings.sort();
    findings
}
