//! A message's attempts as others see them: span, durations, age, log line.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::time::Duration;

use tokio::time::Instant;
use tracing::Span;

use super::attempt::{Attempts, Ended, Fate};
use crate::effects::Effects;
use crate::later::Past;
use crate::lineage::now_secs;
use crate::message::Message;
use crate::message_log::Passage;
use crate::request::Request;
use crate::trace::process_span;

impl Attempts {
    /// Tries until the message is handled, or is to leave its worker.
    pub(crate) async fn run(&self, request: &mut Request, past: Past) -> Ended {
        let age_secs = self.receive(request.message(), past);
        let log = self.shared.message_log;
        let began_at = log.is_read().then(Instant::now);
        let span = process_span(request.message(), &self.queue, &self.handler);
        let mut attempts = 0;
        let ended = if span.is_disabled() {
            self.tried(request, past, &mut attempts).await
        } else {
            self.shared.tracing.adopt(&span, request.message());
            let ended = within(&span, self.tried(request, past, &mut attempts)).await;
            span.record("leveret.attempts", attempts);
            span.record("leveret.outcome", outcome(&ended));
            ended
        };
        if let Some(began_at) = began_at {
            let (duration, outcome) = (began_at.elapsed(), outcome(&ended));
            let passage = Passage { attempts, outcome, duration, age_secs };
            log.tell(&self.handler, request.message(), passage);
        }
        ended
    }

    /// Runs the function once, by the clock.
    pub(super) async fn timed(&self, request: &Request) -> Effects {
        let began_at = Instant::now();
        let effects = self.guarded(request, began_at).await;
        self.counters.attempts.observe(began_at.elapsed());
        effects
    }

    /// Notes how old the message is, and how long it was in the queue if that is the same.
    fn receive(&self, message: &Message, past: Past) -> Option<u64> {
        let age_secs = now_secs().saturating_sub(message.properties().timestamp()?);
        let age = Duration::from_secs(age_secs);
        self.counters.ages.observe(age);
        if past == Past::default() && !message.is_redelivered() {
            self.counters.waits.observe(age);
        }
        Some(age_secs)
    }
}

/// Runs it in a span that stays the caller's.
async fn within<T>(span: &Span, future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    poll_fn(|context| {
        let _entered = span.enter();
        future.as_mut().poll(context)
    })
    .await
}

const fn outcome(ended: &Ended) -> &'static str {
    let settlement = match ended {
        Ended::Settled(settlement) => settlement,
        Ended::Paused(_) => return "paused",
        Ended::GivenBack => return "given_back",
    };
    match settlement.fate {
        Fate::Handled => "handled",
        Fate::Duplicate => "duplicate",
        Fate::Expired => "expired",
        Fate::DeadLettered => "dead_lettered",
        Fate::Postponed => "postponed",
        Fate::Rejected => "rejected",
        Fate::Dropped => "dropped",
        Fate::Reported => "reported",
    }
}
