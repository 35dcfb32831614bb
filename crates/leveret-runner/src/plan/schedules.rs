//! Schedules: when, what, and under which name.

use jiff::tz::TimeZone;
use leveret::parse_span;
use toml::Spanned;

use super::Reading;
use super::raw::RawSchedule;
use crate::schedule::{Misfire, Schedule, Timing};

impl Reading<'_> {
    pub(super) fn schedules(&mut self, written: &[Spanned<RawSchedule>]) -> Vec<Schedule> {
        let mut schedules: Vec<Schedule> = Vec::new();
        for value in written {
            let raw = value.get_ref();
            let name = raw.name.get_ref().clone();
            if schedules.iter().any(|known| known.name == name) {
                let text = format!("schedule `{name}` is there twice");
                self.wrong(raw.name.span(), text, None);
            }
            let Some(timing) = self.timing(value) else { continue };
            let mut headers = Vec::new();
            for (name, value) in &raw.headers {
                headers.extend(self.field(value).map(|value| (name.clone(), value)));
            }
            schedules.push(Schedule {
                name,
                timing,
                misfire: raw.misfire.unwrap_or(Misfire::Skip),
                exchange: raw.exchange.clone().unwrap_or_default(),
                key: raw.key.clone(),
                body: raw.body.clone().unwrap_or_default(),
                content_type: raw.content_type.clone(),
                headers,
            });
        }
        schedules
    }

    fn timing(&mut self, value: &Spanned<RawSchedule>) -> Option<Timing> {
        let raw = value.get_ref();
        match (&raw.cron, &raw.every) {
            (Some(cron), None) => {
                let zone = self.zone(raw.timezone.as_ref())?;
                let timing = Timing::cron(cron.get_ref(), zone);
                timing
                    .map_err(|problem| {
                        let text = format!("`{}` is no cron expression: {problem}", cron.get_ref());
                        let hint = "five fields: minute, hour, day, month, weekday; or six, with seconds first";
                        self.wrong(cron.span(), text, Some(hint.to_owned()));
                    })
                    .ok()
            }
            (None, Some(every)) => parse_span(every.get_ref()).map(Timing::Every),
            (Some(_), Some(every)) => {
                self.wrong(every.span(), "a schedule has either `cron` or `every`", None);
                None
            }
            (None, None) => {
                let text = format!("schedule `{}` has no time", raw.name.get_ref());
                let hint = "write `cron` or `every`".to_owned();
                self.wrong(raw.name.span(), text, Some(hint));
                None
            }
        }
    }

    fn zone(&mut self, name: Option<&Spanned<String>>) -> Option<TimeZone> {
        let Some(name) = name else { return Some(TimeZone::UTC) };
        let zone = match name.get_ref().as_str() {
            "UTC" => Some(TimeZone::UTC),
            other => TimeZone::get(other).ok(),
        };
        if zone.is_none() {
            let text = format!("this machine knows no time zone `{}`", name.get_ref());
            self.wrong(name.span(), text, Some("as in `Europe/Berlin`, or `UTC`".to_owned()));
        }
        zone
    }
}
