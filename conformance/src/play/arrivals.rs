//! The steps that wait for what a broker sends of itself.

use std::{collections::BTreeMap, time::Instant};

use anyhow::{Context as _, Result};

use super::{Stage, Who};
use crate::{method::Outgoing, peer::Arrival};

impl Stage<'_> {
    pub(super) fn receive(&mut self, who: Who, count: &str) -> Result<()> {
        if count == "end" {
            let peer = self.peer(who)?;
            peer.until_end()?;
            let arrivals =
                [peer.drain(0), if who.1 == 0 { Vec::new() } else { peer.drain(who.1) }].concat();
            let last = if peer.has_ended { "eof" } else { "nothing" };
            self.show_all(&arrivals);
            self.say(last);
            return Ok(());
        }
        for _ in 0..count.parse()? {
            let Some(arrival) = self.peer(who)?.next(who.1)? else {
                return self.silence(who);
            };
            self.show(&arrival);
        }
        Ok(())
    }

    pub(super) fn silence(&mut self, who: Who) -> Result<()> {
        let last = if self.peer(who)?.has_ended { "eof" } else { "nothing" };
        self.say(last);
        Ok(())
    }

    /// Acks and nacks may come one by one or many at once; only what they mean is shown, and
    /// only what was not shown before.
    pub(super) fn confirms(&mut self, who: Who, upto: u64) -> Result<()> {
        let names = ["basic.ack".to_owned(), "basic.nack".to_owned()];
        let known = self.confirmed.insert(who, upto).unwrap_or_default();
        let mut settled: BTreeMap<u64, &str> = BTreeMap::new();
        while known + u64::try_from(settled.len())? < upto {
            match self.peer(who)?.reply(who.1, &names)? {
                Some(Arrival { name, confirm: Some((tag, is_multiple)), .. }) => {
                    let first = if is_multiple { known + 1 } else { tag };
                    let word = if name == "basic.ack" { "ack" } else { "nack" };
                    for tag in first..=tag {
                        settled.entry(tag).or_insert(word);
                    }
                }
                Some(other) => {
                    self.show(&other);
                    break;
                }
                None => {
                    self.silence(who)?;
                    break;
                }
            }
        }
        let words: Vec<String> =
            settled.iter().map(|(tag, word)| format!("{word} {tag}")).collect();
        self.say(&words.join(", "));
        Ok(())
    }

    pub(super) fn settle(&mut self, who: Who, queue: &str) -> Result<()> {
        for line in [format!("queue.declare passive queue={queue}"), "basic.qos".to_owned()] {
            let method = Outgoing::parse(&line)?;
            let peer = self.peer(who)?;
            peer.send(who.1, &method);
            let reply = peer.reply(who.1, &method.replies())?;
            if let Some(reply) = reply.filter(|reply| !method.replies().contains(&reply.name)) {
                self.show(&reply);
                return Ok(());
            }
        }
        let arrivals = self.peer(who)?.drain(who.1);
        if arrivals.is_empty() {
            self.say("settled");
        }
        self.show_all(&arrivals);
        Ok(())
    }

    pub(super) fn until(&mut self, who: Who, rest: &str) -> Result<()> {
        let (text, line) = rest.split_once(": ").context("until TEXT: METHOD")?;
        let method = Outgoing::parse(line)?;
        let deadline = Instant::now() + self.target.patience;
        loop {
            let peer = self.peer(who)?;
            peer.send(who.1, &method);
            let reply = peer.reply(who.1, &method.replies())?;
            let line = reply.as_ref().map_or("eof", |reply| reply.line.as_str());
            let is_over = line.contains(text) || line.contains(".close") || line == "eof";
            if is_over || Instant::now() > deadline {
                match reply {
                    Some(reply) => self.show(&reply),
                    None => self.silence(who)?,
                }
                return Ok(());
            }
        }
    }

    /// At the end, a round trip on each open channel shows what nobody asked for.
    pub(super) fn look_around(&mut self) -> Result<()> {
        let letters: Vec<char> = self.peers.keys().copied().collect();
        for letter in letters {
            let channels: Vec<u16> = self.peer((letter, 0))?.opened.iter().copied().collect();
            for channel in channels {
                let who = (letter, channel);
                let peer = self.peer(who)?;
                if peer.closed.contains(&channel) || peer.has_ended {
                    continue;
                }
                let qos = Outgoing::parse("basic.qos")?;
                peer.send(channel, &qos);
                let reply = peer.reply(channel, &qos.replies())?;
                let mut arrivals = peer.drain(channel);
                arrivals.extend(reply.filter(|reply| reply.name != "basic.qos-ok"));
                if !arrivals.is_empty() {
                    self.transcript.push(format!("> at the end, {letter}{channel}"));
                    self.show_all(&arrivals);
                }
            }
        }
        Ok(())
    }
}
