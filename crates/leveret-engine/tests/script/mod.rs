//! Runs a script: lines of what happens, each followed by its effects.
//!
//! `c1.1 queue.declare jobs durable` is channel 1 of connection 1; both are opened when they
//! are first named. Other lines: `connect c2 user=u notify=no credit=0`, `c2 disconnect`,
//! `c2 credit 100`, `c1.1 close`, `c1.1 late ...` (though the channel is not open), `durable 3`, `relocate 3`, `restart 3` (only records up to 3
//! were written), `restart 3 from 2` (and those before 2 were dropped), `wake`, `now 1000`, `deadline`,
//! `stored 1` and `loaded 1` (the answers to what is asked of the first page), `spoil 1 100` (a byte of it),
//! `limits turn_steps=2` at the start. Lines that begin with two spaces are effects and are
//! written anew under `UPDATE_EXPECT=1`; `#` begins a remark.

mod command;
mod pages;
mod permits;
mod policies;
mod show;

use std::{collections::BTreeSet, fmt::Write as _, time::Duration};

use leveret_engine::{
    Authority, Capabilities, ConnectionId, DefaultQueueType, Effect, Effects, Engine,
    EngineOptions, Input, Lsn, PolicySet,
};
use leveret_protocol::{ChannelNumber, ShortStr, Timestamp};

use self::{command::Words, pages::Pages};

/// An engine, and what a caller has to remember of it.
pub(crate) struct World {
    engine: Engine,
    options: EngineOptions,
    now: Timestamp,
    connections: BTreeSet<ConnectionId>,
    channels: BTreeSet<(ConnectionId, ChannelNumber)>,
    records: Vec<(Lsn, Vec<u8>)>,
    pages: Pages,
    policies: PolicySet,
}

/// What a client may be sent unless the script says otherwise.
const CREDIT: u64 = 1 << 20;

/// Runs the script and gives it back with the effects it has now.
pub(crate) fn run(script: &str) -> String {
    let mut world = World::new();
    let mut transcript = String::new();
    for line in script.lines().filter(|line| !line.starts_with("  ")) {
        let _written = writeln!(transcript, "{}", line.trim_end());
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        for effect in world.obey(line) {
            let _written = writeln!(transcript, "  {effect}");
        }
    }
    transcript
}

impl World {
    fn new() -> Self {
        let options = EngineOptions { seed: 7, ..EngineOptions::default() };
        Self {
            engine: Engine::new(options.clone()),
            options,
            now: Timestamp::from_millis(0),
            connections: BTreeSet::new(),
            channels: BTreeSet::new(),
            policies: PolicySet::default(),
            records: Vec::new(),
            pages: Pages::default(),
        }
    }

    fn obey(&mut self, line: &str) -> Vec<String> {
        let mut words = Words::of(line);
        let first = words.next();
        match first.as_str() {
            "connect" => self.connect(&mut words),
            "durable" => self.input(Input::Durable { upto: Lsn(words.number()) }),
            "relocate" => self.input(Input::Relocate { upto: Lsn(words.number()) }),
            "permit" => {
                let (connection, _) = command::place(&words.next());
                let authority = permits::authority(&mut words);
                self.input(Input::SetPermissions { connection, authority })
            }
            "policies" => {
                let policies = policies::policies(&mut words);
                self.policies = policies.clone();
                self.input(Input::SetPolicies { policies })
            }
            "queues-max" => {
                let queues_max = words.next().parse().ok();
                self.input(Input::LimitQueues { queues_max })
            }
            "default-type" => {
                let is_quorum = words.next() == "quorum";
                let default =
                    if is_quorum { DefaultQueueType::Quorum } else { DefaultQueueType::Classic };
                self.input(Input::SetDefaultQueueType { default })
            }
            "stored" | "loaded" => {
                let input = self.pages.answer(&first, words.number());
                self.input(input)
            }
            "spoil" => {
                self.pages.spoil(words.number(), usize::try_from(words.number()).unwrap());
                Vec::new()
            }
            "trace" => self.input(Input::Trace { is_on: words.take("on") }),
            "wake" => self.input(Input::Wake),
            "deadline" => self
                .engine
                .next_deadline()
                .map_or_else(|| vec!["none".to_owned()], |at| vec![at.as_millis().to_string()]),
            "now" => {
                self.now = Timestamp::from_millis(words.number());
                Vec::new()
            }
            "limits" => {
                self.limit(&mut words);
                Vec::new()
            }
            "restart" => self.restart(&mut words),
            place => self.obey_place(place, &mut words),
        }
    }

    fn obey_place(&mut self, place: &str, words: &mut Words) -> Vec<String> {
        let (connection, channel) = command::place(place);
        if self.connections.insert(connection) {
            let user = ShortStr::from_static("guest");
            let capabilities =
                Capabilities { consumer_cancel_notify: true, refused_commits: false };
            let authority = Authority::full();
            self.input(Input::Connect { connection, user, capabilities, authority });
            self.input(Input::Credit { connection, bytes: CREDIT });
        }
        let Some(channel) = channel else {
            return match words.next().as_str() {
                "disconnect" => {
                    self.connections.remove(&connection);
                    self.channels.retain(|(of, _)| *of != connection);
                    self.input(Input::Disconnect { connection })
                }
                "name" => {
                    let name = ShortStr::try_from(words.next().as_str()).unwrap();
                    self.input(Input::NameConnection { connection, name })
                }
                "credit" => self.input(Input::Credit { connection, bytes: words.number() }),
                other => panic!("unknown word {other:?}"),
            };
        };
        let is_late = words.take("late");
        if !is_late && self.channels.insert((connection, channel)) {
            self.input(Input::OpenChannel { connection, channel });
        }
        if words.take("close") {
            self.channels.remove(&(connection, channel));
            return self.input(Input::CloseChannel { connection, channel });
        }
        self.input(command::input(connection, channel, words))
    }

    fn connect(&mut self, words: &mut Words) -> Vec<String> {
        let (connection, _) = command::place(&words.next());
        let user = words.value("user").map_or(ShortStr::from_static("guest"), |user| {
            ShortStr::try_from(user.as_str()).unwrap()
        });
        let notify = words.value("notify").is_none_or(|value| value != "no");
        let credit = words.value("credit").map_or(CREDIT, |value| value.parse().unwrap());
        self.connections.insert(connection);
        let refused_commits = words.value("refused_commits").is_some_and(|value| value == "yes");
        let capabilities = Capabilities { consumer_cancel_notify: notify, refused_commits };
        let authority = permits::authority(words);
        let mut shown = self.input(Input::Connect { connection, user, capabilities, authority });
        shown.extend(self.input(Input::Credit { connection, bytes: credit }));
        shown
    }

    fn limit(&mut self, words: &mut Words) {
        let limits = &mut self.options.limits;
        let set = |words: &mut Words, name: &str, place: &mut usize| {
            if let Some(value) = words.value(name) {
                *place = value.parse().unwrap();
            }
        };
        if words.take("default_quorum") {
            self.options.default_queue_type = DefaultQueueType::Quorum;
        }
        set(words, "turn_steps", &mut limits.turn_steps_max);
        set(words, "record_bytes", &mut limits.record_bytes_max);
        set(words, "transaction_operations", &mut limits.transaction_operations_max);
        set(words, "dead_letter_hops", &mut limits.dead_letter_hops_max);
        if let Some(value) = words.value("consumer_timeout") {
            limits.consumer_timeout = Some(Duration::from_millis(value.parse().unwrap()));
        }
        set(words, "unsettled_messages", &mut limits.unsettled_messages_max);
        set(words, "unsettled_bytes", &mut limits.unsettled_bytes_max);
        set(words, "bindings", &mut limits.bindings_max);
        set(words, "consumers", &mut limits.consumers_max);
        set(words, "queue_consumers", &mut limits.queue_consumers_max);
        set(words, "channel_consumers", &mut limits.channel_consumers_max);
        set(words, "extra_routing_keys", &mut limits.extra_routing_keys_max);
        set(words, "page_messages", &mut limits.page_messages_max);
        set(words, "page_bytes", &mut limits.page_bytes_max);
        set(words, "page_waste", &mut limits.page_waste_bytes_min);
        set(words, "transaction_bytes", &mut limits.transaction_bytes_max);
        set(words, "scheduled_messages", &mut limits.scheduled_messages_max);
        set(words, "scheduled_bytes", &mut limits.scheduled_bytes_max);
        self.engine = Engine::new(self.options.clone());
    }

    /// A new engine from the records that were written.
    fn restart(&mut self, words: &mut Words) -> Vec<String> {
        let last = Lsn(words.number());
        let first = if words.take("from") { Lsn(words.number()) } else { Lsn(1) };
        self.records.retain(|(lsn, _)| *lsn >= first && *lsn <= last);
        self.engine = Engine::new(self.options.clone());
        self.connections.clear();
        self.channels.clear();
        for (lsn, record) in &self.records {
            if let Err(error) = self.engine.replay(*lsn, record) {
                return vec![error.to_string()];
            }
        }
        self.engine.replay_policies(self.policies.clone());
        self.engine.finish_replay(self.now);
        let dropped = self.pages.restart(&self.engine.pages().collect());
        let mut shown = dropped;
        if self.engine.has_work() {
            shown.push("(more to do)".to_owned());
        }
        shown
    }

    fn input(&mut self, input: Input) -> Vec<String> {
        let mut effects = Effects::new();
        self.engine.handle(self.now, input, &mut effects);
        let mut shown = Vec::new();
        for effect in effects.drain() {
            match &effect {
                Effect::Append { lsn, record } => self.records.push((*lsn, record.to_vec())),
                Effect::FailChannel { connection, channel, .. } => {
                    self.channels.remove(&(*connection, *channel));
                }
                Effect::FailConnection { connection, .. } => {
                    self.connections.remove(connection);
                    self.channels.retain(|(of, _)| of != connection);
                }
                Effect::Send { .. }
                | Effect::Content { .. }
                | Effect::ChannelClosed { .. }
                | Effect::ConnectionClosed { .. }
                | Effect::StorePage { .. }
                | Effect::LoadPage { .. }
                | Effect::DropPage { .. }
                | Effect::ThinPage { .. }
                | Effect::PageDamaged { .. }
                | Effect::Relocated { .. } => {}
            }
            let of_page = self.pages.obey(&effect);
            shown.push(of_page.unwrap_or_else(|| show::effect(&effect)));
        }
        if self.engine.has_work() {
            shown.push("(more to do)".to_owned());
        }
        shown
    }
}
