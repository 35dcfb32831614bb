//! How many may be here at once, and how many that are not let in yet.
//!
//! Keeps true: a place is free again when it is dropped, whatever became of its connection.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use crate::{limits::Limits, users::Peer};

/// Counts connections, and where those come from that have not finished the handshake.
#[derive(Debug, Clone, Default)]
pub(crate) struct Admission {
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    // A lock, and not an owner: it is held for a few additions, from every listener's task.
    counts: Mutex<Counts>,
    left: Notify,
}

#[derive(Debug, Default)]
struct Counts {
    connections: usize,
    half_open: usize,
    /// Half-open connections by where they come from; none for this machine.
    by_origin: HashMap<IpAddr, usize>,
}

/// A connection's place.
#[derive(Debug)]
pub(crate) struct Place {
    state: Arc<State>,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    HalfOpen { origin: Option<IpAddr> },
    Open,
}

impl Admission {
    /// A place for one more connection, or what there are too many of.
    pub(crate) fn enter(&self, peer: Peer, limits: &Limits) -> Result<Place, &'static str> {
        let origin = peer.foreign_ip().map(block);
        let mut counts = self.state.counts();
        if counts.connections >= limits.connections_max {
            return Err("connections");
        }
        if counts.half_open >= limits.half_open_max {
            return Err("unfinished handshakes");
        }
        if let Some(origin) = origin {
            let of_origin = counts.by_origin.entry(origin).or_default();
            if *of_origin >= limits.half_open_per_address_max {
                return Err("unfinished handshakes from its address");
            }
            *of_origin += 1;
        }
        counts.connections += 1;
        counts.half_open += 1;
        Ok(Place { state: Arc::clone(&self.state), stage: Stage::HalfOpen { origin } })
    }

    /// How many there are.
    pub(crate) fn connections(&self) -> usize {
        self.state.counts().connections
    }

    /// Waits until every connection has ended.
    pub(crate) async fn all_left(&self) {
        loop {
            let left = self.state.left.notified();
            if self.state.counts().connections == 0 {
                return;
            }
            left.await;
        }
    }
}

impl State {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        // Whoever panicked did so between two additions; the counts are right.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn finish_handshake(&self, origin: Option<IpAddr>) {
        let mut counts = self.counts();
        counts.half_open = counts.half_open.saturating_sub(1);
        if let Some(origin) = origin
            && let Some(of_origin) = counts.by_origin.get_mut(&origin)
        {
            *of_origin -= 1;
            if *of_origin == 0 {
                counts.by_origin.remove(&origin);
            }
        }
    }
}

impl Place {
    /// The handshake is done.
    pub(crate) fn finish_handshake(&mut self) {
        if let Stage::HalfOpen { origin } = std::mem::replace(&mut self.stage, Stage::Open) {
            self.state.finish_handshake(origin);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.finish_handshake();
        let mut counts = self.state.counts();
        counts.connections = counts.connections.saturating_sub(1);
        if counts.connections == 0 {
            self.state.left.notify_waiters();
        }
    }
}

/// What counts as one address: of IPv6, one customer's network of 64 bits.
fn block(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_cannot_take_every_place() {
        let limits = Limits {
            connections_max: 5,
            half_open_max: 4,
            half_open_per_address_max: 2,
            ..Limits::default()
        };
        let admission = Admission::default();
        let enter = |address: &str| {
            let peer = address.parse().map_or(Peer::Process, Peer::Address);
            admission.enter(peer, &limits)
        };
        let mut first = enter("192.0.2.7:1").unwrap();
        let second = enter("192.0.2.7:2").unwrap();
        assert_eq!(enter("192.0.2.7:3").unwrap_err(), "unfinished handshakes from its address");
        first.finish_handshake();
        let third = enter("192.0.2.7:3").unwrap();
        drop((second, third));
        let _fourth = enter("[2001:db8::1]:1").unwrap();
        let _fifth = enter("[2001:db8::2]:1").unwrap();
        assert!(enter("[2001:db8::3]:1").is_err(), "of one network of 64 bits");
        let _here = (enter("127.0.0.1:1").unwrap(), enter("[::ffff:127.0.0.1]:1").unwrap());
        assert_eq!(enter("in process").unwrap_err(), "connections");
        drop(first);
        assert_eq!(enter("in process").unwrap_err(), "unfinished handshakes");
    }
}
