//! Until when certificates hold.

use std::time::{Duration, SystemTime};

use leveret_client::ConnectOptions;
use time::OffsetDateTime;

use super::{
    check::Check,
    reach::{PATIENCE, reach},
};
use crate::web::{Site, certificate_end};

/// A certificate that ends sooner is to be renewed.
const DAYS_MIN: i64 = 30;

const DAY_SECS: i64 = 86_400;

const FIX: &str = "renew it; a Leveret broker reads its files again at SIGHUP";

/// The broker's, if it is spoken to with TLS.
pub(super) fn of_broker(options: &ConnectOptions) -> Option<Check> {
    let tls = options.tls.as_ref()?;
    let name = tls.server_name.as_deref().unwrap_or(&options.host);
    let stream = reach(options).map_err(|error| error.to_string());
    Some(told("certificate", stream.and_then(|stream| certificate_end(stream, name))))
}

/// That of the HTTP API, if it is spoken to with TLS.
pub(super) fn of_api(site: &Site) -> Option<Check> {
    site.is_tls().then(|| told("http cert", site.certificate_end(PATIENCE)))
}

fn told(name: &'static str, end: Result<i64, String>) -> Check {
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or(Duration::ZERO).as_secs();
    match end {
        Ok(end) => judged(name, end, i64::try_from(now).unwrap_or(i64::MAX)),
        Err(why) => Check::skipped(name, why),
    }
}

fn judged(name: &'static str, end: i64, now: i64) -> Check {
    let day = OffsetDateTime::from_unix_timestamp(end).map_or_else(
        |_| "the end of time".to_owned(),
        |end| format!("{}-{:02}-{:02}", end.year(), u8::from(end.month()), end.day()),
    );
    let days = end.saturating_sub(now) / DAY_SECS;
    if end <= now {
        return Check::fail(name, format!("expired on {day}, {} days ago", -days), FIX);
    }
    let found = format!("holds until {day}, {days} days more");
    if days < DAYS_MIN { Check::warn(name, found, FIX) } else { Check::ok(name, found) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::Health;

    #[test]
    fn a_certificate_is_warned_of_a_month_before_it_ends() {
        let end = 1_800_000_000;
        let at = |days: i64| judged("certificate", end, end - days * DAY_SECS);
        assert_eq!(at(30), Check::ok("certificate", "holds until 2027-01-15, 30 days more"));
        assert_eq!(at(29).health, Health::Warn);
        assert_eq!(at(0).health, Health::Fail);
        let expired = Check::fail("certificate", "expired on 2027-01-15, 3 days ago", FIX);
        assert_eq!(at(-3), expired);
        assert_eq!(judged("certificate", i64::MAX, 0).health, Health::Ok);
    }
}
