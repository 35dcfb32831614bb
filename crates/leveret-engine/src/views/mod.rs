//! What an engine tells of itself to those who look: values, a page at a time.
//!
//! Looking changes nothing. A page is bounded by the caller, and goes on after a number that the
//! page before gave; what comes and goes meanwhile is seen or not.

mod page;
mod seek;
mod shown;

use alloc::vec::Vec;
use core::time::Duration;

use leveret_protocol::{ChannelNumber, FieldTable, ShortStr};

use crate::{
    counts::{Counts, ExchangeCounts},
    identity::ConnectionId,
};

/// A queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueView {
    /// Its name.
    pub name: ShortStr,
    /// Whether it survives a restart.
    pub durable: bool,
    /// Whether it goes with its last consumer.
    pub auto_delete: bool,
    /// The connection that has it for itself.
    pub owner: Option<ConnectionId>,
    /// `classic` or `quorum`.
    pub queue_type: &'static str,
    /// What it was declared with.
    pub arguments: FieldTable,
    /// Messages that wait.
    pub ready: u64,
    /// Bytes of their bodies.
    pub ready_bytes: u64,
    /// Messages delivered and not settled.
    pub unacked: u64,
    /// Bytes of their bodies.
    pub unacked_bytes: u64,
    /// Of those that wait, how many are in pages on the disk.
    pub paged: u64,
    /// Bytes of their bodies.
    pub paged_bytes: u64,
    /// How many consumers it has.
    pub consumers: u64,
    /// The tag of the consumer that has it for itself.
    pub exclusive_consumer: Option<ShortStr>,
    /// The tag of the one that gets the messages, if only one does.
    pub active_consumer: Option<ShortStr>,
    /// Whether some consumer would take a message now.
    pub has_taker: bool,
    /// The property `timestamp` of the message that goes next: seconds since 1970.
    pub head_timestamp: Option<u64>,
    /// What has come and gone since it was declared, or since the engine's start.
    pub counts: Counts,
}

/// An exchange; the default one is not among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExchangeView {
    /// Its name.
    pub name: ShortStr,
    /// Its type.
    pub kind: &'static str,
    /// Whether it survives a restart.
    pub durable: bool,
    /// Whether it goes with its last binding.
    pub auto_delete: bool,
    /// Whether clients may not publish to it.
    pub internal: bool,
    /// What it was declared with.
    pub arguments: FieldTable,
    /// What has passed it since it was declared, or since the engine's start.
    pub counts: ExchangeCounts,
}

/// A binding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindingView {
    /// The exchange it starts from.
    pub source: ShortStr,
    /// The queue or exchange it leads to.
    pub destination: ShortStr,
    /// Whether that is a queue.
    pub is_to_queue: bool,
    /// Its key.
    pub routing_key: ShortStr,
    /// Its arguments.
    pub arguments: FieldTable,
}

/// A consumer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerView {
    /// Its tag.
    pub tag: ShortStr,
    /// Its queue.
    pub queue: ShortStr,
    /// Its connection.
    pub connection: ConnectionId,
    /// Its channel.
    pub channel: ChannelNumber,
    /// Whether it acknowledges what it is given.
    pub ack_required: bool,
    /// How many unsettled deliveries it may have; 0 is no limit.
    pub prefetch: u16,
    /// Whether it has its queue for itself.
    pub exclusive: bool,
    /// Whether it gets messages: not, while another is the queue's only active one.
    pub active: bool,
    /// How long its deliveries may stay unsettled; `None` is for ever.
    pub timeout: Option<Duration>,
    /// What it was started with.
    pub arguments: FieldTable,
}

/// A channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelView {
    /// Its connection.
    pub connection: ConnectionId,
    /// Its number there.
    pub number: ChannelNumber,
    /// How many consumers it has.
    pub consumers: u64,
    /// Deliveries that are not settled.
    pub unacked: u64,
    /// Whether publishes are confirmed.
    pub confirm: bool,
    /// Whether it is in a transaction.
    pub transactional: bool,
    /// What each new consumer may have unsettled.
    pub prefetch: u16,
    /// What all its consumers may have unsettled together; 0 is no limit.
    pub global_prefetch: u16,
    /// Publishes whose confirm has not gone out.
    pub unconfirmed: u64,
    /// Publishes that its transaction holds.
    pub uncommitted_messages: u64,
    /// Settlements that its transaction holds.
    pub uncommitted_acks: u64,
    /// What has come and gone on it.
    pub counts: Counts,
}

/// What can be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// Queues, in the order they were declared.
    Queues,
    /// Exchanges, likewise.
    Exchanges,
    /// Bindings, likewise.
    Bindings,
    /// Consumers, in the order they came.
    Consumers,
    /// Channels by connection and number.
    Channels,
}

/// What is looked for by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sought {
    /// The queue of that name.
    Queue(ShortStr),
    /// The exchange of that name; not the default one, which has none.
    Exchange(ShortStr),
    /// The bindings that start from that exchange.
    BindingsFrom(ShortStr),
    /// The bindings that lead to that queue.
    BindingsToQueue(ShortStr),
    /// The bindings that lead to that exchange.
    BindingsToExchange(ShortStr),
    /// What was counted of everything.
    Totals,
}

/// What was counted in a virtual host since the engine's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// On all channels, also those that are closed.
    pub channels: Counts,
    /// At the exchange without a name.
    pub default_exchange: ExchangeCounts,
}

/// A page of a [`Listing`], or of what was [`Sought`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Page {
    /// Queues.
    Queues(Vec<QueueView>),
    /// Exchanges.
    Exchanges(Vec<ExchangeView>),
    /// Bindings.
    Bindings(Vec<BindingView>),
    /// Consumers.
    Consumers(Vec<ConsumerView>),
    /// Channels.
    Channels(Vec<ChannelView>),
    /// What was counted.
    Totals(Totals),
}
