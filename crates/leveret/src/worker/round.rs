//! One attempt at a batch: one call, and what becomes of each message.
//!
//! Knows nothing of channels, as attempts at a single message do not.

use leveret_client::Publish as Sealed;
use tracing::Instrument as _;

use super::aftermath::CONFLICTS_MAX;
use super::attempt::{Attempts, Ended, Fate, Settlement, earlier_deliveries, is_given_up};
use super::course::Course;
use crate::effects::{Effects, Output, Verdict};
use crate::failure::{Class, Classify as _, Failure};
use crate::later::Past;
use crate::lineage::{now_secs, seal_first};
use crate::message::Message;
use crate::message_id::derived_message_id;
use crate::publish::Publish;
use crate::request::Request;
use crate::retry::DELIVERIES_MAX;
use crate::rules::Rule;
use crate::stats::Count;
use crate::trace::batch_span;

/// A message on its way through a batch.
#[derive(Debug)]
pub(super) struct Part {
    /// Which of the delivered ones it is.
    pub(super) place: usize,
    pub(super) message: Message,
    course: Course,
}

/// What an attempt at a batch gave.
#[derive(Debug)]
pub(super) enum RoundEnd {
    /// What becomes of each; nothing for one that is to be tried again. `outputs` belong to all.
    Each { settlements: Vec<Option<Settlement>>, outputs: Vec<Sealed> },
    /// The call failed, and any of the messages may be at fault.
    Unattributed(Failure),
    /// The attempt does not count: all of them are to be tried again.
    Uncounted,
    /// The application stops: what is in hand goes back.
    GivenBack,
}

impl Attempts {
    /// A message as part of a batch, unless it is settled without the function.
    pub(super) fn part(
        &self,
        place: usize,
        message: Message,
        past: Past,
    ) -> Result<Part, Box<Settlement>> {
        let deliveries = earlier_deliveries(&message);
        let before = past.attempts.saturating_add(deliveries);
        if deliveries >= DELIVERIES_MAX {
            let text = format!("delivered {before} times without an outcome");
            let failure = Failure::permanent(text).named("poison");
            return Err(Box::new(self.give_up(&message, &failure, before, now_secs())));
        }
        Ok(Part { place, message, course: Course::after(past, before) })
    }

    /// Calls the function once for all these messages.
    pub(super) async fn round(&self, parts: &mut [Part]) -> RoundEnd {
        let span = batch_span(parts.len(), &self.queue, &self.handler);
        self.shared.tracing.link(&span, parts.iter().map(|part| &part.message));
        let end = self.call_for(parts).instrument(span.clone()).await;
        if let RoundEnd::Unattributed(failure) = &end {
            span.record("error.type", failure.name());
        }
        span.record("leveret.outcome", outcome(&end));
        end
    }

    async fn call_for(&self, parts: &mut [Part]) -> RoundEnd {
        let requests = parts.iter().map(|part| self.request_of(part)).collect();
        let Some(head) = parts.first().map(|first| self.request_of(first)) else {
            return RoundEnd::Uncounted;
        };
        let head = head.with_parts(requests);
        let effects = self.attempt(&head).await;
        let publishes = head.close_outbox();
        let refusals: Vec<Option<Failure>> = head.parts().iter().map(Request::refusal).collect();
        let taken = refusals.iter().filter(|refusal| refusal.is_none()).count();
        let Effects { outputs: shared, verdict, each } = effects;
        if let Verdict::Failed(failure) = &verdict
            && taken > 1
            && let Some(end) = self.failed_together(parts, failure).await
        {
            return end;
        }
        let mut each = match each {
            Some(each) if each.len() != taken => {
                let text = format!("{} outcomes for {taken} messages", each.len());
                return self.uncounted(parts, Failure::permanent(text).named("outcomes"));
            }
            Some(each) => each.into_iter(),
            None => Vec::new().into_iter(),
        };
        let mut settlements = Vec::with_capacity(parts.len());
        for ((part, request), refusal) in parts.iter_mut().zip(head.parts()).zip(refusals) {
            let (verdict, outputs) = match refusal {
                Some(failure) => (Verdict::Failed(failure), Vec::new()),
                None => match each.next() {
                    Some(Effects { outputs, verdict, .. }) => (verdict, outputs),
                    None => (verdict.clone(), Vec::new()),
                },
            };
            match self.settle_part(part, request, (verdict, outputs)).await {
                Some(Ended::Settled(settlement)) => settlements.push(Some(settlement)),
                Some(Ended::Paused(past)) => {
                    let before = past.attempts.saturating_add(earlier_deliveries(&part.message));
                    part.course = Course::after(past, before);
                    settlements.push(None);
                }
                // The others of this round are handled again, too.
                Some(Ended::GivenBack) => return RoundEnd::GivenBack,
                None => settlements.push(None),
            }
        }
        let outputs = self.seal_shared(parts, &settlements, publishes, shared);
        RoundEnd::Each { settlements, outputs }
    }

    /// What follows a call that failed for more than one message; nothing if each is to be
    /// charged with it.
    async fn failed_together(&self, parts: &mut [Part], failure: &Failure) -> Option<RoundEnd> {
        let first = parts.first_mut()?;
        let class = match self.rules.of(failure) {
            Some(Rule::Pause(pause)) => Class::Pause(pause),
            // What else a rule says is for a message alone.
            Some(Rule::Retry(_) | Rule::DeadLetter | Rule::Drop) | None => failure.class(),
        };
        let failure = &failure.clone().classed(class);
        match class {
            Class::Busy(_) => None,
            Class::Pause(_) => {
                self.switch.failed(failure);
                Some(RoundEnd::Uncounted)
            }
            Class::Conflict if first.course.conflicts < CONFLICTS_MAX => {
                match self.failed(&first.message, failure, &mut first.course).await {
                    Some(_) => Some(RoundEnd::GivenBack),
                    None => Some(RoundEnd::Uncounted),
                }
            }
            Class::Conflict | Class::Transient | Class::Permanent => {
                self.switch.failed(failure);
                Some(RoundEnd::Unattributed(failure.clone()))
            }
        }
    }

    fn request_of(&self, part: &Part) -> Request {
        let mut request = self.request(part.message.clone());
        request.begin_attempt(part.course.attempt());
        request
    }

    /// The function told the wrong number of outcomes: all of them are what it was.
    fn uncounted(&self, parts: &mut [Part], failure: Failure) -> RoundEnd {
        if parts.len() > 1 {
            return RoundEnd::Unattributed(failure);
        }
        let letter = |part: &mut Part| Some(self.give_up(&part.message, &failure, 1, now_secs()));
        let settlements = parts.iter_mut().map(letter).collect();
        RoundEnd::Each { settlements, outputs: Vec::new() }
    }

    async fn settle_part(
        &self,
        part: &mut Part,
        request: &Request,
        (verdict, outputs): (Verdict, Vec<Output>),
    ) -> Option<Ended> {
        let publishes = request.close_outbox();
        let settlement = match verdict {
            Verdict::Ack => {
                let outputs = self.seal(&part.message, publishes, outputs);
                Settlement::new(Fate::Handled, outputs)
            }
            Verdict::Reject => self.reject(&part.message),
            Verdict::Failed(failure) => {
                return self.failed(&part.message, &failure, &mut part.course).await;
            }
        };
        self.switch.succeeded();
        Some(Ended::Settled(settlement))
    }

    /// What the function publishes for all messages together.
    ///
    /// Ids derive from those of all messages that are handled now: another batch gives others.
    fn seal_shared(
        &self,
        parts: &[Part],
        settlements: &[Option<Settlement>],
        publishes: Vec<Publish>,
        outputs: Vec<Output>,
    ) -> Vec<Sealed> {
        let is_handled = |settlement: &Option<Settlement>| {
            settlement.as_ref().is_some_and(|settlement| settlement.fate == Fate::Handled)
        };
        let handled =
            parts.iter().zip(settlements).filter(|(_, settlement)| is_handled(settlement));
        let messages: Vec<&Message> = handled.map(|(part, _)| &part.message).collect();
        match messages.as_slice() {
            [] => return Vec::new(),
            [only] => return self.seal(only, publishes, outputs),
            [_, ..] => {}
        }
        let ids: Option<Vec<String>> =
            messages.iter().map(|message| message.message_id().map(|id| id.to_string())).collect();
        let publish = |output| match output {
            Output::Publish(publish) => Some(publish),
            // To whom?
            Output::Reply(_) => {
                self.counters.add(Count::ReplyDropped, 1);
                None
            }
        };
        let seal = |(ordinal, mut publish): (usize, Publish)| {
            if let Some(ids) = &ids {
                let ordinal = ordinal.to_string();
                let tail = [self.handler.as_str(), &ordinal];
                let names: Vec<&str> = ids.iter().map(String::as_str).chain(tail).collect();
                publish.message_id.get_or_insert_with(|| derived_message_id(&names));
            }
            self.shared
                .tracing
                .sealed(publish, None, |publish| seal_first(publish, &self.shared.app_id))
        };
        let outputs = outputs.into_iter().filter_map(publish);
        publishes.into_iter().chain(outputs).enumerate().map(seal).collect()
    }
}

/// What the batch's span says of its end.
fn outcome(end: &RoundEnd) -> &'static str {
    let RoundEnd::Each { settlements, .. } = end else {
        return match end {
            RoundEnd::Unattributed(_) => "one_by_one",
            RoundEnd::GivenBack => "given_back",
            RoundEnd::Uncounted | RoundEnd::Each { .. } => "again",
        };
    };
    let is_handled = |one: &Option<Settlement>| {
        one.as_ref().is_some_and(|settlement| settlement.fate == Fate::Handled)
    };
    let handled = settlements.iter().filter(|one| is_handled(one)).count();
    match handled {
        all if all == settlements.len() => "handled",
        0 => "failed",
        _ => "handled_in_part",
    }
}

/// Whether nobody waits for an answer to it any more.
pub(super) fn has_expired(part: &Part) -> bool {
    is_given_up(&part.message)
}
