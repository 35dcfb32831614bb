//! Headers of a request.
//!
//! The message's own, where it came from, and those of the configuration.

use std::collections::BTreeMap;
use std::fmt::{self, Debug, Formatter};

use http::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue};
use leveret::serve::request_headers;
use serde::Deserialize;

use crate::delivery::Delivery;
use crate::template::Template;

/// Headers by their names; their values are not shown, as some are secret.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct HeaderTemplates(pub BTreeMap<String, String>);

impl Debug for HeaderTemplates {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl HeaderTemplates {
    pub(super) fn resolve(self) -> Result<Vec<(HeaderName, Template)>, String> {
        self.0.iter().map(|(name, value)| header(name, value)).collect()
    }
}

fn header(name: &str, value: &str) -> Result<(HeaderName, Template), String> {
    let known: HeaderName = name.parse().map_err(|_| format!("`{name}` is no header's name"))?;
    if known == AUTHORIZATION {
        let wanted = "use `bearer-file`, `bearer-env` or `basic`";
        return Err(format!("`{name}` would stand in the configuration for all to read: {wanted}"));
    }
    if [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING].contains(&known) {
        return Err(format!("`{name}` is the connection's own"));
    }
    let template = Template::parse(value).map_err(|problem| format!("`{name}`: {problem}"))?;
    HeaderValue::from_str(&template.outline())
        .map_err(|_| format!("`{name}` holds what no header can hold"))?;
    Ok((known, template))
}

/// The headers of a message, where it came from, and those that are added.
pub(super) fn headers(
    delivery: &Delivery,
    queue: &str,
    added: &[(HeaderName, Template)],
) -> HeaderMap {
    let message = delivery.message();
    let mut headers = request_headers(message);
    // The body may take another form.
    headers.remove(CONTENT_LENGTH);
    let properties = message.properties();
    let text =
        |text: Option<leveret::ShortStr>| text.map(|text| text.to_string_lossy().into_owned());
    let own: [(&'static str, Option<String>); 10] = [
        ("x-leveret-exchange", Some(message.exchange().into_owned())),
        ("x-leveret-routing-key", Some(message.routing_key().into_owned())),
        ("x-leveret-queue", Some(queue.to_owned())),
        ("x-leveret-handler", Some(delivery.request().handler().to_owned())),
        ("x-leveret-attempt", Some(delivery.request().attempt().to_string())),
        ("x-leveret-redelivered", Some(message.is_redelivered().to_string())),
        ("x-leveret-type", text(properties.kind())),
        ("x-leveret-app-id", text(properties.app_id())),
        ("x-leveret-priority", properties.priority().map(|priority| priority.to_string())),
        ("x-leveret-expiration", text(properties.expiration())),
    ];
    for (name, value) in own {
        put(&mut headers, HeaderName::from_static(name), value);
    }
    for (name, template) in added {
        put(&mut headers, name.clone(), template.fill(delivery, str::to_owned).ok());
    }
    headers
}

/// A value that HTTP forbids is left out.
fn put(headers: &mut HeaderMap, name: HeaderName, value: Option<String>) {
    if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
        headers.insert(name, value);
    }
}
