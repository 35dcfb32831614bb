//! The file that is being read, for error messages.

use std::path::Path;

use toml::Spanned;

use super::error::ConfigError;

/// A file's name and text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) file: &'a Path,
    pub(super) text: &'a str,
}

impl Source<'_> {
    /// An error at the place of this value.
    pub(super) fn at<T>(self, value: &Spanned<T>, message: impl std::fmt::Display) -> ConfigError {
        ConfigError::at(self.file, self.text, value.span(), message)
    }
}
