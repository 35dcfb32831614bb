//! Plain text, bounded: clip, squeeze white space, find a phrase with gaps.
//!
//! Knows nothing of mail. Keeps true: nothing here returns more than it was asked for,
//! and no text is ever cut inside a character.

/// How many bytes a `*` of a phrase may stand for.
const GAP_BYTES_MAX: usize = 80;

/// Cuts a text to at most `bytes_max` bytes, at a character's boundary.
pub(crate) fn clip(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// Makes one line of a text: each run of white space and control characters becomes one blank.
pub(crate) fn squeeze(text: &str, bytes_max: usize) -> String {
    let mut line = String::with_capacity(text.len().min(bytes_max));
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if word.is_empty() {
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.len() > bytes_max {
            break;
        }
    }
    clip(&line, bytes_max).trim_end().to_owned()
}

/// Says whether a phrase occurs in a text; both are lower case and squeezed.
///
/// A `*` in the phrase stands for any 0 to 80 bytes; blanks around it are one.
pub(crate) fn has_phrase(text: &str, phrase: &str) -> bool {
    let mut pieces = phrase.split('*');
    let first = pieces.next().unwrap_or_default();
    let rest: Vec<&str> = pieces.map(|piece| piece.strip_prefix(' ').unwrap_or(piece)).collect();
    text.match_indices(first).any(|(at, _)| {
        let mut tail = text.get(at + first.len()..).unwrap_or_default();
        rest.iter().all(|piece| {
            let window = clip(tail, GAP_BYTES_MAX + piece.len());
            let Some(found) = window.find(piece) else { return false };
            tail = tail.get(found + piece.len()..).unwrap_or_default();
            true
        })
    })
}

/// Says whether one line of a list fits; blank lines and those that begin with `#` are none.
pub(crate) fn has_sign(list: &'static str, fits: impl Fn(&str) -> bool) -> bool {
    list.lines().any(|line| !line.is_empty() && !line.starts_with('#') && fits(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_never_splits_a_character() {
        assert_eq!(clip("añb", 2), "a");
        assert_eq!(clip("añb", 3), "añ");
        assert_eq!(clip("añb", 9), "añb");
    }

    #[test]
    fn white_space_becomes_one_blank() {
        assert_eq!(squeeze(" a\r\n\t b\u{0}c ", 99), "a b c");
        assert_eq!(squeeze("aa bb cc", 5), "aa bb");
    }

    #[test]
    fn a_star_spans_a_few_words() {
        assert!(has_phrase("user <x@example.org> is unknown here", "user * unknown"));
        assert!(has_phrase("user unknown", "user * unknown"));
        assert!(!has_phrase("unknown user", "user * unknown"));
        assert!(!has_phrase(&format!("user {} unknown", "x".repeat(99)), "user * unknown"));
    }
}
