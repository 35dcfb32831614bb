//! Plays a case on a broker, and writes down what comes.
//!
//! A step is `[WHO:] COMMAND`, where `WHO` is a connection's letter and a channel, `a1` if left
//! out. Connections and channels are opened when first named. Commands:
//!
//! - `queue.declare queue=q durable`: sends a method and waits for what answers it; other things
//!   that come meanwhile wait until they are asked for. `strict` before it shows them in order;
//!   `late` sends though the channel is not open; `bare` leaves out header and body.
//! - `receive 3`: shows the next three things on the channel; `receive end`: all until hang-up.
//! - `confirms 5`: waits until publishes up to 5 are settled. `settle q`: asks the queue, then
//!   the channel, so that all on its way is there, and shows it.
//! - `until get-ok: basic.get queue=q`: asks again until the reply contains the text.
//! - `connect user=u password=p vhost=v properties={..}`, `raw`, `greet`, `header 0 0 9 1`, `bytes HEX`,
//!   `frame KIND CHANNEL HEX`, `hangup`, `http PUT /api/.. {..}`.
//!
//! `$queue`, `$consumer_tag`, `$reply_to` stand for what came last in such a field; `$vhost` and
//! `$user` for names of this run.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use leveret_protocol::PROTOCOL_HEADER;

use crate::{
    case::Case,
    literal::{Scanner, bytes_of},
    method::Outgoing,
    peer::{Arrival, Peer},
    target::{Left, Target},
    transcript::{Transcript, normal},
    wire::frame,
};

/// Fields that later steps may name.
const REMEMBERED: [&str; 3] = ["queue", "consumer_tag", "reply_to"];

/// Plays the case and leaves nothing behind.
pub fn play(case: &Case, target: &Target) -> Result<Transcript> {
    let mut stage = Stage {
        target,
        peers: BTreeMap::new(),
        transcript: Vec::new(),
        remembered: BTreeMap::new(),
        confirmed: BTreeMap::new(),
        left: Vec::new(),
        paths: Vec::new(),
    };
    let outcome = stage.steps(case);
    let swept = stage.clear();
    outcome.with_context(|| case.name())?;
    swept.with_context(|| format!("{}: cannot clear up", case.name()))?;
    Ok(stage.transcript)
}

struct Stage<'a> {
    target: &'a Target,
    peers: BTreeMap<char, Peer>,
    transcript: Transcript,
    remembered: BTreeMap<&'static str, String>,
    /// Up to where confirms were shown.
    confirmed: BTreeMap<Who, u64>,
    left: Vec<Left>,
    /// What was put by HTTP.
    paths: Vec<String>,
}

/// A connection's letter and a channel's number.
type Who = (char, u16);

impl Stage<'_> {
    fn steps(&mut self, case: &Case) -> Result<()> {
        for step in &case.steps {
            self.transcript.push(format!("> {step}"));
            let (who, command) = who(step);
            let command = self.filled_in(command);
            self.step(who, &command).with_context(|| step.clone())?;
        }
        self.look_around()
    }

    fn filled_in(&self, command: &str) -> String {
        let mut filled = command.to_owned();
        for (name, value) in &self.remembered {
            filled = filled.replace(&format!("${name}"), value);
        }
        let vhost = self.target.vhost.replace('/', "%2F");
        filled.replace("$vhost", &vhost).replace("$user", &self.user())
    }

    fn user(&self) -> String {
        format!("user-{}", self.target.worker)
    }

    fn step(&mut self, who: Who, command: &str) -> Result<()> {
        let (word, rest) = command.split_once(' ').unwrap_or((command, ""));
        match word {
            "connect" => return self.connect(who.0, rest),
            "http" => return self.http(rest),
            "raw" | "greet" => return self.meet(who.0, word == "greet"),
            "hangup" => {
                self.peers.remove(&who.0);
                return Ok(());
            }
            _ => {}
        }
        let is_late = word == "late" || rest == "end";
        self.ready(who, is_late || command.starts_with("channel.open"))?;
        match word {
            "receive" => self.receive(who, rest),
            "confirms" => self.confirms(who, rest.parse()?),
            "settle" => self.settle(who, rest),
            "until" => self.until(who, rest),
            "header" => {
                let version = rest.split(' ').map(str::parse).collect::<Result<Vec<u8>, _>>()?;
                self.peer(who)?.send_bytes(&[&b"AMQP"[..], &version].concat());
                Ok(())
            }
            "bytes" => {
                let bytes = bytes_of(rest)?;
                self.peer(who)?.send_bytes(&bytes);
                Ok(())
            }
            "frame" => self.frame(who, rest),
            "bare" => {
                let method = Outgoing { content: None, ..Outgoing::parse(rest)? };
                self.peer(who)?.send(who.1, &method);
                Ok(())
            }
            "strict" => self.call(who, rest, Order::AsItCame),
            "late" => self.call(who, rest, Order::ReplyOnly),
            _ => self.call(who, command, Order::ReplyOnly),
        }
    }

    fn peer(&mut self, who: Who) -> Result<&mut Peer> {
        self.peers.get_mut(&who.0).context("no such connection")
    }

    /// Opens connection and channel if they are named for the first time.
    fn ready(&mut self, who: Who, is_channel_left: bool) -> Result<()> {
        if !self.peers.contains_key(&who.0) {
            let mut peer = Peer::raw(&self.target.address, self.target.patience)?;
            anyhow::ensure!(
                peer.log_in(&self.target.login())?,
                "cannot log in: {:?}",
                peer.drain(0)
            );
            self.peers.insert(who.0, peer);
        }
        let peer = self.peer(who)?;
        if who.1 != 0 && peer.opened.insert(who.1) && !is_channel_left {
            let open = Outgoing::parse("channel.open")?;
            peer.send(who.1, &open);
            match peer.reply(who.1, &open.replies())? {
                Some(reply) if reply.name == "channel.open-ok" => {}
                Some(other) => self.show(&other),
                None => self.silence(who)?,
            }
        }
        Ok(())
    }

    /// A connection on which nothing was said, or only the greetings.
    fn meet(&mut self, letter: char, is_greeted: bool) -> Result<()> {
        let mut peer = Peer::raw(&self.target.address, self.target.patience)?;
        if is_greeted {
            peer.send_bytes(&PROTOCOL_HEADER);
            let start = peer.reply(0, &["connection.start".to_owned()])?;
            anyhow::ensure!(start.is_some(), "no greeting");
        }
        self.peers.insert(letter, peer);
        Ok(())
    }

    fn connect(&mut self, letter: char, rest: &str) -> Result<()> {
        let mut login = self.target.login();
        let mut scanner = Scanner::new(rest);
        while !scanner.is_done() {
            let name = scanner.name();
            scanner.take('=');
            if name == "properties" {
                login.client_properties = crate::literal::show_table(&scanner.table()?);
                continue;
            }
            let text = String::from_utf8_lossy(&scanner.string()?).into_owned();
            match name {
                "user" => login.user = text,
                "password" => login.password = text,
                "vhost" => login.vhost = text,
                other => anyhow::bail!("no such word: {other}"),
            }
        }
        let mut peer = Peer::raw(&self.target.address, self.target.patience)?;
        if peer.log_in(&login)? {
            self.say("connected");
            self.peers.insert(letter, peer);
            return Ok(());
        }
        for arrival in peer.drain(0) {
            self.show(&arrival);
        }
        peer.until_end()?;
        self.say(if peer.has_ended { "eof" } else { "nothing" });
        Ok(())
    }

    fn http(&mut self, rest: &str) -> Result<()> {
        let mut words = rest.splitn(3, ' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let Some(admin) = &self.target.admin else {
            self.say("no http");
            return Ok(());
        };
        let status = admin.request(method, path, words.next().unwrap_or_default())?;
        if method == "PUT" {
            self.paths.push(path.to_owned());
        }
        self.say(&format!("http {status}"));
        Ok(())
    }

    fn receive(&mut self, who: Who, count: &str) -> Result<()> {
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

    fn silence(&mut self, who: Who) -> Result<()> {
        let last = if self.peer(who)?.has_ended { "eof" } else { "nothing" };
        self.say(last);
        Ok(())
    }

    /// Acks and nacks may come one by one or many at once; only what they mean is shown, and
    /// only what was not shown before.
    fn confirms(&mut self, who: Who, upto: u64) -> Result<()> {
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

    fn settle(&mut self, who: Who, queue: &str) -> Result<()> {
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

    fn until(&mut self, who: Who, rest: &str) -> Result<()> {
        let (text, line) = rest.split_once(": ").context("until TEXT: METHOD")?;
        let method = Outgoing::parse(line)?;
        let deadline = std::time::Instant::now() + self.target.patience;
        loop {
            let peer = self.peer(who)?;
            peer.send(who.1, &method);
            let reply = peer.reply(who.1, &method.replies())?;
            let line = reply.as_ref().map_or("eof", |reply| reply.line.as_str());
            let is_over = line.contains(text) || line.contains(".close") || line == "eof";
            if is_over || std::time::Instant::now() > deadline {
                match reply {
                    Some(reply) => self.show(&reply),
                    None => self.silence(who)?,
                }
                return Ok(());
            }
        }
    }

    fn frame(&mut self, who: Who, rest: &str) -> Result<()> {
        let mut words = rest.splitn(3, ' ');
        let kind = words.next().unwrap_or_default().parse()?;
        let channel = words.next().unwrap_or_default().parse()?;
        let payload = bytes_of(words.next().unwrap_or_default())?;
        self.peer(who)?.send_bytes(&frame(kind, channel, &payload));
        Ok(())
    }

    fn call(&mut self, who: Who, line: &str, order: Order) -> Result<()> {
        let method = Outgoing::parse(line)?;
        self.note(&method);
        let peer = self.peer(who)?;
        peer.send(who.1, &method);
        let replies = method.replies();
        if replies.is_empty() {
            return Ok(());
        }
        let reply = peer.reply(who.1, &replies)?;
        if order == Order::AsItCame {
            let before = peer.drain(who.1);
            self.show_all(&before);
        }
        match reply {
            Some(reply) => self.show(&reply),
            None => self.silence(who)?,
        }
        Ok(())
    }

    /// Remembers what has to be cleared away.
    fn note(&mut self, method: &Outgoing) {
        let is_made = !method.is_set("passive");
        match (method.name.as_str(), method.text("queue"), method.text("exchange")) {
            ("queue.declare", Some(name), _) if is_made => self.leave(Left::Queue(name)),
            ("exchange.declare", _, Some(name)) if is_made => self.leave(Left::Exchange(name)),
            _ => {}
        }
    }

    fn leave(&mut self, left: Left) {
        let (Left::Queue(name) | Left::Exchange(name)) = &left;
        let is_ours = !name.is_empty() && name.len() < 200 && !name.contains(['"', '\\']);
        let is_special = name.starts_with("amq.") && !name.starts_with("amq.gen-");
        if is_ours && !is_special && !self.left.contains(&left) {
            self.left.push(left);
        }
    }

    fn show_all(&mut self, arrivals: &[Arrival]) {
        for arrival in arrivals {
            self.show(arrival);
        }
    }

    fn show(&mut self, arrival: &Arrival) {
        for name in REMEMBERED {
            if let Some(value) = field(&arrival.line, name) {
                self.remembered.insert(name, value.to_owned());
            }
        }
        if let (Some(name), "queue.declare-ok") = (field(&arrival.line, "queue"), &*arrival.name) {
            self.leave(Left::Queue(name.to_owned()));
        }
        let line = match arrival.name.as_str() {
            "connection.start" => greeting(&arrival.line),
            _ => arrival.line.clone(),
        };
        self.say(&line);
    }

    fn say(&mut self, line: &str) {
        let vhost = format!("'{}'", self.target.vhost);
        let line = normal(line).replace(&vhost, "'/'").replace(&self.user(), "user");
        self.transcript.push(format!("< {line}"));
    }

    /// At the end, a round trip on each open channel shows what nobody asked for.
    fn look_around(&mut self) -> Result<()> {
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

    fn clear(&mut self) -> Result<()> {
        let close = Outgoing::parse("connection.close reply_code=200")?;
        for (_, mut peer) in std::mem::take(&mut self.peers) {
            if !peer.has_ended {
                peer.send(0, &close);
                peer.reply(0, &close.replies())?;
            }
        }
        self.target.sweep(&self.left)?;
        if let Some(admin) = &self.target.admin {
            for path in self.paths.iter().rev() {
                admin.request("DELETE", path, "")?;
            }
        }
        Ok(())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    ReplyOnly,
    AsItCame,
}

/// Splits `b2: basic.get` into who and what.
fn who(step: &str) -> (Who, &str) {
    let parsed = step.split_once(": ").and_then(|(who, command)| {
        let digits = who.trim_start_matches(|sign: char| sign.is_ascii_lowercase());
        let letters = who.len() - digits.len();
        let letter = who.chars().next().filter(|_| letters == 1).unwrap_or('a');
        let channel = if digits.is_empty() { 1 } else { digits.parse().ok()? };
        (letters <= 1 && !who.is_empty()).then_some(((letter, channel), command))
    });
    parsed.unwrap_or((('a', 1), step))
}

/// A field's value on a line, without its quotes.
fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(&format!(" {name}="))?;
    match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => rest.split(' ').next(),
    }
}

/// Of what a server says of itself, what a client acts on.
fn greeting(line: &str) -> String {
    let between = |from: &str, to: &str| {
        let rest = line.split_once(from).map_or("", |(_, rest)| rest);
        rest.split(to).next().unwrap_or_default().to_owned()
    };
    let mechanisms = between("mechanisms=", " locales");
    let mut words: Vec<&str> = mechanisms.trim_matches('"').split(' ').collect();
    words.sort_unstable();
    let major = between("version_major=", " ");
    let minor = between("version_minor=", " ");
    let capabilities = between("capabilities={", "}");
    let words = words.join(" ");
    format!("connection.start {major}-{minor} capabilities={{{capabilities}}} mechanisms={words}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_may_name_its_connection_and_channel() {
        assert_eq!(who("basic.qos"), (('a', 1), "basic.qos"));
        assert_eq!(who("2: basic.qos"), (('a', 2), "basic.qos"));
        assert_eq!(who("b: basic.qos"), (('b', 1), "basic.qos"));
        assert_eq!(who("b0: receive 1"), (('b', 0), "receive 1"));
        assert_eq!(who("until get-ok: basic.get"), (('a', 1), "until get-ok: basic.get"));
    }

    #[test]
    fn a_field_is_found_with_and_without_quotes() {
        assert_eq!(field("queue.declare-ok queue=q message_count=0", "queue"), Some("q"));
        assert_eq!(field("basic.deliver reply_to=\"a b\"", "reply_to"), Some("a b"));
    }
}
