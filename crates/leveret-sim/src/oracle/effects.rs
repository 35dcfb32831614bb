//! What effects say, and which of them may not be.

use bytes::Bytes;
use leveret_engine::{ConnectionId, Effect};
use leveret_protocol::{ChannelNumber, Method, Properties, basic};

use super::{
    inputs::PROMISED,
    letter::{Letter, LetterId, Route, body_of, letter_of},
    opening::{ChannelPrefetch, Out, RequestKind},
    token::{Acceptance, OpeningNumber, Span, Token, TokenEnd},
    view::{HostView, Slot, accept, prove_end},
};
use crate::{
    place::HostIndex,
    topology::{QueueIndex, Topology},
};

/// Who watches one engine speak.
pub(super) struct Witness<'a> {
    pub(super) host: HostIndex,
    pub(super) view: &'a mut HostView,
    pub(super) letters: &'a mut [Letter],
    pub(super) topology: &'a Topology,
    pub(super) confirmed: &'a mut u64,
    pub(super) delivered: &'a mut u64,
    pub(super) objection: Option<String>,
}

/// A delivery as it goes out.
struct Given<'a> {
    number: OpeningNumber,
    tag: u64,
    redelivered: bool,
    queue: Option<QueueIndex>,
    no_ack: bool,
    consumer: Option<&'a basic::Deliver>,
    letter: LetterId,
}

/// Whether a message can still be in its queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    On,
    Over,
}

impl Witness<'_> {
    fn object(&mut self, text: String) {
        self.objection.get_or_insert(text);
    }

    pub(super) fn take(&mut self, effect: &Effect) {
        match effect {
            Effect::Append { .. }
            | Effect::Relocated { .. }
            | Effect::StorePage { .. }
            | Effect::LoadPage { .. }
            | Effect::ThinPage { .. }
            | Effect::DropPage { .. } => {}
            Effect::PageDamaged { .. } => self.object(format!("no page was damaged: {effect:?}")),
            Effect::ConnectionClosed { connection } | Effect::FailConnection { connection, .. } => {
                self.view.end_connection(*connection);
            }
            Effect::ChannelClosed { connection, channel } => self.closed(*connection, *channel),
            Effect::FailChannel { connection, channel, .. } => {
                if let Some(number) = self.view.outward(*connection, *channel) {
                    self.view.fail_opening(number);
                    if let Some(slots) = self.view.slots.get_mut(&(*connection, *channel)) {
                        slots.pop_front();
                    }
                }
            }
            Effect::Send { connection, channel, method } => {
                if let Some(number) = self.view.outward(*connection, *channel) {
                    self.answered(number, method);
                }
            }
            Effect::Content { connection, channel, content } => {
                let (spent, method) = (effect.credit_bytes(), content.method());
                let letter = (content.properties(), content.body());
                self.content((*connection, *channel), &method, letter, spent);
            }
        }
    }

    /// The engine has answered the end of a channel: it had not failed before, or it would have said so.
    fn closed(&mut self, connection: ConnectionId, channel: ChannelNumber) {
        if let Some(number) = self.view.outward(connection, channel) {
            let doubt = self.view.prove(number, u64::MAX);
            if let Some(text) = doubt {
                self.object(text);
            }
            self.view.end_opening(number);
            self.view.openings.remove(&number);
        }
        let Some(slots) = self.view.slots.get_mut(&(connection, channel)) else { return };
        while let Some(slot) = slots.pop_front() {
            if slot == Slot::Closing {
                break;
            }
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "all others are answers")]
    fn answered(&mut self, number: OpeningNumber, method: &Method) {
        match method {
            Method::BasicAck(ack) => self.confirmed(number, ack.delivery_tag, ack.multiple),
            // The engine cancels a consumer whose queue is gone.
            Method::BasicNack(_) | Method::BasicCancel(_) => {}
            _ => self.replied(number, (method.class_id(), method.method_id())),
        }
    }

    fn replied(&mut self, number: OpeningNumber, (class, id): (u16, u16)) {
        let Some(opening) = self.view.openings.get_mut(&number) else { return };
        let Some(request) = opening.requests.pop_front() else {
            return self.object(format!("{number:?}: {class}.{id} answers nothing"));
        };
        let fits = match &request.kind {
            RequestKind::Get { .. } => (class, id) == (60, 71) || (class, id) == (60, 72),
            RequestKind::Commit { .. } => (class, id) == (90, 21),
            RequestKind::Other { answer } => *answer == (class, id),
        };
        if !fits {
            return self.object(format!("{number:?}: {class}.{id} answers {request:?}"));
        }
        if request.is_forbidden {
            self.object(format!("{number:?}: {class}.{id} answers what may not be asked"));
        }
        if let Some(doubt) = self.view.prove(number, request.sequence) {
            self.object(doubt);
        }
        match request.kind {
            RequestKind::Commit { group } => self.committed(group),
            // What was delivered before the answer was decided on before the question.
            RequestKind::Other { answer: (60, 111) } => self.view.recover(number),
            RequestKind::Other { .. } | RequestKind::Get { .. } => {}
        }
    }

    /// A transaction has become whole.
    fn committed(&mut self, group: u64) {
        let Some(group) = self.view.groups.remove(&group) else { return };
        for letter in group.publishes {
            self.promised(letter);
        }
        for key in group.came {
            if let Some(token) = self.view.tokens.get_mut(&key) {
                token.accept(PROMISED);
            }
        }
        for key in group.left {
            let Some(token) = self.view.tokens.get_mut(&key) else { continue };
            prove_end(token);
            if let TokenEnd::Leaving { gone, .. } = token.end
                && gone.last > self.view.synced
                && self.letters.get(key.0.0).is_some_and(|letter| letter.persistent)
            {
                self.object(format!("a commit of {key:?} is answered before it is durable"));
            }
        }
    }

    fn confirmed(&mut self, number: OpeningNumber, tag: u64, multiple: bool) {
        let Some(opening) = self.view.openings.get_mut(&number) else { return };
        let confirmed: Vec<(u64, LetterId)> = if multiple {
            opening.unconfirmed.extract_if(..=tag, |_, _| true).map(|(_, of)| of).collect()
        } else {
            opening.unconfirmed.remove(&tag).into_iter().collect()
        };
        if confirmed.is_empty() {
            return self
                .object(format!("{number:?}: publish {tag} is confirmed, but waits for none"));
        }
        for (sequence, letter) in confirmed {
            if let Some(doubt) = self.view.prove(number, sequence) {
                self.object(doubt);
            }
            self.promised(letter);
        }
    }

    /// The engine promises to keep a message: it must be on the disk if it is to survive.
    fn promised(&mut self, id: LetterId) {
        *self.confirmed += 1;
        accept(&mut self.view.tokens, id, PROMISED);
        let Some(letter) = self.letters.get(id.0) else { return };
        let lsn = letter.lsn;
        if let Route::Later(queue) = letter.route
            && letter.persistent
        {
            self.view.appointments.insert((id, queue));
        }
        if self.view.forbidden_letters.contains(&id) {
            let text = format!("{id:?} is confirmed, though nothing may be published");
            self.objection.get_or_insert(text);
        }
        if letter.persistent && letter.route.is_somewhere() && lsn > self.view.synced {
            let synced = self.view.synced;
            self.object(format!("{id:?} of record {lsn} is confirmed, {synced} is durable"));
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "an engine sends no other contents")]
    fn content(
        &mut self,
        (connection, channel): (ConnectionId, ChannelNumber),
        method: &Method,
        (_, body): (&Properties, &Bytes),
        spent: u64,
    ) {
        let Some(letter) = self.read(body) else { return };
        let Some(number) = self.view.outward(connection, channel) else { return };
        let is_reply = self.request_of(letter).is_some();
        let Some(opening) = self.view.openings.get_mut(&number) else { return };
        match method {
            Method::BasicReturn(_) => self.returned(letter),
            Method::BasicGetOk(got) => {
                let request = opening.requests.front().map(|request| &request.kind);
                let (queue, no_ack) = match request {
                    Some(RequestKind::Get { queue, no_ack }) => (*queue, *no_ack),
                    _ => (None, false),
                };
                self.replied(number, (60, 71));
                let (tag, redelivered) = (got.delivery_tag, got.redelivered);
                let consumer = None;
                self.given(&Given { number, tag, redelivered, queue, no_ack, consumer, letter });
            }
            Method::BasicDeliver(deliver) if is_reply => {
                // No reply waits for credit. What it uses is not counted here: a delivery that was
                // decided before it may be held for its record, and come after it.
                self.direct_reply(number, deliver, letter);
            }
            Method::BasicDeliver(deliver) => {
                let consumer = opening.consumers.get(&deliver.consumer_tag);
                let Some((queue, no_ack)) = consumer.map(|known| (known.queue, known.no_ack))
                else {
                    return self.object(format!("{number:?}: a delivery to nobody: {deliver:?}"));
                };
                self.spend(connection, spent);
                let (tag, redelivered) = (deliver.delivery_tag, deliver.redelivered);
                let consumer = Some(deliver);
                self.given(&Given { number, tag, redelivered, queue, no_ack, consumer, letter });
            }
            _ => self.object(format!("{number:?}: a content of {}", method.name())),
        }
    }

    fn request_of(&self, reply: LetterId) -> Option<LetterId> {
        let letter = self.letters.get(reply.0)?;
        if let Route::Reply(request) = letter.route { Some(request) } else { None }
    }

    /// A reply comes to who asked, once.
    fn direct_reply(&mut self, number: OpeningNumber, deliver: &basic::Deliver, reply: LetterId) {
        let Some(request) = self.request_of(reply) else { return };
        let Some(opening) = self.view.openings.get_mut(&number).filter(|one| !one.is_closing)
        else {
            return;
        };
        *self.delivered += 1;
        let is_awaited = opening.consumers.contains_key(&deliver.consumer_tag);
        let is_late = deliver.delivery_tag <= opening.last_tag;
        opening.last_tag = deliver.delivery_tag;
        // Of an earlier life nobody knows who asked.
        let is_stray = self.view.askers.get(&request).is_some_and(|asker| *asker != number);
        let is_again = !self.view.replied.insert(reply);
        if !is_awaited || is_late || is_stray || is_again || deliver.redelivered {
            self.object(format!("{number:?}: {reply:?} answers {request:?} wrongly: {deliver:?}"));
        }
    }

    /// The message of a body, if it is whole and was published here.
    fn read(&mut self, body: &Bytes) -> Option<LetterId> {
        let known = letter_of(body).and_then(|id| Some((id, self.letters.get(id.0)?)));
        let Some((id, letter)) = known else {
            self.object("a body that nobody wrote".to_owned());
            return None;
        };
        let is_whole = *body == body_of(id, letter.bytes);
        if !is_whole || letter.host != self.host {
            self.object(format!("{id:?} is given out by another host, or damaged"));
        }
        Some(id)
    }

    fn returned(&mut self, id: LetterId) {
        let Some(letter) = self.letters.get(id.0) else { return };
        // What an exchange holds back is returned although it comes later.
        if matches!(letter.route, Route::Certain(_)) {
            self.object(format!("{id:?} is returned, though it has a queue"));
        }
    }

    /// Deliveries stay within the credit, but for the last.
    fn spend(&mut self, connection: ConnectionId, bytes: u64) {
        let Some(credit) = self.view.credits.get_mut(&connection) else { return };
        credit.largest = credit.largest.max(bytes);
        if credit.spent > credit.granted.saturating_add(credit.largest) {
            let text = format!("{connection:?} gets more than its credit: {credit:?}");
            self.objection.get_or_insert(text);
        }
        credit.spent = credit.spent.saturating_add(bytes);
    }

    fn given(&mut self, given: &Given<'_>) {
        // Nobody listens to a channel that is being closed; what still comes there was decided before.
        if self.view.is_closing(given.number) {
            return;
        }
        *self.delivered += 1;
        let (number, tag, id) = (given.number, given.tag, given.letter);
        let Some(queue) = given.queue else {
            return self.object(format!("{number:?}: {id:?} comes from an unknown queue"));
        };
        if self.view.forbidden_letters.contains(&id) {
            return self.object(format!("{id:?} is given out, though it may not be published"));
        }
        if let Some(opening) = self.view.openings.get_mut(&number) {
            // A get that found nothing after all leaves its tag unused.
            if tag <= opening.last_tag {
                let text = format!("{number:?}: tag {tag} after {}", opening.last_tag);
                self.objection.get_or_insert(text);
            }
            opening.last_tag = tag;
        }
        if self.view.is_recovering(number) {
            // It was decided on before, and has gone back since.
            let token = self.view.tokens.get_mut(&(id, queue));
            return token.into_iter().for_each(|token| token.seen = true);
        }
        self.view.decide_groups((id, queue));
        self.check_place(given, queue);
        if self.check_life(given, queue) == Life::Over {
            return;
        }
        self.check_bounds(given);
        let key = (id, queue);
        if given.no_ack {
            if let Some(token) = self.view.tokens.get_mut(&key) {
                // That was written when this was decided on.
                let gone = Span { first: 0, last: self.view.ledger.last };
                token.end = TokenEnd::Leaving { gone, is_proven: true, is_dead: false };
            }
            return;
        }
        let consumer = given.consumer.map(|deliver| deliver.consumer_tag.clone());
        if let Some(opening) = self.view.openings.get_mut(&number) {
            opening.out.insert(tag, Out { key, consumer });
        }
        if let Some(token) = self.view.tokens.get_mut(&key) {
            token.out = Some((number, tag));
        }
    }

    /// The message may be in that queue, and it comes in its order.
    fn check_place(&mut self, given: &Given<'_>, queue: QueueIndex) {
        let id = given.letter;
        let Some(letter) = self.letters.get(id.0) else { return };
        let Some(order) = letter.order else {
            return self.object(format!("{id:?} is given out and was not published"));
        };
        if !letter.route.may_reach(queue, self.topology) {
            return self
                .object(format!("{id:?} comes from {queue:?}, its route is {:?}", letter.route));
        }
        if given.redelivered || !self.topology.is_ordered(queue) {
            return;
        }
        let opening = self.view.openings.get_mut(&given.number);
        let consumer = opening
            .zip(given.consumer)
            .and_then(|(opening, deliver)| opening.consumers.get_mut(&deliver.consumer_tag));
        if let Some(consumer) = consumer {
            if consumer.last_order.is_some_and(|last| last >= order) {
                let text = format!("{id:?} comes late: its order {order}, {consumer:?}");
                self.objection.get_or_insert(text);
            }
            consumer.last_order = Some(order);
        }
    }

    /// The message may still be given out, is on the disk, and is marked if it was seen.
    ///
    /// On a channel that has failed, or gives back what it had, there may be deliveries that were
    /// decided on before and had to wait: what is wrong with them counts only if the channel lives on.
    fn check_life(&mut self, given: &Given<'_>, queue: QueueIndex) -> Life {
        let id = given.letter;
        let Some(letter) = self.letters.get(id.0) else { return Life::Over };
        if letter.route.may_come_twice(queue, self.topology) {
            return Life::On;
        }
        let stays =
            letter.persistent && self.topology.queue(queue).is_some_and(|plan| plan.durable);
        let (lsn, synced) = (letter.lsn, self.view.synced);
        let unknown = || Token::new(false, Span::at(lsn));
        let token = self.view.tokens.entry((id, queue)).or_insert_with(unknown);
        let (lsn, other) = (token.came.first, token.out);
        if token.has_left() {
            let text = format!("{id:?} comes again from {queue:?}: {token:?}");
            self.view.doubt(text, &[given.number]);
            return Life::Over;
        }
        let early = (stays && lsn > synced)
            .then(|| format!("{id:?} of record {lsn} is given out, {synced} is durable"));
        let unmarked = (token.seen && !given.redelivered)
            .then(|| format!("{id:?} is not marked as redelivered: {token:?}"));
        if token.end != TokenEnd::Here {
            // Either that settlement came too late, or this was decided on before it.
            token.is_certain = false;
        }
        token.seen = true;
        token.accept(Acceptance::Taken);
        if let Some(text) = early {
            self.object(text);
        }
        if let Some(text) = unmarked {
            self.view.doubt(text, &[given.number]);
        }
        if let Some((other, tag)) = other
            && let Some(opening) = self.view.openings.get(&other)
            && opening.out.get(&tag).is_some_and(|out| out.key == (id, queue))
        {
            let text = format!("{id:?} is with two at once, one is {other:?} with tag {tag}");
            self.view.doubt(text, &[given.number, other]);
        }
        Life::On
    }

    /// No consumer and no channel gets more than its prefetch.
    fn check_bounds(&mut self, given: &Given<'_>) {
        let Some(deliver) = given.consumer else { return };
        if given.no_ack {
            return;
        }
        let Some(opening) = self.view.openings.get_mut(&given.number) else { return };
        let to_consumers = opening.out.values().filter(|out| out.consumer.is_some()).count() + 1;
        let is_over = match opening.channel_prefetch {
            ChannelPrefetch::Limited(limit) => to_consumers > usize::from(limit),
            ChannelPrefetch::Unlimited | ChannelPrefetch::Blurred => false,
        };
        let Some(consumer) = opening.consumers.get_mut(&deliver.consumer_tag) else { return };
        consumer.under_way += 1;
        if is_over || consumer.prefetch > 0 && consumer.under_way > u64::from(consumer.prefetch) {
            let text = format!("{:?} gets more than its prefetch: {consumer:?}", given.number);
            self.objection.get_or_insert(text);
        }
    }
}
