//! One channel's state, shared by its handles and the reader.
//!
//! Keeps true: whatever is numbered or awaited is registered in the same moment in which its
//! frames are pushed, so order on the wire and order here are one; and nothing is pushed once
//! the channel is over.

use std::{
    collections::VecDeque,
    mem,
    sync::{
        Arc,
        atomic::{AtomicU16, AtomicU64, Ordering},
    },
    task::{Poll, Waker},
};

use leveret_protocol::{ChannelNumber, Content, Method, basic};
use tokio::sync::oneshot;

use crate::{
    error::{ChannelError, PublishError, SettleError},
    link::{Blockade, Flush, Gate, Outbox},
    lock::Lock,
    message::{Delivery, Origin, Publish, Returned},
    state::{
        calls::Calls,
        confirms::{Confirms, Verdict},
        recipient::Recipient,
        replies::{Aftermath, Answer, Reply, Request, Requests, take_answered},
        residue::Residue,
        room::{Bounds, Hold, Room},
    },
};

/// Returned messages that no confirm awaits are kept up to this number; older ones are dropped.
const RETURNED_MAX: usize = 1024;

/// A channel's state.
#[derive(Debug)]
pub(crate) struct ChannelCore {
    pub(crate) number: ChannelNumber,
    pub(crate) origin: Origin,
    pub(crate) gate: Arc<Gate>,
    pub(crate) bounds: Bounds,
    outbox: Arc<Outbox>,
    room: Room,
    /// Settlements that were refused because their delivery came on another channel.
    strays: Arc<AtomicU64>,
    prefetch: AtomicU16,
    pub(crate) residue: Residue,
    // Publishers on clones take a tag and push a frame as one step; a task between them would
    // cost each publish a wake-up.
    state: Lock<State>,
}

#[derive(Debug)]
struct State {
    life: Life,
    mode: Mode,
    requests: Requests,
    returned: VecDeque<Returned>,
}

#[derive(Debug)]
enum Life {
    Open,
    Over(ChannelError),
}

#[derive(Debug)]
enum Mode {
    Plain,
    Confirm(Confirms),
    Transaction,
    /// Publishes are requests.
    Calling(Arc<Calls>),
}

/// What a publisher wants to know of a publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Watch {
    /// Its confirm.
    Confirm,
    /// Nothing.
    Nothing,
}

/// What connects a channel with its connection.
#[derive(Debug, Clone)]
pub(crate) struct Wiring {
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) strays: Arc<AtomicU64>,
    pub(crate) blockade: Arc<Blockade>,
    pub(crate) bounds: Bounds,
}

impl State {
    fn check_open(&self) -> Result<(), ChannelError> {
        match &self.life {
            Life::Open => Ok(()),
            Life::Over(error) => Err(error.clone()),
        }
    }

    /// In a transaction nothing happens before the commit, so nothing hurries.
    const fn flush(&self) -> Flush {
        match self.mode {
            Mode::Plain | Mode::Confirm(_) | Mode::Calling(_) => Flush::Now,
            Mode::Transaction => Flush::Later,
        }
    }
}

impl ChannelCore {
    pub(crate) fn new(number: ChannelNumber, wiring: Wiring) -> Self {
        static ORIGINS: AtomicU64 = AtomicU64::new(0);
        let Wiring { outbox, gate, strays, blockade, bounds } = wiring;
        let within = bounds.publish_timeout;
        let room = Room::new(Arc::clone(&outbox), blockade, Arc::clone(&gate), within);
        Self {
            number,
            origin: Origin(ORIGINS.fetch_add(1, Ordering::Relaxed)),
            gate,
            bounds,
            outbox,
            room,
            strays,
            prefetch: AtomicU16::new(0),
            residue: Residue::default(),
            state: Lock::new(State {
                life: Life::Open,
                mode: Mode::Plain,
                requests: Requests::new(),
                returned: VecDeque::new(),
            }),
        }
    }

    pub(crate) fn prefetch(&self) -> u16 {
        self.prefetch.load(Ordering::Relaxed)
    }

    pub(crate) fn note_prefetch(&self, prefetch: u16) {
        self.prefetch.store(prefetch, Ordering::Relaxed);
    }

    pub(crate) fn check_open(&self) -> Result<(), ChannelError> {
        self.state.lock().check_open()
    }

    pub(crate) fn end(&self) -> Option<ChannelError> {
        self.check_open().err()
    }

    /// Waits until the channel takes more publishes.
    pub(crate) async fn room(&self) -> Result<(), PublishError> {
        self.room.wait(|| self.check_open().is_err()).await
    }

    /// Whether it is as good as new for who wants this prefetch: open, without mode, nothing
    /// asked and unanswered, nothing delivered and unsettled.
    pub(crate) fn is_pristine(&self, prefetch: u16) -> bool {
        let state = self.state.lock();
        state.check_open().is_ok()
            && matches!(state.mode, Mode::Plain)
            && state.requests.is_empty()
            && self.residue.is_none()
            && self.prefetch() == prefetch
    }

    /// Pushes a publish and takes its tag, if the channel numbers publishes.
    pub(crate) fn publish(&self, publish: Publish, watch: Watch) -> Result<u64, PublishError> {
        let Publish { exchange, routing_key, mandatory, properties, body } = publish;
        let publish = basic::Publish { exchange, routing_key, mandatory, immediate: false };
        let method = Method::BasicPublish(publish);
        let mut state = self.state.lock();
        state.check_open().map_err(PublishError::NotSent)?;
        if watch == Watch::Confirm && !matches!(state.mode, Mode::Confirm(_)) {
            return Err(PublishError::NotConfirming);
        }
        let content = Content { method: &method, properties: &properties, body: body.clone() };
        self.outbox
            .push(state.flush(), |frames, frame_max| {
                frames.push_content(self.number, content, frame_max)
            })
            .map_err(|error| PublishError::NotSent(error.into()))?;
        match (&mut state.mode, method) {
            (Mode::Confirm(confirms), Method::BasicPublish(sent)) => {
                let basic::Publish { exchange, routing_key, mandatory, .. } = sent;
                let publish = Publish { exchange, routing_key, mandatory, properties, body };
                let tag = confirms.add(publish, watch == Watch::Confirm);
                if confirms.unconfirmed() >= self.bounds.unconfirmed_max {
                    self.room.hold(Hold::Window);
                }
                Ok(tag)
            }
            (Mode::Plain | Mode::Transaction | Mode::Calling(_) | Mode::Confirm(_), _) => Ok(0),
        }
    }

    /// Sends what settles a delivery, if it is one of this channel.
    pub(crate) fn settle(&self, delivery: &Delivery, method: Method) -> Result<(), SettleError> {
        let Some(origin) = delivery.origin else { return Err(SettleError::NoAck) };
        if origin != self.origin {
            self.strays.fetch_add(1, Ordering::Relaxed);
            return Err(SettleError::Foreign);
        }
        self.send(&method)?;
        let is_multiple = matches!(
            method,
            Method::BasicAck(basic::Ack { multiple: true, .. })
                | Method::BasicNack(basic::Nack { multiple: true, .. })
        );
        if is_multiple {
            self.residue.note_lasting();
        } else {
            self.residue.note_settled();
        }
        Ok(())
    }

    /// Sends a method that has no reply.
    pub(crate) fn send(&self, method: &Method) -> Result<(), ChannelError> {
        let state = self.state.lock();
        state.check_open()?;
        let push = |frames: &mut leveret_protocol::FrameBuffer, frame_max| {
            frames.push_method(self.number, method, frame_max)
        };
        Ok(self.outbox.push(state.flush(), push)?)
    }

    /// Sends a request and registers who waits for its reply.
    pub(crate) fn ask(
        &self,
        method: &Method,
        aftermath: Aftermath,
    ) -> Result<oneshot::Receiver<Answer>, ChannelError> {
        let (request, answer) = Request::new(method, aftermath);
        let mut state = self.state.lock();
        state.check_open()?;
        self.outbox.push(Flush::Now, |frames, frame_max| {
            frames.push_method(self.number, method, frame_max)
        })?;
        // The broker numbers or gathers publishes from the moment it reads the select. Of a
        // channel that has a mode already, it closes the channel or keeps the mode.
        if matches!(state.mode, Mode::Plain) {
            if matches!(method, Method::ConfirmSelect(_)) {
                state.mode = Mode::Confirm(Confirms::new());
            } else if matches!(method, Method::TxSelect(_)) {
                state.mode = Mode::Transaction;
            } else if let Aftermath::Start(Recipient::Calls(calls)) = &request.aftermath {
                state.mode = Mode::Calling(Arc::clone(calls));
            }
        }
        state.requests.push_back(request);
        Ok(answer)
    }

    /// Sends a request and waits for its reply.
    pub(crate) async fn call(
        &self,
        method: &Method,
        aftermath: Aftermath,
    ) -> Result<Reply, ChannelError> {
        let answer = self.ask(method, aftermath)?;
        let _wait = self.gate.wait();
        match answer.await {
            Ok(answer) => answer,
            // Requests are answered or failed, never dropped, while the channel lives.
            Err(_) => Err(self.end().unwrap_or(ChannelError::ClosedHere)),
        }
    }

    /// The request that a method answers, if it is the next to be answered.
    pub(crate) fn answered_by(&self, reply: &Method) -> Option<Request> {
        take_answered(&mut self.state.lock().requests, reply)
    }

    pub(crate) fn handle_confirm(&self, verdict: Verdict, wakers: &mut Vec<Waker>) {
        if let Mode::Confirm(confirms) = &mut self.state.lock().mode {
            confirms.settle(verdict, wakers);
            if confirms.unconfirmed() < self.bounds.unconfirmed_max {
                self.room.release(Hold::Window);
            }
        }
    }

    /// The broker stops the channel's publishes, or lets them go on.
    pub(crate) fn handle_flow(&self, active: bool) {
        if active { self.room.release(Hold::Flow) } else { self.room.hold(Hold::Flow) }
    }

    pub(crate) fn handle_returned(&self, returned: Returned) {
        let mut state = self.state.lock();
        let returned = match &mut state.mode {
            Mode::Confirm(confirms) => match confirms.attach(Box::new(returned)) {
                Ok(()) => return,
                Err(returned) => *returned,
            },
            Mode::Calling(calls) => return calls.handle_returned(returned),
            Mode::Plain | Mode::Transaction => returned,
        };
        if state.returned.len() == RETURNED_MAX {
            state.returned.pop_front();
        }
        state.returned.push_back(returned);
    }

    pub(crate) fn take_returned(&self) -> Vec<Returned> {
        mem::take(&mut self.state.lock().returned).into()
    }

    pub(crate) fn poll_confirm(&self, tag: u64, waker: &Waker) -> Poll<Result<(), PublishError>> {
        let mut state = self.state.lock();
        let State { life, mode, .. } = &mut *state;
        let Mode::Confirm(confirms) = mode else {
            return Poll::Ready(Err(PublishError::NotConfirming));
        };
        match (confirms.poll(tag, waker), life) {
            (Poll::Pending, Life::Over(end)) => {
                Poll::Ready(Err(PublishError::unconfirmed(end.clone())))
            }
            (poll, Life::Open | Life::Over(_)) => poll,
        }
    }

    pub(crate) fn abandon_confirm(&self, tag: u64) {
        if let Mode::Confirm(confirms) = &mut self.state.lock().mode {
            confirms.abandon(tag);
        }
    }

    /// Ends the channel for all who use it; the first reason stays.
    pub(crate) fn close(&self, end: &ChannelError) {
        let mut wakers = Vec::new();
        let requests = {
            let mut state = self.state.lock();
            if state.check_open().is_err() {
                return;
            }
            state.life = Life::Over(end.clone());
            if let Mode::Confirm(confirms) = &mut state.mode {
                confirms.end(&mut wakers);
            }
            mem::take(&mut state.requests)
        };
        self.room.close();
        for request in requests {
            // Whoever asked may have gone.
            drop(request.answer(Err(end.clone())));
        }
        for waker in wakers {
            waker.wake();
        }
    }
}
