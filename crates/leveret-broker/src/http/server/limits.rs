//! Every bound that a peer of the HTTP server can run into, with its default.

use std::time::Duration;

/// What the HTTP server grants at most; each bound says what happens at it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpLimits {
    /// Connections at the same time (1,024); one more is answered with 503 and closed.
    pub connections_max: usize,
    /// Bytes of a request's line and headers, 8,192 or more (16,384); a longer head is answered with 431.
    pub head_bytes_max: usize,
    /// Time for the head of a request, from the accept or the answer before it (30 s): a head begun by
    /// then is answered with 408, and a connection on which nothing has come is closed.
    pub head_timeout: Duration,
    /// Bytes of a request's body (1 MiB); a larger one is answered with 413.
    pub body_bytes_max: usize,
    /// Bytes of definitions (20 MiB), whose body may be larger than others.
    pub definitions_bytes_max: usize,
    /// Time for the body of a request, from the end of its head (30 s); then it is answered with 408.
    pub body_timeout: Duration,
    /// How long an answer waits for a peer that takes nothing of it (30 s); then it is left.
    pub write_timeout: Duration,
}

impl HttpLimits {
    /// Bytes of a body that is sent to a path.
    pub(super) fn body_bytes_max_at(&self, path: &str) -> usize {
        if path.starts_with("/api/definitions") {
            self.definitions_bytes_max
        } else {
            self.body_bytes_max
        }
    }
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            connections_max: 1_024,
            head_bytes_max: 16 << 10,
            head_timeout: Duration::from_secs(30),
            body_bytes_max: 1 << 20,
            definitions_bytes_max: 20 << 20,
            body_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(30),
        }
    }
}
