//! What a response's status says of the message.

use std::ops::RangeInclusive;
use std::time::{Duration, SystemTime};

use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};

/// The longest time that a `Retry-After` is believed.
pub const RETRY_AFTER_MAX: Duration = Duration::from_hours(24);

/// How long a service that is busy is left alone if it does not say.
const BUSY_DEFAULT: Duration = Duration::from_secs(10);

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StatusRule {
    /// Handled; the response is the reply.
    Ack,
    /// A transient failure: tried again by the handler's policy.
    Retry,
    /// Tried again after the response's `Retry-After` (seconds or a date, a day at most), or else
    /// after this time.
    Busy(Duration),
    /// A permanent failure: a dead letter, and an error for whoever asked.
    DeadLetter,
    /// Not wanted: the broker drops it, or dead-letters it if the queue says where to.
    Reject,
}

/// Which status means what.
///
/// | status | unless told otherwise |
/// |---|---|
/// | 2xx | [`Ack`](StatusRule::Ack) |
/// | 409, 425, 429, 503 | [`Busy`](StatusRule::Busy), 10 s |
/// | other 5xx | [`Retry`](StatusRule::Retry) |
/// | all else: 1xx, 3xx, other 4xx | [`DeadLetter`](StatusRule::DeadLetter) |
///
/// ```
/// use leveret::serve::{StatusRule, StatusRules};
///
/// // What is gone need not be deleted; redirects are fine here.
/// let rules = StatusRules::default().on(404, StatusRule::Ack).on_all(300..=399, StatusRule::Ack);
/// assert_eq!(rules.rule(404), StatusRule::Ack);
/// assert_eq!(rules.rule(400), StatusRule::DeadLetter);
/// ```
#[derive(Debug, Clone)]
pub struct StatusRules(Vec<(RangeInclusive<u16>, StatusRule)>);

impl Default for StatusRules {
    fn default() -> Self {
        Self(Vec::new())
            .on_all(200..=299, StatusRule::Ack)
            .on_all(500..=599, StatusRule::Retry)
            .on(409, StatusRule::Busy(BUSY_DEFAULT))
            .on(425, StatusRule::Busy(BUSY_DEFAULT))
            .on(429, StatusRule::Busy(BUSY_DEFAULT))
            .on(503, StatusRule::Busy(BUSY_DEFAULT))
    }
}

impl StatusRules {
    /// A rule for one status; it wins over earlier ones.
    #[must_use]
    pub fn on(self, status: u16, rule: StatusRule) -> Self {
        self.on_all(status..=status, rule)
    }

    /// A rule for several; it wins over earlier ones.
    #[must_use]
    pub fn on_all(mut self, statuses: RangeInclusive<u16>, rule: StatusRule) -> Self {
        self.0.push((statuses, rule));
        self
    }

    /// What a status means.
    pub fn rule(&self, status: u16) -> StatusRule {
        let found = self.0.iter().rev().find(|(statuses, _)| statuses.contains(&status));
        found.map_or(StatusRule::DeadLetter, |(_, rule)| *rule)
    }

    /// What a response means, its `Retry-After` included.
    pub fn verdict(&self, status: StatusCode, headers: &HeaderMap) -> StatusRule {
        match self.rule(status.as_u16()) {
            StatusRule::Busy(otherwise) => {
                let asked = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
                let after = asked.and_then(|text| retry_after(text, SystemTime::now()));
                StatusRule::Busy(after.unwrap_or(otherwise).min(RETRY_AFTER_MAX))
            }
            rule @ (StatusRule::Ack
            | StatusRule::Retry
            | StatusRule::DeadLetter
            | StatusRule::Reject) => rule,
        }
    }
}

/// RFC 9110, 10.2.3: seconds or a date; one that is past means at once.
fn retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // So many digits that no number holds them are a long time.
        return Some(text.parse().map_or(Duration::MAX, Duration::from_secs));
    }
    let at = httpdate::parse_http_date(text).ok()?;
    Some(at.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn verdict(status: u16, retry_after: Option<&str>) -> StatusRule {
        let mut headers = HeaderMap::new();
        if let Some(text) = retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from_str(text).unwrap());
        }
        StatusRules::default().verdict(StatusCode::from_u16(status).unwrap(), &headers)
    }

    #[test]
    fn each_status_has_its_meaning() {
        for (status, rule) in [
            (101, StatusRule::DeadLetter),
            (200, StatusRule::Ack),
            (204, StatusRule::Ack),
            (302, StatusRule::DeadLetter),
            (400, StatusRule::DeadLetter),
            (409, StatusRule::Busy(BUSY_DEFAULT)),
            (422, StatusRule::DeadLetter),
            (425, StatusRule::Busy(BUSY_DEFAULT)),
            (429, StatusRule::Busy(BUSY_DEFAULT)),
            (500, StatusRule::Retry),
            (503, StatusRule::Busy(BUSY_DEFAULT)),
            (599, StatusRule::Retry),
            (999, StatusRule::DeadLetter),
        ] {
            assert_eq!(verdict(status, None), rule, "{status}");
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_and_a_day_at_most() {
        let busy = |text| verdict(503, Some(text));
        assert_eq!(busy("120"), StatusRule::Busy(Duration::from_mins(2)));
        assert_eq!(busy("0"), StatusRule::Busy(Duration::ZERO));
        assert_eq!(busy("99999999999999999999999"), StatusRule::Busy(RETRY_AFTER_MAX));
        assert_eq!(busy("soon"), StatusRule::Busy(BUSY_DEFAULT));
        assert_eq!(busy("-5"), StatusRule::Busy(BUSY_DEFAULT));
        assert_eq!(busy("Fri, 31 Dec 9999 23:59:59 GMT"), StatusRule::Busy(RETRY_AFTER_MAX));
        assert_eq!(busy("Sun, 06 Nov 1994 08:49:37 GMT"), StatusRule::Busy(Duration::ZERO));
        let (now, date) = (SystemTime::UNIX_EPOCH, "Thu, 01 Jan 1970 00:01:00 GMT");
        assert_eq!(retry_after(date, now), Some(Duration::from_mins(1)));
        assert_eq!(verdict(500, Some("120")), StatusRule::Retry);
    }
}
