//! An engine under random clients, with a slow disk and a model that watches.
//!
//! A twin gets the same inputs on a disk that is done at once. It shows who gets what as soon
//! as that is decided, so the model watches the twin's deliveries; the engine itself has to
//! give the same to everybody, later, and nothing before it is durable.

mod check;
mod clients;
mod model;
mod op;
mod pager;

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use leveret_engine::{
    Authority, Capabilities, ConnectionId, Effect, Effects, Engine, EngineOptions, Input, Limits,
    Lsn,
};
use leveret_protocol::{
    ChannelNumber, FieldTable, Method, ShortStr, Timestamp, basic, confirm, exchange, queue, tx,
};

pub(crate) use self::{
    check::{recovered, replay_as_far_as_possible},
    op::{Op, op},
};
use self::{
    clients::Client,
    model::{Kept, Model},
    op::{CONFIRM, SEATS, TRANSACTION},
    pager::{Pace, Pager},
};

pub(crate) const QUEUES: [&str; 9] = ["d0", "d1", "dead", "t", "old", "short", "p", "q", "full"];

/// Only messages published to this queue alone reach it, none of them in a transaction: it may
/// refuse them.
pub(crate) const FULL: usize = 8;

/// How long a message lives in the queue "old". Time goes in tens of milliseconds, so nothing
/// happens just when a life ends.
const LIFE_MILLIS: u8 = 45;

/// How many messages the queues "short" and "full" hold.
const LENGTH: u8 = 3;

/// The highest priority of the queue "p".
const PRIORITY: u8 = 2;

/// How often a message of the quorum queue may come back.
const RETURNS: u8 = 2;

/// A run so far.
pub(crate) struct Simulation {
    engine: Engine,
    twin: Engine,
    twin_last: Lsn,
    /// What each channel was given, by the twin and by the engine.
    given: [BTreeMap<usize, Vec<Bytes>>; 2],
    /// Before which record a message may not be given to anybody.
    recorded: BTreeMap<model::Id, Lsn>,
    model: Model,
    clients: Vec<Client>,
    /// The persistent ones among the messages, by number.
    persistent: Vec<bool>,
    /// Records with what a disk that ends there has to give back, if that can be said.
    pub(crate) log: BTreeMap<Lsn, (Bytes, Option<Kept>)>,
    /// The first record at which a crash can happen: what was dropped lives behind it.
    pub(crate) floor: Lsn,
    durable: Lsn,
    last: Lsn,
    pub(crate) pager: Pager,
    /// What may be dropped once a record is durable.
    relocated: Option<(Lsn, Lsn)>,
    pub(crate) transcript: Vec<Effect>,
}

/// What the records of one step mean to somebody who sees only some of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Unit {
    /// The first of several may show a state in between.
    Operation,
    /// All but the last say nothing.
    Commit,
    /// Each says what was said before.
    Relocation,
}

pub(crate) fn options() -> EngineOptions {
    let limits = Limits {
        turn_steps_max: 3,
        record_bytes_max: 100,
        page_messages_max: 2,
        page_bytes_max: 300,
        // A page is made smaller as soon as that can be right.
        page_thin_after: Duration::ZERO,
        page_waste_bytes_min: 1,
        ..Limits::default()
    };
    EngineOptions { seed: 1, limits, ..EngineOptions::default() }
}

/// With a pager that takes its time a queue gives up late what is too old or too much, when the
/// model cannot tell: then there are no such bounds.
fn rules_of(queue: &str, pace: Pace) -> model::Rules {
    let index_of = |name| QUEUES.iter().position(|queue| *queue == name);
    let plain = model::Rules { durable: queue != "t", ..model::Rules::default() };
    match queue {
        "old" | "short" if pace == Pace::Slow => plain,
        "d0" => model::Rules { dead_letters_to: index_of("dead"), ..plain },
        "old" => model::Rules {
            dead_letters_to: index_of("dead"),
            life: Some(LIFE_MILLIS.into()),
            ..plain
        },
        "short" => model::Rules {
            dead_letters_to: index_of("d1"),
            length_max: Some(LENGTH.into()),
            ..plain
        },
        "full" => model::Rules { takes_max: Some(LENGTH.into()), ..plain },
        "q" => model::Rules { returns_max: Some(RETURNS.into()), ..plain },
        "p" => model::Rules { priority_max: PRIORITY.into(), ..plain },
        _ => plain,
    }
}

fn name(text: &str) -> ShortStr {
    ShortStr::try_from(text).expect("a short name")
}

pub(crate) fn connection_of(seat: usize) -> ConnectionId {
    ConnectionId(1 + u64::try_from(seat / 2).expect("a small number"))
}

pub(crate) fn channel_of(seat: usize) -> ChannelNumber {
    ChannelNumber::new(1 + u16::try_from(seat % 2).expect("a small number"))
}

impl Simulation {
    /// Runs the operations on a new engine.
    pub(crate) fn run(ops: &[Op]) -> Self {
        let mut simulation = Self {
            engine: Engine::new(options()),
            twin: Engine::new(options()),
            twin_last: Lsn(0),
            given: Default::default(),
            recorded: BTreeMap::new(),
            model: Model::default(),
            clients: (0..SEATS).map(|_| Client::default()).collect(),
            persistent: Vec::new(),
            log: BTreeMap::new(),
            floor: Lsn(0),
            durable: Lsn(0),
            last: Lsn(0),
            pager: Pager::new(if ops.len().is_multiple_of(2) { Pace::Prompt } else { Pace::Slow }),
            relocated: None,
            transcript: Vec::new(),
        };
        simulation.begin();
        for op in ops {
            simulation.obey(op);
        }
        simulation
    }

    fn begin(&mut self) {
        for queue in QUEUES {
            self.model.queues.push(model::Queue::new(rules_of(queue, self.pager.pace)));
        }
        for connection in [0, 1] {
            self.connect(connection);
        }
        for number in 0..QUEUES.len() {
            self.declare(number);
        }
        let fan = exchange::Declare {
            exchange: name("fan"),
            kind: name("fanout"),
            durable: true,
            ..Default::default()
        };
        self.act(0, Method::ExchangeDeclare(fan));
        for number in 0..QUEUES.len() {
            self.bind(number);
        }
        self.end_unit(Unit::Operation);
        self.make_durable(self.last);
    }

    fn connect(&mut self, connection: usize) {
        let id = connection_of(connection * 2);
        let capabilities = Capabilities { consumer_cancel_notify: true, ..Capabilities::default() };
        self.input(Input::Connect {
            connection: id,
            user: name("guest"),
            capabilities,
            authority: Authority::full(),
        });
        self.input(Input::Credit { connection: id, bytes: 2000 });
        for seat in [connection * 2, connection * 2 + 1] {
            self.open(seat);
        }
    }

    fn open(&mut self, seat: usize) {
        self.clients[seat] = Client::default();
        let (connection, channel) = (connection_of(seat), channel_of(seat));
        self.input(Input::OpenChannel { connection, channel });
        match seat {
            CONFIRM => self.act(seat, Method::ConfirmSelect(confirm::Select { no_wait: true })),
            TRANSACTION => self.act(seat, Method::TxSelect(tx::Select)),
            _ => {}
        }
    }

    fn declare(&mut self, number: usize) {
        let queue = &self.model.queues[number];
        let mut arguments = FieldTable::builder();
        if let Some(to) = queue.rules.dead_letters_to {
            arguments = arguments
                .insert("x-dead-letter-exchange", "")
                .insert("x-dead-letter-routing-key", QUEUES[to]);
        }
        let arguments = match QUEUES[number] {
            "old" | "short" if self.pager.pace == Pace::Slow => arguments,
            "old" => arguments.insert("x-message-ttl", LIFE_MILLIS),
            "short" => arguments.insert("x-max-length", LENGTH),
            "full" => {
                arguments.insert("x-max-length", LENGTH).insert("x-overflow", "reject-publish")
            }
            "p" => arguments.insert("x-max-priority", PRIORITY),
            "q" => arguments.insert("x-queue-type", "quorum").insert("x-delivery-limit", RETURNS),
            _ => arguments,
        };
        let arguments = arguments.build();
        let durable = self.model.queues[number].rules.durable;
        let queue = name(QUEUES[number]);
        let declare =
            queue::Declare { queue, durable, arguments, no_wait: true, ..Default::default() };
        self.act(0, Method::QueueDeclare(declare));
    }

    fn bind(&mut self, number: usize) {
        if number == FULL {
            return;
        }
        let (queue, exchange) = (name(QUEUES[number]), name("fan"));
        let bind = queue::Bind { queue, exchange, no_wait: true, ..Default::default() };
        self.act(0, Method::QueueBind(bind));
    }

    fn act(&mut self, seat: usize, method: Method) {
        let (connection, channel) = (connection_of(seat), channel_of(seat));
        self.input(Input::Method { connection, channel, method });
    }

    fn publish(&mut self, seat: usize, publish: basic::Publish, content: clients::Content) {
        let (connection, channel) = (connection_of(seat), channel_of(seat));
        let clients::Content { properties, body } = content;
        self.input(Input::Publish { connection, channel, publish, properties, body });
    }

    fn input(&mut self, input: Input) {
        if !matches!(input, Input::Durable { .. }) {
            self.tell_twin(input.clone());
        }
        let mut effects = Effects::new();
        self.engine.handle(self.now(), input, &mut effects);
        for effect in effects.drain() {
            self.watch(&effect);
            self.transcript.push(effect);
        }
    }

    const fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.model.now)
    }

    fn tell_twin(&mut self, input: Input) {
        let mut effects = Effects::new();
        self.twin.handle(self.now(), input, &mut effects);
        let append = |effect: &Effect| match effect {
            Effect::Append { lsn, .. } => Some(*lsn),
            _ => None,
        };
        self.twin_last = effects.iter().filter_map(append).max().unwrap_or(self.twin_last);
        let durable = Input::Durable { upto: self.twin_last };
        self.twin.handle(self.now(), durable, &mut effects);
        let (mut contents, mut answers) = (Vec::new(), Vec::new());
        for effect in effects.drain() {
            match effect {
                Effect::Content { connection, channel, content } => {
                    let method = content.method();
                    let (properties, body) = (content.properties().clone(), content.body().clone());
                    let content = clients::Content { properties, body };
                    contents.push((clients::seat_of(connection, channel), method, content));
                }
                Effect::Send { connection, channel, method } => {
                    answers.push((clients::seat_of(connection, channel), *method));
                }
                _ => {}
            }
        }
        // Even a fast disk lets what need not survive overtake, but on no channel.
        while !contents.is_empty() {
            let is_next = |at: &usize| {
                let (seat, method, content): &(usize, Method, clients::Content) = &contents[*at];
                contents[..*at].iter().all(|(earlier, _, _)| earlier != seat)
                    && self.is_next(*seat, method, &content.body)
            };
            let Some(at) = (0..contents.len()).find(is_next) else {
                let mut blocked = contents.iter();
                let is_way = blocked.any(|(seat, method, _)| self.make_way(*seat, method));
                assert!(is_way, "nothing of this was to be given: {contents:?}");
                continue;
            };
            let (seat, method, content) = contents.remove(at);
            self.given[0].entry(seat).or_default().push(content.body.clone());
            self.delivered(seat, &method, &content);
        }
        for (seat, method) in answers {
            self.decided(seat, &method);
        }
    }

    fn watch(&mut self, effect: &Effect) {
        match effect {
            Effect::Append { lsn, record } => {
                assert_eq!(*lsn, self.last.next(), "records are numbered without gaps");
                self.last = *lsn;
                self.log.insert(*lsn, (record.clone(), None));
            }
            Effect::Send { connection, channel, method } => {
                self.answer(clients::seat_of(*connection, *channel), method);
            }
            Effect::Content { connection, channel, content } => {
                let body = content.body();
                let recorded = self.recorded.get(&clients::id_of(body)).copied();
                let is_durable = recorded.unwrap_or_default() <= self.durable;
                assert!(is_durable, "message {body:?} is given out before it is durable");
                let seat = clients::seat_of(*connection, *channel);
                self.given[1].entry(seat).or_default().push(body.clone());
            }
            Effect::Relocated { upto, through } => self.relocated = Some((*upto, *through)),
            Effect::StorePage { page, content, .. } => self.pager.store(*page, content),
            Effect::LoadPage { page } => self.pager.load(*page),
            Effect::DropPage { page } => {
                self.pager.drop(*page);
                // It is gone for a reason that is on record.
                self.floor = self.floor.max(self.durable);
            }
            Effect::ThinPage { page, rest } => {
                self.pager.thin(*page, rest);
                // What is left out is gone for a reason that is on record.
                self.floor = self.floor.max(self.durable);
            }
            Effect::PageDamaged { problem, .. } => panic!("a page is damaged: {problem}"),
            Effect::ChannelClosed { .. } | Effect::ConnectionClosed { .. } => {}
            Effect::FailChannel { error, .. } | Effect::FailConnection { error, .. } => {
                panic!("nothing fails here, but: {error}");
            }
        }
    }

    /// Lets the engine finish what it began; then the model is what the records say.
    ///
    /// All records of a transaction but the last say nothing yet.
    fn end_unit(&mut self, unit: Unit) {
        let (before, after_input) = (self.kept_last(), self.last);
        loop {
            let is_due = self.engine.next_deadline().is_some_and(|at| at <= self.now());
            if self.engine.has_work() || is_due {
                self.input(Input::Wake);
            } else if self.pager.pace == Pace::Prompt
                && let Some(answer) = self.pager.work()
            {
                self.input(answer);
            } else {
                break;
            }
        }
        self.model.give_up_all();
        let after = self.model.kept();
        let changes_nothing = unit == Unit::Relocation;
        for (lsn, (_, kept)) in self.log.iter_mut().filter(|(_, (_, kept))| kept.is_none()) {
            if *lsn == self.last || changes_nothing {
                *kept = Some(after.clone());
            } else if unit == Unit::Commit && *lsn < after_input {
                kept.clone_from(&before);
            } else {
                // Between the records of one operation anything between the two may hold.
                *kept = Some(Kept::new());
            }
        }
    }

    fn kept_last(&self) -> Option<Kept> {
        self.log.values().rev().find_map(|(_, kept)| kept.clone())
    }

    fn make_durable(&mut self, upto: Lsn) {
        self.durable = self.durable.max(upto);
        self.input(Input::Durable { upto: self.durable });
        if let Some((upto, through)) = self.relocated
            && through <= self.durable
        {
            self.log.retain(|lsn, _| *lsn > upto);
            self.floor = self.floor.max(through);
            self.relocated = None;
        }
    }
}
