//! Streams of bytes that are cut, delayed, gathered, held up and lost.
//!
//! What is written arrives in order, in other pieces, later; a writer may have only so much under
//! way. A stream ends in peace, by a reset, or not at all: then nothing passes and nobody is told.

use std::collections::{BTreeMap, VecDeque};

use bytes::{Buf, BytesMut};
use leveret_protocol::FrameBuffer;

use crate::{
    agenda::Agenda,
    chance::Chance,
    event::Event,
    moment::Moment,
    place::{End, LinkId},
};

/// A write is cut into at most so many pieces.
const PIECES_MAX: u64 = 4;

#[derive(Debug)]
pub(crate) struct Network {
    links: BTreeMap<LinkId, Link>,
    chance: Chance,
    latency_micros: u64,
    window_bytes: usize,
    count: u64,
}

#[derive(Debug)]
struct Link {
    to_server: Pipe,
    to_client: Pipe,
    state: LinkState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LinkState {
    Whole,
    Reset,
    Vanished,
}

#[derive(Debug, Default)]
struct Pipe {
    pieces: VecDeque<(Moment, Piece)>,
    bytes: usize,
    last_arrival: Moment,
    held_until: Moment,
    is_writer_waiting: bool,
    is_ended: bool,
    /// Nobody reads it any more.
    is_abandoned: bool,
}

#[derive(Debug)]
enum Piece {
    Bytes(Vec<u8>),
    End,
}

/// What a read found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Read {
    /// So many bytes; perhaps none.
    Bytes(usize),
    /// The other end says no more.
    End,
    /// The stream is gone.
    Reset,
}

impl Network {
    pub(crate) fn new(chance: Chance, latency_micros: u64, window_bytes: usize) -> Self {
        Self { links: BTreeMap::new(), chance, latency_micros, window_bytes, count: 0 }
    }

    /// A new stream, which the server is told of.
    pub(crate) fn connect(&mut self, now: Moment, agenda: &mut Agenda<Event>) -> LinkId {
        self.count += 1;
        let link = LinkId(self.count);
        let whole = Link {
            to_server: Pipe::default(),
            to_client: Pipe::default(),
            state: LinkState::Whole,
        };
        self.links.insert(link, whole);
        agenda.add(now.after(self.delay()), Event::Accept { link });
        link
    }

    /// Writes as much as may be under way.
    pub(crate) fn write(
        &mut self,
        now: Moment,
        agenda: &mut Agenda<Event>,
        (link, end): (LinkId, End),
        output: &mut FrameBuffer,
    ) {
        let Some(known) = self.links.get_mut(&link) else { return drop_all(output) };
        match known.state {
            LinkState::Whole => {}
            LinkState::Reset => return drop_all(output),
            // It goes into the void, until the window is full.
            LinkState::Vanished => return,
        }
        let pipe = known.pipe(end);
        if pipe.is_ended || pipe.is_abandoned {
            return drop_all(output);
        }
        let room = self.window_bytes.saturating_sub(pipe.bytes);
        let writes = room.min(output.len());
        pipe.is_writer_waiting = writes < output.len();
        let mut bytes = Vec::with_capacity(writes);
        while bytes.len() < writes {
            let chunk = output.chunk();
            let taken = chunk.get(..(writes - bytes.len()).min(chunk.len())).unwrap_or_default();
            let length = taken.len();
            bytes.extend_from_slice(taken);
            output.advance(length);
        }
        pipe.bytes += writes;
        for _ in 0..self.chance.below(PIECES_MAX) {
            let rest = bytes.split_off(self.chance.index(bytes.len() + 1));
            self.send(now, agenda, (link, end), Piece::Bytes(bytes));
            bytes = rest;
        }
        self.send(now, agenda, (link, end), Piece::Bytes(bytes));
    }

    /// Takes what has arrived at this end.
    pub(crate) fn read(
        &mut self,
        now: Moment,
        agenda: &mut Agenda<Event>,
        (link, end): (LinkId, End),
        buffer: &mut BytesMut,
    ) -> Read {
        let Some(known) = self.links.get_mut(&link) else { return Read::Reset };
        match known.state {
            LinkState::Whole => {}
            LinkState::Reset => return Read::Reset,
            LinkState::Vanished => return Read::Bytes(0),
        }
        let pipe = known.pipe(end.other());
        let mut taken = 0;
        if pipe.held_until > now {
            return Read::Bytes(0);
        }
        while let Some((_, piece)) = pipe.pieces.pop_front_if(|(at, _)| *at <= now) {
            match piece {
                Piece::Bytes(bytes) => {
                    taken += bytes.len();
                    buffer.extend_from_slice(&bytes);
                }
                Piece::End if taken == 0 => return Read::End,
                Piece::End => {
                    pipe.pieces.push_front((now, Piece::End));
                    agenda.add(now.after(1), Event::Arrive { link, end });
                    break;
                }
            }
        }
        pipe.bytes = pipe.bytes.saturating_sub(taken);
        if taken > 0 && pipe.is_writer_waiting {
            pipe.is_writer_waiting = false;
            let at = now.after(self.delay());
            agenda.add(at, Event::Writable { link, end: end.other() });
        }
        Read::Bytes(taken)
    }

    /// This end says no more, and hears nothing any more.
    pub(crate) fn end(&mut self, now: Moment, agenda: &mut Agenda<Event>, at: (LinkId, End)) {
        let Some(link) = self.links.get_mut(&at.0) else { return };
        if link.state == LinkState::Whole && !link.pipe(at.1).is_ended {
            link.pipe(at.1).is_ended = true;
            self.send(now, agenda, at, Piece::End);
            let (link, end) = (at.0, at.1.other());
            if let Some(known) = self.links.get_mut(&link) {
                known.pipe(end).is_abandoned = true;
            }
            let at = now.after(self.delay());
            agenda.add(at, Event::Writable { link, end });
        }
    }

    /// The stream is gone, and both ends learn it.
    pub(crate) fn reset(&mut self, now: Moment, agenda: &mut Agenda<Event>, link: LinkId) {
        let Some(known) = self.links.get_mut(&link) else { return };
        if known.state != LinkState::Reset {
            known.state = LinkState::Reset;
            for end in [End::Client, End::Server] {
                agenda.add(now.after(self.delay()), Event::Arrive { link, end });
            }
        }
    }

    /// Nothing passes any more.
    pub(crate) fn vanish(&mut self, link: LinkId) {
        if let Some(link) = self.links.get_mut(&link) {
            link.state = LinkState::Vanished;
        }
    }

    /// Nothing passes until then.
    pub(crate) fn hold(&mut self, agenda: &mut Agenda<Event>, link: LinkId, until: Moment) {
        let Some(known) = self.links.get_mut(&link) else { return };
        known.to_server.held_until = until;
        known.to_client.held_until = until;
        for end in [End::Client, End::Server] {
            agenda.add(until, Event::Arrive { link, end });
        }
    }

    fn send(&mut self, now: Moment, agenda: &mut Agenda<Event>, at: (LinkId, End), piece: Piece) {
        if matches!(&piece, Piece::Bytes(bytes) if bytes.is_empty()) {
            return;
        }
        let arrives = now.after(self.delay());
        let (link, end) = (at.0, at.1.other());
        let Some(pipe) = self.links.get_mut(&link).map(|link| link.pipe(at.1)) else { return };
        let arrives = arrives.max(pipe.last_arrival).max(pipe.held_until);
        pipe.last_arrival = arrives;
        pipe.pieces.push_back((arrives, piece));
        agenda.add(arrives, Event::Arrive { link, end });
    }

    fn delay(&mut self) -> u64 {
        self.chance.between(self.latency_micros / 2, self.latency_micros * 2)
    }
}

impl Link {
    /// The pipe that this end writes into.
    const fn pipe(&mut self, writer: End) -> &mut Pipe {
        match writer {
            End::Client => &mut self.to_server,
            End::Server => &mut self.to_client,
        }
    }
}

fn drop_all(output: &mut FrameBuffer) {
    output.advance(output.len());
}
