//! A client: a session, channels, and a program that does things at random.
//!
//! It keeps the protocol, so every failure that its session reports is a finding.

mod channel;
mod deed;
mod hearing;

pub(crate) use self::deed::CHANNELS_MAX;

use std::collections::{BTreeMap, VecDeque};

use bytes::BytesMut;
use leveret_protocol::{
    AmqpError, ChannelNumber, ClientHello, ClientLogin, FieldTable, FieldValue, Limits, Method,
    ReplyCode, Session, ShortStr,
};

use self::channel::Channel;
use crate::{
    chance::Chance,
    event::Event,
    moment::Moment,
    network::Read,
    oracle::LetterId,
    place::{ClientId, End, HostIndex, LinkId},
    recovery::host_name,
    scene::Scene,
};

/// How long a client waits that cannot do anything now.
const BUSY_MICROS: u64 = 20_000;

#[derive(Debug)]
pub(crate) struct Client {
    id: ClientId,
    host: HostIndex,
    chance: Chance,
    state: State,
    link: Option<LinkId>,
    session: Option<Session>,
    buffer: BytesMut,
    channels: BTreeMap<ChannelNumber, Channel>,
    is_stalled: bool,
    timer_at: Option<Moment>,
    steps_left: u64,
    tags: u64,
    /// Where replies to which messages are waited for; the newest few.
    addresses: VecDeque<(ShortStr, LetterId)>,
    /// What it does before anything else.
    script: VecDeque<Method>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Without a connection.
    Away,
    Connecting,
    Open,
    Closing,
    /// It wants nothing more.
    Done,
}

impl Client {
    pub(crate) fn new(
        id: ClientId,
        host: HostIndex,
        chance: Chance,
        steps: u64,
        script: VecDeque<Method>,
    ) -> Self {
        Self {
            id,
            host,
            chance,
            state: State::Away,
            link: None,
            session: None,
            buffer: BytesMut::new(),
            channels: BTreeMap::new(),
            is_stalled: false,
            timer_at: None,
            steps_left: steps,
            tags: 0,
            addresses: VecDeque::new(),
            script,
        }
    }

    pub(crate) fn link(&self) -> Option<LinkId> {
        self.link
    }

    pub(crate) fn is_done(&self) -> bool {
        self.state == State::Done
    }

    pub(crate) fn has_steps(&self) -> bool {
        self.steps_left > 0
    }

    /// The next deed.
    pub(crate) fn think(&mut self, scene: &mut Scene) {
        let is_busy = self.is_busy();
        if !is_busy && (!self.script.is_empty() || scene.unfounded == 0) {
            self.act(scene);
        }
        if self.state != State::Done {
            let think_micros = scene.conditions.think_micros;
            let has_deeds = self.state == State::Open && !is_busy && self.steps_left > 0;
            let micros = if has_deeds { think_micros } else { think_micros.max(BUSY_MICROS) };
            let micros = scene.about(micros);
            scene.plan(micros, Event::Think { client: self.id });
        }
    }

    /// Whether what it has to say does not get through.
    fn is_busy(&mut self) -> bool {
        self.session.as_mut().is_some_and(|session| !session.output().is_empty())
    }

    fn act(&mut self, scene: &mut Scene) {
        match self.state {
            State::Away if self.steps_left == 0 && scene.is_calm => self.state = State::Done,
            State::Away => self.connect(scene),
            State::Connecting | State::Closing | State::Done => {}
            State::Open if !self.script.is_empty() => self.recite(scene),
            State::Open if self.steps_left > 0 => {
                self.steps_left -= 1;
                scene.statistics.steps += 1;
                self.do_something(scene);
            }
            State::Open => self.finish(),
        }
        self.pump(scene);
    }

    fn connect(&mut self, scene: &mut Scene) {
        let capabilities = FieldTable::builder()
            .insert("consumer_cancel_notify", true)
            .insert("basic.nack", true)
            .insert("publisher_confirms", true)
            .build();
        let hello = ClientHello {
            logins: vec![ClientLogin {
                mechanism: ShortStr::from_static("PLAIN"),
                response: "\0guest\0guest".into(),
            }],
            client_properties: FieldTable::builder()
                .insert("capabilities", FieldValue::Table(capabilities))
                .build(),
            locale: ShortStr::from_static("en_US"),
            virtual_host: ShortStr::truncated(&host_name(self.host)),
        };
        let limits = Limits {
            heartbeat_secs: scene.conditions.heartbeat_secs,
            frame_max: 4096,
            ..Limits::default()
        };
        self.session = Some(Session::client(scene.client_time(), hello, limits));
        self.buffer.clear();
        self.channels.clear();
        self.timer_at = None;
        let link = scene.network.connect(scene.now, &mut scene.agenda);
        scene.note(format_args!("{} connects by {link}", self.id));
        self.link = Some(link);
        self.state = State::Connecting;
    }

    /// The next line of the script, once the one before is answered.
    fn recite(&mut self, scene: &mut Scene) {
        let one = ChannelNumber::new(1);
        let Some(channel) = self.channels.get(&one) else { return self.open_channel(one) };
        if !channel.is_at_rest() {
            return;
        }
        let Some(method) = self.script.front().cloned() else { return };
        scene.note(format_args!("{} founds: {}", self.id, method.name()));
        self.ask(one, &method);
        // It is taken off when its answer is there.
    }

    /// Nothing more is to be done: waits for what is under way, and closes.
    fn finish(&mut self) {
        if self.channels.values().all(Channel::is_at_rest)
            && let Some(session) = &mut self.session
        {
            session.close(&AmqpError::new(ReplyCode::Success, "bye"));
            self.state = State::Closing;
        }
    }

    pub(crate) fn arrive(&mut self, scene: &mut Scene) {
        let (Some(link), false) = (self.link, self.is_stalled) else { return };
        let at = (link, End::Client);
        match scene.network.read(scene.now, &mut scene.agenda, at, &mut self.buffer) {
            Read::Bytes(0) => return,
            Read::Bytes(_) => self.hear(scene),
            Read::End | Read::Reset => return self.lose(scene),
        }
        self.pump(scene);
    }

    pub(crate) fn writable(&mut self, scene: &mut Scene) {
        self.pump(scene);
    }

    pub(crate) fn timer(&mut self, scene: &mut Scene) {
        self.timer_at = None;
        if let Some(session) = &mut self.session {
            session.handle_timeout(scene.client_time());
        }
        self.hear_events(scene);
        self.pump(scene);
    }

    /// Reads nothing for so long.
    pub(crate) fn stall(&mut self, scene: &mut Scene, micros: u64) {
        self.is_stalled = true;
        scene.plan(micros, Event::Resume { client: self.id });
    }

    pub(crate) fn resume(&mut self, scene: &mut Scene) {
        self.is_stalled = false;
        self.arrive(scene);
    }

    /// Ends its side of the stream without a word.
    pub(crate) fn half_close(&mut self, scene: &mut Scene) {
        if let Some(link) = self.link {
            scene.network.end(scene.now, &mut scene.agenda, (link, End::Client));
            self.lose(scene);
        }
    }

    /// The connection is no more.
    fn lose(&mut self, scene: &mut Scene) {
        if let Some(link) = self.link.take() {
            scene.note(format_args!("{} is without {link}", self.id));
            scene.network.end(scene.now, &mut scene.agenda, (link, End::Client));
        }
        self.session = None;
        self.addresses.clear();
        self.channels.clear();
        self.state = State::Away;
    }

    fn pump(&mut self, scene: &mut Scene) {
        let (Some(link), Some(session)) = (self.link, &mut self.session) else { return };
        let at = (link, End::Client);
        if !session.output().is_empty() {
            scene.network.write(scene.now, &mut scene.agenda, at, session.output());
        }
        let is_closed = session.is_closed() && session.output().is_empty();
        if let Some(deadline) = session.next_deadline() {
            let due = scene.client_clock.moment_of(deadline).max(scene.now);
            if self.timer_at.is_none_or(|planned| due < planned) {
                self.timer_at = Some(due);
                scene.agenda.add(due, Event::Timer { link, end: End::Client });
            }
        }
        if is_closed {
            self.lose(scene);
        }
    }
}
