//! One call of the engine: an input, what follows from it, and the records of it.
//!
//! Each file beside this one is one concern. All of them change the host through a `Turn`,
//! which also carries the time, the effects, the records being written and the step budget.

mod admit;
mod appointment;
mod authorise;
mod bindings;
mod bounds;
mod close;
mod confirm;
mod consume;
mod dead_letter;
mod declare_exchange;
mod declare_queue;
mod deliver;
mod dispatch;
mod exchanges;
mod get;
mod give_back;
mod idle;
mod leave;
mod method;
mod names;
mod overflow;
mod paging;
mod peek;
mod policies;
mod post;
mod publish;
mod queues;
mod relocate;
mod remove_queue;
mod replies;
mod schedule;
mod settle;
mod succession;
mod tasks;
mod thinning;
mod timeout;
mod timers;
mod together;
mod trace;
mod transaction;
mod unbinding;

use alloc::{boxed::Box, collections::VecDeque, vec::Vec};

use leveret_protocol::{Method, Timestamp};

use crate::{
    channel::{Channel, ChannelKey},
    connection::Connection,
    draft::Draft,
    effects::{Effect, Effects},
    host::Host,
    identity::{Lsn, MessageId, OpeningId, QueueId},
    input::Input,
    message::detached_name,
    record::Fact,
    space::Space,
};

/// What one message in `settled` takes in a record, at most.
const SETTLED_BYTES_MAX: usize = 32;

pub(crate) struct Turn<'a> {
    host: &'a mut Host,
    now: Timestamp,
    effects: &'a mut Effects,
    draft: Draft,
    /// Messages on record that left their queue in this turn.
    settled: Vec<(QueueId, MessageId)>,
    /// Queues that may have something to deliver or to give up now.
    stirred: VecDeque<QueueId>,
    /// What may become of pages once this turn's records are durable.
    page_effects: Vec<Effect>,
    /// Replies that may go out once this turn's records are durable.
    replies: Vec<(ChannelKey, Effect)>,
    /// All that lived in records up to this one is written again.
    relocated: Option<Lsn>,
    steps_left: usize,
    /// Whether what is declared comes from a broker that has named it.
    takes_over: bool,
}

impl<'a> Turn<'a> {
    pub(crate) fn new(host: &'a mut Host, now: Timestamp, effects: &'a mut Effects) -> Self {
        let Space { records, settled, stirred } = core::mem::take(&mut host.space);
        let draft = Draft::after(host.last_record, records);
        let steps_left = host.options.limits.turn_steps_max;
        Self {
            host,
            now,
            effects,
            draft,
            settled,
            stirred,
            page_effects: Vec::new(),
            replies: Vec::new(),
            relocated: None,
            steps_left,
            takes_over: false,
        }
    }

    /// Takes the input, and all that follows from it.
    pub(crate) fn run(mut self, input: Input) {
        let is_wake = matches!(input, Input::Wake);
        self.take_due(is_wake);
        let tasks_before = self.host.work.len();
        self.take(input);
        self.deliver_stirred();
        if is_wake || self.host.work.len() > tasks_before {
            self.work();
        }
        self.finish();
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Connect { connection, user, capabilities, authority } => {
                let fresh = Connection::new(user, capabilities, authority);
                self.host.connections.insert(connection, fresh);
            }
            Input::SetPermissions { connection, authority } => {
                if let Some(connection) = self.host.connections.get_mut(&connection) {
                    connection.authority = authority;
                }
            }
            Input::SetPolicies { policies } => self.set_policies(policies),
            Input::NameConnection { connection, name } => {
                if let Some(connection) = self.host.connections.get_mut(&connection) {
                    connection.name = detached_name(&name);
                }
            }
            Input::Trace { is_on } => self.host.is_traced = is_on,
            Input::LimitQueues { queues_max } => self.host.queues_max = queues_max,
            Input::SetDefaultQueueType { default } => {
                self.host.options.default_queue_type = default;
            }
            Input::Disconnect { connection } => self.disconnect(connection),
            Input::OpenChannel { connection, channel } => {
                let opening = OpeningId(self.host.serials.next());
                let connection = self.host.connections.get_mut(&connection);
                if let Some(connection) = connection.filter(|found| !found.is_leaving) {
                    connection.channels.entry(channel).or_insert_with(|| Channel::new(opening));
                }
            }
            Input::CloseChannel { connection, channel } => {
                self.close_channel(ChannelKey { connection, channel });
            }
            Input::Method { connection, channel, method } => {
                self.method(ChannelKey { connection, channel }, method);
            }
            Input::Together { connection, channel, methods } => {
                self.together(ChannelKey { connection, channel }, methods);
            }
            Input::Publish { connection, channel, publish, properties, body } => {
                let at = ChannelKey { connection, channel };
                self.publish(at, publish, properties, body);
            }
            Input::Credit { connection, bytes } => self.credit(connection, bytes),
            Input::Durable { upto } => self.durable(upto),
            Input::Relocate { upto } => self.relocate(upto),
            Input::PageStored { page } => self.page_stored(page),
            Input::PageLoaded { page, content } => self.page_loaded(page, content),
            Input::Wake => {}
        }
    }

    /// Hands out the records, and what waits for them.
    fn finish(mut self) {
        self.write_settled();
        let before = self.host.last_record;
        let effects = &mut *self.effects;
        let (last, records) =
            self.draft.finish(|lsn, record| effects.push(Effect::Append { lsn, record }));
        self.host.space = Space { records, settled: self.settled, stirred: self.stirred };
        self.host.page_effects.extend(self.page_effects.into_iter().map(|effect| (last, effect)));
        self.host.release_pages(self.effects);
        self.host.spans.add(before.next(), last);
        let written = (last > before).then_some(last);
        self.host.outbox.end_turn(written, self.host.durable, self.effects);
        self.host.last_record = last;
        if let Some(upto) = self.relocated {
            self.effects.push(Effect::Relocated { upto, through: last });
        }
        for (at, reply) in self.replies {
            match written {
                Some(last) => self.host.outbox.hold(at, last, reply),
                None => self.host.outbox.send(at, reply, self.effects),
            }
        }
    }

    /// Puts down which messages on record left their queues.
    fn write_settled(&mut self) {
        self.settled.sort_unstable();
        for of_queue in self.settled.chunk_by(|one, other| one.0 == other.0) {
            if let Some((queue, _)) = of_queue.first() {
                Fact::put_settled(self.draft.facts(), *queue, of_queue);
            }
        }
        self.settled.clear();
    }

    /// Between two changes that need not hold together: ends a record that has grown large.
    fn part_ways(&mut self) {
        let max = self.host.options.limits.record_bytes_max;
        let settled_bytes = self.settled.len().saturating_mul(SETTLED_BYTES_MAX);
        if self.draft.open_bytes().saturating_add(settled_bytes) > max {
            self.write_settled();
            self.draft.cut_over(max);
        }
    }

    fn effect(at: ChannelKey, method: Method) -> Effect {
        let (connection, channel) = (at.connection, at.channel);
        Effect::Send { connection, channel, method: Box::new(method) }
    }

    fn send(&mut self, at: ChannelKey, method: Method) {
        self.host.outbox.send(at, Self::effect(at, method), self.effects);
    }

    /// Sends a reply once this turn's records are durable; at once, if there are none.
    fn send_when_written(&mut self, at: ChannelKey, method: Method) {
        self.replies.push((at, Self::effect(at, method)));
    }

    /// Sends a reply once that record is durable.
    fn send_when_durable(&mut self, at: ChannelKey, recorded: Option<Lsn>, method: Method) {
        match recorded {
            Some(lsn) if lsn > self.host.durable => {
                self.host.outbox.hold(at, lsn, Self::effect(at, method));
            }
            Some(_) | None => self.send(at, method),
        }
    }
}
