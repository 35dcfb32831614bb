//! Whether the ways in which a handler is to be run go together.

use super::error::StartError;
use crate::handler::{BATCH_SIZE_MAX, BATCH_WINDOW_MAX, Handler, Inboxing};
use crate::spans::Span;

/// Checks what can be known without a broker.
pub(super) fn check_manner(handler: &Handler) -> Result<(), StartError> {
    let Some(batching) = handler.batching else { return Ok(()) };
    if !(1..=BATCH_SIZE_MAX).contains(&batching.size) {
        return Err(StartError::OutOfRange {
            handler: handler.name.clone(),
            what: "batch size",
            found: batching.size.to_string(),
            wanted: format!("1 to {BATCH_SIZE_MAX}"),
        });
    }
    if batching.window > BATCH_WINDOW_MAX {
        return Err(StartError::OutOfRange {
            handler: handler.name.clone(),
            what: "batch window",
            found: Span(batching.window).to_string(),
            wanted: format!("up to {}", Span(BATCH_WINDOW_MAX)),
        });
    }
    if handler.inbox == Inboxing::On {
        let reason = "handles batches and has an inbox: two batches that wait for each other's \
             messages would wait for ever; handle one message at a time, or recognise \
             them where they are stored";
        return Err(unfit(handler, reason));
    }
    Ok(())
}

fn unfit(handler: &Handler, reason: &str) -> StartError {
    StartError::Unfit { handler: handler.name.clone(), reason: reason.to_owned() }
}
