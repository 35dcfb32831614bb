//! Lengths of time as people write them.

use std::time::Duration;

/// Names of units, and their milliseconds.
const UNITS: [(&str, u64); 6] =
    [("ms", 1), ("s", 1_000), ("m", 60_000), ("min", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// Reads a whole number and a unit, with or without spaces between and around: `500ms`, `5 s`,
/// `2m` or `2min`, `1h`, `7d`. Nothing if it is none, or longer than 584 million years.
///
/// ```
/// use std::time::Duration;
///
/// use leveret_settings::parse_duration;
///
/// assert_eq!(parse_duration("2min"), Some(Duration::from_secs(120)));
/// assert_eq!(parse_duration("2m"), parse_duration("2 min"));
/// assert_eq!(parse_duration("2"), None);
/// ```
pub fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let (number, unit) = text.split_at(text.find(|letter: char| !letter.is_ascii_digit())?);
    let number: u64 = number.parse().ok()?;
    let (_, millis) = UNITS.iter().find(|(name, _)| *name == unit.trim_start())?;
    number.checked_mul(*millis).map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_a_number_and_a_unit() {
        for (text, secs) in
            [("5s", 5), (" 2 min ", 120), ("2m", 120), ("1h", 3600), ("7d", 604_800)]
        {
            assert_eq!(parse_duration(text), Some(Duration::from_secs(secs)), "{text}");
        }
        assert_eq!(parse_duration("1500ms"), Some(Duration::from_millis(1500)));
        for wrong in ["", "5", "s", "-1s", "1.5s", "5S", "2 weeks", "5 m in", "1h30m"] {
            assert_eq!(parse_duration(wrong), None, "{wrong}");
        }
        for long in ["99999999999999999999s", "18446744073709551615d"] {
            assert_eq!(parse_duration(long), None, "{long}");
        }
    }
}
