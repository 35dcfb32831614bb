//! Which stream of the log belongs to which virtual host.
//!
//! Names are the configuration's, numbers the log's: a virtual host keeps its number for good, so
//! that its records stay its own when the configuration is reordered or names others.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// The known virtual hosts by the number of their stream, from 1.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Roster {
    names: BTreeMap<u32, String>,
    /// Numbers of those that were deleted: what is in the log of them is nobody's.
    retired: BTreeSet<u32>,
}

impl Roster {
    /// The file's name in the data directory.
    pub(crate) const FILE: &str = "virtual-hosts.toml";

    /// Gives a number to each name that has none yet; tells whether there was one.
    pub(crate) fn admit(&mut self, names: &[String]) -> bool {
        let before = self.names.len();
        for name in names {
            if !self.names.values().any(|known| known == name) {
                let last = self.names.keys().chain(&self.retired).max();
                let next = last.map_or(1, |last| last.saturating_add(1));
                self.names.insert(next, name.clone());
            }
        }
        self.names.len() != before
    }

    /// Number and name of each virtual host, by number.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &str)> {
        self.names.iter().map(|(stream, name)| (*stream, name.as_str()))
    }

    /// The number of a virtual host's stream.
    pub(crate) fn stream(&self, name: &str) -> Option<u32> {
        self.names.iter().find(|(_, known)| *known == name).map(|(stream, _)| *stream)
    }

    /// Whether the virtual host of that stream was deleted.
    pub(crate) fn is_retired(&self, stream: u32) -> bool {
        self.retired.contains(&stream)
    }

    /// Takes a virtual host off; its number is not given again.
    pub(crate) fn retire(&mut self, name: &str) {
        if let Some(stream) = self.stream(name) {
            self.names.remove(&stream);
            self.retired.insert(stream);
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let table: toml::Table =
            toml::from_str(text).map_err(|error| format!("is no TOML: {}", error.message()))?;
        let wanted = || "does not list virtual hosts as `number = \"name\"`".to_owned();
        let hosts = table.get("streams").and_then(toml::Value::as_table).ok_or_else(wanted)?;
        let mut names = BTreeMap::new();
        for (stream, name) in hosts {
            let stream = stream.parse().ok().filter(|stream| *stream > 0).ok_or_else(wanted)?;
            let name =
                name.as_str().filter(|name| (1..=255).contains(&name.len())).ok_or_else(wanted)?;
            names.insert(stream, name.to_owned());
        }
        let mut retired = BTreeSet::new();
        for stream in table.get("retired").and_then(toml::Value::as_array).into_iter().flatten() {
            let stream = stream.as_integer().and_then(|stream| u32::try_from(stream).ok());
            retired.insert(stream.ok_or_else(wanted)?);
        }
        Ok(Self { names, retired })
    }
}

impl fmt::Display for Roster {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "# Written by leveret: which stream of the log belongs to which virtual host."
        )?;
        if !self.retired.is_empty() {
            let numbers: Vec<_> = self.retired.iter().map(ToString::to_string).collect();
            writeln!(formatter, "retired = [{}]", numbers.join(", "))?;
        }
        writeln!(formatter, "[streams]")?;
        for (stream, name) in &self.names {
            writeln!(formatter, "{stream} = {}", toml::Value::from(name.as_str()))?;
        }
        Ok(())
    }
}
