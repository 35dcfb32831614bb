//! What is known of one opening of a channel at its engine.

use std::collections::{BTreeMap, VecDeque};

use leveret_protocol::{Method, ShortStr};

use super::{letter::LetterId, token::TokenKey};
use crate::topology::QueueIndex;

#[derive(Debug, Default)]
pub(super) struct Opening {
    pub(super) mode: Mode,
    /// The engine was told of its end.
    pub(super) is_closing: bool,
    /// What waits for an answer, in order.
    pub(super) requests: VecDeque<Request>,
    /// What counts only if the channel had not failed before: shown by an answer to what came later.
    pub(super) unproven: VecDeque<(u64, Unproven)>,
    /// Publishes that wait for their confirm, by number.
    pub(super) unconfirmed: BTreeMap<u64, (u64, LetterId)>,
    pub(super) published: u64,
    pub(super) out: BTreeMap<u64, Out>,
    pub(super) last_tag: u64,
    pub(super) consumers: BTreeMap<ShortStr, ConsumerView>,
    /// What `basic.qos` set last for consumers to come, and the widest it set for the channel.
    pub(super) prefetch: u16,
    pub(super) channel_prefetch: ChannelPrefetch,
    /// Publishes and settlements of the transaction that is open.
    pub(super) publishes: Vec<LetterId>,
    pub(super) settlements: Vec<(u64, Out, Verdict)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Mode {
    #[default]
    Plain,
    Confirm,
    Transaction,
}

/// How much a channel may have under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum ChannelPrefetch {
    #[default]
    Unlimited,
    Limited(u16),
    /// It has been changed since: nothing is certain any more.
    Blurred,
}

#[derive(Debug)]
pub(super) struct Request {
    pub(super) sequence: u64,
    pub(super) kind: RequestKind,
    /// Whether the connection may not ask for that.
    pub(super) is_forbidden: bool,
}

#[derive(Debug)]
pub(super) enum RequestKind {
    Get {
        queue: Option<QueueIndex>,
        no_ack: bool,
    },
    Commit {
        group: u64,
    },
    /// Class and method of the answer.
    Other {
        answer: (u16, u16),
    },
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Unproven {
    Published(LetterId),
    Left(TokenKey),
    /// It came to a dead-letter queue.
    Died(TokenKey),
}

#[derive(Debug, Clone)]
pub(super) struct Out {
    pub(super) key: TokenKey,
    pub(super) consumer: Option<ShortStr>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Ack,
    Requeue,
    Reject,
}

#[derive(Debug)]
pub(super) struct ConsumerView {
    pub(super) queue: Option<QueueIndex>,
    pub(super) no_ack: bool,
    pub(super) prefetch: u16,
    pub(super) under_way: u64,
    /// The order of the last message it got for the first time.
    pub(super) last_order: Option<u64>,
}

impl Opening {
    /// Takes out what an acknowledgement is about, oldest first.
    pub(super) fn take_out(&mut self, tag: u64, multiple: bool) -> Vec<(u64, Out)> {
        if !multiple {
            return self.out.remove(&tag).map(|out| (tag, out)).into_iter().collect();
        }
        let last = if tag == 0 { u64::MAX } else { tag };
        if tag != 0 && !self.out.contains_key(&tag) {
            // The engine knows more of it, or will fail the channel.
            if tag > self.last_tag {
                return Vec::new();
            }
        }
        self.out.extract_if(..=last, |_, _| true).collect()
    }
}

/// The class and method of the answer to a method, if it has one.
pub(super) fn answer_to(method: &Method) -> Option<(u16, u16)> {
    let no_wait = is_no_wait(method);
    match (method.class_id(), method.method_id()) {
        _ if no_wait => None,
        // exchange.unbind
        (40, 40) => Some((40, 51)),
        // Acknowledgements and basic.recover-async have none.
        (60, 80 | 90 | 100 | 120) => None,
        (class, method) => Some((class, method + 1)),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "no other method has this flag")]
fn is_no_wait(method: &Method) -> bool {
    match method {
        Method::ExchangeDeclare(declare) => declare.no_wait,
        Method::ExchangeDelete(delete) => delete.no_wait,
        Method::ExchangeBind(bind) => bind.no_wait,
        Method::ExchangeUnbind(unbind) => unbind.no_wait,
        Method::QueueDeclare(declare) => declare.no_wait,
        Method::QueueDelete(delete) => delete.no_wait,
        Method::QueuePurge(purge) => purge.no_wait,
        Method::QueueBind(bind) => bind.no_wait,
        Method::BasicConsume(consume) => consume.no_wait,
        Method::BasicCancel(cancel) => cancel.no_wait,
        Method::ConfirmSelect(select) => select.no_wait,
        _ => false,
    }
}
