//! What is said between us and a worker, version 1.

use std::time::Duration;

use bytes::Bytes;
use leveret::{Effects, Failure, FieldTable, Outcome, Publish, Reply};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The version that both sides say.
pub(super) const VERSION: u32 = 1;

/// The most messages that one result may publish.
const OUTPUTS_MAX: usize = 1000;

/// What we say.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub(super) enum Say<'a> {
    Hello { version: u32, handler: &'a str, queue: &'a str, frame_bytes_max: usize },
    Message { id: u64, metadata: Value },
    Ping,
    Drain,
}

/// What a worker says.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub(super) enum Hear {
    Hello { version: u32 },
    Heartbeat,
    Result(Box<Told>),
}

/// What became of a message.
#[derive(Debug, Deserialize)]
pub(super) struct Told {
    pub(super) id: u64,
    outcome: Word,
    reason: Option<String>,
    after_ms: Option<u64>,
    #[serde(default)]
    outputs: Vec<Sent>,
    reply: Option<Answer>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Word {
    Ack,
    Retry,
    Reject,
    DeadLetter,
}

#[derive(Debug, Deserialize)]
struct Sent {
    #[serde(default)]
    exchange: String,
    routing_key: String,
    #[serde(flatten)]
    part: Part,
    kind: Option<String>,
    message_id: Option<String>,
    correlation_id: Option<String>,
    priority: Option<u8>,
}

#[derive(Debug, Deserialize)]
struct Answer {
    #[serde(flatten)]
    part: Part,
}

#[derive(Debug, Deserialize)]
struct Part {
    body_bytes: usize,
    content_type: Option<String>,
    headers: Option<Map<String, Value>>,
}

/// A result that is not as the protocol says.
#[derive(Debug, thiserror::Error)]
pub(super) enum ResultError {
    #[error("its bodies are to have {told} bytes, the payload has {found}")]
    Payload { told: usize, found: usize },
    #[error("{0} outputs, at most {OUTPUTS_MAX} are possible")]
    Outputs(usize),
    #[error("headers that are none: {0}")]
    Headers(String),
}

impl Told {
    /// What is to happen.
    pub(super) fn effects(self, payload: &Bytes) -> Result<Effects, ResultError> {
        let count = self.outputs.len();
        if count > OUTPUTS_MAX {
            return Err(ResultError::Outputs(count));
        }
        let parts = self.outputs.iter().map(|sent| &sent.part);
        let parts = parts.chain(self.reply.iter().map(|answer| &answer.part));
        let told = parts.fold(0_usize, |sum, part| sum.saturating_add(part.body_bytes));
        if told != payload.len() {
            return Err(ResultError::Payload { told, found: payload.len() });
        }
        let reason = self.reason.unwrap_or_else(|| "the worker gave no reason".to_owned());
        let mut effects = match (self.outcome, self.after_ms) {
            (Word::Ack, _) => Effects::default(),
            (Word::Reject, _) => return Ok(Effects::of(Outcome::Reject)),
            (Word::Retry, None) => return Ok(failed(Failure::transient(reason).named("retry"))),
            (Word::Retry, Some(millis)) => {
                let after = Duration::from_millis(millis);
                return Ok(failed(Failure::busy(after, reason).named("retry")));
            }
            (Word::DeadLetter, _) => {
                return Ok(failed(Failure::permanent(reason).named("dead-letter")));
            }
        };
        let mut bodies = payload.clone();
        for sent in self.outputs {
            effects = effects.and(sent.publish(&mut bodies)?);
        }
        if let Some(answer) = self.reply {
            effects = effects.and(answer.reply(&mut bodies)?);
        }
        Ok(effects)
    }
}

fn failed(failure: Failure) -> Effects {
    Effects::of(Err::<(), _>(failure))
}

impl Sent {
    fn publish(self, bodies: &mut Bytes) -> Result<Publish, ResultError> {
        let headers = self.part.headers()?;
        let mut publish =
            Publish::new(self.exchange, self.routing_key).bytes(self.part.body(bodies));
        if let Some(content_type) = self.part.content_type {
            publish = publish.content_type(content_type);
        }
        if let Some(kind) = self.kind {
            publish = publish.kind(kind);
        }
        if let Some(id) = self.message_id {
            publish = publish.message_id(id);
        }
        if let Some(id) = self.correlation_id {
            publish = publish.correlation_id(id);
        }
        if let Some(priority) = self.priority {
            publish = publish.priority(priority);
        }
        let add = |publish: Publish, (name, value): (leveret::ShortStr, _)| {
            publish.header(name.to_string_lossy(), value)
        };
        Ok(headers.iter().fold(publish, add))
    }
}

impl Answer {
    fn reply(self, bodies: &mut Bytes) -> Result<Reply, ResultError> {
        let headers = self.part.headers()?;
        let mut reply = Reply::bytes(self.part.body(bodies));
        if let Some(content_type) = self.part.content_type {
            reply = reply.content_type(content_type);
        }
        let add = |reply: Reply, (name, value): (leveret::ShortStr, _)| {
            reply.header(name.to_string_lossy(), value)
        };
        Ok(headers.iter().fold(reply, add))
    }
}

impl Part {
    /// The sum was checked before, so there is enough.
    fn body(&self, bodies: &mut Bytes) -> Bytes {
        bodies.split_to(self.body_bytes.min(bodies.len()))
    }

    fn headers(&self) -> Result<FieldTable, ResultError> {
        match &self.headers {
            None => Ok(FieldTable::default()),
            Some(headers) => leveret_json::to_table(headers)
                .map_err(|error| ResultError::Headers(error.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[expect(
        clippy::unwrap_in_result,
        clippy::panic_in_result_fn,
        reason = "what is no result is a mistake of the test"
    )]
    fn effects(said: Value, payload: &'static [u8]) -> Result<Effects, String> {
        let Hear::Result(told) = serde_json::from_value(said).unwrap() else { panic!("no result") };
        told.effects(&Bytes::from_static(payload)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_result_is_an_outcome_with_outputs() {
        let said = json!({
            "type": "result", "id": 7, "outcome": "ack",
            "outputs": [{"routing_key": "k", "body_bytes": 3, "headers": {"x": 1}}],
            "reply": {"body_bytes": 2, "content_type": "text/plain"},
        });
        assert!(effects(said, b"teaok").is_ok());
        let said = json!({"type": "result", "id": 7, "outcome": "reject"});
        assert!(effects(said, b"").unwrap().is_rejection());
    }

    #[test]
    fn bodies_have_the_bytes_they_are_told_to_have() {
        let said = |bytes: u64| {
            let outputs = [json!({"routing_key": "k", "body_bytes": bytes})];
            json!({"type": "result", "id": 7, "outcome": "ack", "outputs": outputs})
        };
        let wrong = "its bodies are to have 4 bytes, the payload has 3";
        assert_eq!(effects(said(4), b"tea").unwrap_err(), wrong);
        assert!(effects(said(u64::MAX), b"tea").is_err());
        let many = vec![json!({"routing_key": "k", "body_bytes": 0}); OUTPUTS_MAX + 1];
        let said = json!({"type": "result", "id": 7, "outcome": "ack", "outputs": many});
        assert_eq!(effects(said, b"").unwrap_err(), "1001 outputs, at most 1000 are possible");
    }
}
