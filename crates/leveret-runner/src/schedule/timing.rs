//! When a schedule is due.

use std::str::FromStr as _;
use std::time::Duration;

use croner::Cron;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// When messages are due.
#[derive(Debug, Clone)]
pub(crate) enum Timing {
    /// By the calendar of a time zone.
    Cron(Box<Cron>, TimeZone),
    /// At every multiple of a length of time, so that all who count agree.
    Every(Duration),
}

/// What becomes of the times at which nobody ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Misfire {
    /// Nothing.
    Skip,
    /// One message for all of them, the last of which it tells.
    Once,
    /// A message each.
    All,
}

impl Timing {
    /// A cron expression in a time zone; what is wrong with it otherwise.
    pub(crate) fn cron(expression: &str, zone: TimeZone) -> Result<Self, String> {
        let cron = Cron::from_str(expression).map_err(|error| error.to_string())?;
        let timing = Self::Cron(Box::new(cron), zone);
        match timing.after(Timestamp::now()) {
            Some(_) => Ok(timing),
            None => Err("it is never due".to_owned()),
        }
    }

    /// The first time after this one; nothing if there is none.
    pub(crate) fn after(&self, time: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Cron(cron, zone) => {
                let start: Zoned = time.to_zoned(zone.clone());
                Some(cron.find_next_occurrence(&start, false).ok()?.timestamp())
            }
            Self::Every(length) => {
                let length = i64::try_from(length.as_millis()).ok()?;
                let periods = time.as_millisecond().div_euclid(length) + 1;
                Timestamp::from_millisecond(periods.checked_mul(length)?).ok()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(timing: &Timing, after: &str) -> String {
        timing.after(after.parse().unwrap()).unwrap().to_string()
    }

    #[test]
    fn a_cron_expression_is_due_by_its_time_zone() {
        let daily = Timing::cron("30 3 * * *", TimeZone::UTC).unwrap();
        assert_eq!(next(&daily, "2026-03-28T04:00:00Z"), "2026-03-29T03:30:00Z");
        assert_eq!(next(&daily, "2026-03-29T03:30:00Z"), "2026-03-30T03:30:00Z");
        let east = Timing::cron("30 3 * * *", TimeZone::fixed(jiff::tz::offset(2))).unwrap();
        assert_eq!(next(&east, "2026-03-28T04:00:00Z"), "2026-03-29T01:30:00Z");
        let often = Timing::cron("*/10 * * * * *", TimeZone::UTC).unwrap();
        assert_eq!(next(&often, "2026-03-28T04:00:01Z"), "2026-03-28T04:00:10Z");
    }

    #[test]
    fn what_is_never_due_is_refused() {
        assert!(Timing::cron("0 0 30 2 *", TimeZone::UTC).is_err());
        assert!(Timing::cron("61 * * * *", TimeZone::UTC).is_err());
    }

    #[test]
    fn a_length_of_time_is_due_at_its_multiples() {
        let timing = Timing::Every(Duration::from_secs(15));
        assert_eq!(next(&timing, "2026-03-28T04:00:01Z"), "2026-03-28T04:00:15Z");
        assert_eq!(next(&timing, "2026-03-28T04:00:15Z"), "2026-03-28T04:00:30Z");
    }
}
