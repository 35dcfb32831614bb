//! The task that turns inputs into effects.

use std::collections::BTreeMap;

use leveret_engine::{ConnectionId, Effect, Effects, Engine, Input, Lsn};
use leveret_journal::Seq;
use tokio::{sync::mpsc, time::Instant};

use super::{
    guard::abort_on_panic,
    ingress::{Batch, Message, Vitals},
    outbound::OutboundSender,
    watches::Watches,
};
use crate::{
    clock::Clock,
    log::{LogStream, Record},
    pages::PageStream,
    panic_record::PanicRecord,
};

/// Batches taken in one turn.
const BATCHES_MAX: usize = 64;

/// The engine of one virtual host with everything it talks to.
#[derive(Debug)]
pub(crate) struct HostTask {
    engine: Engine,
    clock: Clock,
    messages: mpsc::UnboundedReceiver<Message>,
    peers: BTreeMap<ConnectionId, OutboundSender>,
    /// The peers that this turn has effects for.
    touched: Vec<ConnectionId>,
    effects: Effects,
    records: Vec<Record>,
    /// How many there were in the last turn, about as many as in this one.
    records_before: usize,
    durability: Durability,
    /// Where pages go; without a place, the engine makes none.
    pages: Option<PageStream>,
    watches: Watches,
}

/// What becomes of records.
#[derive(Debug)]
enum Durability {
    /// There is no log: what happened is durable at once, for as long as the process lives.
    Memory,
    /// The log's thread says when.
    Log { stream: LogStream, durable: Seq, relocated: Seq },
}

impl HostTask {
    /// A task for an engine that has replayed its records; without a log, all is durable at once.
    pub(crate) fn new(
        engine: Engine,
        clock: Clock,
        messages: mpsc::UnboundedReceiver<Message>,
        disk: Option<(LogStream, PageStream)>,
    ) -> Self {
        let (durability, pages) = match disk {
            None => (Durability::Memory, None),
            Some((stream, pages)) => {
                let durable = stream.mailbox().durable();
                (Durability::Log { stream, durable, relocated: Seq(0) }, Some(pages))
            }
        };
        Self {
            engine,
            clock,
            messages,
            peers: BTreeMap::new(),
            touched: Vec::new(),
            effects: Effects::default(),
            records: Vec::new(),
            records_before: 0,
            durability,
            pages,
            watches: Watches::default(),
        }
    }

    /// Works until every connection and the broker have let go of the way in.
    pub(crate) async fn run(self, panics: Option<PanicRecord>) {
        abort_on_panic(self.work(), panics.as_ref()).await;
    }

    async fn work(mut self) {
        let mut messages = Vec::with_capacity(BATCHES_MAX);
        while self.wait(&mut messages).await {
            for message in messages.drain(..) {
                self.take(message);
            }
            self.catch_up();
            self.settle().await;
        }
    }

    /// Waits for something to do; false when nothing will come any more.
    async fn wait(&mut self, messages: &mut Vec<Message>) -> bool {
        let deadline = self.engine.next_deadline().map(|at| self.clock.instant(at));
        let has_work = self.engine.has_work();
        let rung = async {
            match &self.durability {
                Durability::Memory => std::future::pending().await,
                Durability::Log { stream, .. } => stream.mailbox().changed().await,
            }
        };
        // Pages come back by a way of their own, so nobody waits for somebody who waits here.
        let is_open = self.pages.as_ref().is_none_or(|pages| !pages.is_full());
        let paged = async {
            match &mut self.pages {
                Some(pages) => pages.next().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            taken = self.messages.recv_many(messages, BATCHES_MAX), if is_open => taken > 0,
            Some(input) = paged => {
                self.engine.handle(self.clock.now(), input, &mut self.effects);
                true
            }
            () = rung => true,
            () = until(deadline) => true,
            // Work that is left over goes on in the next turn, after what has come meanwhile.
            () = tokio::task::yield_now(), if has_work => true,
        }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Join { connection, outbound } => {
                self.peers.insert(connection, outbound);
            }
            Message::Look { listing, after, max, reply } => {
                // Whoever looked may have gone.
                reply.send(self.engine.page(listing, after, max)).ok();
            }
            Message::Seek { sought, max, reply } => {
                reply.send(self.engine.seek(&sought, max)).ok();
            }
            Message::Feel { reply } => {
                let oldest_unacked = self.engine.oldest_unsettled();
                reply.send(Vitals { churn: self.engine.churn(), oldest_unacked }).ok();
            }
            Message::Brief(input) => {
                self.engine.handle(self.clock.now(), input, &mut self.effects);
                self.route();
            }
            Message::Batch(Batch { inputs, .. }) => {
                let now = self.clock.now();
                for input in inputs {
                    self.watches.note_input(&input);
                    self.engine.handle(now, input, &mut self.effects);
                }
                self.route();
            }
        }
    }

    /// Tells the engine of time and of the log.
    fn catch_up(&mut self) {
        let now = self.clock.now();
        if let Durability::Log { stream, durable, relocated } = &mut self.durability {
            let (reached, asked) = (stream.mailbox().durable(), stream.mailbox().relocate());
            if reached > *durable {
                self.watches.note_durable(reached, stream.figures());
                *durable = reached;
                self.engine.handle(now, Input::Durable { upto: Lsn(reached.0) }, &mut self.effects);
            }
            if asked > *relocated {
                *relocated = asked;
                self.engine.handle(now, Input::Relocate { upto: Lsn(asked.0) }, &mut self.effects);
            }
        }
        while let Some(input) = self.pages.as_mut().and_then(PageStream::try_next) {
            self.engine.handle(now, input, &mut self.effects);
        }
        if self.engine.has_work() || self.engine.next_deadline().is_some_and(|at| at <= now) {
            self.engine.handle(now, Input::Wake, &mut self.effects);
        }
        self.route();
    }

    /// Hands the turn's records to the log and the turn's answers to the connections.
    async fn settle(&mut self) {
        while let Some(last) = self.records.last().map(|record| record.seq) {
            let records = std::mem::take(&mut self.records);
            self.records_before = records.len();
            match &self.durability {
                Durability::Log { stream, .. } => {
                    self.watches.note_appended(last);
                    stream.append(records).await;
                }
                Durability::Memory => {
                    let now = self.clock.now();
                    self.engine.handle(
                        now,
                        Input::Durable { upto: Lsn(last.0) },
                        &mut self.effects,
                    );
                    self.route();
                }
            }
        }
        for connection in self.touched.drain(..) {
            if let Some(peer) = self.peers.get_mut(&connection) {
                peer.flush();
            }
        }
    }

    fn route(&mut self) {
        let mut effects = std::mem::take(&mut self.effects);
        for effect in effects.drain() {
            self.route_one(effect);
        }
        // Its space is used again.
        self.effects = effects;
    }

    fn route_one(&mut self, effect: Effect) {
        let (connection, is_last) = match &effect {
            Effect::Append { .. } => return self.append(effect),
            Effect::Relocated { upto, through } => {
                if let Durability::Log { stream, .. } = &self.durability {
                    stream.relocated(Seq(upto.0), Seq(through.0));
                }
                return;
            }
            Effect::StorePage { .. }
            | Effect::LoadPage { .. }
            | Effect::DropPage { .. }
            | Effect::ThinPage { .. }
            | Effect::PageDamaged { .. } => return self.page(effect),
            Effect::ConnectionClosed { connection } => (*connection, true),
            Effect::Send { connection, .. }
            | Effect::Content { connection, .. }
            | Effect::ChannelClosed { connection, .. }
            | Effect::FailChannel { connection, .. }
            | Effect::FailConnection { connection, .. } => (*connection, false),
        };
        if let Durability::Log { stream, .. } = &self.durability {
            self.watches.note_effect(&effect, stream.figures());
        }
        let Some(peer) = self.peers.get_mut(&connection) else { return };
        if peer.push(effect) {
            self.touched.push(connection);
        }
        if is_last {
            peer.flush();
            self.peers.remove(&connection);
        }
    }
}

impl HostTask {
    fn append(&mut self, effect: Effect) {
        let Effect::Append { lsn, record } = effect else { return };
        if self.records.capacity() == 0 {
            self.records.reserve(self.records_before);
        }
        self.records.push(Record { seq: Seq(lsn.0), bytes: record });
    }

    fn page(&mut self, effect: Effect) {
        let Some(pages) = &mut self.pages else { return };
        match effect {
            Effect::StorePage { page, durable, content } => pages.store(page, durable, content),
            Effect::LoadPage { page } => pages.load(page),
            Effect::DropPage { page } => pages.drop_page(page),
            Effect::ThinPage { page, rest } => pages.thin(page, *rest),
            Effect::PageDamaged { page, offset, problem, messages } => {
                let file = pages.path(page);
                tracing::error!(
                    file,
                    offset,
                    problem,
                    messages,
                    "a page is damaged; what cannot be read of it is set aside in its file"
                );
            }
            Effect::Append { .. }
            | Effect::Relocated { .. }
            | Effect::Send { .. }
            | Effect::Content { .. }
            | Effect::ChannelClosed { .. }
            | Effect::ConnectionClosed { .. }
            | Effect::FailChannel { .. }
            | Effect::FailConnection { .. } => {}
        }
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
