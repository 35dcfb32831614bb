//! A client's side of one channel: what it asked, what it got.

use std::collections::BTreeSet;

use leveret_protocol::{Method, ShortStr};

/// How the tag begins of who waits for direct replies.
pub(super) const REPLIES: &str = "r-";

#[derive(Debug, Default)]
pub(super) struct Channel {
    pub(super) state: ChannelState,
    pub(super) mode: Mode,
    /// The answer it waits for.
    pub(super) pending: Option<Answer>,
    /// Deliveries that are not settled.
    pub(super) unsettled: Vec<u64>,
    pub(super) last_tag: u64,
    pub(super) consumers: Vec<ShortStr>,
    pub(super) published: u64,
    pub(super) unconfirmed: BTreeSet<u64>,
    /// Whether the next delivery by get needs no acknowledgement.
    pub(super) no_ack_consumers: BTreeSet<ShortStr>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum ChannelState {
    #[default]
    Opening,
    Open,
    Closing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Mode {
    #[default]
    Plain,
    Confirm,
    Transaction,
}

/// What a client waits for on a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// `basic.get-ok` or `basic.get-empty`.
    Got { no_ack: bool },
    /// The method with these ids.
    Method((u16, u16)),
}

impl Channel {
    /// Whether it waits for direct replies.
    pub(super) fn awaits_replies(&self) -> bool {
        self.consumers.iter().any(|tag| tag.starts_with(REPLIES.as_bytes()))
    }

    pub(super) fn is_at_rest(&self) -> bool {
        self.state == ChannelState::Open && self.pending.is_none() && self.unconfirmed.is_empty()
    }

    /// Takes an answer; says what is wrong with it.
    pub(super) fn take_answer(&mut self, method: &Method) -> Result<(), String> {
        let ids = (method.class_id(), method.method_id());
        let fits = match self.pending.take() {
            Some(Answer::Got { .. }) => ids == (60, 71) || ids == (60, 72),
            Some(Answer::Method(wanted)) => ids == wanted,
            None => false,
        };
        if fits { Ok(()) } else { Err(format!("{} answers nothing a client asked", method.name())) }
    }

    pub(super) fn take_confirm(&mut self, tag: u64, multiple: bool) -> Result<(), String> {
        let before = self.unconfirmed.len();
        if multiple {
            self.unconfirmed.retain(|waiting| *waiting > tag);
        } else {
            self.unconfirmed.remove(&tag);
        }
        if self.unconfirmed.len() == before {
            return Err(format!("a confirm of {tag}, which no publish waits for"));
        }
        Ok(())
    }

    pub(super) fn take_delivery(&mut self, tag: u64, no_ack: bool) -> Result<(), String> {
        let last = std::mem::replace(&mut self.last_tag, tag);
        if !no_ack {
            self.unsettled.push(tag);
        }
        if tag > last { Ok(()) } else { Err(format!("delivery {tag} comes after {last}")) }
    }
}
