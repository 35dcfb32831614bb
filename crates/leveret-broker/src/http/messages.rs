//! Messages by HTTP: publishing one, getting some. For trying out, not for work.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    routing::post,
};
use leveret_engine::Content;
use leveret_json::{Payload, PayloadEncoding};
use leveret_protocol::{Method, basic, confirm};
use serde_json::{Map, Value, json};

use super::{
    fields::{flag, object, text, whole},
    login::Caller,
    queues,
    refusal::Refusal,
    scene::{Answer, InHost, Shares, exchange_name, short},
};
use crate::{
    errand::{Errand, Word},
    shared::Shared,
};

/// Messages got by one request.
const MESSAGES_MAX: u64 = 10_000;

/// Bytes of bodies got by one request; the message that passes it is the last.
const BYTES_MAX: usize = 64 << 20;

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/exchanges/{vhost}/{name}/publish", post(publish))
        .route("/queues/{vhost}/{name}/get", post(get))
}

fn payload(body: &Map<String, Value>) -> Answer<Bytes> {
    let (text, name) = (text(body, "payload")?, text(body, "payload_encoding")?);
    let encoding = PayloadEncoding::of_name(name).ok_or_else(|| {
        Refusal::bad_request(format!("unsupported_encoding: `{name}`, wanted `string` or `base64`"))
    })?;
    let payload = Payload { text: text.to_owned(), encoding };
    payload.into_body().map_err(|error| Refusal::bad_request(format!("not_base64: {error}")))
}

async fn publish(
    caller: Caller,
    State(shared): Shares,
    Path((host, name)): InHost,
    body: Bytes,
) -> Answer<Json<Value>> {
    caller.looks_into(&host)?;
    let body = object(&body)?;
    let properties =
        body.get("properties").ok_or_else(|| Refusal::bad_request("`properties` is missing"))?;
    let properties = leveret_json::to_properties(properties)
        .map_err(|error| Refusal::bad_request(error.to_string()))?;
    let publish = basic::Publish {
        exchange: exchange_name(&name)?,
        routing_key: short("routing key", text(&body, "routing_key")?)?,
        mandatory: true,
        immediate: false,
    };
    let payload = payload(&body)?;
    let alarms = *shared.alarms.borrow();
    if alarms.is_on() {
        return Err(Refusal::unavailable(format!("publishing is blocked: {alarms}")));
    }
    let mut errand = Errand::begin(&shared, &short("vhost", &host)?, &caller.name)?;
    errand.call(Method::ConfirmSelect(confirm::Select { no_wait: false })).await?;
    errand.publish(publish, properties, payload).await;
    let mut routed = true;
    loop {
        // RabbitMQ: a missing exchange is the request's fault here, not the path's.
        match errand.hear().await.map_err(|error| Refusal::bad_request(error.to_string()))? {
            Word::Content(_) => routed = false,
            Word::Method(Method::BasicAck(_)) => return Ok(Json(json!({ "routed": routed }))),
            Word::Method(_) => {
                let reason = "Unable to publish message. Check queue limits.";
                return Err(Refusal::bad_request(reason));
            }
        }
    }
}

/// What is wanted of a queue.
#[derive(Debug)]
struct Wish {
    count: u64,
    /// Whether the messages go back.
    requeue: bool,
    /// Whether they are acknowledged; if they neither go back nor are, they are dead letters.
    acknowledge: bool,
    is_base64: bool,
    truncate: Option<usize>,
}

impl Wish {
    fn read(body: &Map<String, Value>) -> Answer<Self> {
        let mode = match body.get("ackmode") {
            Some(_) => text(body, "ackmode")?,
            // What tools older than the modes send.
            None => match flag(body, "requeue", true)? {
                _ if !body.contains_key("requeue") => {
                    return Err(Refusal::bad_request("`ackmode` is missing"));
                }
                true => "ack_requeue_true",
                false => "ack_requeue_false",
            },
        };
        let (acknowledge, requeue) = match mode {
            "ack_requeue_true" | "reject_requeue_true" => (false, true),
            "ack_requeue_false" => (true, false),
            "reject_requeue_false" => (false, false),
            other => {
                return Err(Refusal::bad_request(format!(
                    "`ackmode` is `{other}`, wanted `ack` or `reject`, `_requeue_`, and `true` or `false`"
                )));
            }
        };
        let is_base64 = match text(body, "encoding")? {
            "auto" => false,
            "base64" => true,
            _ => {
                let reason = "Unsupported encoding. Please use auto or base64.";
                return Err(Refusal::bad_request(reason));
            }
        };
        let count = whole(body, "count")?
            .ok_or_else(|| Refusal::bad_request("`count` is missing"))?
            .min(MESSAGES_MAX);
        let truncate =
            whole(body, "truncate")?.map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
        Ok(Self { count, requeue, acknowledge, is_base64, truncate })
    }

    fn shown(&self, (got, content): (&basic::GetOk, &Content)) -> Value {
        let body = content.body();
        let shown = self.truncate.and_then(|bytes| body.get(..bytes)).unwrap_or(body);
        let payload = if self.is_base64 { Payload::base64(shown) } else { Payload::of(shown) };
        let mut properties = leveret_json::properties(content.properties());
        // As RabbitMQ writes an empty object here.
        if properties.as_object().is_some_and(Map::is_empty) {
            properties = json!([]);
        }
        json!({
            "payload_bytes": body.len(), "redelivered": got.redelivered,
            "exchange": got.exchange.to_string_lossy(),
            "routing_key": got.routing_key.to_string_lossy(),
            "message_count": got.message_count, "properties": properties,
            "payload": payload.text, "payload_encoding": payload.encoding.name(),
        })
    }

    /// What becomes of all messages up to that one.
    const fn settlement(&self, delivery_tag: u64) -> Method {
        if self.acknowledge {
            return Method::BasicAck(basic::Ack { delivery_tag, multiple: true });
        }
        let requeue = self.requeue;
        Method::BasicNack(basic::Nack { delivery_tag, multiple: true, requeue })
    }
}

async fn get(
    caller: Caller,
    State(shared): Shares,
    Path((host, name)): InHost,
    body: Bytes,
) -> Answer<Json<Value>> {
    caller.looks_into(&host)?;
    let wish = Wish::read(&object(&body)?)?;
    let queue = queues::find(&caller, &shared, (&host, &name)).await?.name;
    let mut errand = Errand::begin(&shared, &short("vhost", &host)?, &caller.name)?;
    let (mut messages, mut bytes, mut last) = (Vec::new(), 0usize, None);
    // All are got before any goes back: else the same one would come again.
    for _ in 0..wish.count {
        let get = basic::Get { queue: queue.clone(), no_ack: false };
        let Word::Content(content) = errand.call(Method::BasicGet(get)).await? else { break };
        let Method::BasicGetOk(got) = content.method() else { break };
        last = Some(got.delivery_tag);
        bytes = bytes.saturating_add(content.body().len());
        messages.push(wish.shown((&got, &content)));
        if bytes > BYTES_MAX {
            break;
        }
    }
    if let Some(tag) = last {
        errand.say(wish.settlement(tag)).await;
    }
    Ok(Json(Value::Array(messages)))
}
