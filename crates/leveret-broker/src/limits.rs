//! Every bound a peer can run into, with its default.

use std::time::Duration;

use crate::http::HttpLimits;

/// What the broker grants at most; each bound says what happens at it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Connections at the same time (10,000); one more is closed as soon as it is accepted.
    pub connections_max: usize,
    /// Connections that have not finished the handshake (1,024); one more is closed at once.
    pub half_open_max: usize,
    /// The same from one address, or one IPv6 network of 64 bits, but this machine's (256).
    pub half_open_per_address_max: usize,
    /// Bytes that a peer may send until it has opened a virtual host (65,536); then it is left.
    pub handshake_bytes_max: usize,
    /// Time from accept to `connection.open` (10 s); then the connection is closed.
    pub handshake_timeout: Duration,
    /// How long a refused login waits for its answer to be read, or for the silent close (3 s).
    pub refusal_delay: Duration,
    /// Channels of one connection (2,047).
    pub channels_max: u16,
    /// Bytes of one frame, header and end octet included (131,072).
    pub frame_bytes_max: u32,
    /// Heartbeat interval offered to the peer (60 s); after two silent intervals it is dropped.
    pub heartbeat: Duration,
    /// Bytes of one message body (128 MiB); a larger one closes its channel with 406.
    pub message_bytes_max: u64,
    /// Bytes of commands and bodies waiting for one virtual host (32 MiB); beyond it, sockets are not read.
    pub ingress_bytes_max: u32,
    /// Of these, bytes of one connection (256 KiB); beyond it, its socket is not read.
    pub connection_ingress_bytes_max: u32,
    /// Bytes of deliveries on their way to one connection (1 MiB); beyond it, it is not delivered to.
    pub egress_bytes_max: u32,
    /// Messages in a page (4,096). What a queue has waiting beyond two pages goes to the disk.
    pub page_messages_max: usize,
    /// Bytes of messages in a page (2 MiB).
    pub page_bytes_max: usize,
    /// How long a page of which less than a quarter is needed stays as large as it is (5 s); then it is
    /// written anew, if 64 KiB are to be won.
    pub page_thin_after: Duration,
    /// Bytes per second that are read after a start to verify what is on the disk (8 MiB); 0 is not at
    /// all.
    pub scrub_bytes_per_sec: u64,
    /// How long a delivery may stay unacknowledged until its channel is closed with 406 (30 min); for
    /// ever, if nothing is given.
    pub consumer_timeout: Option<Duration>,
    /// Deliveries of one channel that are not acknowledged (1,000,000); its consumers get no more until
    /// some are.
    pub unsettled_messages_max: usize,
    /// Bytes of these (256 MiB).
    pub unsettled_bytes_max: usize,
    /// Bytes of messages that wait for their time in one virtual host (256 MiB), in memory; one more
    /// closes its channel with 406.
    pub scheduled_bytes_max: usize,
    /// Publishes and acknowledgements of one transaction (65,536); one more closes its channel with 406.
    /// A commit is one step of its virtual host, about 0.35 us for each publish: others wait for it.
    pub transaction_operations_max: usize,
    /// Bytes published in one transaction (256 MiB); one more closes its channel with 406.
    pub transaction_bytes_max: usize,
    /// How long a clean stop waits for peers to answer `connection.close` (1 s).
    pub close_timeout: Duration,
    /// Those of the HTTP API.
    pub http: HttpLimits,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 10_000,
            half_open_max: 1_024,
            half_open_per_address_max: 256,
            handshake_bytes_max: 64 << 10,
            handshake_timeout: Duration::from_secs(10),
            refusal_delay: Duration::from_secs(3),
            channels_max: 2_047,
            frame_bytes_max: 131_072,
            heartbeat: Duration::from_mins(1),
            message_bytes_max: 128 << 20,
            ingress_bytes_max: 32 << 20,
            connection_ingress_bytes_max: 256 << 10,
            egress_bytes_max: 1 << 20,
            page_messages_max: 4_096,
            page_bytes_max: 2 << 20,
            page_thin_after: Duration::from_secs(5),
            scrub_bytes_per_sec: 8 << 20,
            consumer_timeout: Some(Duration::from_mins(30)),
            unsettled_messages_max: 1_000_000,
            unsettled_bytes_max: 256 << 20,
            scheduled_bytes_max: 256 << 20,
            transaction_operations_max: 65_536,
            transaction_bytes_max: 256 << 20,
            close_timeout: Duration::from_secs(1),
            http: HttpLimits::default(),
        }
    }
}

impl Limits {
    /// What of it is the engine's, where pages have a place.
    pub(crate) fn of_engine(&self) -> leveret_engine::Limits {
        let (page_messages_max, page_bytes_max) = (self.page_messages_max, self.page_bytes_max);
        leveret_engine::Limits { page_messages_max, page_bytes_max, ..self.of_engine_in_memory() }
    }

    /// The same where pages have none.
    pub(crate) fn of_engine_in_memory(&self) -> leveret_engine::Limits {
        leveret_engine::Limits {
            page_thin_after: self.page_thin_after,
            consumer_timeout: self.consumer_timeout,
            unsettled_messages_max: self.unsettled_messages_max,
            unsettled_bytes_max: self.unsettled_bytes_max,
            scheduled_bytes_max: self.scheduled_bytes_max,
            transaction_operations_max: self.transaction_operations_max,
            transaction_bytes_max: self.transaction_bytes_max,
            ..Default::default()
        }
    }
}
