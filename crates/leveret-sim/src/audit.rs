//! Asks an engine for everything it holds.

use std::collections::BTreeMap;

use bytes::Bytes;
use leveret_engine::{
    Authority, Capabilities, ConnectionId, Effect, Effects, Engine, Input, PageId,
};
use leveret_journal::{OpenError, SimDisk};
use leveret_protocol::{ChannelNumber, Method, ShortStr, Timestamp, basic};

use crate::{
    oracle::{Found, Occasion, Survey, letter_of},
    pages::{self, PagePlace},
    place::HostIndex,
    plan::Conditions,
    recovery::{Recovered, recover},
    topology::QueueIndex,
};

/// The connection that asks.
const AUDITOR: ConnectionId = ConnectionId(u64::MAX);

/// Turns of an engine after which an answer is overdue.
const TURNS_MAX: usize = 1_000_000;

/// A time before all messages: for what is asked then, none is too old.
const BEFORE_ALL: Timestamp = Timestamp::from_millis(0);

/// What engines hold that start from this disk, which is used up by it.
pub(crate) fn survey_disk(
    disk: SimDisk,
    conditions: &Conditions,
    occasion: Occasion,
) -> Result<Vec<Survey>, OpenError> {
    let Recovered { engines, .. } = recover(disk.clone(), conditions, BEFORE_ALL)?;
    let survey = |(at, (mut engine, last)): (usize, (Engine, leveret_engine::Lsn))| {
        let shelf = Shelf::new(HostIndex(at), disk.clone());
        let queues = survey_engine(&mut engine, shelf, conditions, BEFORE_ALL);
        Survey { occasion, last: last.0, queues }
    };
    Ok(engines.into_iter().enumerate().map(survey).collect())
}

/// Takes every message out of every queue.
pub(crate) fn survey_engine(
    engine: &mut Engine,
    shelf: Shelf,
    conditions: &Conditions,
    now: Timestamp,
) -> BTreeMap<QueueIndex, Vec<Found>> {
    let mut auditor = Auditor { engine, shelf, now };
    let user = ShortStr::from_static("guest");
    let (capabilities, authority) = (Capabilities::default(), Authority::full());
    auditor.tell(Input::Connect { connection: AUDITOR, user, capabilities, authority });
    let mut queues = BTreeMap::new();
    for queue in conditions.topology.indices() {
        let Some(plan) = conditions.topology.queue(queue) else { continue };
        // One channel for each: to ask for a queue that is not there closes it.
        let channel = ChannelNumber::new(u16::try_from(queue.0 + 1).unwrap_or(u16::MAX));
        auditor.tell(Input::OpenChannel { connection: AUDITOR, channel });
        let mut found = Vec::new();
        loop {
            match auditor.get(channel, plan.name) {
                Answer::Message(message) => found.push(message),
                Answer::Empty => {
                    queues.insert(queue, found);
                    break;
                }
                Answer::NoQueue => break,
            }
        }
    }
    auditor.tell(Input::Disconnect { connection: AUDITOR });
    queues
}

/// Where an engine that is asked finds its pages.
#[derive(Debug)]
pub(crate) struct Shelf {
    host: HostIndex,
    disk: SimDisk,
    stored: BTreeMap<PageId, Bytes>,
}

impl Shelf {
    pub(crate) const fn new(host: HostIndex, disk: SimDisk) -> Self {
        Self { host, disk, stored: BTreeMap::new() }
    }

    fn answer(&mut self, effect: &Effect) -> Option<Input> {
        if let Effect::StorePage { page, content, .. } = effect {
            self.stored.insert(*page, content.clone());
            return Some(Input::PageStored { page: *page });
        }
        let Effect::LoadPage { page } = *effect else { return None };
        let place = PagePlace { host: self.host, page };
        let content = match self.stored.get(&page) {
            Some(content) => content.clone(),
            // What is missing is missed by the checker.
            None => pages::load(&mut self.disk, place).unwrap_or_default(),
        };
        Some(Input::PageLoaded { page, content })
    }
}

struct Auditor<'a> {
    engine: &'a mut Engine,
    shelf: Shelf,
    now: Timestamp,
}

enum Answer {
    Message(Found),
    Empty,
    NoQueue,
}

impl Auditor<'_> {
    /// Hands in an input, and lets the engine finish, also what is due; all is durable at once.
    fn tell(&mut self, input: Input) -> Vec<Effect> {
        let mut effects = Effects::new();
        let mut all = Vec::new();
        self.engine.handle(self.now, input, &mut effects);
        for _ in 0..TURNS_MAX {
            let written = effects.iter().filter_map(|effect| {
                if let Effect::Append { lsn, .. } = effect { Some(*lsn) } else { None }
            });
            let written = written.max();
            let asked = effects.iter().filter_map(|effect| self.shelf.answer(effect));
            let answers: Vec<Input> = asked.collect();
            all.extend(effects.drain());
            for answer in answers {
                self.engine.handle(self.now, answer, &mut effects);
            }
            if let Some(upto) = written {
                self.engine.handle(self.now, Input::Durable { upto }, &mut effects);
            } else if self.engine.has_work() || self.is_due() {
                self.engine.handle(self.now, Input::Wake, &mut effects);
            } else if effects.is_empty() {
                break;
            }
        }
        all
    }

    fn is_due(&self) -> bool {
        self.engine.next_deadline().is_some_and(|at| at <= self.now)
    }

    fn get(&mut self, channel: ChannelNumber, queue: &'static str) -> Answer {
        let get = basic::Get { queue: ShortStr::from_static(queue), no_ack: true };
        let connection = AUDITOR;
        let effects = self.tell(Input::Method { connection, channel, method: get.into() });
        for effect in effects {
            if let Effect::Content { connection: AUDITOR, content, .. } = &effect {
                let method = content.method();
                let redelivered = matches!(method, Method::BasicGetOk(got) if got.redelivered);
                return Answer::Message(Found { id: letter_of(content.body()), redelivered });
            }
            if let Effect::Send { method, .. } = &effect
                && matches!(**method, Method::BasicGetEmpty(_))
            {
                return Answer::Empty;
            }
        }
        Answer::NoQueue
    }
}
