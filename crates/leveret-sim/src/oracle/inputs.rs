//! What inputs mean, if the engine takes them.

use leveret_engine::{ConnectionId, Input};
use leveret_protocol::{ChannelNumber, Method, basic};

use super::{
    ledger::Pace,
    letter::{Letter, LetterId, letter_of},
    opening::{
        ChannelPrefetch, ConsumerView, Mode, Opening, Out, Request, RequestKind, Unproven, Verdict,
        answer_to,
    },
    token::{Acceptance, OpeningNumber, Span, Token, TokenEnd, TokenKey},
    view::{Credit, Group, HostView, Slot},
};
use crate::topology::{QueueIndex, REPLY_TO, Topology};

pub(super) fn take(
    view: &mut HostView,
    letters: &mut [Letter],
    topology: &Topology,
    input: &Input,
) {
    view.sequence += 1;
    match input {
        Input::Connect { connection, .. } => {
            view.credits.insert(*connection, Credit::default());
        }
        Input::Disconnect { connection } => view.end_connection(*connection),
        Input::OpenChannel { connection, channel } => view.open(*connection, *channel),
        Input::CloseChannel { connection, channel } => close(view, *connection, *channel),
        Input::Method { connection, channel, method } => {
            if let Some(number) = view.inward(*connection, *channel) {
                let is_forbidden = view.forbidden.contains(connection) && needs_rights(method);
                Clerk { view, letters, topology, number, is_forbidden }.take_method(method);
            }
        }
        Input::Publish { connection, channel, properties, body, .. } => {
            if let (Some(number), Some(letter)) =
                (view.inward(*connection, *channel), letter_of(body))
            {
                let is_forbidden = view.forbidden.contains(connection);
                if properties.reply_to().is_some_and(|name| name == REPLY_TO) {
                    view.askers.insert(letter, number);
                }
                Clerk { view, letters, topology, number, is_forbidden }.take_publish(letter);
            }
        }
        Input::Credit { connection, bytes } => {
            if let Some(credit) = view.credits.get_mut(connection) {
                credit.granted = credit.granted.saturating_add(*bytes);
            }
        }
        Input::SetPermissions { connection, .. } => {
            // There is only one change: all is taken away.
            if view.credits.contains_key(connection) {
                view.forbidden.insert(*connection);
            }
        }
        Input::SetPolicies { .. }
        | Input::LimitQueues { .. }
        | Input::SetDefaultQueueType { .. }
        | Input::Durable { .. }
        | Input::Relocate { .. }
        | Input::PageStored { .. }
        | Input::PageLoaded { .. }
        | Input::NameConnection { .. }
        | Input::Trace { .. }
        | Input::Together { .. }
        | Input::Wake => {}
    }
}

/// Whether who may neither read nor write may not ask for this.
fn needs_rights(method: &Method) -> bool {
    // Who waits for replies reads no queue.
    let waits = matches!(method, Method::BasicConsume(consume) if consume.queue == REPLY_TO);
    !waits
        && matches!(
            method,
            Method::BasicGet(_)
                | Method::BasicConsume(_)
                | Method::QueuePurge(_)
                | Method::QueueBind(_)
                | Method::QueueUnbind(_)
        )
}

fn close(view: &mut HostView, connection: ConnectionId, channel: ChannelNumber) {
    if let Some(number) = view.inward(connection, channel) {
        view.end_opening(number);
        if let Some(opening) = view.openings.get_mut(&number) {
            opening.is_closing = true;
        }
    }
    view.slots.entry((connection, channel)).or_default().push_back(Slot::Closing);
}

/// Who puts down what one opening of a channel is told.
struct Clerk<'a> {
    view: &'a mut HostView,
    letters: &'a mut [Letter],
    topology: &'a Topology,
    number: OpeningNumber,
    /// Whether the connection has no right to this.
    is_forbidden: bool,
}

impl Clerk<'_> {
    fn opening(&mut self) -> Option<&mut Opening> {
        self.view.openings.get_mut(&self.number)
    }

    fn take_publish(&mut self, letter: LetterId) {
        let sequence = self.view.sequence;
        if self.is_forbidden {
            self.view.forbidden_letters.insert(letter);
        }
        let Some(opening) = self.opening() else { return };
        match opening.mode {
            Mode::Transaction => return opening.publishes.push(letter),
            Mode::Plain => opening.unproven.push_back((sequence, Unproven::Published(letter))),
            Mode::Confirm => {
                opening.published += 1;
                let tag = opening.published;
                opening.unconfirmed.insert(tag, (sequence, letter));
                opening.unproven.push_back((sequence, Unproven::Published(letter)));
            }
        }
        self.post(letter);
    }

    /// The message takes its place in its queues.
    fn post(&mut self, id: LetterId) -> Vec<TokenKey> {
        self.view.order += 1;
        let Some(letter) = self.letters.get_mut(id.0) else { return Vec::new() };
        letter.order = Some(self.view.order);
        self.view.ledger.posted.push(id);
        let mut keys = Vec::new();
        for queue in letter.route.certain() {
            self.view.tokens.insert((id, *queue), Token::new(true, Span::BEFORE_ALL));
            self.view.ledger.came.push((id, *queue));
            keys.push((id, *queue));
        }
        keys
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the others change nothing the model knows")]
    fn take_method(&mut self, method: &Method) {
        match method {
            Method::BasicAck(ack) => self.settle(ack.delivery_tag, ack.multiple, Verdict::Ack),
            Method::BasicNack(nack) => {
                let verdict = if nack.requeue { Verdict::Requeue } else { Verdict::Reject };
                self.settle(nack.delivery_tag, nack.multiple, verdict);
            }
            Method::BasicReject(reject) => {
                let verdict = if reject.requeue { Verdict::Requeue } else { Verdict::Reject };
                self.settle(reject.delivery_tag, false, verdict);
            }
            Method::BasicRecover(_) | Method::BasicRecoverAsync(_) => self.recover(),
            Method::BasicConsume(consume) => self.consume(consume),
            Method::BasicQos(qos) => self.qos(*qos),
            Method::ConfirmSelect(_) => self.select(Mode::Confirm),
            Method::TxSelect(_) => self.select(Mode::Transaction),
            Method::TxCommit(_) => return self.commit(),
            Method::TxRollback(_) => self.roll_back(),
            Method::BasicGet(get) => {
                let (queue, no_ack) = (self.topology.named(&get.queue), get.no_ack);
                return self.ask(RequestKind::Get { queue, no_ack });
            }
            _ => {}
        }
        if let Some(answer) = answer_to(method) {
            self.ask(RequestKind::Other { answer });
        }
    }

    fn ask(&mut self, kind: RequestKind) {
        let (sequence, is_forbidden) = (self.view.sequence, self.is_forbidden);
        if let Some(opening) = self.opening() {
            opening.requests.push_back(Request { sequence, kind, is_forbidden });
        }
    }

    fn select(&mut self, mode: Mode) {
        if let Some(opening) = self.opening()
            && opening.mode == Mode::Plain
        {
            opening.mode = mode;
        }
    }

    fn qos(&mut self, qos: basic::Qos) {
        let Some(opening) = self.opening() else { return };
        if !qos.global {
            opening.prefetch = qos.prefetch_count;
            return;
        }
        opening.channel_prefetch = match (opening.channel_prefetch, qos.prefetch_count) {
            (ChannelPrefetch::Unlimited, 0) => ChannelPrefetch::Unlimited,
            (ChannelPrefetch::Unlimited, count) if opening.consumers.is_empty() => {
                ChannelPrefetch::Limited(count)
            }
            _ => ChannelPrefetch::Blurred,
        };
    }

    fn consume(&mut self, consume: &basic::Consume) {
        let queue = self.topology.named(&consume.queue);
        let Some(opening) = self.opening() else { return };
        let consumer = ConsumerView {
            queue,
            no_ack: consume.no_ack,
            prefetch: opening.prefetch,
            under_way: 0,
            last_order: None,
        };
        opening.consumers.insert(consume.consumer_tag.clone(), consumer);
    }

    fn settle(&mut self, tag: u64, multiple: bool, verdict: Verdict) {
        let Some(opening) = self.opening() else { return };
        let is_transaction = opening.mode == Mode::Transaction;
        let pace = if multiple { Pace::Slices } else { Pace::Turn };
        for (tag, out) in opening.take_out(tag, multiple) {
            self.release(&out);
            let Some(opening) = self.opening() else { return };
            if is_transaction {
                opening.settlements.push((tag, out, verdict));
            } else {
                self.end((tag, &out), verdict, pace);
            }
        }
    }

    /// What was delivered counts against no prefetch any more.
    fn release(&mut self, out: &Out) {
        let Some(opening) = self.opening() else { return };
        let consumer = out.consumer.as_ref().and_then(|tag| opening.consumers.get_mut(tag));
        if let Some(consumer) = consumer {
            consumer.under_way = consumer.under_way.saturating_sub(1);
        }
    }

    /// A delivery meets its end, if the channel lives.
    fn end(&mut self, (tag, out): (u64, &Out), verdict: Verdict, pace: Pace) {
        let sequence = self.view.sequence;
        let (id, queue) = out.key;
        let Some(token) = self.view.tokens.get_mut(&out.key) else { return };
        if token.out == Some((self.number, tag)) {
            token.out = None;
        }
        // Where another has settled it for sure, this channel has failed, and nobody heard of it yet.
        if verdict == Verdict::Requeue || token.has_left() {
            return;
        }
        let dead = self.topology.queue(queue).and_then(|plan| plan.dead_letters_to);
        let dead = dead.filter(|_| verdict == Verdict::Reject);
        // One of two channels that settled it counts; which, is not known yet.
        let (gone, is_dead) = match token.end {
            TokenEnd::Leaving { gone, is_dead, .. } => (gone, is_dead && dead.is_some()),
            TokenEnd::Here | TokenEnd::Gone => (Span::BEFORE_ALL, dead.is_some()),
        };
        token.end = TokenEnd::Leaving { gone, is_proven: false, is_dead };
        self.view.ledger.left.push((out.key, pace));
        if let Some(opening) = self.opening() {
            opening.unproven.push_back((sequence, Unproven::Left(out.key)));
        }
        if let Some(dead) = dead {
            self.die((id, queue), dead, pace);
        }
    }

    /// The message goes to the dead-letter queue, if the channel lives.
    fn die(&mut self, (id, from): TokenKey, dead: QueueIndex, pace: Pace) {
        let key = (id, dead);
        if self.may_come_twice(key) {
            return;
        }
        // A wild queue may be gone; then nothing dies in it.
        let is_certain = self.topology.is_strict(from);
        let death = Token { is_death: true, ..Token::new(is_certain, Span::BEFORE_ALL) };
        let token = self.view.tokens.entry(key).or_insert_with(|| death.clone());
        if token.end == TokenEnd::Gone {
            *token = death;
        }
        // Two channels have rejected it, and one of them counts for sure.
        if token.acceptance != Acceptance::Unknown {
            return;
        }
        self.view.ledger.died.push((key, pace));
        let sequence = self.view.sequence;
        if let Some(opening) = self.opening() {
            opening.unproven.push_back((sequence, Unproven::Died(key)));
        }
    }

    fn may_come_twice(&self, (id, queue): TokenKey) -> bool {
        let letter = self.letters.get(id.0);
        letter.is_some_and(|letter| letter.route.may_come_twice(queue, self.topology))
    }

    fn recover(&mut self) {
        let Some(opening) = self.opening() else { return };
        for (tag, out) in opening.take_out(0, true) {
            self.release(&out);
            self.end((tag, &out), Verdict::Requeue, Pace::Slices);
        }
    }

    fn commit(&mut self) {
        let Some(opening) = self.opening() else { return };
        let publishes = std::mem::take(&mut opening.publishes);
        let settlements = std::mem::take(&mut opening.settlements);
        let (opening, publishes_of_group) = (self.number, publishes.clone());
        let (came, left) = (Vec::new(), Vec::new());
        let mut group = Group { opening, publishes: publishes_of_group, came, left };
        for letter in publishes {
            group.came.extend(self.post(letter));
        }
        for (tag, out, verdict) in settlements {
            self.end((tag, &out), verdict, Pace::Whole);
            if verdict != Verdict::Requeue {
                group.left.push(out.key);
            }
            let dead = self.topology.queue(out.key.1).and_then(|plan| plan.dead_letters_to);
            let dead = dead.filter(|_| verdict == Verdict::Reject);
            if let Some(dead) = dead.filter(|dead| !self.may_come_twice((out.key.0, *dead))) {
                group.came.push((out.key.0, dead));
            }
        }
        let number = self.view.sequence;
        self.view.groups.insert(number, group);
        self.ask(RequestKind::Commit { group: number });
    }

    /// Publishes never were; what was settled is as if it had not been.
    fn roll_back(&mut self) {
        let Some(opening) = self.opening() else { return };
        opening.publishes.clear();
        for (tag, out, _) in std::mem::take(&mut opening.settlements) {
            if let Some(consumer) =
                out.consumer.as_ref().and_then(|tag| opening.consumers.get_mut(tag))
            {
                consumer.under_way += 1;
            }
            opening.out.insert(tag, out);
        }
    }
}

/// A publish that the engine answered: it will keep it.
pub(super) const PROMISED: Acceptance = Acceptance::Promised;
