//! Which publishes of a channel wait for their confirm.
//!
//! Slots are indexed by tag minus `base`. A publish below `base` was acked unless it stands in
//! `failures`, so a confirm that nobody polls costs nothing.
//!
//! basic.return carries no tag. A return is matched to its publish by what it gives back:
//! exchange, routing key and body are compared with every mandatory publish that waits, then
//! the properties, then the message id where a broker changed the properties. Returns come in
//! the order of their publishes, so among equals the first after the last returned one is
//! meant; two publishes that are equal in all of this are the same message twice.

use std::{
    collections::{HashMap, VecDeque},
    task::{Poll, Waker},
};

use bytes::Bytes;
use leveret_protocol::{Properties, ShortStr};

use crate::{
    error::PublishError,
    message::{Publish, Returned},
};

/// The confirms of one channel.
#[derive(Debug)]
pub(crate) struct Confirms {
    base: u64,
    slots: VecDeque<Slot>,
    failures: HashMap<u64, PublishError>,
    mandatory: VecDeque<Mandatory>,
    last_returned: u64,
}

#[derive(Debug, Default)]
struct Slot {
    is_settled: bool,
    /// Nobody will ask how it went.
    is_abandoned: bool,
    returned: Option<Box<Returned>>,
    waker: Option<Waker>,
}

/// What a return is compared with.
#[derive(Debug)]
struct Mandatory {
    tag: u64,
    exchange: ShortStr,
    routing_key: ShortStr,
    properties: Properties,
    body: Bytes,
}

/// Which publishes a confirm is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Verdict {
    pub(crate) tag: u64,
    pub(crate) is_multiple: bool,
    pub(crate) is_ack: bool,
}

/// How well a publish fits a return, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Content,
    MessageId,
    Properties,
    PropertiesInOrder,
}

impl Confirms {
    pub(crate) fn new() -> Self {
        Self {
            base: 1,
            slots: VecDeque::new(),
            failures: HashMap::new(),
            mandatory: VecDeque::new(),
            last_returned: 0,
        }
    }

    /// Takes the next tag for a publish that has just been encoded.
    pub(crate) fn add(&mut self, publish: Publish, is_watched: bool) -> u64 {
        let tag = self.base + self.slots.len() as u64;
        self.slots.push_back(Slot { is_abandoned: !is_watched, ..Slot::default() });
        if publish.mandatory {
            let Publish { exchange, routing_key, properties, body, .. } = publish;
            self.mandatory.push_back(Mandatory { tag, exchange, routing_key, properties, body });
        }
        tag
    }

    /// How many publishes from the oldest unconfirmed one on there are.
    pub(crate) fn unconfirmed(&self) -> usize {
        self.slots.len()
    }

    fn slot(&mut self, tag: u64) -> Option<&mut Slot> {
        let index = usize::try_from(tag.checked_sub(self.base)?).ok()?;
        self.slots.get_mut(index)
    }

    /// Settles what a confirm is about, and collects who waits for it.
    pub(crate) fn settle(&mut self, verdict: Verdict, wakers: &mut Vec<Waker>) {
        let Verdict { tag, is_multiple, is_ack } = verdict;
        let last = self.base + self.slots.len() as u64;
        if is_multiple {
            // AMQP 0-9-1, basic.ack: tag zero with `multiple` means all there are.
            let upto = if tag == 0 { last } else { tag.saturating_add(1).min(last) };
            for tag in self.base..upto {
                self.settle_one(tag, is_ack, wakers);
            }
        } else {
            self.settle_one(tag, is_ack, wakers);
        }
        while self.slots.front().is_some_and(|slot| slot.is_settled) {
            self.slots.pop_front();
            self.base += 1;
        }
        while self.mandatory.front().is_some_and(|mandatory| mandatory.tag < self.base) {
            self.mandatory.pop_front();
        }
    }

    fn settle_one(&mut self, tag: u64, is_ack: bool, wakers: &mut Vec<Waker>) {
        let Some(slot) = self.slot(tag).filter(|slot| !slot.is_settled) else { return };
        slot.is_settled = true;
        wakers.extend(slot.waker.take());
        let failure = match slot.returned.take() {
            Some(returned) => PublishError::Unroutable {
                code: returned.code,
                text: returned.text.clone(),
                returned,
            },
            None if is_ack => return,
            None => PublishError::Nacked,
        };
        if !slot.is_abandoned {
            self.failures.insert(tag, failure);
        }
    }

    /// How a publish went; pending leaves the waker to be called when it is known.
    pub(crate) fn poll(&mut self, tag: u64, waker: &Waker) -> Poll<Result<(), PublishError>> {
        if let Some(slot) = self.slot(tag).filter(|slot| !slot.is_settled) {
            match &mut slot.waker {
                Some(known) => known.clone_from(waker),
                empty @ None => *empty = Some(waker.clone()),
            }
            return Poll::Pending;
        }
        Poll::Ready(self.failures.remove(&tag).map_or(Ok(()), Err))
    }

    /// Nobody asks for a publish any more.
    pub(crate) fn abandon(&mut self, tag: u64) {
        match self.slot(tag).filter(|slot| !slot.is_settled) {
            Some(slot) => {
                slot.is_abandoned = true;
                slot.waker = None;
            }
            None => drop(self.failures.remove(&tag)),
        }
    }

    /// The channel is over: settles what came back, and collects all who wait.
    pub(crate) fn end(&mut self, wakers: &mut Vec<Waker>) {
        let end = self.base + self.slots.len() as u64;
        for tag in self.base..end {
            if self.slot(tag).is_some_and(|slot| slot.returned.is_some()) {
                self.settle_one(tag, true, wakers);
            }
        }
        self.mandatory.clear();
        wakers.extend(self.slots.iter_mut().filter_map(|slot| slot.waker.take()));
    }

    /// Ties a return to its publish; gives it back if there is none it fits.
    pub(crate) fn attach(&mut self, returned: Box<Returned>) -> Result<(), Box<Returned>> {
        let Some(tag) = self.find(&returned) else { return Err(returned) };
        let Some(slot) = self.slot(tag) else { return Err(returned) };
        slot.returned = Some(returned);
        self.last_returned = tag;
        Ok(())
    }

    fn find(&self, returned: &Returned) -> Option<u64> {
        let from = self.mandatory.partition_point(|known| known.tag <= self.last_returned);
        let in_order = self.mandatory.range(from..);
        let mut best: Option<(Fit, u64)> = None;
        for known in in_order.chain(self.mandatory.range(..from)) {
            let Some(fit) = self.fit(known, returned) else { continue };
            if fit == Fit::PropertiesInOrder {
                return Some(known.tag);
            }
            if best.is_none_or(|(so_far, _)| fit > so_far) {
                best = Some((fit, known.tag));
            }
        }
        best.map(|(_, tag)| tag)
    }

    fn fit(&self, known: &Mandatory, returned: &Returned) -> Option<Fit> {
        let has_same_content = known.body == returned.body
            && known.routing_key == returned.routing_key
            && known.exchange == returned.exchange;
        if !has_same_content || !self.may_be_returned(known.tag) {
            return None;
        }
        if known.properties == returned.properties {
            let is_in_order = known.tag > self.last_returned;
            return Some(if is_in_order { Fit::PropertiesInOrder } else { Fit::Properties });
        }
        let id = known.properties.message_id();
        let has_same_id = id.is_some() && id == returned.properties.message_id();
        Some(if has_same_id { Fit::MessageId } else { Fit::Content })
    }

    fn may_be_returned(&self, tag: u64) -> bool {
        let index = tag.checked_sub(self.base).and_then(|index| usize::try_from(index).ok());
        let slot = index.and_then(|index| self.slots.get(index));
        slot.is_some_and(|slot| !slot.is_settled && slot.returned.is_none())
    }
}
