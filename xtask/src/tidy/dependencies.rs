//! Which crates may know which others.

use super::source::{Finding, Tree};

/// The pure crates and all they may depend on.
const PURE: [(&str, &[&str]); 6] = [
    ("leveret-protocol", &["bytes", "thiserror"]),
    ("leveret-journal", &["crc32c", "thiserror"]),
    ("leveret-engine", &["bytes", "hashbrown", "leveret-protocol", "thiserror"]),
    ("leveret-json", &["base64", "bytes", "leveret-protocol", "serde_json", "thiserror"]),
    ("leveret-settings", &["strsim"]),
    ("leveret-topology", &["leveret-settings", "serde_json", "thiserror", "toml"]),
];

/// Floors of ARCHITECTURE.md: a crate knows only crates of lower floors.
const FLOORS: [(&str, u8); 15] = [
    ("leveret-protocol", 1),
    ("leveret-journal", 1),
    ("leveret-settings", 1),
    ("leveret-engine", 2),
    ("leveret-json", 2),
    ("leveret-topology", 2),
    ("leveret-client", 2),
    ("leveret-broker", 3),
    ("leveret-sim", 3),
    ("leveret-macros", 3),
    ("leveret", 4),
    ("leveret-sql", 5),
    ("leveret-targets", 5),
    ("leveret-runner", 6),
    ("leveret-cli", 7),
];

/// The only crates of ours that know the runtime.
const KNOW_TOKIO: [&str; 10] = [
    "leveret-broker",
    "leveret-client",
    "leveret",
    "leveret-sql",
    "leveret-targets",
    "leveret-runner",
    "leveret-cli",
    "leveret-bench",
    "bounces",
    "shop",
];

pub(super) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    for (path, manifest) in &tree.manifests {
        let Some(name) = manifest.get("package").and_then(|package| package.get("name")) else {
            continue;
        };
        let name = name.as_str().unwrap_or_default();
        let Some(table) = manifest.get("dependencies").and_then(toml::Value::as_table) else {
            continue;
        };
        for dependency in table.keys() {
            if let Some(text) = objection(name, dependency) {
                findings.push(Finding { path: path.clone(), line: 1, text });
            }
        }
    }
}

fn objection(name: &str, dependency: &str) -> Option<String> {
    let pure = PURE.iter().find(|(pure, _)| *pure == name);
    if pure.is_some_and(|(_, list)| !list.contains(&dependency)) {
        return Some(format!("`{name}` is pure and may not know `{dependency}`"));
    }
    if dependency == "tokio" && !KNOW_TOKIO.contains(&name) {
        return Some(format!("`{name}` may not know tokio"));
    }
    let (own, other) = (floor(name)?, floor(dependency)?);
    (other >= own)
        .then(|| format!("`{name}` (floor {own}) may not know `{dependency}` (floor {other})"))
}

fn floor(name: &str) -> Option<u8> {
    FLOORS.iter().find(|(known, _)| *known == name).map(|(_, floor)| *floor)
}
