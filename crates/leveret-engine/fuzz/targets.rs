//! What the fuzzer runs, and the tests too: over the committed corpus.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use leveret_engine::{
    Authority, Capabilities, ConnectionId, Effect, Effects, Engine, EngineOptions, Input, Limits,
    Lsn, PageId,
};
use leveret_protocol::{
    ChannelNumber, FieldTable, Method, Properties, ShortStr, Timestamp, basic, confirm, exchange,
    queue, tx,
};

/// Work that one input may leave; with turns this short it is soon done, or never.
const WAKES_MAX: usize = 100_000;

/// Any inputs in any order: no panic, records numbered without a gap, work that ends, and a
/// restart at any moment that takes every durable record.
pub(crate) fn inputs(data: &[u8]) {
    let mut world = World::new();
    let mut octets = Octets(data);
    while let Some(octet) = octets.next() {
        world.step(octet, &mut octets);
    }
    world.rest();
    world.restart();
    world.rest();
}

/// Any bytes as the records of a log: refused or taken, and what was taken can be used.
pub(crate) fn records(data: &[u8]) {
    let mut world = World::new();
    let mut octets = Octets(data);
    world.trusts_nothing = true;
    let mut lsn = 0;
    while let Some(octet) = octets.next() {
        lsn += 1;
        let length = usize::from(octet) | usize::from(octets.octet()) << 8;
        if world.engine.replay(Lsn(lsn), octets.take(length)).is_err() {
            return;
        }
    }
    world.engine.finish_replay(Timestamp::from_millis(world.now));
    world.appended = lsn;
    world.durable = lsn;
    for octet in 0..=u8::MAX {
        world.step(octet, &mut Octets(&[octet; 8]));
    }
    world.rest();
}

/// The bytes not yet used; beyond their end all are zero.
struct Octets<'a>(&'a [u8]);

impl<'a> Octets<'a> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn octet(&mut self) -> u8 {
        self.next().unwrap_or(0)
    }

    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken
    }

    fn bytes(&mut self) -> Bytes {
        let length = usize::from(self.octet());
        Bytes::copy_from_slice(self.take(length))
    }

    fn flag(&mut self) -> bool {
        self.octet() & 1 == 1
    }

    /// One of a few names, so that things meet.
    fn name(&mut self) -> ShortStr {
        const NAMES: [&str; 8] = ["", "a", "b", "a.b", "a.*", "#", "amq.topic", "amq.headers"];
        ShortStr::from_static(NAMES[usize::from(self.octet() % 8)])
    }

    fn table(&mut self) -> FieldTable {
        let octet = self.octet();
        if octet >= 128 {
            return FieldTable::from_bytes(self.bytes()).unwrap_or_default();
        }
        let number = i32::from(self.octet()) - 2;
        let name = self.name();
        let text = leveret_protocol::FieldValue::LongString(name.into_bytes());
        let table = FieldTable::builder();
        match octet % 12 {
            0 => table.insert("x-message-ttl", number),
            1 => table.insert("x-expires", number),
            2 => table.insert("x-max-length", number),
            3 => table.insert("x-max-length-bytes", number),
            4 => table.insert("x-max-priority", number),
            5 => table.insert("x-dead-letter-exchange", text),
            6 => table.insert("x-single-active-consumer", true),
            7 => table.insert("x-delivery-limit", number),
            8 => table.insert("x-priority", number),
            9 => table.insert("alternate-exchange", text),
            10 => table.insert("x-match", text),
            _ => table,
        }
        .build()
    }
}

/// An engine, its log, and the clients' numbers.
struct World {
    engine: Engine,
    effects: Effects,
    log: Vec<(u64, Bytes)>,
    now: u64,
    appended: u64,
    durable: u64,
    connections: [u64; 3],
    last_connection: u64,
    /// What is to be done with pages, each when the data says so.
    jobs: VecDeque<Job>,
    /// Whether the log was made up, so that pages it names may be missing.
    trusts_nothing: bool,
    pages: BTreeMap<PageId, Bytes>,
    /// Moved on once `.1` is durable: then nothing up to `.0` is needed.
    relocated: Vec<(u64, u64)>,
}

enum Job {
    Store(PageId, Bytes),
    Load(PageId),
}

fn engine() -> Engine {
    let limits = Limits {
        turn_steps_max: 4,
        record_bytes_max: 512,
        page_messages_max: 3,
        page_bytes_max: 600,
        transaction_operations_max: 64,
        ..Limits::default()
    };
    Engine::new(EngineOptions { limits, ..EngineOptions::default() })
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            engine: engine(),
            effects: Effects::new(),
            log: Vec::new(),
            now: 1_000,
            appended: 0,
            durable: 0,
            connections: [0; 3],
            last_connection: 0,
            jobs: VecDeque::new(),
            trusts_nothing: false,
            pages: BTreeMap::new(),
            relocated: Vec::new(),
        };
        (0..3).for_each(|slot| world.connect(slot));
        world
    }

    fn connect(&mut self, slot: usize) {
        self.last_connection += 1;
        self.connections[slot] = self.last_connection;
        let connection = ConnectionId(self.last_connection);
        let capabilities =
            Capabilities { consumer_cancel_notify: slot != 0, refused_commits: slot == 1 };
        let authority = Authority::full();
        let user = ShortStr::from_static("guest");
        self.handle(Input::Connect { connection, user, capabilities, authority });
        self.handle(Input::Credit { connection, bytes: 100_000 });
        for channel in 1..=2 {
            self.handle(Input::OpenChannel { connection, channel: ChannelNumber::new(channel) });
        }
    }

    fn handle(&mut self, input: Input) {
        self.engine.handle(Timestamp::from_millis(self.now), input, &mut self.effects);
        for effect in self.effects.drain() {
            match effect {
                Effect::Append { lsn, record } => {
                    self.appended += 1;
                    assert_eq!(lsn.0, self.appended, "records are numbered without a gap");
                    self.log.push((lsn.0, record));
                }
                Effect::Relocated { upto, through } => {
                    assert!(through.0 <= self.appended, "what is waited for was appended");
                    self.relocated.push((upto.0, through.0));
                }
                Effect::StorePage { page, content, .. } => {
                    self.jobs.push_back(Job::Store(page, content));
                }
                Effect::LoadPage { page } => self.jobs.push_back(Job::Load(page)),
                Effect::DropPage { page } => {
                    self.pages.remove(&page);
                    self.jobs.retain(|job| match job {
                        Job::Store(of, _) | Job::Load(of) => *of != page,
                    });
                }
                Effect::ThinPage { page, rest } => {
                    let whole = self.pages.get(&page).cloned();
                    let smaller = whole.and_then(|whole| rest.of(whole));
                    assert!(smaller.is_some() || self.trusts_nothing, "what is needed is there");
                    if let Some(smaller) = smaller {
                        self.pages.insert(page, smaller);
                    }
                }
                Effect::PageDamaged { .. } => {
                    assert!(self.trusts_nothing, "a page comes back as it was stored");
                }
                Effect::Send { .. }
                | Effect::Content { .. }
                | Effect::ChannelClosed { .. }
                | Effect::ConnectionClosed { .. }
                | Effect::FailChannel { .. }
                | Effect::FailConnection { .. } => {}
            }
        }
    }

    fn step(&mut self, octet: u8, octets: &mut Octets<'_>) {
        let slot = usize::from(octet >> 6) % 3;
        let connection = ConnectionId(self.connections[slot]);
        let channel = ChannelNumber::new(u16::from(octet >> 5 & 1) + 1);
        match octet % 32 {
            0 => {
                self.handle(Input::Disconnect { connection });
                self.connect(slot);
            }
            1 => self.handle(Input::OpenChannel { connection, channel }),
            2 => {
                self.handle(Input::CloseChannel { connection, channel });
                self.handle(Input::OpenChannel { connection, channel });
            }
            3 => self.handle(Input::Credit { connection, bytes: u64::from(octets.octet()) << 4 }),
            4 => {
                let octet = octets.octet();
                self.make_durable(octet);
                self.page(octet % 4);
            }
            5 => {
                let upto = Lsn(self.appended.saturating_sub(octets.octet().into()));
                self.handle(Input::Relocate { upto });
            }
            6 => self.handle(Input::Wake),
            7 => {
                let octet = u64::from(octets.octet());
                self.now += octet * octet;
                self.handle(Input::Wake);
            }
            8 => self.restart(),
            9 => {
                if let Ok(method) = Method::decode(&octets.bytes()) {
                    self.method(connection, channel, method);
                }
            }
            10..=14 => self.publish(connection, channel, octets),
            kind => {
                let method = method(kind, octets);
                self.handle(Input::Method { connection, channel, method });
            }
        }
    }

    /// What a session would let through.
    fn method(&mut self, connection: ConnectionId, channel: ChannelNumber, method: Method) {
        if matches!(method.class_id(), 40 | 50 | 60 | 85 | 90) && !method.has_content() {
            self.handle(Input::Method { connection, channel, method });
        }
    }

    fn publish(
        &mut self,
        connection: ConnectionId,
        channel: ChannelNumber,
        octets: &mut Octets<'_>,
    ) {
        let publish = basic::Publish {
            exchange: octets.name(),
            routing_key: octets.name(),
            mandatory: octets.flag(),
            ..basic::Publish::default()
        };
        let octet = octets.octet();
        let properties = if octet >= 128 {
            Properties::from_bytes(octets.bytes()).unwrap_or(Properties::EMPTY)
        } else {
            let headers = octets.table();
            let properties = Properties::builder().delivery_mode(octet % 3).priority(octet % 4);
            properties.headers(headers).build()
        };
        let body = octets.bytes();
        self.handle(Input::Publish { connection, channel, publish, properties, body });
    }

    fn make_durable(&mut self, octet: u8) {
        self.durable = self.appended - (self.appended - self.durable) * u64::from(octet) / 256;
        self.handle(Input::Durable { upto: Lsn(self.durable) });
        let done = self.relocated.iter().filter(|(_, through)| *through <= self.durable);
        let upto = done.map(|(upto, _)| *upto).max().unwrap_or(0);
        self.log.retain(|(lsn, _)| *lsn > upto);
    }

    /// So many things are done with pages; tells whether there was one to do.
    fn page(&mut self, jobs: u8) -> bool {
        let mut is_done = false;
        for _ in 0..jobs {
            let Some(job) = self.jobs.pop_front() else { break };
            is_done = true;
            match job {
                Job::Store(page, content) => {
                    self.pages.insert(page, content);
                    self.handle(Input::PageStored { page });
                }
                Job::Load(page) => {
                    let content = self.pages.get(&page).cloned();
                    assert!(
                        content.is_some() || self.trusts_nothing,
                        "only what is stored is read"
                    );
                    let content = content.unwrap_or_default();
                    self.handle(Input::PageLoaded { page, content });
                }
            }
        }
        is_done
    }

    /// The process dies; what is durable comes back.
    fn restart(&mut self) {
        self.log.retain(|(lsn, _)| *lsn <= self.durable);
        let mut fresh = engine();
        for (lsn, record) in &self.log {
            assert_eq!(fresh.replay(Lsn(*lsn), record), Ok(()), "our own record");
        }
        fresh.finish_replay(Timestamp::from_millis(self.now));
        let needed: Vec<PageId> = fresh.pages().collect();
        for page in &needed {
            assert!(self.pages.contains_key(page) || self.trusts_nothing, "a needed page is kept");
        }
        self.pages.retain(|page, _| needed.contains(page));
        self.jobs.clear();
        self.engine = fresh;
        self.appended = self.log.last().map_or(0, |(lsn, _)| *lsn);
        self.durable = self.appended;
        self.relocated.clear();
        (0..3).for_each(|slot| self.connect(slot));
    }

    /// All is written, and all that was left is done.
    fn rest(&mut self) {
        for _ in 0..WAKES_MAX {
            self.make_durable(0);
            if !self.page(u8::MAX) && !self.engine.has_work() {
                return;
            }
            self.handle(Input::Wake);
        }
        panic!("the engine's work does not end");
    }
}

fn method(kind: u8, octets: &mut Octets<'_>) -> Method {
    let octet = octets.octet();
    let (one, two, four) = (octet & 1 != 0, octet & 2 != 0, octet & 4 != 0);
    match kind {
        15 | 16 => queue::Declare {
            queue: octets.name(),
            durable: one,
            exclusive: two,
            auto_delete: four,
            passive: octet > 200,
            no_wait: octet > 150,
            arguments: octets.table(),
        }
        .into(),
        17 => exchange::Declare {
            exchange: octets.name(),
            kind: ShortStr::from_static(
                ["direct", "fanout", "topic", "headers"][usize::from(octet % 4)],
            ),
            durable: four,
            auto_delete: octet & 8 != 0,
            arguments: octets.table(),
            ..exchange::Declare::default()
        }
        .into(),
        18 | 19 => queue::Bind {
            queue: octets.name(),
            exchange: octets.name(),
            routing_key: octets.name(),
            arguments: octets.table(),
            ..queue::Bind::default()
        }
        .into(),
        20 => exchange::Bind {
            destination: octets.name(),
            source: octets.name(),
            routing_key: octets.name(),
            arguments: octets.table(),
            ..exchange::Bind::default()
        }
        .into(),
        21 => queue::Delete { queue: octets.name(), if_unused: one, if_empty: two, no_wait: four }
            .into(),
        22 => exchange::Delete { exchange: octets.name(), if_unused: one, no_wait: two }.into(),
        _ => consumers_method(kind, octets),
    }
}

fn consumers_method(kind: u8, octets: &mut Octets<'_>) -> Method {
    let octet = octets.octet();
    let (one, two, four) = (octet & 1 != 0, octet & 2 != 0, octet & 4 != 0);
    match kind {
        23 => basic::Consume {
            queue: octets.name(),
            consumer_tag: octets.name(),
            no_ack: one,
            exclusive: two && four,
            arguments: octets.table(),
            ..basic::Consume::default()
        }
        .into(),
        24 => basic::Get { queue: octets.name(), no_ack: one }.into(),
        25 => basic::Ack { delivery_tag: octets.octet().into(), multiple: one }.into(),
        26 => {
            basic::Nack { delivery_tag: octets.octet().into(), multiple: one, requeue: two }.into()
        }
        27 => {
            basic::Qos { prefetch_size: 0, prefetch_count: (octet >> 1).into(), global: one }.into()
        }
        28 => match octet % 3 {
            0 => tx::Select.into(),
            1 => tx::Commit.into(),
            _ => tx::Rollback.into(),
        },
        29 => confirm::Select { no_wait: one }.into(),
        30 => basic::Cancel { consumer_tag: octets.name(), no_wait: one }.into(),
        _ => match octet % 3 {
            0 => queue::Purge { queue: octets.name(), no_wait: one }.into(),
            1 => basic::Recover { requeue: true }.into(),
            _ => queue::Unbind {
                queue: octets.name(),
                exchange: octets.name(),
                routing_key: octets.name(),
                arguments: octets.table(),
            }
            .into(),
        },
    }
}
