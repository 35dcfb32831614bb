//! Messages from the command line, a file, or standard input.

use std::{
    io::{BufRead, Read as _},
    time::Duration,
};

use bytes::Bytes;
use leveret_client::{FieldTable, FieldValue, Properties, PropertiesBuilder, Publish, ShortStr};
use leveret_json::{Payload, PayloadEncoding};
use serde_json::{Map, Value};

use super::{
    args::{PropertyArgs, PublishArgs},
    failure::{Failure, LineError},
};

/// The longest line that is taken for a message, in bytes.
const LINE_MAX: u64 = 256 * 1024 * 1024;

/// Headers of a Leveret broker (docs/protocol.md): milliseconds until the message is routed, the time
/// when it is, its name while it waits, and the name of the one that is not to be routed after all.
const DELAY_HEADER: &str = "x-leveret-delay";
const PUBLISH_AT_HEADER: &str = "x-leveret-publish-at";
const SCHEDULE_ID_HEADER: &str = "x-leveret-schedule-id";
const CANCEL_HEADER: &str = "x-leveret-cancel";

/// What all messages of a command have in common.
pub(super) struct Mould {
    exchange: Option<ShortStr>,
    key: Option<ShortStr>,
    given: PropertyArgs,
    headers: Vec<(ShortStr, FieldValue)>,
}

impl Mould {
    pub(super) fn of(args: &PublishArgs) -> Result<Self, Failure> {
        let (exchange, key) = match (&args.queue, &args.exchange) {
            (Some(queue), _) => (Some(ShortStr::EMPTY), Some(queue.clone())),
            (None, exchange) => (exchange.clone(), args.key.clone()),
        };
        if !args.json && (exchange.is_none() || key.is_none() && exchange == Some(ShortStr::EMPTY))
        {
            return Err(Failure::NoRoute);
        }
        if args.schedule_id.is_some() && !args.is_scheduled() {
            return Err(Failure::NoTime);
        }
        let headers = args.properties.headers.iter().cloned().chain(schedule(args)).collect();
        Ok(Self { exchange, key, given: args.properties.clone(), headers })
    }

    /// For a call.
    pub(super) fn of_call(given: &PropertyArgs) -> Self {
        let headers = given.headers.clone();
        Self { exchange: None, key: None, given: given.clone(), headers }
    }

    /// A message with this body.
    pub(super) fn cast(&self, body: Bytes) -> Publish {
        Publish {
            exchange: self.exchange.clone().unwrap_or_default(),
            routing_key: self.key.clone().unwrap_or_default(),
            mandatory: true,
            properties: self.properties(Properties::EMPTY.to_builder(), None),
            body,
        }
    }

    /// A message as `--json` prints it; what the command line says wins.
    pub(super) fn cast_json(&self, line: &str) -> Result<Publish, LineError> {
        let object: Map<String, Value> = serde_json::from_str(line)?;
        let name = |given: &Option<ShortStr>, name: &'static str| match (given, object.get(name)) {
            (Some(given), _) => Ok(Some(given.clone())),
            (None, None | Some(Value::Null)) => Ok(None),
            (None, Some(Value::String(text))) => ShortStr::try_from(text.as_str())
                .map(Some)
                .map_err(|error| LineError::TooLong { name, bytes: error.bytes }),
            (None, Some(_)) => Err(LineError::Text(name)),
        };
        let exchange = name(&self.exchange, "exchange")?;
        let routing_key = name(&self.key, "routing_key")?;
        if exchange.is_none() && routing_key.is_none() {
            return Err(LineError::NoRoute);
        }
        let properties =
            leveret_json::to_properties(object.get("properties").unwrap_or(&Value::Null))?;
        let encoding = match object.get("payload_encoding") {
            None | Some(Value::Null) => PayloadEncoding::String,
            Some(name) => {
                name.as_str().and_then(PayloadEncoding::of_name).ok_or(LineError::Encoding)?
            }
        };
        let text = object.get("payload").and_then(Value::as_str);
        let text = text.ok_or(LineError::Text("payload"))?.to_owned();
        Ok(Publish {
            exchange: exchange.unwrap_or_default(),
            routing_key: routing_key.unwrap_or_default(),
            mandatory: true,
            properties: self.properties(properties.to_builder(), properties.headers()),
            body: Payload { text, encoding }.into_body()?,
        })
    }

    fn properties(&self, mut builder: PropertiesBuilder, before: Option<FieldTable>) -> Properties {
        let given = &self.given;
        builder = builder.delivery_mode(if given.transient { 1 } else { 2 });
        let texts = [
            (given.content_type.as_ref(), PropertiesBuilder::content_type as Setter),
            (given.message_id.as_ref(), PropertiesBuilder::message_id),
            (given.correlation_id.as_ref(), PropertiesBuilder::correlation_id),
            (given.kind.as_ref(), PropertiesBuilder::kind),
            (given.reply_to.as_ref(), PropertiesBuilder::reply_to),
        ];
        for (text, set) in texts {
            if let Some(text) = text {
                builder = set(builder, Some(text.clone()));
            }
        }
        if let Some(priority) = given.priority {
            builder = builder.priority(priority);
        }
        let expires = given.expires.map(|expires| expires.as_millis().to_string());
        if let Some(expires) = expires.and_then(|text| ShortStr::try_from(text.as_str()).ok()) {
            builder = builder.expiration(expires);
        }
        if self.headers.is_empty() {
            return builder.build();
        }
        let is_replaced = |name: &ShortStr| self.headers.iter().any(|(given, _)| given == name);
        let kept = before.iter().flat_map(FieldTable::iter).filter(|(name, _)| !is_replaced(name));
        let headers: FieldTable = kept.chain(self.headers.iter().cloned()).collect();
        builder.headers(headers).build()
    }
}

/// What the broker is told of time.
fn schedule(args: &PublishArgs) -> impl Iterator<Item = (ShortStr, FieldValue)> {
    let millis = |after: Duration| i64::try_from(after.as_millis()).unwrap_or(i64::MAX);
    let text = |name: &ShortStr| FieldValue::LongString(name.to_string().into());
    let told = [
        (DELAY_HEADER, args.after.map(millis).map(FieldValue::I64)),
        (PUBLISH_AT_HEADER, args.at.map(FieldValue::I64)),
        (SCHEDULE_ID_HEADER, args.schedule_id.as_ref().map(text)),
        (CANCEL_HEADER, args.cancel.as_ref().map(text)),
    ];
    told.into_iter().filter_map(|(name, value)| Some((ShortStr::from_static(name), value?)))
}

type Setter = fn(PropertiesBuilder, Option<ShortStr>) -> PropertiesBuilder;

/// All of standard input.
pub(crate) fn all_of_stdin() -> Result<Bytes, Failure> {
    let mut body = Vec::new();
    std::io::stdin().lock().read_to_end(&mut body).map_err(Failure::Input)?;
    Ok(body.into())
}

/// The lines of a reader, each without its line feed, read on a thread of their own.
pub(super) fn lines(
    mut input: impl BufRead + Send + 'static,
) -> tokio::sync::mpsc::Receiver<Result<Vec<u8>, LinesEnd>> {
    let (send, receive) = tokio::sync::mpsc::channel(1000);
    std::thread::spawn(move || {
        loop {
            let mut line = Vec::new();
            let read = input.by_ref().take(LINE_MAX).read_until(b'\n', &mut line);
            let next = match read {
                Ok(0) => return,
                Err(error) => Err(LinesEnd::Input(error)),
                Ok(_) if line.last() == Some(&b'\n') => {
                    line.pop();
                    Ok(line)
                }
                Ok(bytes) if bytes as u64 == LINE_MAX => Err(LinesEnd::TooLarge(LINE_MAX)),
                Ok(_) => Ok(line),
            };
            let is_last = next.is_err();
            if send.blocking_send(next).is_err() || is_last {
                return;
            }
        }
    });
    receive
}

/// Why there are no more lines, though there may be more input.
#[derive(Debug)]
pub(super) enum LinesEnd {
    Input(std::io::Error),
    TooLarge(u64),
}
