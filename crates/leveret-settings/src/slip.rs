//! "Did you mean …?": the known word nearest to a misspelt one.

/// The word of `known` that differs least from `written`, if it differs little enough to be meant: one letter of three.
///
/// Upper case is as lower, `-` is as `_`, and two letters changed about are one slip.
///
/// ```
/// assert_eq!(leveret_settings::nearest("lissten", ["data-dir", "listen"]), Some("listen"));
/// assert_eq!(leveret_settings::nearest("colour", ["data-dir", "listen"]), None);
/// ```
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let within = (written.chars().count() / 3).max(1);
    let written = plain(written);
    known
        .into_iter()
        .map(|word| (strsim::osa_distance(&written, &plain(word)), word))
        .filter(|(distance, word)| *distance <= within && *distance < word.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

fn plain(word: &str) -> String {
    word.to_lowercase().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word_and_a_stranger_none() {
        let known = ["listen", "data_dir", "in_memory", "users"];
        for (written, meant) in [
            ("lissten", Some("listen")),
            ("lisetn", Some("listen")),
            ("data-dir", Some("data_dir")),
            ("datadir", Some("data_dir")),
            ("Users", Some("users")),
            ("user", Some("users")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(written, known), meant, "{written}");
        }
    }

    #[test]
    fn a_word_of_one_letter_is_not_meant_by_another() {
        assert_eq!(nearest("x", ["a", "b"]), None);
    }
}
