//! Which messages are meant.

use leveret_client::Delivery;
use serde_json::Value;

use super::{args::Which, letter::Record};

/// Whether a message is meant.
pub(super) fn is_meant(which: &Which, delivery: &Delivery, record: &Record) -> bool {
    let has_id = |id: &String| {
        delivery.properties.message_id().is_some_and(|found| found.as_bytes() == id.as_bytes())
    };
    which.group.as_ref().is_none_or(|group| *group == record.fingerprint())
        && which.message_id.as_ref().is_none_or(has_id)
        && has_headers(which, delivery)
        && has_paths(which, &delivery.body)
}

fn has_headers(which: &Which, delivery: &Delivery) -> bool {
    if which.headers.is_empty() {
        return true;
    }
    let headers = delivery.properties.headers().unwrap_or_default();
    which.headers.iter().all(|(name, wanted)| {
        let found = headers.iter().find(|(field, _)| field == name);
        // As JSON, so that an integer's width does not count.
        found.is_some_and(|(_, found)| leveret_json::value(&found) == leveret_json::value(wanted))
    })
}

fn has_paths(which: &Which, body: &[u8]) -> bool {
    if which.paths.is_empty() {
        return true;
    }
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return false };
    which
        .paths
        .iter()
        .all(|(path, wanted)| at(&body, path).is_some_and(|found| says(found, wanted)))
}

fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |value, step| match value.as_array() {
        Some(list) => list.get(step.parse::<usize>().ok()?),
        None => value.get(step),
    })
}

fn says(found: &Value, wanted: &str) -> bool {
    let other = || {
        let text = found.to_string();
        text == wanted
    };
    found.as_str().map_or_else(other, |text| text == wanted)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_go_through_objects_and_arrays() {
        let body = json!({ "order": { "lines": [{ "sku": "A17" }], "paid": false } });
        assert!(says(at(&body, "order.lines.0.sku").unwrap(), "A17"));
        assert!(says(at(&body, "order.paid").unwrap(), "false"));
        assert!(at(&body, "order.lines.1").is_none());
        assert!(at(&body, "order.lines.x").is_none());
    }
}
