//! A place in a text, kept so that it can be shown when the text is gone.

use std::{
    fmt::{self, Display, Formatter},
    ops::Range,
};

/// A line of a text, and what of it is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    line: usize,
    column: usize,
    source: String,
    width: usize,
}

/// An excerpt with what is to be said of it; made by [`Excerpt::show`].
#[derive(Debug)]
pub struct Shown<'a, F, M, A> {
    excerpt: &'a Excerpt,
    file: F,
    message: M,
    advice: Option<A>,
}

impl Excerpt {
    /// The line in which a span of bytes begins; the part of the span on that line is marked.
    ///
    /// `conceal` gets the line and gives what may be shown of it, and how many characters of that are the line's own.
    /// A span that is out of the text is taken for its end. Characters of control are shown as spaces.
    pub fn new(
        text: &str,
        span: Range<usize>,
        conceal: impl FnOnce(&str) -> (String, usize),
    ) -> Self {
        let start = text.floor_char_boundary(span.start.min(text.len()));
        let end = text.floor_char_boundary(span.end.min(text.len())).max(start);
        let (before, after) = text.split_at(start);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let (_, line_and_more) = text.split_at(line_start);
        let (shown, own) = conceal(line_and_more.lines().next().unwrap_or_default());
        let on_the_line = after.lines().next().unwrap_or_default().chars().count();
        let marked = text.get(start..end).unwrap_or_default().chars().count();
        // What is hidden behind the place makes the mark shorter, and what is hidden before it moves it.
        let column =
            (before.get(line_start..).unwrap_or_default().chars().count() + 1).min(own + 1);
        let width = marked.min(on_the_line).min((own + 1).saturating_sub(column)).max(1);
        // Tabs and worse would move the caret, or the terminal's.
        let source = shown.replace(char::is_control, " ");
        Self { line: before.matches('\n').count() + 1, column, source, width }
    }

    /// The same with all of the line.
    pub fn open(text: &str, span: Range<usize>) -> Self {
        Self::new(text, span, |line| (line.to_owned(), line.chars().count()))
    }

    /// Line and column, both from one; columns are characters.
    pub const fn place(&self) -> (usize, usize) {
        (self.line, self.column)
    }

    /// The whole of an error's text: file and place, what is wrong, the line, the mark, and what to do.
    pub const fn show<F: Display, M: Display, A: Display>(
        &self,
        file: F,
        message: M,
        advice: Option<A>,
    ) -> Shown<'_, F, M, A> {
        Shown { excerpt: self, file, message, advice }
    }
}

impl<F: Display, M: Display, A: Display> Display for Shown<'_, F, M, A> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { excerpt: Excerpt { line, column, source, width }, file, message, advice } = self;
        let margin = " ".repeat(line.to_string().len());
        writeln!(f, "{file}:{line}:{column}: {message}")?;
        writeln!(f, "{margin} |")?;
        writeln!(f, "{line} | {source}")?;
        write!(f, "{margin} | {}{}", " ".repeat(column - 1), "^".repeat(*width))?;
        match advice {
            Some(advice) => write!(f, "\n{margin} = {advice}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, span: Range<usize>) -> String {
        Excerpt::open(text, span).show("a.toml", "too small", None::<&str>).to_string()
    }

    #[test]
    fn a_place_is_marked_and_the_advice_stands_under_it() {
        let excerpt = Excerpt::open("x = 1\ny = 22\n", 10..12);
        assert_eq!(excerpt.place(), (2, 5));
        assert_eq!(
            excerpt.show("a.toml", "too small", Some("at least 23")).to_string(),
            "a.toml:2:5: too small\n  |\n2 | y = 22\n  |     ^^\n  = at least 23"
        );
    }

    #[test]
    fn a_span_over_lines_is_marked_on_its_first() {
        assert_eq!(shown("ab\ncd", 1..5), "a.toml:1:2: too small\n  |\n1 | ab\n  |  ^");
    }

    #[test]
    fn places_out_of_the_text_and_within_a_letter_are_taken_for_the_nearest() {
        assert_eq!(shown("ab", 9..12), "a.toml:1:3: too small\n  |\n1 | ab\n  |   ^");
        assert_eq!(shown("\u{e4}b", 1..9), "a.toml:1:1: too small\n  |\n1 | \u{e4}b\n  | ^^");
    }

    #[test]
    fn what_is_hidden_is_not_marked() {
        let hide = |line: &str| {
            let kept = line.split_inclusive('=').next().unwrap_or_default();
            (format!("{kept} (hidden)"), kept.chars().count())
        };
        let excerpt = Excerpt::new("password = \"hush\"", 11..17, hide);
        let text = excerpt.show("a.toml", "too short", None::<&str>).to_string();
        assert_eq!(text, "a.toml:1:11: too short\n  |\n1 | password = (hidden)\n  |           ^");
    }

    #[test]
    fn controls_are_shown_as_spaces() {
        assert_eq!(shown("\tx\u{1b}[1m", 1..2), "a.toml:1:2: too small\n  |\n1 |  x [1m\n  |  ^");
    }
}
