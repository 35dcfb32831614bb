//! How configuration files spell what TOML and JSON have no type for.

use std::time::Duration;

/// Reads a time such as `500ms`, `5s`, `2min` or `1h`.
pub(crate) fn read_duration(text: &str) -> Option<Duration> {
    let digits = text.trim_end_matches(|letter: char| !letter.is_ascii_digit());
    let number: u64 = digits.parse().ok()?;
    let millis = match text.get(digits.len()..)?.trim() {
        "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.checked_mul(millis).map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_needs_its_unit() {
        assert_eq!(read_duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(read_duration("2 min"), Some(Duration::from_mins(2)));
        for text in ["", "5", "s", "1.5s", "-1s", "5S", "99999999999999999999s"] {
            assert_eq!(read_duration(text), None, "{text}");
        }
    }
}
