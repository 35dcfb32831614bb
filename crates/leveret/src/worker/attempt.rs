//! One message through its attempts, up to how it is settled.
//!
//! Knows nothing of channels: the same message, handler and answers give the same settlement.

use std::cell::OnceCell;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use leveret_client::Publish as Sealed;
use leveret_protocol::{FieldValue, ShortStr};
use tokio::time::Instant;
use tracing::{info, warn};

use super::course::Course;
use super::limit::until;
use super::switch::Switch;
use crate::dead_letter::{Obituary, Origin, dead_letter};
use crate::effects::{Effects, Output, Verdict};
use crate::extract::Deadline;
use crate::failure::{Classify as _, Failure};
use crate::gate::Gate;
use crate::ground::Ground;
use crate::handler::Service;
use crate::later::{Past, Postponed};
use crate::lineage::{Parent, now_secs, seal_output};
use crate::message::Message;
use crate::message_id::derived_message_id;
use crate::phase::{Phase, PhaseListener};
use crate::publish::Publish;
use crate::reply::Reply;
use crate::report::ErrorRoute;
use crate::request::Request;
use crate::retry::{DELIVERIES_MAX, RetryPolicy};
use crate::rules::Rules;
use crate::shared::Shared;
use crate::stats::{Count, Counters};
use crate::threads::Threads;
use crate::trace::{TraceContext, note_failure};

/// How one handler handles.
#[derive(Clone)]
pub(crate) struct Attempts {
    pub(crate) handler: String,
    pub(crate) queue: ShortStr,
    pub(crate) dead_letters: ShortStr,
    pub(crate) version: String,
    pub(crate) retry: RetryPolicy,
    pub(crate) rules: Rules,
    pub(crate) time_limit: Option<Duration>,
    /// The name that the broker knows us by.
    pub(crate) login: Option<ShortStr>,
    /// How long the key of a message waits that has had all its attempts, if it is not to die.
    pub(crate) parks: Option<Duration>,
    /// If its function blocks.
    pub(crate) threads: Option<Threads>,
    pub(crate) error_routes: Vec<ErrorRoute>,
    pub(crate) service: Arc<dyn Service>,
    pub(crate) shared: Arc<Shared>,
    /// What its requests share.
    pub(crate) ground: Arc<Ground>,
    pub(crate) switch: Arc<Switch>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) phase: PhaseListener,
}

/// What is to be done with a message now.
#[derive(Debug)]
pub(crate) struct Settlement {
    pub(crate) outputs: Vec<Sealed>,
    pub(crate) fate: Fate,
    /// Boxed, as settlements are moved about for every message.
    pub(crate) postponed: Option<Box<Postponed>>,
}

/// How the message left the handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Outputs out, then acknowledge.
    Handled,
    /// Handled before; acknowledge.
    Duplicate,
    /// Whoever asked has given up; acknowledge.
    Expired,
    /// Failed, and its handler wants nothing of it kept; acknowledge.
    Dropped,
    /// The dead letter and perhaps an error for whoever asked; then acknowledge.
    DeadLettered,
    /// The error report and perhaps an error for whoever asked; then acknowledge.
    Reported,
    /// The only output is a copy that comes back after a pause; then acknowledge.
    Postponed,
    /// Reject without requeueing.
    Rejected,
}

/// How far the attempts at a message came.
#[derive(Debug)]
pub(crate) enum Ended {
    /// It is to leave its worker.
    Settled(Settlement),
    /// Its handler pauses; it is to be tried again after that, with this past.
    Paused(Past),
    /// It is to go back to its queue: the application stops.
    GivenBack,
}

impl Settlement {
    pub(crate) const fn new(fate: Fate, outputs: Vec<Sealed>) -> Self {
        Self { outputs, fate, postponed: None }
    }
}

impl Attempts {
    /// A message for this handler, to be tried until it is settled.
    #[inline]
    pub(crate) fn request(&self, message: Message) -> Request {
        Request::new(message, self.ground.clone(), self.retry.attempts_max())
    }

    /// Tries until the message is handled, is to leave its worker, or its handler pauses; `attempts`
    /// is how often it was tried in all.
    pub(super) async fn tried(
        &self,
        request: &mut Request,
        past: Past,
        attempts: &mut u32,
    ) -> Ended {
        let deliveries = earlier_deliveries(request.message());
        let before = past.attempts.saturating_add(deliveries);
        if deliveries >= DELIVERIES_MAX {
            let text = format!("delivered {before} times without an outcome");
            let failure = Failure::permanent(text).named("poison");
            let letter = self.give_up(request.message(), &failure, before, now_secs());
            return Ended::Settled(letter);
        }
        let mut course = Course::after(past, before);
        loop {
            let attempt = course.attempt();
            if is_given_up(request.message()) {
                info!(handler = %self.handler, attempt, "whoever asked has given up, dropped");
                return Ended::Settled(Settlement::new(Fate::Expired, Vec::new()));
            }
            request.begin_attempt(attempt);
            *attempts = attempt;
            let effects = self.attempt(request).await;
            let failure = match self.conclude(request, effects).await {
                Ok(settlement) => {
                    if settlement.fate != Fate::Duplicate {
                        self.switch.succeeded();
                    }
                    return Ended::Settled(settlement);
                }
                Err(failure) => failure,
            };
            self.counters.add(Count::Failed, 1);
            let failed = self.failed(request.message(), &failure, &mut course);
            if let Some(ended) = Box::pin(failed).await {
                return ended;
            }
        }
    }

    pub(super) async fn draining(&self) {
        self.phase.clone().reached(Phase::Draining).await;
    }

    /// Brings the attempt's participant to its end, and says how the message is settled.
    async fn conclude(&self, request: &Request, effects: Effects) -> Result<Settlement, Failure> {
        let publishes = request.close_outbox();
        let participant = request.take_participant();
        let effects = effects.folded();
        let settlement = match effects.verdict {
            Verdict::Ack | Verdict::Reject | Verdict::Failed(_) if request.is_duplicate() => {
                Ok(Settlement::new(Fate::Duplicate, Vec::new()))
            }
            Verdict::Ack => {
                let mut outputs = self.seal(request.message(), publishes, effects.outputs);
                if let Some(participant) = participant {
                    outputs = participant.complete(outputs).await?;
                }
                return Ok(Settlement::new(Fate::Handled, outputs));
            }
            Verdict::Reject => Ok(self.reject(request.message())),
            Verdict::Failed(failure) => Err(failure),
        };
        if let Some(participant) = participant {
            participant.abandon().await;
        }
        settlement
    }

    /// Runs the function once; a panic or the time limit make it fail.
    pub(super) async fn attempt(&self, request: &Request) -> Effects {
        if let Some(threads) = &self.threads {
            // The wait for a thread is no part of the attempt.
            let seat = async {
                tokio::select! { seat = threads.seat() => seat, () = self.draining() => None }
            };
            let Some(seat) = Box::pin(seat).await else {
                return Effects::failed(Failure::conflict("stopping"));
            };
            request.put_seat(seat);
        }
        self.timed(request).await
    }

    /// `began_at` is when the time limit began to run.
    pub(super) async fn guarded(&self, request: &Request, began_at: Instant) -> Effects {
        let guarded = AssertUnwindSafe(self.service.call(request)).catch_unwind();
        let deadline =
            self.time_limit.and_then(|limit| Some((limit, began_at.checked_add(limit)?)));
        let caught = match deadline {
            None => guarded.await,
            Some((limit, deadline)) => {
                let Some(caught) = until(deadline, guarded).await else {
                    let text = format!("not finished within {} ms", limit.as_millis());
                    return Effects::failed(Failure::transient(text).named("time-limit"));
                };
                caught
            }
        };
        caught.unwrap_or_else(|panic| {
            let text = panic
                .downcast_ref::<&str>()
                .map(|text| (*text).to_owned())
                .or_else(|| panic.downcast_ref::<String>().cloned());
            let text = text.unwrap_or_else(|| "panicked".to_owned());
            Effects::failed(Failure::transient(text).named("panic"))
        })
    }

    pub(super) fn seal(
        &self,
        message: &Message,
        first: Vec<Publish>,
        then: Vec<Output>,
    ) -> Vec<Sealed> {
        if first.is_empty() && then.is_empty() {
            return Vec::new();
        }
        let parent = Parent { message, handler: &self.handler };
        let then = then.into_iter().filter_map(|output| match output {
            Output::Publish(publish) => Some(publish),
            Output::Reply(reply) => {
                let publish = self.addressed(reply, message);
                if publish.is_none() {
                    self.counters.add(Count::ReplyDropped, 1);
                }
                publish
            }
        });
        let trace = OnceCell::new();
        let seal = |(ordinal, publish)| {
            let trace = trace.get_or_init(|| TraceContext::of(message)).as_ref();
            self.shared.tracing.sealed(publish, trace, |publish| {
                seal_output(publish, &self.shared.app_id, parent, ordinal)
            })
        };
        first.into_iter().chain(then).enumerate().map(seal).collect()
    }

    /// The settlement of a message that cannot be handled: whoever asked is told.
    pub(crate) fn give_up(
        &self,
        message: &Message,
        failure: &Failure,
        attempts: u32,
        first_failure_secs: u64,
    ) -> Settlement {
        let mut settlement = self.bury(message, failure, attempts, first_failure_secs);
        settlement.outputs.extend(self.answer(message, failure));
        settlement
    }

    pub(super) fn reject(&self, message: &Message) -> Settlement {
        let failure = Failure::permanent("the message is not wanted").named("rejected");
        let answer = self.answer(message, &failure);
        Settlement::new(Fate::Rejected, answer.into_iter().collect())
    }

    /// An answer to the message, if it asks for one.
    fn addressed(&self, reply: Reply, message: &Message) -> Option<Publish> {
        reply.to(message, &self.ground.codecs)
    }

    /// The failure as a reply, if the message asks for one.
    pub(super) fn answer(&self, message: &Message, failure: &Failure) -> Option<Sealed> {
        let mut reply = self.addressed(Reply::of_failure(failure), message)?;
        // Not the id of a first output: that may still come, once the dead letter is handled.
        reply.message_id = message
            .message_id()
            .map(|id| derived_message_id(&[&id.to_string_lossy(), &self.handler, "error"]));
        let parent = Parent { message, handler: &self.handler };
        let trace = TraceContext::of(message);
        let sealed = self.shared.tracing.sealed(reply, trace.as_ref(), |reply| {
            seal_output(reply, &self.shared.app_id, parent, 0)
        });
        Some(sealed)
    }

    /// A message as a dead letter, whether somebody waits for it or not.
    pub(crate) fn bury(
        &self,
        message: &Message,
        failure: &Failure,
        attempts: u32,
        first_failure_secs: u64,
    ) -> Settlement {
        let id = message.message_id().unwrap_or_default();
        let class = failure.name();
        note_failure(class);
        warn!(handler = %self.handler, message_id = %id, attempts, class, %failure, "dead letter");
        let queue = self.queue.to_string_lossy();
        let obituary = self.obituary(failure, attempts, first_failure_secs, &queue);
        let letter = dead_letter(message, &obituary, &self.dead_letters);
        Settlement::new(Fate::DeadLettered, vec![letter])
    }

    pub(super) fn obituary<'a>(
        &'a self,
        failure: &'a Failure,
        attempts: u32,
        first_failure_secs: u64,
        queue: &'a str,
    ) -> Obituary<'a> {
        Obituary {
            failure,
            attempts,
            first_failure_secs,
            last_failure_secs: now_secs(),
            origin: Origin {
                app: &self.shared.app_id,
                version: &self.version,
                handler: &self.handler,
                queue,
            },
        }
    }
}

/// Whether a request comes too late for whoever asked.
pub(super) fn is_given_up(message: &Message) -> bool {
    message.properties().reply_to().is_some() && Deadline::of(message).is_past()
}

/// Deliveries that ended without an outcome, where the broker counts them.
pub(super) fn earlier_deliveries(message: &Message) -> u32 {
    let count = match message.header("x-delivery-count") {
        Some(FieldValue::I64(count)) => count,
        Some(FieldValue::I32(count)) => i64::from(count),
        Some(FieldValue::U32(count)) => i64::from(count),
        Some(_) | None => 0,
    };
    u32::try_from(count.max(0)).unwrap_or(u32::MAX)
}
