//! A word that is almost a known one.

/// `; did you mean …?`, or the known words, to end an error's text.
pub(crate) fn hint(found: &str, known: &str) -> String {
    let near = known
        .split(", ")
        .map(|word| (distance(found, word), word))
        .filter(|(distance, word)| *distance <= word.len().max(found.len()) / 3)
        .min();
    match near {
        Some((_, word)) => format!("; did you mean `{word}`? Known are {known}"),
        None => format!("; known are {known}"),
    }
}

/// How many letters are to be put in, left out or replaced.
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (number, left) in from.chars().enumerate() {
        let mut next = vec![number + 1];
        let (mut corner, mut before) = (number, number + 1);
        for (right, above) in to.chars().zip(row.iter().skip(1)) {
            before = (corner + usize::from(left != right)).min(above + 1).min(before + 1);
            corner = *above;
            next.push(before);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_told_with_the_word_that_was_meant() {
        assert_eq!(hint("queu", "queue, key"), "; did you mean `queue`? Known are queue, key");
        assert_eq!(hint("priority", "queue, key"), "; known are queue, key");
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
