//! A configuration error: where it is, what was found, what was probably meant.

use std::fmt::{self, Display, Formatter};
use std::ops::Range;
use std::path::{Path, PathBuf};

use leveret_settings::{Excerpt, nearest};

/// The exit code for a wrong configuration (`EX_CONFIG` of sysexits).
pub const EXIT_CONFIG: u8 = 78;

/// A configuration file that cannot be used; its text shows file, line, caret and a suggestion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    file: PathBuf,
    place: Option<Excerpt>,
    message: String,
    suggestion: Option<String>,
}

impl ConfigError {
    /// The whole file is at fault: missing, unreadable, not text.
    #[doc(hidden)]
    pub fn of_file(file: &Path, message: impl Display) -> Self {
        Self { file: file.into(), place: None, message: message.to_string(), suggestion: None }
    }

    pub(super) fn at(file: &Path, text: &str, span: Range<usize>, message: impl Display) -> Self {
        let place = Some(Excerpt::new(text, span, |line| {
            let shown = without_passwords(line);
            let own = shown.chars().count();
            (shown, own)
        }));
        Self { file: file.into(), place, message: message.to_string(), suggestion: None }
    }

    pub(super) fn of_toml(error: &toml::de::Error, at: impl FnOnce(String) -> Self) -> Self {
        let message = error.message().lines().collect::<Vec<_>>().join(", ");
        let suggestion = unknown_field(&message).and_then(|(found, wanted)| nearest(found, wanted));
        let short = match unknown_field(&message) {
            Some((found, _)) => format!("unknown field `{found}`"),
            None => message.clone(),
        };
        let mut out = at(short);
        out.suggestion = suggestion.map(|name| format!("did you mean `{name}`?")).or_else(|| {
            let (_, rest) = message.split_once(", expected ")?;
            Some(format!("expected {rest}"))
        });
        out
    }

    /// With this line below.
    #[doc(hidden)]
    #[must_use]
    pub fn suggest(mut self, suggestion: Option<String>) -> Self {
        self.suggestion = suggestion;
        self
    }
}

impl Display for ConfigError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { file, place, message, suggestion } = self;
        if let Some(place) = place {
            return place.show(file.display(), message, suggestion.as_ref()).fmt(f);
        }
        write!(f, "{}: {message}", file.display())?;
        match suggestion {
            Some(suggestion) => write!(f, "\n  = {suggestion}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ConfigError {}

/// The text without the passwords of the addresses in it.
pub(super) fn without_passwords(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        // A password may hold what ends an authority elsewhere.
        let end = after.find(|c: char| c.is_whitespace() || c == '"');
        let (authority, behind) = after.split_at(end.unwrap_or(after.len()));
        shown.push_str(before);
        shown.push_str("://");
        match authority.rsplit_once('@').map(|(user, host)| (user.split_once(':'), host)) {
            Some((Some((user, _)), host)) => {
                shown.push_str(user);
                shown.push_str(":***@");
                shown.push_str(host);
            }
            Some((None, _)) | None => shown.push_str(authority),
        }
        rest = behind;
    }
    shown.push_str(rest);
    shown
}

/// The name that was found and the list of those that are known, out of the parser's message.
fn unknown_field(message: &str) -> Option<(&str, impl Iterator<Item = &str>)> {
    let (found, rest) = message.strip_prefix("unknown field `")?.split_once('`')?;
    Some((found, rest.split('`').skip(1).step_by(2)))
}
