//! Text that a peer chose, for a terminal: it cannot move the cursor.

/// For a place in one line: no control characters.
pub(crate) fn line(text: &str) -> String {
    escaped(text, char::is_control)
}

/// Lines, with their tabs.
pub(crate) fn text(text: &str) -> String {
    escaped(text, |letter| letter.is_control() && !matches!(letter, '\n' | '\t'))
}

fn escaped(text: &str, is_unfit: impl Fn(char) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if is_unfit(letter) {
            shown.extend(letter.escape_default());
        } else {
            shown.push(letter);
        }
    }
    shown
}
