//! How a handler takes messages: bounds, order, kill switch, outputs.

use serde::Deserialize;
use toml::Spanned;

use super::error::ConfigError;
use super::source::Source;
use crate::handler::{
    CONCURRENCY_MAX, KillSwitch, Mode, OnFailure, OrderKey, Ordered, PARTITIONS_MAX,
};

const ORDERS: &str = "expected `{ routing-key = true }`, `{ header = \"account\" }` or `{ word = 1 }`, with `park` and `look-ahead` if wanted";

/// How many messages at a time: from the start, and what an operator may make of it.
#[derive(Debug)]
pub(super) struct Bounds<N> {
    pub(super) start: Option<N>,
    pub(super) min: Option<N>,
    pub(super) max: Option<N>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawKillSwitch {
    window: Option<Spanned<String>>,
    minimum: Option<Spanned<u32>>,
    percent: Option<Spanned<u32>>,
    pause: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawOrder {
    #[serde(default)]
    routing_key: bool,
    header: Option<String>,
    word: Option<usize>,
    park: Option<Spanned<String>>,
    look_ahead: Option<Spanned<u16>>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RawMode {
    Transaction,
    Confirmed,
}

impl From<RawMode> for Mode {
    fn from(raw: RawMode) -> Self {
        match raw {
            RawMode::Transaction => Self::Transaction,
            RawMode::Confirmed => Self::Confirmed,
        }
    }
}

impl Source<'_> {
    pub(super) fn bounds(self, raw: Bounds<Spanned<usize>>) -> Result<Bounds<usize>, ConfigError> {
        let Bounds { start, min, max } = raw;
        let written = start.as_ref().map(|start| *start.get_ref());
        let most = max.as_ref().map(|max| *max.get_ref());
        if let (Some(min), Some(upper)) = (&min, written.or(most))
            && *min.get_ref() > upper
        {
            let name = if written.is_some() { "concurrency" } else { "concurrency-max" };
            let text = format!("concurrency-min is {}, and {name} {upper}", min.get_ref());
            return Err(self.at(min, text));
        }
        if let (Some(max), Some(start)) = (&max, written)
            && *max.get_ref() < start
        {
            let text = format!("concurrency-max is {}, and concurrency {start}", max.get_ref());
            return Err(self.at(max, text));
        }
        Ok(Bounds {
            start: self.within(start, "concurrency", 1, CONCURRENCY_MAX)?,
            min: self.within(min, "concurrency-min", 1, CONCURRENCY_MAX)?,
            max: self.within(max, "concurrency-max", 1, CONCURRENCY_MAX)?,
        })
    }

    pub(super) fn kill_switch(self, raw: RawKillSwitch) -> Result<KillSwitch, ConfigError> {
        let usual = KillSwitch::default();
        let percent = self.within(raw.percent, "percent", 1, 100)?;
        Ok(KillSwitch {
            window: self.span(raw.window)?.unwrap_or(usual.window),
            minimum: self.within(raw.minimum, "minimum", 1, 1_000_000)?.unwrap_or(usual.minimum),
            ratio: percent.map_or(usual.ratio, |percent| f64::from(percent) / 100.0),
            pause: self.span(raw.pause)?.unwrap_or(usual.pause),
        })
    }

    pub(super) fn order(self, raw: Spanned<RawOrder>) -> Result<Ordered, ConfigError> {
        let place = raw.span();
        let raw = raw.into_inner();
        let key = match (raw.routing_key, raw.header, raw.word) {
            (true, None, None) => OrderKey::routing_key(),
            (false, Some(header), None) => OrderKey::header(header),
            (false, None, Some(word)) => OrderKey::word(word),
            (false, None, None) => {
                let error = self.0.error(place, "an order by nothing");
                return Err(error.suggest(Some(ORDERS.to_owned())));
            }
            (..) => {
                let error = self.0.error(place, "an order by several keys");
                return Err(error.suggest(Some(ORDERS.to_owned())));
            }
        };
        let mut ordered = Ordered::by(key);
        if let Some(pause) = self.span(raw.park)? {
            ordered = ordered.on_failure(OnFailure::ParkKey(pause));
        }
        let look_ahead = self.within(raw.look_ahead, "look-ahead", 1, u16::MAX)?;
        Ok(match look_ahead {
            Some(messages) => ordered.look_ahead(messages),
            None => ordered,
        })
    }

    pub(super) fn partitions(
        self,
        raw: Option<Spanned<usize>>,
    ) -> Result<Option<usize>, ConfigError> {
        self.within(raw, "partitions", 1, PARTITIONS_MAX)
    }
}
