//! What a client does, at random.

use leveret_protocol::{
    AmqpError, ChannelNumber, FieldTable, Method, Properties, ReplyCode, ShortStr, basic, confirm,
    exchange, queue, tx,
};

use super::{
    Client, State,
    channel::{Answer, Channel, ChannelState, Mode, REPLIES},
};
use crate::{
    oracle::{Letter, Route, body_of},
    scene::Scene,
    topology::{
        DELAYED, DELAYING, FAN, KEYS, LATE, QueueIndex, REPLY_TO, SCHEDULED, WILD_EXCHANGES,
    },
};

/// Channels of one connection.
pub(crate) const CHANNELS_MAX: u16 = 3;

/// Consumers of one channel.
const CONSUMERS_MAX: usize = 3;

/// Publishes in one go.
const BURST_MAX: u64 = 6;

/// How long a message may have to wait for its time.
const LATE_MILLIS_MAX: u64 = 3_000;

/// Where a publish goes.
struct Target {
    exchange: ShortStr,
    routing_key: ShortStr,
    route: Route,
    /// The header by which it has to wait, and for how many milliseconds.
    delay: Option<(&'static str, i32)>,
}

impl Client {
    /// One deed on one channel.
    pub(super) fn do_something(&mut self, scene: &mut Scene) {
        let number = ChannelNumber::new(
            u16::try_from(self.chance.between(1, u64::from(CHANNELS_MAX))).unwrap_or(1),
        );
        let Some(channel) = self.channels.get(&number) else { return self.open_channel(number) };
        if channel.state != ChannelState::Open {
            return;
        }
        let is_free = channel.pending.is_none();
        match self.chance.below(100) {
            0..40 => self.publish_some(scene, number),
            40..65 => self.settle(number),
            _ if !is_free => {}
            65..72 => self.get(scene, number),
            72..79 => self.consume(scene, number),
            79..81 => self.cancel(number),
            81..83 => self.recover(number),
            83..90 => self.end_transaction(number),
            90..97 => self.change_topology(scene, number),
            97..99 => self.close_channel(scene, number),
            _ => self.close(scene),
        }
    }

    pub(super) fn open_channel(&mut self, number: ChannelNumber) {
        let Some(session) = &mut self.session else { return };
        if session.open_channel(number).is_err() {
            return;
        }
        self.channels.insert(number, Channel::default());
        let select = match self.chance.below(3) {
            _ if !self.script.is_empty() => return,
            0 => return,
            1 => Method::ConfirmSelect(confirm::Select { no_wait: false }),
            _ => Method::TxSelect(tx::Select),
        };
        self.ask(number, &select);
    }

    /// Sends a method, and waits for its answer if it has one.
    pub(super) fn ask(&mut self, number: ChannelNumber, method: &Method) {
        let (Some(session), Some(channel)) = (&mut self.session, self.channels.get_mut(&number))
        else {
            return;
        };
        if session.send(number, method).is_err() {
            return;
        }
        channel.pending = match (method.class_id(), method.method_id()) {
            (40, 40) => Some(Answer::Method((40, 51))),
            (60, 70) => {
                let no_ack = matches!(method, Method::BasicGet(get) if get.no_ack);
                Some(Answer::Got { no_ack })
            }
            (class, id) => Some(Answer::Method((class, id + 1))),
        };
    }

    /// Sends a method that has no answer.
    fn tell(&mut self, number: ChannelNumber, method: &Method) {
        if let Some(session) = &mut self.session {
            session.send(number, method).ok();
        }
    }

    fn publish_some(&mut self, scene: &mut Scene, number: ChannelNumber) {
        for _ in 0..self.chance.between(1, BURST_MAX) {
            self.publish(scene, number);
        }
    }

    fn publish(&mut self, scene: &mut Scene, number: ChannelNumber) {
        let Target { exchange, routing_key, route, delay } = self.target(scene);
        let bytes_max = scene.conditions.body_bytes_max;
        let bytes = usize::try_from(self.chance.below(bytes_max)).unwrap_or(0);
        let persistent = self.chance.percent(75);
        let (host, order, lsn) = (self.host, None, 0);
        let letter =
            scene.oracle.write_letter(Letter { host, persistent, route, bytes, order, lsn });
        let mandatory = self.chance.percent(20);
        let publish = basic::Publish { exchange, routing_key, mandatory, immediate: false };
        let mode = if persistent { 2 } else { 1 };
        let priority = u8::try_from(self.chance.below(5)).unwrap_or(0);
        let mut properties = Properties::builder().delivery_mode(mode).priority(priority);
        if let Some((header, millis)) = delay {
            properties = properties.headers(FieldTable::builder().insert(header, millis).build());
        }
        let has_calls = scene.conditions.has_calls;
        if has_calls
            && self.channels.get(&number).is_some_and(Channel::awaits_replies)
            && self.chance.percent(40)
        {
            properties = properties.reply_to(ShortStr::from_static(REPLY_TO));
        }
        let properties = properties.build();
        let (Some(session), Some(channel)) = (&mut self.session, self.channels.get_mut(&number))
        else {
            return;
        };
        let body = body_of(letter, bytes);
        if session.send_content(number, &publish.into(), &properties, body).is_ok() {
            scene.statistics.published += 1;
            // A select that is under way counts: the server takes both in their order.
            if channel.mode == Mode::Confirm || channel.pending == Some(Answer::Method((85, 11))) {
                channel.published += 1;
                channel.unconfirmed.insert(channel.published);
            }
        }
    }

    fn target(&mut self, scene: &Scene) -> Target {
        let topology = &scene.conditions.topology;
        let key = || ShortStr::from_static("a.b");
        let delay = None;
        if scene.conditions.has_calls && self.chance.percent(15) {
            let at = self.chance.index(self.addresses.len().max(1));
            if let Some((routing_key, request)) = self.addresses.get(at).cloned() {
                let route = Route::Reply(request);
                return Target { exchange: ShortStr::EMPTY, routing_key, route, delay };
            }
        }
        if let Some(late) = topology.late()
            && self.chance.percent(15)
        {
            return self.late_target(late);
        }
        if self.chance.percent(20) {
            let route =
                Route::Certain(topology.indices().filter(|at| topology.is_fanned(*at)).collect());
            return Target {
                exchange: ShortStr::from_static(FAN),
                routing_key: key(),
                route,
                delay,
            };
        }
        if self.chance.percent(15) {
            let (name, _) = self.chance.pick(&WILD_EXCHANGES).copied().unwrap_or_default();
            let exchange = ShortStr::from_static(name);
            return Target { exchange, routing_key: key(), route: Route::Anywhere, delay };
        }
        if self.chance.percent(3) {
            let routing_key = ShortStr::from_static("nowhere");
            return Target { exchange: ShortStr::EMPTY, routing_key, route: Route::Nowhere, delay };
        }
        let queue = QueueIndex(self.chance.index(topology.queues.len()));
        let name = topology.queue(queue).map(|plan| plan.name).unwrap_or_default();
        let route = if topology.is_strict(queue) {
            Route::Certain(vec![queue])
        } else {
            Route::Perhaps(queue)
        };
        let routing_key = ShortStr::from_static(name);
        Target { exchange: ShortStr::EMPTY, routing_key, route, delay }
    }

    /// A message that waits for its time, in one of the two ways.
    fn late_target(&mut self, late: QueueIndex) -> Target {
        let millis = i32::try_from(self.chance.between(1, LATE_MILLIS_MAX)).unwrap_or(1);
        let (exchange, header) = if self.chance.percent(50) {
            (ShortStr::EMPTY, SCHEDULED)
        } else {
            (ShortStr::from_static(DELAYING), DELAYED)
        };
        let routing_key = ShortStr::from_static(LATE);
        let (route, delay) = (Route::Later(late), Some((header, millis)));
        Target { exchange, routing_key, route, delay }
    }

    fn settle(&mut self, number: ChannelNumber) {
        let Some(channel) = self.channels.get_mut(&number) else { return };
        if channel.unsettled.is_empty() {
            return;
        }
        let at = self.chance.index(channel.unsettled.len().min(8));
        let multiple = self.chance.percent(40);
        let first = if multiple { 0 } else { at };
        let tags: Vec<u64> = channel.unsettled.drain(first..=at).collect();
        let Some(delivery_tag) = tags.last().copied() else { return };
        let method = match self.chance.below(10) {
            0 => Method::BasicReject(basic::Reject { delivery_tag, requeue: true }),
            1 => Method::BasicReject(basic::Reject { delivery_tag, requeue: false }),
            2 => Method::BasicNack(basic::Nack { delivery_tag, multiple, requeue: true }),
            3 => Method::BasicNack(basic::Nack { delivery_tag, multiple, requeue: false }),
            _ => Method::BasicAck(basic::Ack { delivery_tag, multiple }),
        };
        if multiple && matches!(method, Method::BasicReject(_)) {
            channel.unsettled.extend(tags.iter().filter(|tag| **tag != delivery_tag));
            channel.unsettled.sort_unstable();
        }
        self.tell(number, &method);
    }

    /// A queue, and whether what comes from it may go without acknowledgement.
    fn source(&mut self, scene: &Scene) -> (ShortStr, bool) {
        let topology = &scene.conditions.topology;
        let queue = QueueIndex(self.chance.index(topology.queues.len()));
        let name = topology.queue(queue).map(|plan| plan.name).unwrap_or_default();
        let no_ack = !topology.is_strict(queue) && self.chance.percent(40);
        (ShortStr::from_static(name), no_ack)
    }

    fn get(&mut self, scene: &Scene, number: ChannelNumber) {
        let (queue, no_ack) = self.source(scene);
        self.ask(number, &Method::BasicGet(basic::Get { queue, no_ack }));
    }

    fn consume(&mut self, scene: &Scene, number: ChannelNumber) {
        let (queue, no_ack) = self.source(scene);
        let is_full =
            self.channels.get(&number).is_none_or(|known| known.consumers.len() >= CONSUMERS_MAX);
        if is_full || self.chance.percent(40) {
            let prefetch_count = u16::try_from(self.chance.below(5)).unwrap_or(0);
            let global = self.chance.percent(15);
            let qos = basic::Qos { prefetch_size: 0, prefetch_count, global };
            return self.ask(number, &Method::BasicQos(qos));
        }
        if scene.conditions.has_calls && self.chance.percent(50) {
            return self.await_replies(number);
        }
        self.tags += 1;
        let consumer_tag = ShortStr::truncated(&format!("{}-{}", self.id.0, self.tags));
        if let Some(channel) = self.channels.get_mut(&number).filter(|_| no_ack) {
            channel.no_ack_consumers.insert(consumer_tag.clone());
        }
        let exclusive = self.chance.percent(3);
        let arguments = match i32::try_from(self.chance.below(4)).unwrap_or(0) {
            0 => FieldTable::default(),
            priority => FieldTable::builder().insert("x-priority", priority).build(),
        };
        let consume = basic::Consume {
            queue,
            consumer_tag,
            no_ack,
            exclusive,
            arguments,
            ..Default::default()
        };
        self.ask(number, &Method::BasicConsume(consume));
    }

    fn await_replies(&mut self, number: ChannelNumber) {
        let Some(channel) = self.channels.get_mut(&number).filter(|one| !one.awaits_replies())
        else {
            return;
        };
        self.tags += 1;
        let tag = format!("{REPLIES}{}-{}", self.id.0, self.tags);
        let consumer_tag = ShortStr::truncated(&tag);
        channel.no_ack_consumers.insert(consumer_tag.clone());
        let queue = ShortStr::from_static(REPLY_TO);
        let consume = basic::Consume { queue, consumer_tag, no_ack: true, ..Default::default() };
        self.ask(number, &Method::BasicConsume(consume));
    }

    fn cancel(&mut self, number: ChannelNumber) {
        let Some(channel) = self.channels.get_mut(&number) else { return };
        if let Some(consumer_tag) = channel.consumers.pop() {
            let cancel = basic::Cancel { consumer_tag, no_wait: false };
            self.ask(number, &Method::BasicCancel(cancel));
        }
    }

    fn recover(&mut self, number: ChannelNumber) {
        if let Some(channel) = self.channels.get_mut(&number) {
            channel.unsettled.clear();
        }
        self.ask(number, &Method::BasicRecover(basic::Recover { requeue: true }));
    }

    fn end_transaction(&mut self, number: ChannelNumber) {
        if self.channels.get(&number).is_none_or(|known| known.mode != Mode::Transaction) {
            return;
        }
        if self.chance.percent(80) {
            self.ask(number, &Method::TxCommit(tx::Commit));
        } else {
            self.ask(number, &Method::TxRollback(tx::Rollback));
            // What was settled is unsettled again; this client leaves it to the end of the channel.
        }
    }

    fn change_topology(&mut self, scene: &Scene, number: ChannelNumber) {
        let topology = &scene.conditions.topology;
        let queue = QueueIndex(self.chance.index(topology.queues.len()));
        let Some(plan) = topology.queue(queue) else { return };
        let name = ShortStr::from_static(plan.name);
        let is_strict = topology.is_strict(queue);
        let (exchange, kind) = self.chance.pick(&WILD_EXCHANGES).copied().unwrap_or_default();
        let exchange = ShortStr::from_static(exchange);
        let routing_key = ShortStr::from_static(self.chance.pick(&KEYS).copied().unwrap_or("a"));
        let arguments = FieldTable::default();
        let method = match self.chance.below(10) {
            0 if !is_strict => queue::Delete { queue: name, ..Default::default() }.into(),
            1 if !is_strict => queue::Purge { queue: name, no_wait: false }.into(),
            2 => queue::Declare { passive: true, ..topology.declaration(plan) }.into(),
            3 => exchange::Delete { exchange, ..Default::default() }.into(),
            4 | 5 => {
                let kind = ShortStr::from_static(kind);
                exchange::Declare { exchange, kind, durable: true, ..Default::default() }.into()
            }
            6 => queue::Unbind { queue: name, exchange, routing_key, arguments }.into(),
            7 => {
                queue::Bind { queue: name, exchange, routing_key, no_wait: false, arguments }.into()
            }
            _ => topology.declaration(plan).into(),
        };
        self.ask(number, &method);
    }

    fn close_channel(&mut self, scene: &mut Scene, number: ChannelNumber) {
        let (Some(session), Some(channel)) = (&mut self.session, self.channels.get_mut(&number))
        else {
            return;
        };
        scene.note(format_args!("{} closes {number}", self.id));
        session.close_channel(number, &AmqpError::new(ReplyCode::Success, "bye"));
        *channel = Channel { state: ChannelState::Closing, ..Channel::default() };
    }

    fn close(&mut self, scene: &mut Scene) {
        if let Some(session) = &mut self.session {
            scene.note(format_args!("{} closes", self.id));
            session.close(&AmqpError::new(ReplyCode::Success, "bye"));
            self.state = State::Closing;
        }
    }
}
