//! "Did you mean …?": the known word nearest to a misspelt one.

/// The word of `known` that differs least from `written`, if it differs little enough to be meant.
pub(super) fn nearest<'a>(
    written: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let within = (written.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|word| (distance(written, word), word))
        .filter(|(distance, _)| *distance <= within)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// How many insertions, deletions and replacements turn `from` into `to`.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.to_lowercase().replace('-', "_").chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, found) in from.to_lowercase().replace('-', "_").chars().enumerate() {
        let mut next = vec![line + 1];
        for (pair, wanted) in row.windows(2).zip(&to) {
            let (&[above_left, above], Some(left)) = (pair, next.last()) else { continue };
            let replaced = above_left + usize::from(found != *wanted);
            next.push(replaced.min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word_and_a_stranger_none() {
        let known = ["listen", "data_dir", "in_memory", "users"];
        for (written, meant) in [
            ("lissten", Some("listen")),
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
}
