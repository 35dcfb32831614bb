//! A response as the outcome of a message.

use std::fmt::Display;
use std::future::poll_fn;
use std::pin::pin;

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use http::Response;
use http::header::{CONTENT_TYPE, LOCATION};
use http::response::Parts;

use super::mapping::Plan;
use super::reply::reply_of;
use super::status::{StatusRule, StatusRules};
use crate::effects::{Effects, Outcome};
use crate::failure::{Class, Failure};

/// How much of a response's body is told with a failure, in bytes.
const EXCERPT_BYTES: usize = 512;

/// Whether somebody waits for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caller {
    Waits,
    Nobody,
}

/// A body that cannot be had.
#[derive(Debug, thiserror::Error)]
enum BodyError<E: Display> {
    #[error("the response's body broke off: {0}")]
    Broken(E),
    #[error("the response's body has more than {0} bytes")]
    TooLong(usize),
}

/// What the response asks for.
pub(super) async fn effects<B>(
    (plan, rules): (&Plan, &StatusRules),
    caller: Caller,
    response: Response<B>,
) -> Effects
where
    B: http_body::Body<Error: Display>,
{
    let (parts, body) = match (accepted(rules, response).await, caller) {
        (Err(effects), _) => return effects,
        (Ok(_), Caller::Nobody) => return Effects::default(),
        (Ok(response), Caller::Waits) => response.into_parts(),
    };
    match whole_body(body, plan.reply_bytes_max).await {
        Ok(body) => Effects::of(reply_of(&parts, body)),
        Err(failure) => Effects::failed(failure),
    }
}

/// The response, if the message counts as handled with it; else what becomes of the message.
pub async fn accepted<B>(rules: &StatusRules, response: Response<B>) -> Result<Response<B>, Effects>
where
    B: http_body::Body<Error: Display>,
{
    let class = match rules.verdict(response.status(), response.headers()) {
        StatusRule::Ack => return Ok(response),
        StatusRule::Reject => return Err(Effects::of(Outcome::Reject)),
        StatusRule::Retry => Class::Transient,
        StatusRule::Busy(after) => Class::Busy(after),
        StatusRule::DeadLetter => Class::Permanent,
    };
    let (parts, body) = response.into_parts();
    let name = format!("http-{}", parts.status.as_u16());
    Err(Effects::failed(Failure::new(class, name, told(&parts, body).await)))
}

/// The status, and how the body begins if it is text.
async fn told<B: http_body::Body>(parts: &Parts, body: B) -> String {
    let status = parts.status;
    let location = parts.headers.get(LOCATION).and_then(|value| value.to_str().ok());
    if let (true, Some(location)) = (status.is_redirection(), location) {
        return format!("{status}: what was asked for is at `{location}`");
    }
    let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !content_type.is_none_or(is_text) {
        return status.to_string();
    }
    let excerpt = beginning(body).await;
    let text: String = String::from_utf8_lossy(&excerpt)
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    match text.trim() {
        "" => status.to_string(),
        text => format!("{status}: {text}"),
    }
}

fn is_text(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    essence.starts_with("text/") || essence.ends_with("json") || essence.ends_with("xml")
}

/// The first bytes of a body; fewer if it breaks off.
async fn beginning(body: impl http_body::Body) -> Bytes {
    let mut body = pin!(body);
    let mut bytes = BytesMut::new();
    while bytes.len() < EXCERPT_BYTES
        && let Some(Ok(frame)) = poll_fn(|context| body.as_mut().poll_frame(context)).await
    {
        if let Ok(data) = frame.into_data() {
            let count = data.remaining().min(EXCERPT_BYTES - bytes.len());
            bytes.put(data.take(count));
        }
    }
    bytes.freeze()
}

/// All of a response's body, not copied if it comes in one piece. One that breaks off is a
/// transient failure, one of more than `bytes_max` bytes a permanent one.
pub async fn whole_body<B>(body: B, bytes_max: usize) -> Result<Bytes, Failure>
where
    B: http_body::Body<Error: Display>,
{
    read(body, bytes_max).await.map_err(|error| match error {
        BodyError::Broken(_) => Failure::transient(error).named("reply-broken"),
        BodyError::TooLong(_) => Failure::permanent(error).named("reply-too-long"),
    })
}

async fn read<B>(body: B, bytes_max: usize) -> Result<Bytes, BodyError<B::Error>>
where
    B: http_body::Body<Error: Display>,
{
    let mut body = pin!(body);
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        let Ok(mut data) = frame.map_err(BodyError::Broken)?.into_data() else { continue };
        let count = data.remaining();
        if first.len() + rest.len() + count > bytes_max {
            return Err(BodyError::TooLong(bytes_max));
        }
        if first.is_empty() {
            first = data.copy_to_bytes(count);
        } else {
            rest.put(data);
        }
    }
    if rest.is_empty() {
        return Ok(first);
    }
    let mut whole = BytesMut::with_capacity(first.len() + rest.len());
    whole.put(first);
    whole.put(rest);
    Ok(whole.freeze())
}
