//! What a client has declared, and declares again on a new connection.
//!
//! A set, not a log. Keeps true: everything in it goes by first names, see `naming`; a binding is
//! in it once; what was deleted through the client is not in it, nor what only was looked at.

mod naming;

use std::collections::BTreeMap;

use leveret_protocol::ShortStr;

use self::naming::Names;
use crate::{
    client::{
        deed::{Deed, Outcome},
        role::Role,
    },
    topology::{ExchangeBinding, ExchangeDeclare, QueueBinding, QueueDeclare},
};

/// What a client has declared.
#[derive(Debug, Default)]
pub(crate) struct Record {
    exchanges: BTreeMap<ShortStr, ExchangeDeclare>,
    /// By first names; with an empty name in the declaration if the broker named it.
    queues: BTreeMap<ShortStr, QueueDeclare>,
    exchange_bindings: Vec<ExchangeBinding>,
    queue_bindings: Vec<QueueBinding>,
    names: Names,
    /// How many subscriptions a queue has.
    subscriptions: BTreeMap<ShortStr, usize>,
}

/// A queue to declare again.
#[derive(Debug, Clone)]
pub(crate) struct KnownQueue {
    pub(crate) first: ShortStr,
    /// With an empty name if the broker named it.
    pub(crate) declare: QueueDeclare,
}

/// What to declare again, in this order.
#[derive(Debug, Default)]
pub(crate) struct Score {
    /// Exchanges and the bindings between them.
    pub(crate) exchanges: Vec<Deed>,
    pub(crate) queues: Vec<KnownQueue>,
    /// Bindings of queues, by first names.
    pub(crate) bindings: Vec<Deed>,
}

impl Record {
    /// Something was done by the client.
    pub(crate) fn note(&mut self, deed: &Deed, outcome: &Outcome) {
        match deed.clone() {
            Deed::DeclareExchange(exchange) if exchange.passive => {}
            Deed::DeclareExchange(exchange) => {
                self.exchanges.insert(exchange.name.clone(), exchange);
            }
            Deed::DeleteExchange(exchange) => self.forget_exchange(&exchange.name),
            Deed::BindExchange(binding) => {
                if !self.exchange_bindings.contains(&binding) {
                    self.exchange_bindings.push(binding);
                }
            }
            Deed::UnbindExchange(binding) => {
                self.exchange_bindings.retain(|known| *known != binding);
                self.forget_unbound(&binding.source);
            }
            Deed::DeclareQueue(queue) if queue.passive => {}
            Deed::DeclareQueue(queue) => self.note_queue(queue, outcome),
            Deed::DeleteQueue(queue) => self.forget_queue(&self.names.first(&queue.name)),
            Deed::BindQueue(mut binding) => {
                binding.queue = self.names.first(&binding.queue);
                if !self.queue_bindings.contains(&binding) {
                    self.queue_bindings.push(binding);
                }
            }
            Deed::UnbindQueue(mut binding) => {
                binding.queue = self.names.first(&binding.queue);
                self.queue_bindings.retain(|known| *known != binding);
                self.forget_unbound(&binding.exchange);
            }
        }
    }

    fn note_queue(&mut self, queue: QueueDeclare, outcome: &Outcome) {
        let Outcome::Declared(declared) = outcome else { return };
        if queue.name.is_empty() {
            self.names.insert(declared.name.clone());
            self.queues.insert(declared.name.clone(), queue);
            return;
        }
        let first = self.names.first(&queue.name);
        if !self.names.has(&first) {
            self.queues.insert(first, queue);
        }
    }

    fn forget_exchange(&mut self, name: &ShortStr) {
        self.exchanges.remove(name);
        self.exchange_bindings.retain(|known| known.source != *name && known.destination != *name);
        self.queue_bindings.retain(|known| known.exchange != *name);
    }

    /// The broker deletes what deletes itself with its last binding.
    fn forget_unbound(&mut self, exchange: &ShortStr) {
        let is_bound = self.queue_bindings.iter().any(|known| known.exchange == *exchange)
            || self.exchange_bindings.iter().any(|known| known.source == *exchange);
        let deletes_itself = self.exchanges.get(exchange).is_some_and(|known| known.auto_delete);
        if deletes_itself && !is_bound {
            self.forget_exchange(exchange);
        }
    }

    fn forget_queue(&mut self, first: &ShortStr) {
        self.queues.remove(first);
        self.names.remove(first);
        let is_its = |binding: &QueueBinding| binding.queue == *first;
        let exchanges: Vec<ShortStr> =
            self.queue_bindings.extract_if(.., |known| is_its(known)).map(|b| b.exchange).collect();
        for exchange in &exchanges {
            self.forget_unbound(exchange);
        }
    }

    /// A subscription to a queue begins; gives the queue's first name.
    pub(crate) fn subscribe(&mut self, queue: &ShortStr) -> ShortStr {
        let first = self.names.first(queue);
        *self.subscriptions.entry(first.clone()).or_default() += 1;
        first
    }

    /// A subscription is over; a queue that deletes itself goes with the last one.
    pub(crate) fn unsubscribe(&mut self, first: &ShortStr) {
        let Some(count) = self.subscriptions.get_mut(first) else { return };
        *count -= 1;
        if *count > 0 {
            return;
        }
        self.subscriptions.remove(first);
        if self.queues.get(first).is_some_and(|known| known.auto_delete) {
            self.forget_queue(first);
        }
    }

    /// How a queue is called now that was first called so.
    pub(crate) fn current_name(&self, name: &ShortStr) -> ShortStr {
        self.names.current(&self.names.first(name))
    }

    /// A queue has another name now; gives that of before, if it differs.
    pub(crate) fn rename(&mut self, first: &ShortStr, to: &ShortStr) -> Option<ShortStr> {
        self.names.rename(first, to.clone()).filter(|from| from != to)
    }

    /// What a new connection is to have.
    ///
    /// What only one connection can have, or only one may name, is left to the consuming one.
    pub(crate) fn score(&self, role: Role) -> Score {
        let is_for = |queue: &QueueDeclare| match role {
            Role::Publishing => !queue.exclusive && !queue.name.is_empty(),
            Role::Consuming | Role::Everything => true,
        };
        let left_out = |first: &ShortStr| self.queues.get(first).is_some_and(|q| !is_for(q));
        let exchanges = self.exchanges.values().cloned().map(Deed::DeclareExchange);
        let between = self.exchange_bindings.iter().cloned().map(Deed::BindExchange);
        let queues = self.queues.iter().filter(|(_, declare)| is_for(declare));
        let bindings = self.queue_bindings.iter().filter(|known| !left_out(&known.queue));
        Score {
            exchanges: exchanges.chain(between).collect(),
            queues: queues.map(|(first, declare)| known(first, declare)).collect(),
            bindings: bindings.cloned().map(Deed::BindQueue).collect(),
        }
    }

    /// The part of one queue, as far as it was declared through the client.
    pub(crate) fn score_of(&self, first: &ShortStr) -> Score {
        let Some(declare) = self.queues.get(first) else { return Score::default() };
        let bindings = self.queue_bindings.iter().filter(|known| known.queue == *first);
        Score {
            exchanges: Vec::new(),
            queues: vec![known(first, declare)],
            bindings: bindings.cloned().map(Deed::BindQueue).collect(),
        }
    }
}

fn known(first: &ShortStr, declare: &QueueDeclare) -> KnownQueue {
    KnownQueue { first: first.clone(), declare: declare.clone() }
}
