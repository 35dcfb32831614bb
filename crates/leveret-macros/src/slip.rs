//! A word that is almost a known one.

use leveret_settings::nearest;

/// `; did you mean …?`, or the known words, to end an error's text.
pub(crate) fn hint(found: &str, known: &str) -> String {
    match nearest(found, known.split(", ")) {
        Some(word) => format!("; did you mean `{word}`? Known are {known}"),
        None => format!("; known are {known}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_told_with_the_word_that_was_meant() {
        assert_eq!(hint("queu", "queue, key"), "; did you mean `queue`? Known are queue, key");
        assert_eq!(hint("priority", "queue, key"), "; known are queue, key");
    }
}
