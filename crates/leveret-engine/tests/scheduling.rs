//! Scheduled messages over crashes: none is lost, none comes twice.

#![expect(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "tests stop at a surprise, and only what they look at is named"
)]

use std::collections::{BTreeMap, BTreeSet};

use leveret_engine::{
    Authority, Capabilities, ConnectionId, Effect, Effects, Engine, EngineOptions, Input, Lsn,
};
use leveret_protocol::{
    ChannelNumber, FieldTable, Method, Properties, ShortStr, Timestamp, basic, queue,
};
use proptest::prelude::{Just, Strategy, any, prop, prop_assert_eq, prop_oneof, proptest};

const CONNECTION: ConnectionId = ConnectionId(1);
const CHANNEL: ChannelNumber = ChannelNumber::new(1);
const FAR: u64 = 1_000_000;

#[derive(Debug, Clone)]
enum Op {
    Schedule { delay: i64, name: Option<u8> },
    Cancel { name: u8 },
    Wait { millis: u64 },
    Relocate,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (1..6_i64, prop::option::of(0..3_u8)).prop_map(|(delay, name)| Op::Schedule { delay, name }),
        2 => (0..3_u8).prop_map(|name| Op::Cancel { name }),
        3 => (0..4_u64).prop_map(|millis| Op::Wait { millis }),
        1 => Just(Op::Relocate),
    ]
}

/// What is still to come, or waits in the queue: all of it has to come out in the end.
type Alive = BTreeSet<u64>;

#[derive(Default)]
struct Model {
    now: u64,
    waiting: BTreeMap<u64, (u64, Option<u8>)>,
    queued: Alive,
    last_id: u64,
}

impl Model {
    fn cancel(&mut self, name: u8) {
        self.waiting.retain(|_, (_, of)| *of != Some(name));
    }

    fn pass(&mut self, millis: u64) {
        self.now += millis;
        let now = self.now;
        self.queued
            .extend(self.waiting.extract_if(.., |_, (due, _)| *due <= now).map(|(id, _)| id));
    }

    fn alive(&self) -> Alive {
        self.waiting.keys().chain(&self.queued).copied().collect()
    }
}

/// An engine, its records, and what each of them has to give back.
struct World {
    engine: Engine,
    now: u64,
    records: BTreeMap<Lsn, (Vec<u8>, Alive)>,
    /// The first record at which a crash can happen.
    floor: Lsn,
    answers: Vec<Effect>,
}

impl World {
    fn new(records: BTreeMap<Lsn, (Vec<u8>, Alive)>, now: u64) -> Self {
        let mut engine = Engine::new(EngineOptions::default());
        for (lsn, (record, _)) in &records {
            engine.replay(*lsn, record).unwrap();
        }
        engine.finish_replay(Timestamp::from_millis(now));
        let mut world = Self { engine, now, records, floor: Lsn(0), answers: Vec::new() };
        let user = ShortStr::from_static("guest");
        let (capabilities, authority) = (Capabilities::default(), Authority::full());
        let alive = Alive::new();
        world.input(
            Input::Connect { connection: CONNECTION, user, capabilities, authority },
            &alive,
        );
        world.input(Input::OpenChannel { connection: CONNECTION, channel: CHANNEL }, &alive);
        world
    }

    fn input(&mut self, input: Input, alive: &Alive) {
        let mut effects = Effects::new();
        self.engine.handle(Timestamp::from_millis(self.now), input, &mut effects);
        let mut last = Lsn(0);
        for effect in effects.drain() {
            match effect {
                Effect::Append { lsn, record } => {
                    last = lsn;
                    self.records.insert(lsn, (record.to_vec(), alive.clone()));
                }
                Effect::Relocated { upto, through } => {
                    self.records.retain(|lsn, _| *lsn > upto);
                    self.floor = through;
                }
                other => self.answers.push(other),
            }
        }
        if last > Lsn(0) {
            self.input(Input::Durable { upto: last }, alive);
        }
        while self.engine.has_work() {
            self.input(Input::Wake, alive);
        }
    }

    fn method(&mut self, method: Method, alive: &Alive) {
        self.input(Input::Method { connection: CONNECTION, channel: CHANNEL, method }, alive);
    }

    fn publish(&mut self, body: u64, headers: FieldTable, alive: &Alive) {
        let publish =
            basic::Publish { routing_key: ShortStr::from_static("q"), ..Default::default() };
        let properties = Properties::builder().delivery_mode(2).headers(headers).build();
        let body = body.to_string().into();
        let (connection, channel) = (CONNECTION, CHANNEL);
        self.input(Input::Publish { connection, channel, publish, properties, body }, alive);
    }

    fn obey(&mut self, op: &Op, model: &mut Model) {
        match op {
            Op::Schedule { delay, name } => {
                if let Some(name) = name {
                    model.cancel(*name);
                }
                model.last_id += 1;
                let due = model.now + delay.unsigned_abs();
                model.waiting.insert(model.last_id, (due, *name));
                let mut headers = FieldTable::builder().insert("x-leveret-delay", *delay);
                if let Some(name) = name {
                    headers = headers.insert("x-leveret-schedule-id", format!("n{name}"));
                }
                self.publish(model.last_id, headers.build(), &model.alive());
            }
            Op::Cancel { name } => {
                model.cancel(*name);
                let headers =
                    FieldTable::builder().insert("x-leveret-cancel", format!("n{name}")).build();
                self.publish(0, headers, &model.alive());
            }
            Op::Wait { millis } => {
                model.pass(*millis);
                self.now = model.now;
                self.input(Input::Wake, &model.alive());
            }
            Op::Relocate => {
                let upto = self.records.keys().next_back().copied().unwrap_or_default();
                self.input(Input::Relocate { upto }, &model.alive());
            }
        }
    }

    /// Lets all time pass, and takes all that has come.
    fn drain(&mut self) -> Vec<u64> {
        let nothing = Alive::new();
        self.now += FAR;
        self.input(Input::Wake, &nothing);
        let mut found = Vec::new();
        loop {
            self.answers.clear();
            let queue = ShortStr::from_static("q");
            self.method(Method::BasicGet(basic::Get { queue, no_ack: true }), &nothing);
            let body = self.answers.iter().find_map(|answer| {
                if let Effect::Content { content, .. } = answer {
                    Some(content.body().clone())
                } else {
                    None
                }
            });
            let Some(body) = body else { return found };
            found.push(String::from_utf8_lossy(&body).parse().unwrap());
        }
    }
}

proptest! {
    #[test]
    fn what_is_scheduled_comes_once_or_is_cancelled(
        ops in prop::collection::vec(op(), 1..40),
        crash in any::<prop::sample::Index>(),
    ) {
        let mut world = World::new(BTreeMap::new(), 0);
        let mut model = Model::default();
        let queue = ShortStr::from_static("q");
        let declare = queue::Declare { queue, durable: true, ..Default::default() };
        world.method(Method::QueueDeclare(declare), &Alive::new());
        for op in &ops {
            world.obey(op, &mut model);
        }
        let points: Vec<Lsn> = world.records.range(world.floor..).map(|(lsn, _)| *lsn).collect();
        let at = points[crash.index(points.len())];
        let mut survivors = world.records.clone();
        survivors.retain(|lsn, _| *lsn <= at);
        let wanted: Vec<u64> = survivors[&at].1.iter().copied().collect();
        let mut found = World::new(survivors, world.now).drain();
        found.sort_unstable();
        prop_assert_eq!(found, wanted);
        let mut all = world.drain();
        all.sort_unstable();
        prop_assert_eq!(all, model.alive().into_iter().collect::<Vec<u64>>());
    }
}
