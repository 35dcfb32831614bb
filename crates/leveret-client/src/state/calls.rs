//! Calls that wait for their replies, and the reader that brings them.
//!
//! A reply wakes its caller alone, straight from the reader. Keeps true: a call is here exactly
//! as long as someone waits for it and nothing has been said to it.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use leveret_protocol::{Properties, ShortStr};
use tokio::sync::oneshot;

use crate::{
    error::ConsumerEnd,
    lock::Lock,
    message::{Delivery, Returned},
    state::call_id::{CallIds, CallNumber},
};

/// How many calls that gave up are remembered, to tell a late reply from a second one.
const ABANDONED_MAX: usize = 1024;

/// All calls of one channel.
#[derive(Debug)]
pub(crate) struct Calls {
    ids: CallIds,
    tally: Arc<ReplyTally>,
    // The reader and every caller touch it for a moment; a task between them would cost each
    // call a wake-up.
    state: Lock<State>,
}

#[derive(Debug, Default)]
struct State {
    pending: HashMap<CallNumber, oneshot::Sender<CallOutcome>>,
    abandoned: VecDeque<CallNumber>,
    end: Option<ConsumerEnd>,
}

/// What became of a call.
#[derive(Debug)]
pub(crate) enum CallOutcome {
    /// It was answered.
    Replied(Box<Delivery>),
    /// No queue took the request.
    Returned(Box<Returned>),
    /// No reply can come any more.
    Ended(ConsumerEnd),
}

/// Replies that came, over the life of a client.
#[derive(Debug, Default)]
pub(crate) struct ReplyTally {
    /// For calls that waited.
    pub(crate) taken: AtomicU64,
    /// For calls that had given up.
    pub(crate) late: AtomicU64,
    /// For calls that had their reply.
    pub(crate) duplicate: AtomicU64,
    /// For no call of this channel.
    pub(crate) unknown: AtomicU64,
}

/// One call; dropped, it is forgotten.
#[derive(Debug)]
pub(crate) struct Call {
    calls: Arc<Calls>,
    number: CallNumber,
    outcome: oneshot::Receiver<CallOutcome>,
    is_over: bool,
}

impl Calls {
    pub(crate) fn new(tally: Arc<ReplyTally>) -> Self {
        Self { ids: CallIds::default(), tally, state: Lock::default() }
    }

    /// Begins to wait for a reply, which the request is sent after.
    pub(crate) fn begin(self: &Arc<Self>) -> Result<Call, ConsumerEnd> {
        let number = self.ids.next();
        let (sender, outcome) = oneshot::channel();
        let mut state = self.state.lock();
        if let Some(end) = &state.end {
            return Err(end.clone());
        }
        state.pending.insert(number, sender);
        drop(state);
        Ok(Call { calls: Arc::clone(self), number, outcome, is_over: false })
    }

    /// Why no more replies come; nothing as long as they may.
    pub(crate) fn end(&self) -> Option<ConsumerEnd> {
        self.state.lock().end.clone()
    }

    /// Whether nobody waits.
    pub(crate) fn is_idle(&self) -> bool {
        self.state.lock().pending.is_empty()
    }

    pub(crate) fn handle_reply(&self, delivery: Delivery) {
        let Some(number) = self.number(&delivery.properties) else {
            return count(&self.tally.unknown);
        };
        let mut state = self.state.lock();
        let Some(caller) = state.pending.remove(&number) else {
            return count(self.stray(&mut state, number));
        };
        drop(state);
        match caller.send(CallOutcome::Replied(Box::new(delivery))) {
            Ok(()) => count(&self.tally.taken),
            Err(_gone) => count(&self.tally.late),
        }
    }

    /// What a reply is that nobody waits for.
    fn stray(&self, state: &mut State, number: CallNumber) -> &AtomicU64 {
        match state.abandoned.iter().position(|abandoned| *abandoned == number) {
            Some(place) => {
                state.abandoned.remove(place);
                &self.tally.late
            }
            None => &self.tally.duplicate,
        }
    }

    pub(crate) fn handle_returned(&self, returned: Returned) {
        let Some(number) = self.number(&returned.properties) else { return };
        let caller = self.state.lock().pending.remove(&number);
        if let Some(caller) = caller {
            // The caller may just have given up.
            drop(caller.send(CallOutcome::Returned(Box::new(returned))));
        }
    }

    /// No more replies will come.
    pub(crate) fn handle_end(&self, end: &ConsumerEnd) {
        let callers = {
            let mut state = self.state.lock();
            state.end.get_or_insert_with(|| end.clone());
            std::mem::take(&mut state.pending)
        };
        for caller in callers.into_values() {
            // The caller may just have given up.
            drop(caller.send(CallOutcome::Ended(end.clone())));
        }
    }

    fn number(&self, properties: &Properties) -> Option<CallNumber> {
        self.ids.number(&properties.correlation_id()?)
    }

    fn abandon(&self, number: CallNumber) {
        let mut state = self.state.lock();
        if state.pending.remove(&number).is_none() {
            return;
        }
        if state.abandoned.len() == ABANDONED_MAX {
            state.abandoned.pop_front();
        }
        state.abandoned.push_back(number);
    }
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Call {
    /// The correlation id of its request.
    pub(crate) fn id(&self) -> ShortStr {
        self.calls.ids.id(self.number)
    }

    /// Waits until something was said to it.
    pub(crate) async fn outcome(&mut self) -> CallOutcome {
        let outcome = (&mut self.outcome).await;
        self.is_over = true;
        // Whoever takes a call out of the table tells it something.
        outcome.unwrap_or(CallOutcome::Ended(ConsumerEnd::CancelledHere))
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.is_over {
            self.calls.abandon(self.number);
        }
    }
}
