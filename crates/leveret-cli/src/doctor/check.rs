//! One line of the doctor's: what was looked at, how it is, and what mends it.

use serde::Serialize;

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Health {
    Ok,
    /// It could not be looked at.
    Skipped,
    Warn,
    Fail,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Check {
    pub(super) name: &'static str,
    pub(super) health: Health,
    pub(super) found: String,
    /// What mends it; nothing if it is well.
    pub(super) fix: Option<String>,
}

impl Check {
    pub(super) fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, health: Health::Ok, found: found.into(), fix: None }
    }

    pub(super) fn skipped(name: &'static str, found: impl Into<String>) -> Self {
        Self { health: Health::Skipped, ..Self::ok(name, found) }
    }

    pub(super) fn warn(
        name: &'static str,
        found: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self { health: Health::Warn, fix: Some(fix.into()), ..Self::ok(name, found) }
    }

    pub(super) fn fail(
        name: &'static str,
        found: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self { health: Health::Fail, fix: Some(fix.into()), ..Self::ok(name, found) }
    }
}

/// As people read it.
pub(super) fn told(checks: &[Check]) -> String {
    let mut text = String::new();
    for Check { name, health, found, fix } in checks {
        let health = match health {
            Health::Ok => "ok",
            Health::Skipped => "--",
            Health::Warn => "warn",
            Health::Fail => "FAIL",
        };
        text.push_str(&format!("{health:<4}  {name:<11}  {found}\n"));
        if let Some(fix) = fix {
            text.push_str(&format!("{:<19}fix: {fix}\n", ""));
        }
    }
    text
}
