//! The steps that open connections and channels, and those that go by HTTP.

use anyhow::{Result, bail, ensure};
use leveret_protocol::PROTOCOL_HEADER;

use super::{Stage, Who};
use crate::{
    literal::{Scanner, show_table},
    method::Outgoing,
    peer::Peer,
};

impl Stage<'_> {
    /// Opens connection and channel if they are named for the first time.
    pub(super) fn ready(&mut self, who: Who, is_channel_left: bool) -> Result<()> {
        if !self.peers.contains_key(&who.0) {
            let mut peer = Peer::raw(&self.target.address, self.target.patience)?;
            ensure!(peer.log_in(&self.target.login())?, "cannot log in: {:?}", peer.drain(0));
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
    pub(super) fn meet(&mut self, letter: char, is_greeted: bool) -> Result<()> {
        let mut peer = Peer::raw(&self.target.address, self.target.patience)?;
        if is_greeted {
            peer.send_bytes(&PROTOCOL_HEADER);
            let start = peer.reply(0, &["connection.start".to_owned()])?;
            ensure!(start.is_some(), "no greeting");
        }
        self.peers.insert(letter, peer);
        Ok(())
    }

    pub(super) fn connect(&mut self, letter: char, rest: &str) -> Result<()> {
        let mut login = self.target.login();
        let mut scanner = Scanner::new(rest);
        while !scanner.is_done() {
            let name = scanner.name();
            scanner.take('=');
            if name == "properties" {
                login.client_properties = show_table(&scanner.table()?);
                continue;
            }
            let text = String::from_utf8_lossy(&scanner.string()?).into_owned();
            match name {
                "user" => login.user = text,
                "password" => login.password = text,
                "vhost" => login.vhost = text,
                other => bail!("no such word: {other}"),
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

    pub(super) fn http(&mut self, rest: &str) -> Result<()> {
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
}
