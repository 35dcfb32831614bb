//! What a configuration says of where a handler's errors are reported.

use leveret_protocol::ShortStr;
use serde::Deserialize;
use toml::Spanned;

use super::error::ConfigError;
use super::source::Source;
use crate::report::ErrorRoute;

const ADDRESS: &str = "expected `queue = \"..\"`, or `exchange = \"..\"` and `key = \"..\"`";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawRoute {
    queue: Option<Spanned<String>>,
    exchange: Option<Spanned<String>>,
    key: Option<Spanned<String>>,
    #[serde(default)]
    errors: Vec<String>,
    #[serde(default)]
    exhausted: bool,
}

impl Source<'_> {
    pub(super) fn route(self, raw: Spanned<RawRoute>) -> Result<ErrorRoute, ConfigError> {
        let place = raw.span();
        let wrong = |text: &str| {
            let error = self.0.error(place.clone(), text);
            Err(error.suggest(Some(ADDRESS.to_owned())))
        };
        let RawRoute { queue, exchange, key, errors, exhausted } = raw.into_inner();
        for name in [&queue, &exchange, &key].into_iter().flatten() {
            self.short(name)?;
        }
        let text = |value: Spanned<String>| value.into_inner();
        let route = match (queue, exchange, key) {
            (Some(queue), None, None) => ErrorRoute::to_queue(text(queue)),
            (None, Some(exchange), Some(key)) => ErrorRoute::new(text(exchange), text(key)),
            (None, None, None) => return wrong("a route that leads nowhere"),
            (None, Some(_), None) => return wrong("a route to an exchange without a key"),
            (None, None, Some(_)) => return wrong("a route with a key and no exchange"),
            (Some(_), _, _) => return wrong("a route leads to a queue or to an exchange"),
        };
        let route = errors.into_iter().fold(route, ErrorRoute::named);
        Ok(if exhausted { route.exhausted() } else { route })
    }

    fn short(self, name: &Spanned<String>) -> Result<(), ConfigError> {
        let (bytes, max) = (name.get_ref().len(), ShortStr::MAX_BYTES);
        if bytes <= max {
            return Ok(());
        }
        Err(self.at(name, format!("a name has at most {max} bytes, found {bytes}")))
    }
}
