//! Text of a peer's own, made safe for a log line.
//!
//! A name may hold a line break or a terminal's control sequence; shown as it came it could
//! forge a line of the log, or drive the terminal of whoever reads it.

use std::fmt::{self, Write as _};

/// Shows a text with every character escaped that is no text.
pub(super) struct Printable<T>(pub(super) T);

impl<T: fmt::Display> fmt::Display for Printable<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaping(f), "{}", self.0)
    }
}

struct Escaping<'a, 'f>(&'a mut fmt::Formatter<'f>);

impl fmt::Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|character| {
            if is_text(character) {
                self.0.write_char(character)
            } else {
                write!(self.0, "{}", character.escape_default())
            }
        })
    }
}

/// Neither a control character, nor one that breaks lines or turns the direction of writing.
fn is_text(character: char) -> bool {
    !character.is_control()
        && !matches!(
            character,
            '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_forge_a_log_line_is_escaped() {
        let shown = |text: &str| Printable(text).to_string();
        assert_eq!(shown("no queue 'größer' in vhost '/'"), "no queue 'größer' in vhost '/'");
        assert_eq!(shown("tag\n2026-01-01 INFO all is well"), "tag\\n2026-01-01 INFO all is well");
        assert_eq!(shown("\x1b[31mred\u{9b}0m"), "\\u{1b}[31mred\\u{9b}0m");
        assert_eq!(shown("a\0\u{202e}b\u{2028}"), "a\\u{0}\\u{202e}b\\u{2028}");
    }
}
