//! One connection of a case: what came on each channel, until it is looked at.
//!
//! Answers a close as the protocol asks, and judges nothing else.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use leveret_protocol::{Method, PROTOCOL_HEADER, Properties};

use crate::{
    literal::show_string,
    method::{self, Outgoing},
    property,
    wire::{Incoming, Wire, frame},
};

/// The largest frame a case sends: what both brokers offer.
const FRAME_MAX: usize = 131_072;

#[derive(Debug)]
pub(crate) struct Peer {
    wire: Wire,
    inbox: BTreeMap<u16, VecDeque<Arrival>>,
    partial: BTreeMap<u16, Partial>,
    pub(crate) opened: BTreeSet<u16>,
    pub(crate) closed: BTreeSet<u16>,
    pub(crate) has_ended: bool,
    patience: Duration,
}

/// A method that came, with its content.
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    pub(crate) name: String,
    pub(crate) line: String,
    /// The delivery tag and whether it means all before, of a confirm.
    pub(crate) confirm: Option<(u64, bool)>,
}

#[derive(Debug)]
struct Partial {
    arrival: Arrival,
    missing: Option<u64>,
    body: BytesMut,
}

/// Who logs in, and where.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) vhost: String,
    pub(crate) client_properties: String,
}

impl Peer {
    /// A connection on which nothing was said yet.
    pub(crate) fn raw(address: &str, patience: Duration) -> Result<Self> {
        Ok(Self {
            wire: Wire::connect(address)?,
            inbox: BTreeMap::new(),
            partial: BTreeMap::new(),
            opened: BTreeSet::new(),
            closed: BTreeSet::new(),
            has_ended: false,
            patience,
        })
    }

    /// Says all that comes before the first channel. What is refused is left in the inbox.
    pub(crate) fn log_in(&mut self, login: &Login) -> Result<bool> {
        let quote = |text: &str| show_string(text.as_bytes());
        let response = quote(&format!("\0{}\0{}", login.user, login.password));
        let Login { client_properties, vhost, .. } = login;
        self.send_bytes(&PROTOCOL_HEADER);
        if self.reply(0, &["connection.start".to_owned()])?.is_none() {
            return Ok(false);
        }
        for (line, reply) in [
            (
                format!(
                    "connection.start-ok client_properties={client_properties} mechanism=PLAIN response={response} locale=en_US"
                ),
                Some("connection.tune"),
            ),
            ("connection.tune-ok channel_max=2047 frame_max=131072 heartbeat=0".to_owned(), None),
            (format!("connection.open virtual_host={}", quote(vhost)), Some("connection.open-ok")),
        ] {
            self.send(0, &Outgoing::parse(&line)?);
            if let Some(reply) = reply {
                match self.reply(0, &[reply.to_owned()])? {
                    Some(arrival) if arrival.name == reply => {}
                    Some(refusal) => {
                        self.inbox.entry(0).or_default().push_front(refusal);
                        return Ok(false);
                    }
                    None => return Ok(false),
                }
            }
        }
        Ok(true)
    }

    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        self.wire.send(bytes);
    }

    pub(crate) fn send(&mut self, channel: u16, method: &Outgoing) {
        let mut out = BytesMut::new();
        out.put_slice(&frame(1, channel, &method.payload));
        if let Some((properties, body)) = &method.content {
            let mut header = BytesMut::new();
            header.put_slice(method.payload.get(..2).unwrap_or_default());
            header.put_u16(0);
            header.put_u64(u64::try_from(body.len()).unwrap_or(u64::MAX));
            header.put_slice(properties.as_bytes());
            out.put_slice(&frame(2, channel, &header));
            for part in body.chunks(FRAME_MAX - 8) {
                out.put_slice(&frame(3, channel, part));
            }
        }
        self.wire.send(&out);
    }

    /// The first of these methods, or what ends the channel or the connection; other methods
    /// stay where they are. None if nothing of the kind comes in time, or the peer hangs up.
    pub(crate) fn reply(&mut self, channel: u16, names: &[String]) -> Result<Option<Arrival>> {
        let deadline = Instant::now() + self.patience;
        loop {
            let inbox = self.inbox.entry(channel).or_default();
            let is_wanted = |one: &Arrival| {
                names.contains(&one.name)
                    || one.name == "channel.close"
                    || one.name == "connection.close"
            };
            if let Some(arrival) = inbox.iter().position(is_wanted).and_then(|at| inbox.remove(at))
            {
                return Ok(Some(arrival));
            }
            if let Some(end) = self.ending(channel) {
                return Ok(Some(end));
            }
            if !self.pump(deadline)? {
                return Ok(None);
            }
        }
    }

    /// A connection that is over answers no channel; its last word is taken by who asks first.
    fn ending(&mut self, channel: u16) -> Option<Arrival> {
        if channel == 0 {
            return None;
        }
        let inbox = self.inbox.get_mut(&0)?;
        let at = inbox.iter().position(|arrival| arrival.name == "connection.close")?;
        inbox.remove(at)
    }

    /// The next method on the channel, or the connection's close.
    pub(crate) fn next(&mut self, channel: u16) -> Result<Option<Arrival>> {
        let deadline = Instant::now() + self.patience;
        loop {
            if let Some(arrival) = self.inbox.entry(channel).or_default().pop_front() {
                return Ok(Some(arrival));
            }
            if let Some(end) = self.ending(channel) {
                return Ok(Some(end));
            }
            if !self.pump(deadline)? {
                return Ok(None);
            }
        }
    }

    /// What has come on the channel and was not looked at.
    pub(crate) fn drain(&mut self, channel: u16) -> Vec<Arrival> {
        self.inbox.remove(&channel).unwrap_or_default().into()
    }

    /// Waits for the other side to hang up.
    pub(crate) fn until_end(&mut self) -> Result<()> {
        let deadline = Instant::now() + self.patience;
        while self.pump(deadline)? {}
        Ok(())
    }

    /// Reads one thing; false if there is nothing to read any more.
    fn pump(&mut self, deadline: Instant) -> Result<bool> {
        if self.has_ended {
            return Ok(false);
        }
        match self.wire.next(deadline)? {
            Incoming::Nothing => return Ok(false),
            Incoming::End => {
                self.has_ended = true;
                return Ok(false);
            }
            Incoming::Header(version) => {
                let digits: Vec<String> = version.iter().map(u8::to_string).collect();
                let line = format!("header {}", digits.join(" "));
                self.arrived(0, Arrival { name: "header".to_owned(), line, confirm: None });
            }
            Incoming::Frame { kind: 1, channel, payload } => self.method(channel, &payload)?,
            Incoming::Frame { kind: 2, channel, payload } => self.header(channel, payload)?,
            Incoming::Frame { kind: 3, channel, payload } => self.body(channel, &payload)?,
            Incoming::Frame { kind: 8, .. } => {}
            Incoming::Frame { kind, .. } => bail!("a frame of kind {kind} came"),
        }
        Ok(true)
    }

    fn method(&mut self, channel: u16, payload: &Bytes) -> Result<()> {
        let (name, line, has_content) = method::show(payload)?;
        let confirm = confirm(&Method::decode(payload)?);
        match name.as_str() {
            "channel.close" => {
                self.closed.insert(channel);
                self.send(channel, &Outgoing::parse("channel.close-ok")?);
            }
            "channel.open-ok" => drop(self.closed.remove(&channel)),
            "connection.close" => self.send(0, &Outgoing::parse("connection.close-ok")?),
            _ => {}
        }
        let arrival = Arrival { name, line, confirm };
        if has_content {
            let partial = Partial { arrival, missing: None, body: BytesMut::new() };
            self.partial.insert(channel, partial);
        } else {
            self.arrived(channel, arrival);
        }
        Ok(())
    }

    fn header(&mut self, channel: u16, mut payload: Bytes) -> Result<()> {
        let partial = self.partial.get_mut(&channel).context("a header without a method")?;
        payload.try_get_u32()?;
        partial.missing = Some(payload.try_get_u64()?);
        partial.arrival.line.push_str(&property::show(&Properties::from_bytes(payload)?));
        self.content(channel);
        Ok(())
    }

    fn body(&mut self, channel: u16, payload: &Bytes) -> Result<()> {
        let partial = self.partial.get_mut(&channel).context("a body without a method")?;
        let missing = partial.missing.as_mut().context("a body without a header")?;
        *missing = missing
            .checked_sub(u64::try_from(payload.len())?)
            .context("a body longer than announced")?;
        partial.body.put_slice(payload);
        self.content(channel);
        Ok(())
    }

    fn content(&mut self, channel: u16) {
        if self.partial.get(&channel).is_none_or(|partial| partial.missing != Some(0)) {
            return;
        }
        if let Some(Partial { mut arrival, body, .. }) = self.partial.remove(&channel) {
            if !body.is_empty() {
                arrival.line.push_str(&format!(" body={}", show_string(&body)));
            }
            self.arrived(channel, arrival);
        }
    }

    fn arrived(&mut self, channel: u16, arrival: Arrival) {
        self.inbox.entry(channel).or_default().push_back(arrival);
    }
}

/// The tag of a confirm, and whether it means all before.
const fn confirm(method: &Method) -> Option<(u64, bool)> {
    if let Method::BasicAck(ack) = method {
        return Some((ack.delivery_tag, ack.multiple));
    }
    if let Method::BasicNack(nack) = method {
        return Some((nack.delivery_tag, nack.multiple));
    }
    None
}
