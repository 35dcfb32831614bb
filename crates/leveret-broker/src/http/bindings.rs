//! Bindings: between two, of one queue or exchange, made and removed.
//!
//! A binding is named by its properties key: its routing key, and a digest of its arguments.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::{StatusCode, header},
    response::IntoResponse,
    routing::get,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use leveret_engine::{BindingView, Page, Sought};
use leveret_protocol::{FieldTable, Method, ShortStr, exchange, queue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    exchanges,
    fields::{arguments, object, text},
    listing::{Query, answer},
    login::Caller,
    queues,
    refusal::Refusal,
    scene::{Answer, InHost, Shares, exchange_name, run, seek, short},
};
use crate::shared::Shared;

/// What is escaped in a segment of a path; `RabbitMQ` escapes the same.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_').remove(b'~');

/// Bytes of the digest that tells apart bindings with the same key and other arguments.
const DIGEST_BYTES: usize = 12;

/// Virtual host, source, `q` or `e`, destination.
type Between = Path<(String, String, String, String)>;

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/queues/{vhost}/{name}/bindings", get(of_queue))
        .route("/exchanges/{vhost}/{name}/bindings/source", get(from_exchange))
        .route("/exchanges/{vhost}/{name}/bindings/destination", get(to_exchange))
        .route("/bindings/{vhost}/e/{source}/{kind}/{destination}", get(between).post(bind))
        .route(
            "/bindings/{vhost}/e/{source}/{kind}/{destination}/{properties_key}",
            get(show).delete(unbind),
        )
}

/// The name of a binding among those between the same two.
pub(super) fn properties_key(key: &ShortStr, arguments: &FieldTable) -> String {
    let text = key.to_string_lossy();
    let mut quoted = utf8_percent_encode(&text, SEGMENT).to_string();
    quoted = quoted.replace("%20", "+").replace('~', "%7E");
    if !arguments.is_empty() {
        // Tools write a table's fields in another order every time.
        let sorted: BTreeMap<ShortStr, _> = arguments.iter().collect();
        let sorted: FieldTable = sorted.into_iter().collect();
        let digest = Sha256::digest(sorted.as_bytes());
        let digest = digest.get(..DIGEST_BYTES).unwrap_or(&digest);
        return format!("{quoted}~{}", URL_SAFE_NO_PAD.encode(digest));
    }
    if quoted.is_empty() { "~".to_owned() } else { quoted }
}

pub(super) fn binding_shown(host: &str, binding: &BindingView) -> Value {
    json!({
        "source": binding.source.to_string_lossy(), "vhost": host,
        "destination": binding.destination.to_string_lossy(),
        "destination_type": if binding.is_to_queue { "queue" } else { "exchange" },
        "routing_key": binding.routing_key.to_string_lossy(),
        "arguments": leveret_json::table(&binding.arguments),
        "properties_key": properties_key(&binding.routing_key, &binding.arguments),
    })
}

/// The binding to the default exchange that every queue has.
pub(super) fn implied(host: &str, queue: &ShortStr) -> Value {
    let binding = BindingView {
        source: ShortStr::EMPTY,
        destination: queue.clone(),
        is_to_queue: true,
        routing_key: queue.clone(),
        arguments: FieldTable::default(),
    };
    binding_shown(host, &binding)
}

async fn found(
    caller: &Caller,
    shared: &Arc<Shared>,
    host: &str,
    sought: Sought,
) -> Answer<Vec<BindingView>> {
    match seek(caller, shared, host, sought).await? {
        Page::Bindings(found) => Ok(found),
        Page::Queues(_)
        | Page::Exchanges(_)
        | Page::Consumers(_)
        | Page::Channels(_)
        | Page::Totals(_) => Ok(Vec::new()),
    }
}

async fn of_queue(
    caller: Caller,
    State(shared): Shares,
    Path((host, name)): InHost,
    query: Query,
) -> Answer<Json<Value>> {
    let queue = queues::find(&caller, &shared, (&host, &name)).await?;
    let mut shown = vec![implied(&host, &queue.name)];
    let bindings = found(&caller, &shared, &host, Sought::BindingsToQueue(queue.name)).await?;
    shown.extend(bindings.iter().map(|binding| binding_shown(&host, binding)));
    answer(query, shown)
}

async fn from_exchange(
    caller: Caller,
    State(shared): Shares,
    Path((host, name)): InHost,
    query: Query,
) -> Answer<Json<Value>> {
    let exchange = exchanges::find(&caller, &shared, (&host, &name)).await?;
    if exchange.name.is_empty() {
        let mut shown = Vec::new();
        for page in super::listing::ask(&shared, &host, leveret_engine::Listing::Queues).await? {
            let Page::Queues(page) = page else { continue };
            shown.extend(page.iter().map(|queue| implied(&host, &queue.name)));
        }
        return answer(query, shown);
    }
    let bindings = found(&caller, &shared, &host, Sought::BindingsFrom(exchange.name)).await?;
    answer(query, bindings.iter().map(|binding| binding_shown(&host, binding)).collect())
}

async fn to_exchange(
    caller: Caller,
    State(shared): Shares,
    Path((host, name)): InHost,
    query: Query,
) -> Answer<Json<Value>> {
    let exchange = exchanges::find(&caller, &shared, (&host, &name)).await?;
    let sought = Sought::BindingsToExchange(exchange.name);
    let bindings = found(&caller, &shared, &host, sought).await?;
    answer(query, bindings.iter().map(|binding| binding_shown(&host, binding)).collect())
}

/// Two ends as a path names them.
#[derive(Debug)]
struct Ends {
    source: ShortStr,
    destination: ShortStr,
    is_to_queue: bool,
}

impl Ends {
    fn read(source: &str, kind: &str, destination: &str) -> Answer<Self> {
        let is_to_queue = match kind {
            "q" => true,
            "e" => false,
            _ => return Err(Refusal::not_found("there is nothing at this path")),
        };
        let destination =
            if is_to_queue { short("queue", destination)? } else { exchange_name(destination)? };
        Ok(Self { source: exchange_name(source)?, destination, is_to_queue })
    }

    async fn bindings(
        &self,
        caller: &Caller,
        shared: &Arc<Shared>,
        host: &str,
    ) -> Answer<Vec<BindingView>> {
        let to = self.destination.clone();
        if self.source.is_empty() && self.is_to_queue {
            let name = to.to_string_lossy().into_owned();
            let queue = queues::find(caller, shared, (host, &name)).await?;
            let (source, routing_key) = (ShortStr::EMPTY, queue.name.clone());
            let (destination, arguments) = (queue.name, FieldTable::default());
            let is_to_queue = true;
            return Ok(vec![BindingView {
                source,
                destination,
                is_to_queue,
                routing_key,
                arguments,
            }]);
        }
        let sought = if self.is_to_queue {
            Sought::BindingsToQueue(to)
        } else {
            Sought::BindingsToExchange(to)
        };
        let mut all = found(caller, shared, host, sought).await?;
        all.retain(|binding| binding.source == self.source);
        Ok(all)
    }

    /// The one of that properties key.
    async fn binding(
        &self,
        caller: &Caller,
        shared: &Arc<Shared>,
        (host, properties): (&str, &str),
    ) -> Answer<BindingView> {
        let all = self.bindings(caller, shared, host).await?;
        let is_it = |binding: &BindingView| {
            properties_key(&binding.routing_key, &binding.arguments) == properties
        };
        let missing = || {
            Refusal::not_found(format!("no binding there has the properties key `{properties}`"))
        };
        all.into_iter().find(is_it).ok_or_else(missing)
    }
}

async fn between(
    caller: Caller,
    State(shared): Shares,
    Path((host, source, kind, destination)): Between,
    query: Query,
) -> Answer<Json<Value>> {
    let ends = Ends::read(&source, &kind, &destination)?;
    let bindings = ends.bindings(&caller, &shared, &host).await?;
    answer(query, bindings.iter().map(|binding| binding_shown(&host, binding)).collect())
}

async fn bind(
    caller: Caller,
    State(shared): Shares,
    Path((host, source, kind, destination)): Between,
    body: Bytes,
) -> Answer<impl IntoResponse> {
    caller.looks_into(&host)?;
    let body = object(&body)?;
    let ends = Ends::read(&source, &kind, &destination)?;
    let key = if body.contains_key("routing_key") { text(&body, "routing_key")? } else { "" };
    let (routing_key, arguments) = (short("routing key", key)?, arguments(&body)?);
    let name = properties_key(&routing_key, &arguments);
    let Ends { source, destination, is_to_queue } = ends;
    let method = if is_to_queue {
        let (exchange, queue) = (source, destination.clone());
        Method::QueueBind(queue::Bind { queue, exchange, routing_key, no_wait: false, arguments })
    } else {
        let destination = destination.clone();
        Method::ExchangeBind(exchange::Bind {
            destination,
            source,
            routing_key,
            no_wait: false,
            arguments,
        })
    };
    run(&caller, &shared, &host, method).await?;
    let escaped = |text: Cow<'_, str>| utf8_percent_encode(&text, SEGMENT).to_string();
    // As RabbitMQ has it: seen from the path that was asked for.
    let place = format!("{}/{}", escaped(destination.to_string_lossy()), escaped(name.into()));
    Ok((StatusCode::CREATED, [(header::LOCATION, place)]))
}

/// The ends and the properties key.
type One = Path<(String, String, String, String, String)>;

async fn show(
    caller: Caller,
    State(shared): Shares,
    Path((host, source, kind, destination, properties)): One,
) -> Answer<Json<Value>> {
    let ends = Ends::read(&source, &kind, &destination)?;
    let binding = ends.binding(&caller, &shared, (&host, &properties)).await?;
    Ok(Json(binding_shown(&host, &binding)))
}

async fn unbind(
    caller: Caller,
    State(shared): Shares,
    Path((host, source, kind, destination, properties)): One,
) -> Answer<StatusCode> {
    let ends = Ends::read(&source, &kind, &destination)?;
    let binding = ends.binding(&caller, &shared, (&host, &properties)).await?;
    let BindingView { source, destination, is_to_queue, routing_key, arguments } = binding;
    let method = if is_to_queue {
        let (queue, exchange) = (destination, source);
        Method::QueueUnbind(queue::Unbind { queue, exchange, routing_key, arguments })
    } else {
        let no_wait = false;
        Method::ExchangeUnbind(exchange::Unbind {
            destination,
            source,
            routing_key,
            no_wait,
            arguments,
        })
    };
    run(&caller, &shared, &host, method).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_properties_key_is_what_rabbitmq_calls_the_binding() {
        let none = FieldTable::default();
        for (key, expected) in [
            ("", "~"),
            ("a.#", "a.%23"),
            ("a.# b~é/+", "a.%23+b%7E%C3%A9%2F%2B"),
            ("A-b_c", "A-b_c"),
        ] {
            assert_eq!(properties_key(&ShortStr::truncated(key), &none), expected);
        }
        let one = FieldTable::builder().insert("x", 1i64).insert("y", 2i64).build();
        let other = FieldTable::builder().insert("y", 2i64).insert("x", 1i64).build();
        let third = FieldTable::builder().insert("y", 2i64).build();
        let name = |arguments| properties_key(&ShortStr::truncated("k"), arguments);
        assert_eq!(name(&one), name(&other));
        assert_ne!(name(&one), name(&third));
        assert!(name(&one).starts_with("k~"));
    }
}
