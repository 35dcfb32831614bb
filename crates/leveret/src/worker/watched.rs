//! A message's attempts as others see them: span, durations, age, log line.

use std::time::Duration;

use tokio::time::Instant;
use tracing::Instrument as _;

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
    pub(crate) async fn run(&self, message: Message, past: Past) -> Ended {
        let age_secs = self.receive(&message, past);
        let log = self.shared.message_log;
        let line = log.is_read().then(|| (message.clone(), Instant::now()));
        let span = process_span(&message, &self.queue, &self.handler);
        self.shared.tracing.adopt(&span, &message);
        let mut attempts = 0;
        let ended = self.tried(message, past, &mut attempts).instrument(span.clone()).await;
        let outcome = outcome(&ended);
        if !span.is_disabled() {
            span.record("leveret.attempts", attempts);
            span.record("leveret.outcome", outcome);
        }
        if let Some((message, began_at)) = line {
            let duration = began_at.elapsed();
            let passage = Passage { attempts, outcome, duration, age_secs };
            log.tell(&self.handler, &message, passage);
        }
        ended
    }

    /// Runs the function once, by the clock.
    pub(super) async fn timed(&self, request: &Request) -> Effects {
        let began_at = Instant::now();
        let effects = self.guarded(request).await;
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
