//! Whether the ways in which a handler is to be run go together.

use std::sync::Arc;

use super::error::StartError;
use crate::handler::{BATCH_SIZE_MAX, BATCH_WINDOW_MAX, Handler, Inboxing, PARTITIONS_MAX};
use crate::spans::Span;
use crate::worker::{HELD_MAX, Keys, Manner, Shares};

/// Checks what can be known without a broker.
pub(super) fn check_manner(handler: &Handler) -> Result<(), StartError> {
    check_order(handler)?;
    check_partitions(handler)?;
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

fn check_order(handler: &Handler) -> Result<(), StartError> {
    let Some(ordered) = &handler.ordered else { return Ok(()) };
    let out_of_range = |what, found, wanted| {
        let handler = handler.name.clone();
        Err(StartError::OutOfRange { handler, what, found, wanted })
    };
    if handler.batching.is_some() {
        return Err(unfit(
            handler,
            "handles batches and keeps an order: one of the two is possible",
        ));
    }
    if handler.inbox == Inboxing::On {
        return Err(unfit(handler, "keeps an order and has an inbox: that is not possible yet"));
    }
    if usize::from(ordered.look_ahead) < handler.concurrency_max() {
        let wanted = format!("at least its concurrency of {}", handler.concurrency_max());
        return out_of_range("look-ahead", ordered.look_ahead.to_string(), wanted);
    }
    let pauses = handler.retry.pauses_in_all();
    if pauses > HELD_MAX {
        let wanted = format!("up to {}: it holds messages while they wait", Span(HELD_MAX));
        return out_of_range("sum of retry pauses", Span(pauses).to_string(), wanted);
    }
    match ordered.parks() {
        Some(pause) if pause.is_zero() || pause > HELD_MAX => {
            let wanted = format!("above nothing and up to {}", Span(HELD_MAX));
            out_of_range("pause for a parked key", Span(pause).to_string(), wanted)
        }
        Some(_) | None => Ok(()),
    }
}

fn check_partitions(handler: &Handler) -> Result<(), StartError> {
    let Some(count) = handler.partitions else { return Ok(()) };
    if let Some(reason) = handler.partitions_misfit() {
        return Err(unfit(handler, &reason));
    }
    if (1..=PARTITIONS_MAX).contains(&count) {
        return Ok(());
    }
    Err(StartError::OutOfRange {
        handler: handler.name.clone(),
        what: "number of partitions",
        found: count.to_string(),
        wanted: format!("1 to {PARTITIONS_MAX}"),
    })
}

/// How the handler's workers take messages.
pub(super) fn manner_of(handler: &Handler, shares: Option<&Arc<Shares>>) -> Manner {
    match (&handler.ordered, handler.batching) {
        (Some(ordered), _) => Manner::Keyed(Keys {
            ordered: ordered.clone(),
            alone: Arc::default(),
            shares: shares.cloned(),
            pasts: Arc::default(),
        }),
        (None, Some(batching)) => Manner::Batches(batching),
        (None, None) => Manner::Single,
    }
}

fn unfit(handler: &Handler, reason: &str) -> StartError {
    StartError::Unfit { handler: handler.name.clone(), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use expect_test::{Expect, expect};

    use super::*;
    use crate::{Batch, Delays, OnFailure, OrderKey, Ordered, Queue, RetryPolicy, Text};

    async fn follow() {}

    async fn store(_: Batch<Text>) {}

    fn ordered() -> Handler {
        Handler::new("steps", follow).ordered_by(OrderKey::routing_key())
    }

    fn check_error(handler: &Handler, expect: Expect) {
        expect.assert_eq(&check_manner(handler).unwrap_err().to_string());
    }

    #[test]
    fn an_order_goes_with_neither_an_inbox_nor_batches() {
        assert!(check_manner(&ordered()).is_ok());
        check_error(
            &ordered().inbox(),
            expect!["handler `follow` keeps an order and has an inbox: that is not possible yet"],
        );
        check_error(
            &Handler::batch("rows", store).ordered_by(OrderKey::routing_key()),
            expect![
                "handler `store` handles batches and keeps an order: one of the two is possible"
            ],
        );
    }

    #[test]
    fn partitions_have_an_order_by_a_key_that_a_broker_draws() {
        assert!(check_manner(&ordered().partitions(256)).is_ok());
        check_error(
            &Handler::new("steps", follow).partitions(4),
            expect![
                "handler `follow` has partitions and keeps no order: add `.ordered_by(..)`, or leave `.partitions(..)` out and let all processes consume one queue"
            ],
        );
        check_error(
            &Handler::new("steps", follow).ordered_by(OrderKey::word(1)).partitions(4),
            expect![
                "handler `follow` has partitions, and its key is one that no broker can draw: order it by `OrderKey::routing_key()` or `OrderKey::header(..)`"
            ],
        );
        check_error(
            &Handler::new(Queue::new("steps").expect_present(), follow)
                .ordered_by(OrderKey::header("account"))
                .partitions(4),
            expect![
                "handler `follow` has partitions, whose queues it declares itself: leave `.expect_present()` out"
            ],
        );
        check_error(
            &ordered().partitions(0),
            expect!["handler `follow` has a number of partitions of 0, which is not 1 to 256"],
        );
    }

    #[test]
    fn an_order_has_what_it_handles_in_hand() {
        let narrow = Ordered::by(OrderKey::word(1)).look_ahead(7);
        check_error(
            &Handler::new("steps", follow).ordered_by(narrow).concurrency(8),
            expect![
                "handler `follow` has a look-ahead of 7, which is not at least its concurrency of 8"
            ],
        );
    }

    #[test]
    fn a_message_is_not_in_hand_for_longer_than_a_broker_allows() {
        let patient = RetryPolicy::attempts(1).then(Delays::every(Duration::from_mins(1), 20));
        check_error(
            &ordered().retry(patient),
            expect![
                "handler `follow` has a sum of retry pauses of 25 min, which is not up to 15 min: it holds messages while they wait"
            ],
        );
        let parking = |pause| Ordered::by(OrderKey::word(1)).on_failure(OnFailure::ParkKey(pause));
        check_error(
            &Handler::new("steps", follow).ordered_by(parking(Duration::ZERO)),
            expect![
                "handler `follow` has a pause for a parked key of 0 ms, which is not above nothing and up to 15 min"
            ],
        );
        check_error(
            &Handler::new("steps", follow).ordered_by(parking(Duration::from_hours(1))),
            expect![
                "handler `follow` has a pause for a parked key of 1 h, which is not above nothing and up to 15 min"
            ],
        );
    }
}
