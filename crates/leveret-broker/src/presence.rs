//! The connections that are open now, and the way to their tasks.
//!
//! Keeps true: a connection is in here from before its engine hears of it until its task ends.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
};

use leveret_engine::ConnectionId;
use leveret_protocol::{FieldTable, Negotiated, ShortStr, Timestamp};

use crate::{
    news::{News, NewsSender},
    users::Peer,
};

/// An open connection.
#[derive(Debug)]
pub(crate) struct Present {
    pub(crate) id: ConnectionId,
    pub(crate) user: String,
    pub(crate) virtual_host: ShortStr,
    pub(crate) peer: Peer,
    /// The address it came to, if it came over a socket.
    pub(crate) local: Option<SocketAddr>,
    pub(crate) mechanism: ShortStr,
    pub(crate) is_tls: bool,
    pub(crate) opened_at: Timestamp,
    pub(crate) client_properties: FieldTable,
    pub(crate) channels: AtomicU32,
    /// What was agreed on with the client.
    pub(crate) negotiated: Negotiated,
    pub(crate) traffic: Traffic,
    pub(crate) news: NewsSender,
}

/// What has gone over a connection since it was opened.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    /// Bytes.
    pub(crate) received: AtomicU64,
    pub(crate) reads: AtomicU64,
    /// Bytes.
    pub(crate) sent: AtomicU64,
    pub(crate) writes: AtomicU64,
}

impl Traffic {
    pub(crate) fn note_received(&self, bytes: usize) {
        self.received.fetch_add(bytes as u64, Ordering::Relaxed);
        self.reads.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn note_sent(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Ordering::Relaxed);
        self.writes.fetch_add(1, Ordering::Relaxed);
    }
}

/// All open connections of a broker.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    // Entered and left by every connection; nobody holds it for longer than a look takes.
    present: Mutex<BTreeMap<ConnectionId, Arc<Present>>>,
    opened: AtomicU64,
    closed: AtomicU64,
    channels_opened: AtomicU64,
    channels_closed: AtomicU64,
}

/// What has come and gone since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Turnover {
    pub(crate) connections_opened: u64,
    pub(crate) connections_closed: u64,
    pub(crate) channels_opened: u64,
    pub(crate) channels_closed: u64,
}

/// A connection's entry; gone from the list when this is dropped.
#[derive(Debug)]
pub(crate) struct Stay {
    presence: Arc<Presence>,
    present: Arc<Present>,
}

/// How many connections a newcomer may find.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ceilings {
    pub(crate) of_virtual_host: Option<u64>,
    pub(crate) of_user: Option<u64>,
}

/// What there are too many connections of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Crowded {
    VirtualHost { max: u64 },
    User { max: u64 },
}

impl Presence {
    /// Lists a connection, unless that would be one too many.
    pub(crate) fn enter(
        self: &Arc<Self>,
        present: Present,
        ceilings: Ceilings,
    ) -> Result<Stay, Crowded> {
        let mut all = self.lock();
        let count = |is_one: &dyn Fn(&Present) -> bool| {
            all.values().filter(|other| is_one(other)).count() as u64
        };
        if let Some(max) = ceilings.of_virtual_host
            && count(&|other| other.virtual_host == present.virtual_host) >= max
        {
            return Err(Crowded::VirtualHost { max });
        }
        if let Some(max) = ceilings.of_user
            && count(&|other| other.user == present.user) >= max
        {
            return Err(Crowded::User { max });
        }
        let present = Arc::new(present);
        all.insert(present.id, Arc::clone(&present));
        self.opened.fetch_add(1, Ordering::Relaxed);
        drop(all);
        Ok(Stay { presence: Arc::clone(self), present })
    }

    pub(crate) fn turnover(&self) -> Turnover {
        let read = |of: &AtomicU64| of.load(Ordering::Relaxed);
        Turnover {
            connections_opened: read(&self.opened),
            connections_closed: read(&self.closed),
            channels_opened: read(&self.channels_opened),
            channels_closed: read(&self.channels_closed),
        }
    }

    /// Everybody who is there now, in the order they came.
    pub(crate) fn all(&self) -> Vec<Arc<Present>> {
        self.lock().values().map(Arc::clone).collect()
    }

    /// The connection of that number.
    pub(crate) fn by_id(&self, id: ConnectionId) -> Option<Arc<Present>> {
        self.lock().get(&id).map(Arc::clone)
    }

    /// The connection of that name.
    pub(crate) fn named(&self, name: &str) -> Option<Arc<Present>> {
        self.all().into_iter().find(|present| present.name() == name)
    }

    /// Channels that a user has open, over all connections.
    pub(crate) fn channels_of(&self, user: &str) -> u64 {
        let all = self.lock();
        let theirs = all.values().filter(|present| present.user == user);
        theirs.map(|present| u64::from(present.channels.load(Ordering::Relaxed))).sum()
    }

    /// Tells everybody whom it concerns.
    pub(crate) fn tell(&self, news: &News, concerns: impl Fn(&Present) -> bool) {
        for present in self.all().iter().filter(|present| concerns(present)) {
            present.tell(news.clone());
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<ConnectionId, Arc<Present>>> {
        // A panic leaves no half entry.
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Present {
    pub(crate) fn tell(&self, news: News) {
        // The task may be ending; then it needs no news.
        self.news.send(news).ok();
    }

    /// The name by which administrators speak of it: of both ends, as `RabbitMQ` makes it.
    pub(crate) fn name(&self) -> String {
        match (self.peer, self.local) {
            (Peer::Address(peer), Some(local)) => format!("{peer} -> {local}"),
            (Peer::Address(peer), None) => format!("{peer} -> in process"),
            (Peer::Process, _) => format!("in process {}", self.id.0),
        }
    }
}

impl Stay {
    /// A channel was opened.
    pub(crate) fn open_channel(&self) {
        self.present.channels.fetch_add(1, Ordering::Relaxed);
        self.presence.channels_opened.fetch_add(1, Ordering::Relaxed);
    }

    /// A channel was closed; one that the engine ended is counted off when the session closes it.
    pub(crate) fn close_channel(&self) {
        let next = |open: u32| open.checked_sub(1);
        let channels = &self.present.channels;
        if channels.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok() {
            self.presence.channels_closed.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn present(&self) -> &Present {
        &self.present
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        self.presence.lock().remove(&self.present.id);
        self.presence.closed.fetch_add(1, Ordering::Relaxed);
        let left = self.present.channels.load(Ordering::Relaxed);
        self.presence.channels_closed.fetch_add(left.into(), Ordering::Relaxed);
    }
}
