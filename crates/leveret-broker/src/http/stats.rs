//! `message_stats` and its rates, in the names of `RabbitMQ`.

use leveret_engine::{Churn, Counts, ExchangeCounts};
use leveret_protocol::Timestamp;
use serde_json::{Map, Value, json};

use super::listing::Query;
use crate::{
    presence::Turnover,
    samples::{Change, Span, Waiting},
};

/// A number by its name.
type Field<T> = (&'static str, fn(&T) -> u64);

/// What a queue counts.
pub(super) const OF_QUEUE: &[Field<Counts>] = &[
    ("ack", |counts| counts.ack),
    ("deliver", |counts| counts.deliver),
    ("deliver_get", Counts::deliver_get),
    ("deliver_no_ack", |counts| counts.deliver_no_ack),
    ("get", |counts| counts.get),
    ("get_empty", |counts| counts.get_empty),
    ("get_no_ack", |counts| counts.get_no_ack),
    ("publish", |counts| counts.publish),
    ("redeliver", |counts| counts.redeliver),
];

/// What a channel counts, beside what a queue does.
const OF_PUBLISHER: &[Field<Counts>] = &[
    ("confirm", |counts| counts.confirm),
    ("drop_unroutable", |counts| counts.drop_unroutable),
    ("return_unroutable", |counts| counts.return_unroutable),
];

/// What an exchange counts.
const OF_EXCHANGE: &[Field<ExchangeCounts>] =
    &[("publish_in", |counts| counts.publish_in), ("publish_out", |counts| counts.publish_out)];

/// What comes and goes of connections.
const OF_TURNOVER: &[Field<Turnover>] = &[
    ("connection_created", |turnover| turnover.connections_opened),
    ("connection_closed", |turnover| turnover.connections_closed),
    ("channel_created", |turnover| turnover.channels_opened),
    ("channel_closed", |turnover| turnover.channels_closed),
];

/// What comes and goes in virtual hosts.
const OF_CHURN: &[Field<Churn>] = &[
    ("queue_declared", |churn| churn.queues_declared),
    ("queue_created", |churn| churn.queues_created),
    ("queue_deleted", |churn| churn.queues_deleted),
];

/// How rates are wanted: with the samples that they are made of, if an age is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rates {
    span: Option<Span>,
    messages_sampled: bool,
    lengths_sampled: bool,
}

impl Rates {
    /// As the query wants them, over that time.
    pub(super) fn of(query: &Query, span: Option<Span>) -> Self {
        let asks = |age: &str, step: &str| query.0.contains_key(age) && query.0.contains_key(step);
        Self {
            span,
            messages_sampled: asks("msg_rates_age", "msg_rates_incr"),
            lengths_sampled: asks("lengths_age", "lengths_incr"),
        }
    }

    pub(super) fn of_queue(self, now: &Counts, seen: Option<&Change<Counts>>) -> Value {
        Value::Object(self.stats(OF_QUEUE, now, seen))
    }

    pub(super) fn of_channel(self, now: &Counts, seen: Option<&Change<Counts>>) -> Value {
        let mut stats = self.stats(OF_QUEUE, now, seen);
        stats.extend(self.stats(OF_PUBLISHER, now, seen));
        Value::Object(stats)
    }

    pub(super) fn of_exchange(
        self,
        now: &ExchangeCounts,
        seen: Option<&Change<ExchangeCounts>>,
    ) -> Value {
        Value::Object(self.stats(OF_EXCHANGE, now, seen))
    }

    pub(super) fn of_turnover(self, now: &Turnover, seen: &Change<Turnover>) -> Value {
        Value::Object(self.stats(OF_TURNOVER, now, Some(seen)))
    }

    pub(super) fn of_churn(self, now: &Churn, seen: &Change<Churn>) -> Value {
        Value::Object(self.stats(OF_CHURN, now, Some(seen)))
    }

    /// How fast a number grows that only ever does.
    pub(super) fn of_counter(self, seen: Change<u64>) -> Value {
        let rate = self.span.map_or(0.0, |span| span.rate(seen.before, seen.last));
        self.details((seen.before, seen.last), rate, self.messages_sampled)
    }

    /// How fast a number of the machine grows.
    pub(super) fn of_reading(self, seen: Change<u64>) -> Value {
        let rate = self.span.map_or(0.0, |span| span.slope(seen.before, seen.last));
        self.details((seen.before, seen.last), rate, self.lengths_sampled)
    }

    /// How fast queues grow, as three more fields.
    pub(super) fn of_waiting(self, seen: Change<Waiting>) -> Value {
        let details = |count: fn(&Waiting) -> u64| {
            let (before, last) = (count(&seen.before), count(&seen.last));
            let rate = self.span.map_or(0.0, |span| span.slope(before, last));
            self.details((before, last), rate, self.lengths_sampled)
        };
        json!({
            "messages_details": details(|waiting| waiting.ready.saturating_add(waiting.unacked)),
            "messages_ready_details": details(|waiting| waiting.ready),
            "messages_unacknowledged_details": details(|waiting| waiting.unacked),
        })
    }

    fn stats<T>(
        self,
        fields: &[Field<T>],
        now: &T,
        seen: Option<&Change<T>>,
    ) -> Map<String, Value> {
        let mut stats = Map::new();
        for (name, count) in fields {
            let (before, last) =
                seen.map_or((0, 0), |seen| (count(&seen.before), count(&seen.last)));
            let rate = self.span.map_or(0.0, |span| span.rate(before, last));
            let details = self.details((before, last), rate, self.messages_sampled);
            stats.insert((*name).to_owned(), count(now).into());
            stats.insert(format!("{name}_details"), details);
        }
        stats
    }

    fn details(self, (before, last): (u64, u64), rate: f64, sampled: bool) -> Value {
        let Some(span) = self.span.filter(|_| sampled) else { return json!({ "rate": rate }) };
        let sample =
            |sample: u64, at: Timestamp| json!({ "sample": sample, "timestamp": at.as_millis() });
        json!({
            "rate": rate, "avg_rate": rate, "avg": u64::midpoint(before, last),
            "samples": [sample(last, span.last), sample(before, span.before)],
        })
    }
}

/// A time as `2026-11-21T23:13:04.000+00:00`.
pub(super) fn timestamp(at: Timestamp) -> String {
    let (seconds, millis) = (at.as_millis() / 1000, at.as_millis() % 1000);
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}+00:00")
}

/// The date so many days after 1970-01-01: years are counted from March, so that a leap day is
/// their last.
const fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400;
    (if month <= 2 { year + 1 } else { year }, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_rabbitmq_writes_it() {
        for (millis, expected) in [
            (0, "1970-01-01T00:00:00.000+00:00"),
            (951_827_696_789, "2000-02-29T12:34:56.789+00:00"),
            (1_795_302_784_000, "2026-11-21T23:13:04.000+00:00"),
            (4_102_444_799_999, "2099-12-31T23:59:59.999+00:00"),
        ] {
            assert_eq!(timestamp(Timestamp::from_millis(millis)), expected);
        }
    }
}
