//! What is wrong with a configuration, shown with file, line and caret.
//!
//! Keeps true: nothing written after a `password` key is ever printed.

use std::{fmt, ops::Range, path::PathBuf};

use leveret_settings::Excerpt;

/// Everything found wrong in a configuration, in the order of its lines.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file could not be read at all.
    Unreadable {
        /// The file that was named.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The settings were read but are not right; each problem prints on its own lines.
    Invalid(Vec<Problem>),
}

/// One thing wrong, and where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub(super) place: Place,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    File { name: String, excerpt: Excerpt },
    Named(String),
    Whole,
}

impl Problem {
    /// A problem of the settings as a whole, which no single place shows.
    pub(super) fn whole(message: impl Into<String>) -> Self {
        Self { place: Place::Whole, message: message.into(), help: None }
    }

    /// A problem of one environment variable.
    pub(super) fn named(name: &str, message: impl Into<String>) -> Self {
        Self { place: Place::Named(name.to_owned()), message: message.into(), help: None }
    }
}

impl Place {
    /// A span of the text; `secret` is a key whose value must not be shown, beside `password`.
    pub(super) fn in_file(
        name: &str,
        text: &str,
        span: Range<usize>,
        secret: Option<&str>,
    ) -> Self {
        let excerpt = Excerpt::new(text, span, |line| without_password(line, secret));
        Self::File { name: name.to_owned(), excerpt }
    }
}

/// The line as it may be shown, and how many of its characters are its own.
fn without_password(line: &str, secret: Option<&str>) -> (String, usize) {
    let key = line.find("password").into_iter().chain(secret.and_then(|key| line.find(key))).min();
    let hidden_from = key.and_then(|key| Some(key + line.get(key..)?.find('=')? + 1));
    let shown = hidden_from.and_then(|at| line.get(..at)).unwrap_or(line);
    let visible = shown.chars().count();
    let marker = if hidden_from.is_some() { " (hidden)" } else { "" };
    (format!("{shown}{marker}"), visible)
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = &self.message;
        match &self.place {
            Place::File { name, excerpt } => {
                let help = self.help.as_ref().map(|help| format!("help: {help}"));
                excerpt.show(name, message, help).fmt(formatter)
            }
            Place::Named(name) => write!(formatter, "{name}: {message}"),
            Place::Whole => formatter.write_str(message),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, source } => {
                write!(
                    formatter,
                    "cannot read the configuration file `{}`: {source}",
                    path.display()
                )
            }
            Self::Invalid(problems) => {
                for (index, problem) in problems.iter().enumerate() {
                    let gap = if index == 0 { "" } else { "\n" };
                    write!(formatter, "{gap}{problem}")?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for ConfigError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable { source, .. } => Some(source),
            Self::Invalid(_) => None,
        }
    }
}
