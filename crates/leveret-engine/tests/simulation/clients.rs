//! What clients do and see, and what the model has to say to it.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use leveret_engine::{ConnectionId, Input, Lsn};
use leveret_protocol::{ChannelNumber, FieldValue, Method, Properties, basic, queue, tx};

use super::{
    FULL, QUEUES, Simulation, Unit, channel_of, connection_of,
    model::{Id, Place, priority_of},
    name,
    op::{CONFIRM, Op, PLAIN, SEATS, Seat, TRANSACTION, Verdict},
    pager::Pace,
};

/// One channel's client.
#[derive(Debug, Default)]
pub(crate) struct Client {
    unsettled: Vec<Outstanding>,
    consumers: BTreeMap<String, (usize, bool)>,
    consumers_made: usize,
    getting: Option<(usize, bool)>,
    /// Publishes that are not confirmed, and the record each waits for.
    unconfirmed: BTreeMap<u64, Lsn>,
    /// Publishes that are to be refused.
    refused: BTreeSet<u64>,
    published: u64,
    publishes: Vec<(Vec<usize>, Id, bool)>,
    settlements: Vec<(Outstanding, Verdict)>,
    commit: Option<Commit>,
}

#[derive(Debug, Clone)]
pub(crate) struct Outstanding {
    tag: u64,
    queue: usize,
    place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Commit {
    Begun { last: Lsn },
    Written { last: Lsn },
}

#[derive(Debug)]
pub(crate) struct Content {
    pub(crate) properties: Properties,
    pub(crate) body: Bytes,
}

pub(crate) fn seat_of(connection: ConnectionId, channel: ChannelNumber) -> Seat {
    (0..SEATS)
        .find(|seat| connection_of(*seat) == connection && channel_of(*seat) == channel)
        .expect("a channel that a client opened")
}

pub(crate) fn id_of(body: &Bytes) -> Id {
    std::str::from_utf8(body).expect("digits").trim_end_matches('x').parse().expect("a number")
}

/// How often a queue says that it got the message back.
pub(crate) fn returns_of(properties: &Properties) -> u32 {
    match properties.headers().and_then(|headers| headers.get("x-delivery-count")) {
        None => 0,
        Some(FieldValue::I64(count)) => u32::try_from(count).expect("few"),
        Some(other) => panic!("a count is no {other:?}"),
    }
}

impl Simulation {
    pub(crate) fn obey(&mut self, op: &Op) {
        match op {
            Op::Publish { seat, target, persistent, large } => {
                self.client_publishes(*seat, *target, (*persistent, *large));
            }
            Op::Get { seat, queue, no_ack } => self.client_gets(*seat, *queue, *no_ack),
            Op::Consume { seat, queue, no_ack, prefetch } => {
                self.client_consumes(*seat, *queue, (*no_ack, *prefetch));
            }
            Op::Cancel { seat } => {
                if let Some((tag, _)) = self.clients[*seat].consumers.pop_first() {
                    let cancel = basic::Cancel { consumer_tag: name(&tag), no_wait: true };
                    self.act(*seat, Method::BasicCancel(cancel));
                }
            }
            Op::Settle { seat, nth, multiple, verdict } => {
                self.client_settles(*seat, *nth, *multiple, *verdict);
            }
            Op::Recover { seat } => self.client_recovers(*seat),
            Op::Close { seat } => self.client_closes(*seat),
            Op::Disconnect { connection } => self.client_leaves(*connection),
            Op::Commit => return self.client_commits(),
            Op::Rollback => self.client_rolls_back(),
            Op::Purge { queue } => {
                self.model.purge(*queue);
                let queue = name(QUEUES[*queue]);
                self.act(PLAIN, Method::QueuePurge(queue::Purge { queue, no_wait: true }));
            }
            Op::Delete { queue } => {
                self.model.delete(*queue);
                // What a transaction was to bring to it goes nowhere.
                for (targets, _, _) in &mut self.clients[TRANSACTION].publishes {
                    targets.retain(|target| target != queue);
                }
                let name = name(QUEUES[*queue]);
                let delete = queue::Delete { queue: name, no_wait: true, ..Default::default() };
                self.act(PLAIN, Method::QueueDelete(delete));
                self.declare(*queue);
                self.bind(*queue);
            }
            Op::Durable { percent } => {
                let waiting =
                    usize::try_from(self.last.0 - self.durable.0).expect("few") * percent / 100;
                self.make_durable(Lsn(self.durable.0 + u64::try_from(waiting).expect("few")));
            }
            Op::Relocate { percent } => {
                let upto = self.durable.0 * u64::try_from(*percent).expect("few") / 100;
                if self.relocated.is_none() {
                    self.input(Input::Relocate { upto: Lsn(upto) });
                }
            }
            Op::Page { jobs } => {
                for _ in 0..*jobs {
                    self.page();
                }
                return;
            }
            Op::Credit { connection } => {
                let connection = connection_of(*connection * 2);
                self.input(Input::Credit { connection, bytes: 1000 });
            }
            Op::Tick { tens } => {
                self.model.now += tens * 10;
                self.input(Input::Wake);
            }
        }
        let is_relocation = matches!(op, Op::Relocate { .. });
        self.end_unit(if is_relocation { Unit::Relocation } else { Unit::Operation });
    }

    fn is_waiting(&self, seat: Seat) -> bool {
        self.clients[seat].commit.is_some() || self.clients[seat].getting.is_some()
    }

    fn client_publishes(&mut self, seat: Seat, target: usize, (persistent, large): (bool, bool)) {
        if self.is_waiting(seat) || (seat == TRANSACTION && target == FULL) {
            return;
        }
        let id = u64::try_from(self.persistent.len()).expect("few");
        self.persistent.push(persistent);
        let queues = match target {
            target if target < QUEUES.len() => vec![target],
            _ => (0..QUEUES.len()).filter(|queue| *queue != FULL).collect(),
        };
        let is_refused = queues.iter().any(|queue| self.model.refuses(*queue));
        let keeps = !is_refused
            && persistent
            && queues.iter().any(|queue| self.model.queues[*queue].rules.durable);
        if keeps && seat != TRANSACTION {
            self.recorded.insert(id, self.last.next());
        }
        let client = &mut self.clients[seat];
        if seat == TRANSACTION {
            client.publishes.push((queues, id, persistent));
        } else {
            if seat == CONFIRM {
                client.published += 1;
                let until = if keeps { self.last.next() } else { Lsn(0) };
                if is_refused {
                    client.refused.insert(client.published);
                } else {
                    client.unconfirmed.insert(client.published, until);
                }
            }
            if !is_refused {
                self.model.put(&queues, id, persistent);
            }
        }
        let publish = if target < QUEUES.len() {
            basic::Publish { routing_key: name(QUEUES[target]), ..Default::default() }
        } else {
            basic::Publish { exchange: name("fan"), ..Default::default() }
        };
        let padding = if large { "x".repeat(150) } else { String::new() };
        let mode = if persistent { 2 } else { 1 };
        let priority = u8::try_from(priority_of(id)).expect("few");
        let properties = Properties::builder().delivery_mode(mode).priority(priority).build();
        let body = format!("{id}{padding}").into();
        self.publish(seat, publish, Content { properties, body });
    }

    fn client_gets(&mut self, seat: Seat, queue: usize, no_ack: bool) {
        if self.is_waiting(seat) {
            return;
        }
        self.clients[seat].getting = Some((queue, no_ack));
        self.act(seat, Method::BasicGet(basic::Get { queue: name(QUEUES[queue]), no_ack }));
        // It may have to wait until what is too old is out of the way.
        while self.clients[seat].getting.is_some() && self.engine.has_work() {
            self.input(Input::Wake);
        }
        // What is delivered behind an answer that waits would reach the model late.
        let has_to_wait = |simulation: &Self| {
            let client = &simulation.clients[seat];
            let is_prompt = simulation.pager.pace == Pace::Prompt;
            client.getting.is_some() && (is_prompt || !client.consumers.is_empty())
        };
        while has_to_wait(self) && self.page() {}
    }

    fn client_consumes(&mut self, seat: Seat, queue: usize, (no_ack, prefetch): (bool, u16)) {
        // What waits behind a commit-ok would reach the model late.
        let has_enough = self.clients[seat].consumers.len() > 2;
        if seat == TRANSACTION || has_enough || self.is_waiting(seat) {
            return;
        }
        let client = &mut self.clients[seat];
        client.consumers_made += 1;
        let tag = format!("{seat}-{}", client.consumers_made);
        client.consumers.insert(tag.clone(), (queue, no_ack));
        let qos = basic::Qos { prefetch_count: prefetch, ..Default::default() };
        self.act(seat, Method::BasicQos(qos));
        let consume = basic::Consume {
            queue: name(QUEUES[queue]),
            consumer_tag: name(&tag),
            no_ack,
            no_wait: true,
            ..Default::default()
        };
        self.act(seat, Method::BasicConsume(consume));
    }

    fn client_settles(&mut self, seat: Seat, nth: usize, multiple: bool, verdict: Verdict) {
        if self.is_waiting(seat) || self.clients[seat].unsettled.is_empty() {
            return;
        }
        let unsettled = &mut self.clients[seat].unsettled;
        let at = nth.min(unsettled.len() - 1);
        let delivery_tag = unsettled[at].tag;
        let first = if multiple { 0 } else { at };
        let settled: Vec<Outstanding> = unsettled.drain(first..=at).collect();
        if seat == TRANSACTION {
            let settlements = settled.into_iter().map(|outstanding| (outstanding, verdict));
            self.clients[seat].settlements.extend(settlements);
        } else {
            for outstanding in &settled {
                self.model_settles(outstanding, verdict);
            }
        }
        let requeue = verdict == Verdict::Requeue;
        let method = match verdict {
            Verdict::Ack => Method::BasicAck(basic::Ack { delivery_tag, multiple }),
            Verdict::Requeue | Verdict::Reject => {
                Method::BasicNack(basic::Nack { delivery_tag, multiple, requeue })
            }
        };
        self.act(seat, method);
    }

    fn model_settles(&mut self, outstanding: &Outstanding, verdict: Verdict) {
        let Outstanding { queue, place, .. } = *outstanding;
        match verdict {
            Verdict::Ack => self.model.settle(queue, place),
            Verdict::Requeue => self.model.give_back(queue, place),
            Verdict::Reject => self.model.reject(queue, place),
        }
    }

    fn client_recovers(&mut self, seat: Seat) {
        if self.is_waiting(seat) {
            return;
        }
        for outstanding in std::mem::take(&mut self.clients[seat].unsettled) {
            self.model.give_back(outstanding.queue, outstanding.place);
        }
        self.act(seat, Method::BasicRecover(basic::Recover { requeue: true }));
    }

    fn forget(&mut self, seat: Seat) {
        let client = std::mem::take(&mut self.clients[seat]);
        let settled = client.settlements.into_iter().map(|(outstanding, _)| outstanding);
        for outstanding in client.unsettled.into_iter().chain(settled) {
            self.model.give_back(outstanding.queue, outstanding.place);
        }
    }

    fn client_closes(&mut self, seat: Seat) {
        if self.is_waiting(seat) {
            return;
        }
        // Confirms still come; a client waits for close-ok before it uses the number again.
        let unconfirmed = std::mem::take(&mut self.clients[seat].unconfirmed);
        let refused = std::mem::take(&mut self.clients[seat].refused);
        self.forget(seat);
        self.clients[seat].unconfirmed = unconfirmed;
        self.clients[seat].refused = refused;
        let (connection, channel) = (connection_of(seat), channel_of(seat));
        self.input(Input::CloseChannel { connection, channel });
        self.make_durable(self.last);
        self.open(seat);
    }

    fn client_leaves(&mut self, connection: usize) {
        self.forget(connection * 2);
        self.forget(connection * 2 + 1);
        // What was still to come does not come.
        for given in &mut self.given {
            given.retain(|seat, _| seat / 2 != connection);
        }
        self.input(Input::Disconnect { connection: connection_of(connection * 2) });
        // The number is used again, so nothing of the old one may be left.
        while self.engine.has_work() || self.twin.has_work() {
            self.input(Input::Wake);
        }
        self.connect(connection);
    }

    fn client_commits(&mut self) {
        if self.is_waiting(TRANSACTION) {
            return;
        }
        let last = self.last;
        let client = &mut self.clients[TRANSACTION];
        client.commit = Some(Commit::Begun { last });
        let (publishes, settlements) =
            (std::mem::take(&mut client.publishes), std::mem::take(&mut client.settlements));
        let mut kept = Vec::new();
        for (queues, id, persistent) in publishes {
            self.model.put(&queues, id, persistent);
            if persistent && queues.iter().any(|queue| self.model.queues[*queue].rules.durable) {
                kept.push(id);
            }
        }
        // At the least; by how many records the commit is written shows after it.
        self.recorded.extend(kept.iter().map(|id| (*id, last.next())));
        for (outstanding, verdict) in settlements {
            self.model_settles(&outstanding, verdict);
        }
        self.act(TRANSACTION, Method::TxCommit(tx::Commit));
        self.recorded.extend(kept.iter().map(|id| (*id, self.last)));
        match &mut self.clients[TRANSACTION].commit {
            // One that writes nothing waits only for its turn.
            Some(commit) if self.last == last => *commit = Commit::Written { last: Lsn(0) },
            Some(commit) => *commit = Commit::Written { last: self.last },
            None => assert_eq!(self.last, last, "a commit that writes waits for the disk"),
        }
        self.end_unit(Unit::Commit);
    }

    fn client_rolls_back(&mut self) {
        if self.is_waiting(TRANSACTION) {
            return;
        }
        let client = &mut self.clients[TRANSACTION];
        client.publishes.clear();
        let settled = std::mem::take(&mut client.settlements);
        client.unsettled.extend(settled.into_iter().map(|(outstanding, _)| outstanding));
        client.unsettled.sort_by_key(|outstanding| outstanding.tag);
        self.act(TRANSACTION, Method::TxRollback(tx::Rollback));
    }

    pub(super) fn answer(&mut self, seat: Seat, method: &Method) {
        let durable = self.durable;
        let client = &mut self.clients[seat];
        match method {
            Method::BasicAck(ack) => {
                let first = if ack.multiple { 0 } else { ack.delivery_tag };
                let confirmed: Vec<(u64, Lsn)> =
                    client.unconfirmed.extract_if(first..=ack.delivery_tag, |_, _| true).collect();
                assert!(!confirmed.is_empty(), "an ack confirms something");
                for (tag, until) in confirmed {
                    assert!(until <= durable, "publish {tag} is confirmed before it is durable");
                }
            }
            Method::BasicNack(nack) => {
                assert!(client.refused.remove(&nack.delivery_tag), "it has room");
            }
            Method::TxCommitOk(_) => match client.commit.take().expect("there is a commit") {
                Commit::Begun { last } => assert_eq!(last, self.last, "nothing was written"),
                Commit::Written { last } => {
                    assert!(last <= durable, "a commit is confirmed before it is durable");
                }
            },
            _ => {}
        }
    }

    /// What the twin answered shows how things stand.
    pub(super) fn decided(&mut self, seat: Seat, method: &Method) {
        let client = &mut self.clients[seat];
        match method {
            Method::BasicGetEmpty(_) => {
                let (queue, _) = client.getting.take().expect("there is a get");
                while self.model.give_up_for(queue) {}
                assert_eq!(self.model.ready(queue), [0_u64; 0], "the queue has none");
            }
            Method::BasicCancel(cancel) => {
                client.consumers.remove(&cancel.consumer_tag.to_string());
            }
            _ => {}
        }
    }

    /// Where a content comes from, and whether it is gone with its delivery.
    fn origin(&self, seat: Seat, method: &Method) -> (usize, bool) {
        let client = &self.clients[seat];
        match method {
            Method::BasicGetOk(_) => client.getting.expect("there is a get"),
            Method::BasicDeliver(deliver) => {
                let consumer = client.consumers.get(&deliver.consumer_tag.to_string());
                *consumer.expect("the consumer exists")
            }
            other => panic!("{} was not asked for", other.name()),
        }
    }

    /// Whether this is what its queue has to give next.
    pub(super) fn is_next(&self, seat: Seat, method: &Method, body: &Bytes) -> bool {
        let (queue, _) = self.origin(seat, method);
        self.model.next_place(queue, id_of(body)).is_some()
    }

    /// The model gives up a message that stands before this.
    pub(super) fn make_way(&mut self, seat: Seat, method: &Method) -> bool {
        let (queue, _) = self.origin(seat, method);
        self.model.give_up_for(queue)
    }

    pub(super) fn delivered(&mut self, seat: Seat, method: &Method, content: &Content) {
        let (queue, no_ack) = self.origin(seat, method);
        let (tag, redelivered) = match method {
            Method::BasicGetOk(ok) => {
                self.clients[seat].getting = None;
                (ok.delivery_tag, ok.redelivered)
            }
            Method::BasicDeliver(deliver) => (deliver.delivery_tag, deliver.redelivered),
            other => panic!("{} was not asked for", other.name()),
        };
        let came = (redelivered, returns_of(&content.properties));
        let place = self.model.take(queue, id_of(&content.body), came);
        if no_ack {
            self.model.settle(queue, place);
        } else {
            self.clients[seat].unsettled.push(Outstanding { tag, queue, place });
        }
    }

    /// All records reach the disk: now every publish and commit has its answer.
    pub(crate) fn settle_disk(&mut self) {
        while self.page() {}
        self.make_durable(self.last);
        for client in &self.clients {
            assert_eq!(client.getting, None, "every get is answered");
            assert!(client.unconfirmed.is_empty(), "every publish is confirmed");
            assert!(client.refused.is_empty(), "or refused");
            assert_eq!(client.commit, None, "every commit is answered");
        }
        let [at_once, later] = &self.given;
        assert_eq!(at_once, later, "a slow disk changes when, not what");
    }

    /// All clients leave, and what is left in the queues is what the model says.
    pub(crate) fn drain(&mut self) {
        self.end_unit(Unit::Operation);
        for connection in [0, 1] {
            self.client_leaves(connection);
            self.end_unit(Unit::Operation);
        }
        assert_eq!(
            self.model.count(),
            (0..QUEUES.len()).map(|queue| self.model.ready(queue).len()).sum(),
            "all is ready that was delivered to somebody who left"
        );
        for queue in 0..QUEUES.len() {
            for _ in 0..=self.model.ready(queue).len() {
                self.client_gets(PLAIN, queue, true);
                while self.page() {}
            }
            assert_eq!(self.model.ready(queue), [0_u64; 0], "nothing is left");
        }
    }
}
