//! Lengths of time as people read them.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

/// A length of time in its two largest units: `1 h 30 min`, `5 s`, `250 ms`.
pub(crate) struct Span(pub(crate) Duration);

const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];

impl Display for Span {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let secs = self.0.as_secs();
        let millis = self.0.subsec_millis();
        if secs == 0 {
            return write!(f, "{millis} ms");
        }
        let largest = UNITS.iter().position(|(size, _)| secs >= *size).unwrap_or(UNITS.len());
        let mut rest = secs;
        for (number, (size, unit)) in UNITS.iter().skip(largest).take(2).enumerate() {
            let count = rest / size;
            rest %= size;
            if count > 0 {
                let space = if number == 0 { "" } else { " " };
                write!(f, "{space}{count} {unit}")?;
            }
        }
        if secs < 60 && millis > 0 {
            write!(f, " {millis} ms")?;
        }
        Ok(())
    }
}

/// A length of time as configuration files and the command line write it: a number and a unit, with
/// or without a space, as in `5s`, `250 ms`, `2min` or `2m`, `1h`, `7d`; nothing if it is none.
///
/// ```
/// use std::time::Duration;
///
/// assert_eq!(leveret::parse_span("2min"), Some(Duration::from_secs(120)));
/// assert_eq!(leveret::parse_span("2"), None);
/// ```
pub fn parse_span(text: &str) -> Option<Duration> {
    leveret_settings::parse_duration(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_told_in_its_two_largest_units() {
        let told = |millis| Span(Duration::from_millis(millis)).to_string();
        assert_eq!(told(0), "0 ms");
        assert_eq!(told(250), "250 ms");
        assert_eq!(told(1_500), "1 s 500 ms");
        assert_eq!(told(60_000), "1 min");
        assert_eq!(told(5_400_000), "1 h 30 min");
        assert_eq!(told(90_061_000), "1 d 1 h");
    }
}
