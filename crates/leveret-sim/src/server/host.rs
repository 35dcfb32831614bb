//! One virtual host: an engine, its queue of inputs, and where its answers go.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use leveret_engine::{ConnectionId, Effect, Effects, Engine, Input, Lsn};
use leveret_journal::Seq;

use super::{
    log::{Command, Log},
    reclaim::Stream,
    spoiler::{mishear, spoil},
};
use crate::{
    event::Event,
    moment::Moment,
    place::{HostIndex, Life, LinkId},
    scene::Scene,
};

/// Batches taken in one turn.
const BATCHES_MAX: usize = 8;

/// How much of an input or an effect a trace shows.
const SHOWN_BYTES_MAX: usize = 400;

/// What an input weighs beside its body.
const INPUT_BYTES: usize = 256;

#[derive(Debug)]
pub(super) struct Host {
    life: Life,
    index: HostIndex,
    engine: Engine,
    inbox: VecDeque<Batch>,
    room_bytes: usize,
    ingress_bytes: usize,
    /// Those whose batch waits for room, in their order.
    pub(super) waiting: VecDeque<LinkId>,
    effects: Effects,
    records: Vec<(Seq, Bytes)>,
    page_effects: Vec<Effect>,
    durable: Seq,
    relocated: Seq,
    wake_at: Option<Moment>,
}

#[derive(Debug)]
struct Batch {
    inputs: Vec<Input>,
    weight: usize,
}

/// The answers of a turn, for each connection.
pub(super) type Answers = BTreeMap<LinkId, Vec<Effect>>;

impl Host {
    pub(super) fn new(
        life: Life,
        index: HostIndex,
        (engine, last): (Engine, Lsn),
        ingress_bytes: usize,
    ) -> Self {
        Self {
            life,
            index,
            engine,
            inbox: VecDeque::new(),
            room_bytes: ingress_bytes,
            ingress_bytes,
            waiting: VecDeque::new(),
            effects: Effects::new(),
            records: Vec::new(),
            page_effects: Vec::new(),
            durable: Seq(last.0),
            relocated: Seq(0),
            wake_at: None,
        }
    }

    pub(super) fn engine(&mut self) -> &mut Engine {
        &mut self.engine
    }

    pub(super) fn is_idle(&self) -> bool {
        self.inbox.is_empty() && !self.engine.has_work()
    }

    /// Takes a batch if there is room for it.
    pub(super) fn submit(&mut self, scene: &mut Scene, inputs: &mut Vec<Input>) -> bool {
        let body =
            |input: &Input| if let Input::Publish { body, .. } = input { body.len() } else { 0 };
        let bytes: usize = inputs.iter().map(|input| INPUT_BYTES + body(input)).sum();
        let weight = bytes.min(self.ingress_bytes);
        if weight > self.room_bytes {
            return false;
        }
        self.room_bytes -= weight;
        self.inbox.push_back(Batch { inputs: std::mem::take(inputs), weight });
        self.plan_turn(scene);
        true
    }

    /// What the pager has to say.
    pub(super) fn hear(&mut self, scene: &mut Scene, input: Input) {
        self.inbox.push_back(Batch { inputs: vec![input], weight: 0 });
        self.plan_turn(scene);
    }

    /// What the turns have asked of the pager.
    pub(super) fn take_page_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.page_effects)
    }

    /// One turn: inputs, news of the log, work left over; then records to the log.
    pub(super) fn turn(&mut self, scene: &mut Scene, log: &mut Log) -> Answers {
        let mut answers = Answers::new();
        for _ in 0..BATCHES_MAX {
            let Some(Batch { inputs, weight }) = self.inbox.pop_front() else { break };
            self.room_bytes += weight;
            for input in inputs {
                self.handle(scene, input, &mut answers);
            }
        }
        self.catch_up(scene, log.stream(self.index), &mut answers);
        let records = std::mem::take(&mut self.records);
        if !records.is_empty() {
            log.push(scene, Command::Append { host: self.index, records });
        }
        for (upto, through) in take_relocated(&mut answers) {
            log.push(scene, Command::Relocated { host: self.index, upto, through });
        }
        if !self.inbox.is_empty() || self.engine.has_work() {
            self.plan_turn(scene);
        }
        self.plan_wake(scene);
        answers
    }

    fn plan_turn(&self, scene: &mut Scene) {
        let micros = scene.about(scene.conditions.turn_micros);
        scene.plan(micros, Event::Turn { life: self.life, host: self.index });
    }

    fn plan_wake(&mut self, scene: &mut Scene) {
        let Some(deadline) = self.engine.next_deadline() else { return };
        let at = scene.server_clock.moment_of(deadline).max(scene.now);
        if self.wake_at.is_none_or(|planned| planned <= scene.now || at < planned) {
            self.wake_at = Some(at);
            scene.agenda.add(at, Event::Turn { life: self.life, host: self.index });
        }
    }

    fn catch_up(&mut self, scene: &mut Scene, stream: Stream, answers: &mut Answers) {
        if stream.durable > self.durable {
            self.durable = stream.durable;
            self.handle(scene, Input::Durable { upto: Lsn(stream.durable.0) }, answers);
        }
        if stream.relocate > self.relocated {
            self.relocated = stream.relocate;
            self.handle(scene, Input::Relocate { upto: Lsn(stream.relocate.0) }, answers);
        }
        let now = scene.server_time();
        if self.engine.has_work() || self.engine.next_deadline().is_some_and(|at| at <= now) {
            self.handle(scene, Input::Wake, answers);
        }
    }

    fn handle(&mut self, scene: &mut Scene, input: Input, answers: &mut Answers) {
        let index = self.index.0;
        scene.trace.tell(scene.now, || format!("{index} > {}", shown(&input)));
        scene.oracle.take_input(self.index, &input);
        let (sabotage, is_wake) = (scene.sabotage, matches!(input, Input::Wake));
        let input = mishear(sabotage, input);
        self.engine.handle(scene.server_time(), input, &mut self.effects);
        let said = self.effects.drain().map(|effect| spoil(sabotage, is_wake, effect));
        let said: Vec<Effect> = said.collect();
        for effect in &said {
            scene.trace.tell(scene.now, || format!("{index} < {}", shown(effect)));
        }
        scene.oracle.take_effects(self.index, &said, !self.engine.has_work());
        for effect in said {
            self.route(effect, answers);
        }
    }

    fn route(&mut self, effect: Effect, answers: &mut Answers) {
        let connection = match &effect {
            Effect::Append { lsn, record } => {
                return self.records.push((Seq(lsn.0), record.clone()));
            }
            // Goes to the log behind the records of the turn.
            Effect::Relocated { .. } => ConnectionId(0),
            Effect::StorePage { .. }
            | Effect::LoadPage { .. }
            | Effect::DropPage { .. }
            | Effect::ThinPage { .. }
            | Effect::PageDamaged { .. } => return self.page_effects.push(effect),
            Effect::ConnectionClosed { connection }
            | Effect::Send { connection, .. }
            | Effect::Content { connection, .. }
            | Effect::ChannelClosed { connection, .. }
            | Effect::FailChannel { connection, .. }
            | Effect::FailConnection { connection, .. } => *connection,
        };
        answers.entry(LinkId(connection.0)).or_default().push(effect);
    }
}

fn take_relocated(answers: &mut Answers) -> Vec<(Seq, Seq)> {
    let of_log = answers.remove(&LinkId(0)).unwrap_or_default();
    let relocated = |effect: Effect| {
        if let Effect::Relocated { upto, through } = effect {
            Some((Seq(upto.0), Seq(through.0)))
        } else {
            None
        }
    };
    of_log.into_iter().filter_map(relocated).collect()
}

/// An input or an effect, short enough to read.
fn shown(thing: &impl std::fmt::Debug) -> String {
    let mut text = format!("{thing:?}");
    text.truncate(text.floor_char_boundary(SHOWN_BYTES_MAX));
    text
}
