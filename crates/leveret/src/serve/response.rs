//! A response as the outcome of a message.

use std::fmt::Display;
use std::future::poll_fn;
use std::pin::pin;

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use http::Response;
use http::header::CONTENT_TYPE;
use http::response::Parts;

use super::mapping::Plan;
use super::reply::reply;
use super::status::StatusRule;
use crate::effects::{Effects, IntoEffects, Outcome};
use crate::failure::Failure;

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
pub(super) async fn effects<B>(plan: &Plan, caller: Caller, response: Response<B>) -> Effects
where
    B: http_body::Body<Error: Display>,
{
    let (parts, body) = response.into_parts();
    let failed = match (plan.rules.verdict(parts.status, &parts.headers), caller) {
        (StatusRule::Ack, Caller::Nobody) => return Effects::default(),
        (StatusRule::Ack, Caller::Waits) => return answer(plan, &parts, body).await,
        (StatusRule::Reject, _) => return effects_of(Outcome::Reject),
        (StatusRule::Retry, _) => Failure::transient(told(&parts, body).await),
        (StatusRule::Busy(after), _) => Failure::busy(after, told(&parts, body).await),
        (StatusRule::DeadLetter, _) => Failure::permanent(told(&parts, body).await),
    };
    Effects::failed(failed.named(format!("http-{}", parts.status.as_u16())))
}

async fn answer<B>(plan: &Plan, parts: &Parts, body: B) -> Effects
where
    B: http_body::Body<Error: Display>,
{
    match read(body, plan.reply_bytes_max).await {
        Ok(body) => effects_of(reply(parts, body)),
        Err(error @ BodyError::Broken(_)) => {
            Effects::failed(Failure::transient(error).named("reply-broken"))
        }
        Err(error @ BodyError::TooLong(_)) => {
            Effects::failed(Failure::permanent(error).named("reply-too-long"))
        }
    }
}

fn effects_of(value: impl IntoEffects) -> Effects {
    let mut effects = Effects::default();
    value.add_to(&mut effects);
    effects
}

/// The status, and how the body begins if it is text.
async fn told<B: http_body::Body>(parts: &Parts, body: B) -> String {
    let status = parts.status;
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

/// All of a body; not copied if it comes in one piece.
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
