//! Import circles: no two modules of a crate may reach each other (rule 4).
//!
//! Works on files. An arrow goes from a file to each file of the same crate that one of its
//! paths names; a name that is only shown on (`pub use`) leads to the file it comes from.

use std::collections::{BTreeMap, BTreeSet};

use super::paths::{self, ModulePath};
use super::source::{Finding, Source, Tree};

/// A path shown on leads to another at most so many times.
const HOPS_MAX: usize = 8;

type Graph = BTreeMap<ModulePath, BTreeSet<ModulePath>>;

pub(super) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    let sources: BTreeMap<ModulePath, &Source> = tree
        .files
        .iter()
        .filter(|file| file.path.contains("/src/") && !file.is_generated() && !file.is_test())
        .map(|file| (paths::module_path(&file.path), file))
        .collect();
    for circle in circles(&arrows(&sources)) {
        let files: Vec<&Source> = circle.iter().filter_map(|at| sources.get(at).copied()).collect();
        let names: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
        let text = format!("rule 4: these import each other: {}", names.join(", "));
        findings.extend(files.first().map(|file| file.finding(1, text)));
    }
}

fn arrows(sources: &BTreeMap<ModulePath, &Source>) -> Graph {
    let read: BTreeMap<_, _> =
        sources.iter().map(|(path, file)| (path, paths::read(path, &file.text))).collect();
    let shown: BTreeMap<ModulePath, ModulePath> =
        read.values().flat_map(|paths| paths.shown.clone()).collect();
    let target = |path: &ModulePath| {
        let mut path = path.clone();
        for _ in 0..HOPS_MAX {
            let Some(next) = follow(&path, &shown) else { break };
            path = next;
        }
        while path.len() > 1 && !sources.contains_key(&path) {
            path.pop();
        }
        path
    };
    read.iter()
        .map(|(own, paths)| {
            let targets = paths.used.iter().map(target);
            let others = targets.filter(|to| to.len() > 1 && to != *own).collect();
            ((*own).clone(), others)
        })
        .collect()
}

/// Where a path leads whose beginning is a name shown on by a module above it.
fn follow(path: &ModulePath, shown: &BTreeMap<ModulePath, ModulePath>) -> Option<ModulePath> {
    (2..=path.len()).rev().find_map(|length| {
        let (start, rest) = path.split_at(length);
        let origin = shown.get(start)?;
        (origin.as_slice() != start).then(|| [origin, rest].concat())
    })
}

/// Sets of files that reach each other.
fn circles(graph: &Graph) -> Vec<Vec<ModulePath>> {
    let reach: BTreeMap<_, _> = graph.keys().map(|from| (from, reachable(graph, from))).collect();
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for (from, targets) in &reach {
        if seen.contains(*from) || !targets.contains(*from) {
            continue;
        }
        let back = |to: &&ModulePath| reach.get(to).is_some_and(|reached| reached.contains(*from));
        let circle: Vec<ModulePath> = targets.iter().filter(back).cloned().collect();
        seen.extend(circle.iter().cloned());
        found.push(circle);
    }
    found
}

fn reachable(graph: &Graph, from: &ModulePath) -> BTreeSet<ModulePath> {
    let mut reached = BTreeSet::new();
    let mut waiting = vec![from];
    while let Some(next) = waiting.pop() {
        for target in graph.get(next).into_iter().flatten() {
            if reached.insert(target.clone()) {
                waiting.push(target);
            }
        }
    }
    reached
}
