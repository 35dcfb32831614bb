//! A message as its publisher knows it, and what its body says of it.

use bytes::Bytes;

use crate::{
    place::HostIndex,
    topology::{QueueIndex, Topology},
};

/// A message of a world; no two publishes share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LetterId(pub(crate) usize);

#[derive(Debug, Clone)]
pub(crate) struct Letter {
    pub(crate) host: HostIndex,
    pub(crate) persistent: bool,
    pub(crate) route: Route,
    pub(crate) bytes: usize,
    /// When the engine took it: messages of one queue keep this order. None before that.
    pub(crate) order: Option<u64>,
    /// Up to which record it is written.
    pub(crate) lsn: u64,
}

/// Where a message can come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    /// Into these and no others.
    Certain(Vec<QueueIndex>),
    /// Into this one, if it is there.
    Perhaps(QueueIndex),
    /// Into this one, once its time has come.
    Later(QueueIndex),
    /// To the channel that published that message, while it waits for replies.
    Reply(LetterId),
    /// Anywhere.
    Anywhere,
    /// Into none.
    Nowhere,
}

impl Route {
    pub(crate) fn certain(&self) -> &[QueueIndex] {
        match self {
            Self::Certain(queues) => queues,
            Self::Perhaps(_) | Self::Later(_) | Self::Reply(_) | Self::Anywhere | Self::Nowhere => {
                &[]
            }
        }
    }

    /// Whether the engine takes it on itself that the message comes somewhere.
    pub(crate) fn is_somewhere(&self) -> bool {
        match self {
            Self::Certain(queues) => !queues.is_empty(),
            Self::Later(_) => true,
            Self::Perhaps(_) | Self::Reply(_) | Self::Anywhere | Self::Nowhere => false,
        }
    }

    /// Whether a message may come into that queue as it was published.
    pub(crate) fn may_come(&self, queue: QueueIndex) -> bool {
        match self {
            Self::Certain(queues) => queues.contains(&queue),
            Self::Perhaps(first) | Self::Later(first) => *first == queue,
            Self::Anywhere => true,
            Self::Reply(_) | Self::Nowhere => false,
        }
    }

    /// Whether a queue may have a message twice: as it was published, and as a dead letter, or
    /// as two of them. Then nothing is certain of either.
    pub(crate) fn may_come_twice(&self, queue: QueueIndex, topology: &Topology) -> bool {
        let is_for_dead = topology.queues.iter().any(|from| from.dead_letters_to == Some(queue));
        let dies_by_policy = |at: QueueIndex| {
            topology
                .queue(at)
                .is_some_and(|plan| plan.is_by_policy() && plan.dead_letters_to == Some(queue))
        };
        match self {
            Self::Anywhere => is_for_dead,
            // Whether it died there depends on the policy of that moment.
            Self::Perhaps(first) => dies_by_policy(*first),
            Self::Certain(_) | Self::Later(_) | Self::Reply(_) | Self::Nowhere => false,
        }
    }

    /// Whether a message may be found in that queue, come there directly or by its death.
    pub(crate) fn may_reach(&self, queue: QueueIndex, topology: &Topology) -> bool {
        let reaches = |first: QueueIndex| {
            let next = topology.queue(first).and_then(|plan| plan.dead_letters_to);
            first == queue || next == Some(queue)
        };
        match self {
            Self::Certain(queues) => queues.iter().copied().any(reaches),
            Self::Perhaps(first) | Self::Later(first) => reaches(*first),
            Self::Anywhere => true,
            Self::Reply(_) | Self::Nowhere => false,
        }
    }
}

/// A body that tells which message it is of, and whether it is whole.
pub(crate) fn body_of(id: LetterId, bytes: usize) -> Bytes {
    let mut body = (id.0 as u64).to_be_bytes().to_vec();
    let pattern = (0..bytes).map(|at| u8::try_from((at ^ id.0) & 0xff).unwrap_or(0));
    body.extend(pattern);
    Bytes::from(body)
}

/// The message that a body is of; none if it is no body of a world.
pub(crate) fn letter_of(body: &[u8]) -> Option<LetterId> {
    let number = u64::from_be_bytes(*body.first_chunk()?);
    usize::try_from(number).ok().map(LetterId)
}
