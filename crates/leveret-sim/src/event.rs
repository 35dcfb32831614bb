//! All that the agenda can hold.

use crate::place::{ClientId, End, HostIndex, Life, LinkId};

#[derive(Debug, Clone, Copy)]
pub(crate) enum Event {
    /// A new stream reaches the server.
    Accept { link: LinkId },
    /// Something may have come to this end.
    Arrive { link: LinkId, end: End },
    /// This end may write again.
    Writable { link: LinkId, end: End },
    /// A deadline of a session.
    Timer { link: LinkId, end: End },
    /// The engine's answers reach their connection.
    Effects { life: Life, link: LinkId },
    /// An engine takes its next turn.
    Turn { life: Life, host: HostIndex },
    /// The log takes what waits for it.
    Write { life: Life },
    /// The log makes durable what it took.
    Sync { life: Life },
    /// The pager does its next job.
    Page { life: Life },
    /// The server's process has had its time to say farewell.
    Exit { life: Life },
    /// The server's process begins anew.
    Start,
    /// A client does something.
    Think { client: ClientId },
    /// A client that stalled reads again.
    Resume { client: ClientId },
    /// A stream that vanished is given up by both systems.
    Expire { link: LinkId },
    /// Something goes wrong.
    Fault,
}
