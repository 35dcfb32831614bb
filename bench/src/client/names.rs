//! The names that all clients use on a broker.

/// The queue that is published to and consumed from.
pub(super) const QUEUE: &str = "leveret-bench.client";

/// Where transactions publish to.
pub(super) const RESULTS: &str = "leveret-bench.results";

/// The queue of calls.
pub(super) const CALLS: &str = "leveret-bench.calls";

/// Direct reply-to: consumed from and named as the address of replies.
pub(super) const REPLY_TO: &str = "amq.rabbitmq.reply-to";
