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

mod arrivals;
mod line;
mod opening;

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};

use self::line::{field, greeting, who};
use crate::{
    case::Case,
    literal::bytes_of,
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
