//! What an engine is made with.

use core::time::Duration;

use leveret_protocol::ShortStr;

/// How an engine starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineOptions {
    /// The virtual host's name, as error texts show it.
    pub virtual_host: ShortStr,
    /// The broker's name, as traces show it.
    pub node: ShortStr,
    /// Where the engine's chance comes from: server-made names. Give a random one in production.
    pub seed: u64,
    /// What a queue is that is declared without `x-queue-type`.
    pub default_queue_type: DefaultQueueType,
    /// What is bounded, and where.
    pub limits: Limits,
}

/// What a queue is that is declared without `x-queue-type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DefaultQueueType {
    /// A classic queue.
    #[default]
    Classic,
    /// A quorum queue, where one can be: named by the client, durable, neither exclusive nor
    /// auto-delete. Any other is classic.
    Quorum,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            virtual_host: ShortStr::from_static("/"),
            node: ShortStr::from_static("leveret@localhost"),
            seed: 0,
            default_queue_type: DefaultQueueType::default(),
            limits: Limits::default(),
        }
    }
}

/// The engine's bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Publishes and settlements of one transaction; one more closes the channel with 406.
    pub transaction_operations_max: usize,
    /// Bytes published in one transaction; one more closes the channel with 406.
    pub transaction_bytes_max: usize,
    /// Where a transaction's record is cut into parts, in bytes.
    pub record_bytes_max: usize,
    /// Messages moved, dropped or delivered in one call before the rest waits for a Wake.
    pub turn_steps_max: usize,
    /// How long a delivery may stay unsettled before its channel is closed with 406; for ever, if
    /// nothing is given. The argument `x-consumer-timeout` of a queue or a consumer goes first.
    pub consumer_timeout: Option<Duration>,
    /// Deliveries of one channel that are not settled; its consumers get no more until some are.
    pub unsettled_messages_max: usize,
    /// Bytes of these; the last may be larger than what is left.
    pub unsettled_bytes_max: usize,
    /// Bindings of the virtual host; one more closes the channel with 406.
    pub bindings_max: usize,
    /// Consumers of the virtual host; one more closes the channel with 406.
    pub consumers_max: usize,
    /// Consumers of one queue; one more closes the channel with 406.
    pub queue_consumers_max: usize,
    /// Consumers of one channel; one more closes the connection with 530.
    pub channel_consumers_max: usize,
    /// Routing keys in a CC or BCC header; one more closes the channel with 406.
    pub extra_routing_keys_max: usize,
    /// Entries in the history of a dead letter; a message that would get one more is dropped.
    pub dead_letter_hops_max: usize,
    /// Messages in a page. A queue with more than two pages' worth waiting has the rest stored
    /// outside the log, and in memory only what goes next and what came last. `usize::MAX`, the
    /// default, is for a caller without a place for pages.
    pub page_messages_max: usize,
    /// Bytes of messages in a page; a single larger message is one of its own.
    pub page_bytes_max: usize,
    /// How long a page may hold little that is needed before it is made smaller: most are not needed
    /// at all soon after.
    pub page_thin_after: Duration,
    /// Bytes to be won by making a page smaller; for less it stays as it is.
    pub page_waste_bytes_min: usize,
    /// Wildcards `#` in one topic binding; one more closes the channel with 406.
    pub hash_wildcards_max: usize,
    /// Messages that wait for their time; one more closes the channel with 406.
    pub scheduled_messages_max: usize,
    /// Bytes of messages that wait for their time; one more closes the channel with 406.
    pub scheduled_bytes_max: usize,
    /// Messages shown by one look into a queue; to ask for more closes the channel with 406.
    pub peek_messages_max: usize,
    /// Messages passed over by one look into a queue; to ask for more closes the channel with 406.
    pub peek_offset_max: usize,
    /// Bytes shown by one look into a queue, if the first message is no larger: then it ends early.
    pub peek_bytes_max: usize,
    /// By how much direct replies may overdraw a connection's credit; one more goes nowhere.
    pub reply_overdraft_bytes_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            transaction_operations_max: 65_536,
            transaction_bytes_max: 256 * 1024 * 1024,
            record_bytes_max: 1024 * 1024,
            turn_steps_max: 2048,
            consumer_timeout: Some(Duration::from_mins(30)),
            unsettled_messages_max: 1_000_000,
            unsettled_bytes_max: 256 * 1024 * 1024,
            bindings_max: 1_000_000,
            consumers_max: 1_000_000,
            queue_consumers_max: 65_536,
            channel_consumers_max: 8_192,
            page_messages_max: usize::MAX,
            page_bytes_max: usize::MAX,
            page_thin_after: Duration::from_secs(5),
            page_waste_bytes_min: 64 * 1024,
            extra_routing_keys_max: 1000,
            dead_letter_hops_max: 256,
            hash_wildcards_max: 2,
            scheduled_messages_max: 1_000_000,
            scheduled_bytes_max: 256 * 1024 * 1024,
            peek_messages_max: 1000,
            peek_offset_max: 100_000,
            peek_bytes_max: 8 * 1024 * 1024,
            reply_overdraft_bytes_max: 16 * 1024 * 1024,
        }
    }
}
