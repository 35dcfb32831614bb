//! The texts that a configuration is put together from, for error messages.

use std::cell::OnceCell;
use std::fmt::Display;
use std::iter::successors;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;

use super::error::{ConfigError, without_passwords};

/// Texts one behind the other; a place in all of them is one number, so that values of several
/// files can be put together and each error still shows the right one.
///
/// For the command's own reader of files, not for applications.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct ConfigText {
    first: OnceCell<Box<Part>>,
}

// A chain, so that one more can be added while values borrow from those before.
#[derive(Debug)]
struct Part {
    file: PathBuf,
    text: String,
    start: usize,
    next: OnceCell<Box<Self>>,
}

/// What checks take along.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a>(pub(super) &'a ConfigText);

impl ConfigText {
    /// One more text; it, and what its places begin at.
    pub fn add(&self, file: impl Into<PathBuf>, text: impl Into<String>) -> (&str, usize) {
        let last = self.parts().last();
        let start = last.map_or(0, |last| last.start + last.text.len() + 1);
        let end = last.map_or(&self.first, |last| &last.next);
        let (file, text) = (file.into(), text.into());
        let part = end.get_or_init(|| Box::new(Part { file, text, start, next: OnceCell::new() }));
        (&part.text, part.start)
    }

    /// The file of this place, and its line, counted from 1.
    pub fn place(&self, at: usize) -> Option<(&Path, usize)> {
        let part = self.part(at)?;
        let before = part.text.get(..at - part.start)?;
        Some((&part.file, before.matches('\n').count() + 1))
    }

    /// What is written there.
    pub fn slice(&self, span: Range<usize>) -> Option<&str> {
        let part = self.part(span.start)?;
        part.text.get(span.start - part.start..span.end.checked_sub(part.start)?)
    }

    /// An error at this place.
    pub fn error(&self, span: Range<usize>, message: impl Display) -> ConfigError {
        let Some(part) = self.part(span.start) else {
            return ConfigError::of_file(Path::new("configuration"), message);
        };
        let own = span.start - part.start..span.end.saturating_sub(part.start);
        ConfigError::at(&part.file, &part.text, own, message)
    }

    /// What the parser found, at a place of all texts.
    pub fn toml_error(&self, error: &toml::de::Error, start: usize) -> ConfigError {
        let span = error.span().unwrap_or(0..0);
        ConfigError::of_toml(error, |message| {
            self.error(start + span.start..start + span.end, message)
        })
    }

    /// The known name closest to what was written, if it is close enough to be a slip.
    pub fn nearest<'a>(found: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
        leveret_settings::nearest(found, known).map(str::to_owned)
    }

    /// The text without the passwords of the addresses in it.
    pub fn without_passwords(text: &str) -> String {
        without_passwords(text)
    }

    fn part(&self, at: usize) -> Option<&Part> {
        self.parts().take_while(|part| part.start <= at).last()
    }

    fn parts(&self) -> impl Iterator<Item = &Part> {
        successors(self.first.get(), |part| part.next.get()).map(Box::as_ref)
    }
}

impl Source<'_> {
    /// An error at the place of this value.
    pub(super) fn at<T>(self, value: &Spanned<T>, message: impl Display) -> ConfigError {
        self.0.error(value.span(), message)
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn a_place_is_shown_in_the_text_that_it_is_of() {
        let text = ConfigText::default();
        assert_eq!(text.add("a.toml", "x = 1\n").1, 0);
        let (_, start) = text.add("b.toml", "[y]\nz = 2\n");
        let place = start + 8..start + 9;
        assert_eq!(text.slice(place.clone()), Some("2"));
        assert_eq!(text.place(place.start), Some((Path::new("b.toml"), 2)));
        expect![[r#"
            b.toml:2:5: too small
              |
            2 | z = 2
              |     ^"#]]
        .assert_eq(&text.error(place, "too small").to_string());
    }

    #[test]
    fn a_password_is_not_shown() {
        let line = "address = \"amqp://jo:sec@ret@host:5672\" # amqp://ann:other@host";
        let shown = "address = \"amqp://jo:***@host:5672\" # amqp://ann:***@host";
        assert_eq!(without_passwords(line), shown);
        assert_eq!(without_passwords("http://host:80/a:b"), "http://host:80/a:b");
    }
}
