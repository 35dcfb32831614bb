//! The place of one connection in a pool.
//!
//! Keeps true: however many wait for the connection, one attempt runs at a time, and the pause
//! after a failed one holds for all of them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

use crate::{
    channel::Channel,
    connection::Connection,
    error::{ChannelError, ConnectError},
    lock::Lock,
    options::ConnectOptions,
    pool::{
        options::PoolOptions,
        renewed::{Mortal, Renewed},
        tally::{Tally, count},
    },
};

/// One connection, or the want of one.
#[derive(Debug)]
pub(super) struct Slot {
    options: Arc<PoolOptions>,
    tally: Arc<Tally>,
    connection: Renewed<Connection>,
    /// The channel in confirm mode that everybody publishes on.
    shared: Renewed<Channel>,
    /// Places taken by exclusive channels.
    places: AtomicUsize,
    // Each check-out that finds no connection looks here for a moment.
    attempts: Lock<Attempts>,
}

#[derive(Debug, Default)]
struct Attempts {
    /// In a row that failed, or whose connection did not last.
    failed: u32,
    not_before: Option<Instant>,
    /// Until when it is not known to be better; others are asked first.
    shunned_until: Option<Instant>,
    connected_at: Option<Instant>,
    last: Option<Arc<ConnectError>>,
}

/// Room for one exclusive channel on a slot's connection, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    slot: Arc<Slot>,
}

/// Why a slot gave nothing.
#[derive(Debug)]
pub(super) enum Refusal {
    Connect(Arc<ConnectError>),
    Channel(ChannelError),
}

impl Mortal for Connection {
    fn is_live(&self) -> bool {
        self.end().is_none()
    }
}

impl Mortal for Channel {
    fn is_live(&self) -> bool {
        self.end().is_none()
    }
}

impl Slot {
    pub(super) fn new(options: Arc<PoolOptions>, tally: Arc<Tally>) -> Self {
        Self {
            options,
            connection: Renewed::new(Arc::clone(&tally)),
            shared: Renewed::new(Arc::clone(&tally)),
            tally,
            places: AtomicUsize::new(0),
            attempts: Lock::default(),
        }
    }

    pub(super) fn is_live(&self) -> bool {
        self.connection.live().is_some()
    }

    /// Whether it is not connected for now: an attempt runs, or a pause after one.
    pub(super) fn is_troubled(&self) -> bool {
        self.attempts.lock().shunned_until.is_some_and(|at| at > Instant::now())
    }

    /// Why the last attempt failed, if none has worked since.
    pub(super) fn last_error(&self) -> Option<Arc<ConnectError>> {
        self.attempts.lock().last.clone()
    }

    pub(super) fn places_taken(&self) -> usize {
        self.places.load(Ordering::SeqCst)
    }

    /// Takes a place, if one is left.
    pub(super) fn place(self: &Arc<Self>) -> Option<Place> {
        let max = usize::from(self.options.channels_per_connection.max(1));
        let taken = self.places.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |taken| {
            (taken < max).then_some(taken + 1)
        });
        taken.ok().map(|_| Place { slot: Arc::clone(self) })
    }

    /// The shared channel, if it is there and lives.
    pub(super) fn live_shared(&self) -> Option<Channel> {
        self.shared.live()
    }

    /// The shared channel; tries as long as it is let.
    pub(super) async fn shared(&self) -> Result<Channel, Refusal> {
        let open = async |connection: Connection| {
            let channel = connection.channel().await?;
            channel.confirm_select().await?;
            Ok(channel)
        };
        self.shared.get(self.open(open)).await
    }

    /// A new channel with the pool's prefetch; tries as long as it is let.
    pub(super) async fn exclusive(&self) -> Result<Channel, Refusal> {
        let prefetch = self.options.prefetch;
        self.open(async |connection: Connection| {
            let channel = connection.channel().await?;
            if prefetch > 0 {
                channel.qos(prefetch).await?;
            }
            Ok(channel)
        })
        .await
    }

    /// Opens a channel on a living connection, on the next one if that dies meanwhile.
    async fn open(
        &self,
        open: impl AsyncFn(Connection) -> Result<Channel, ChannelError>,
    ) -> Result<Channel, Refusal> {
        loop {
            let connection = self.connection.get(self.connect()).await.map_err(Refusal::Connect)?;
            match open(connection).await {
                Ok(channel) => {
                    count(&self.tally.channels_opened);
                    return Ok(channel);
                }
                Err(error) if error.is_connection_end() => {}
                Err(error) => return Err(Refusal::Channel(error)),
            }
        }
    }

    async fn connect(&self) -> Result<Connection, Arc<ConnectError>> {
        self.note_loss();
        loop {
            let (address, not_before) = self.next_attempt();
            if let Some(at) = not_before {
                sleep_until(at).await;
            }
            self.note_attempt();
            // The handshake is large, and rare.
            let error = match Box::pin(Connection::connect(&address)).await {
                Ok(connection) => {
                    count(&self.tally.connections_opened);
                    let mut attempts = self.attempts.lock();
                    attempts.connected_at = Some(Instant::now());
                    attempts.shunned_until = None;
                    attempts.last = None;
                    return Ok(connection);
                }
                Err(error) => Arc::new(error),
            };
            let is_permanent = error.is_permanent();
            let pause = self.note_failure(Arc::clone(&error));
            tracing::warn!(
                authority = %address.authority(),
                pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX), %error,
                "pool failed to connect"
            );
            if is_permanent {
                return Err(error);
            }
        }
    }

    /// Where the next attempt goes to, and when.
    fn next_attempt(&self) -> (ConnectOptions, Option<Instant>) {
        let attempts = self.attempts.lock();
        let addresses = &self.options.addresses;
        let turn = usize::try_from(attempts.failed).unwrap_or_default();
        let address = addresses.get(turn % addresses.len().max(1)).cloned().unwrap_or_default();
        (address, attempts.not_before)
    }

    /// A connection that lasted long was a good one, and its loss calls for no pause.
    fn note_loss(&self) {
        let mut attempts = self.attempts.lock();
        let Some(connected_at) = attempts.connected_at.take() else { return };
        if connected_at.elapsed() >= self.options.backoff.longest {
            attempts.failed = 0;
            attempts.not_before = None;
        } else {
            attempts.rest(&self.options);
        }
    }

    fn note_attempt(&self) {
        let until = Instant::now() + self.options.checkout_timeout;
        self.attempts.lock().shunned_until = Some(until);
    }

    fn note_failure(&self, error: Arc<ConnectError>) -> Duration {
        let mut attempts = self.attempts.lock();
        attempts.last = Some(error);
        attempts.rest(&self.options)
    }

    /// How long a connection takes to open a channel and to close it.
    pub(super) async fn probe(&self) -> Result<Duration, Refusal> {
        let began_at = Instant::now();
        let channel = self.open(async |connection: Connection| connection.channel().await).await?;
        channel.close().await;
        Ok(began_at.elapsed())
    }

    /// Takes the connection out, to be closed.
    pub(super) fn take(&self) -> Option<Connection> {
        drop(self.shared.take());
        self.connection.take()
    }
}

impl Attempts {
    fn rest(&mut self, options: &PoolOptions) -> Duration {
        self.failed = self.failed.saturating_add(1);
        let pause = options.backoff.pause(self.failed);
        self.not_before = Some(Instant::now() + pause);
        self.shunned_until = self.not_before;
        pause
    }
}

impl Place {
    pub(super) const fn slot(&self) -> &Arc<Slot> {
        &self.slot
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.slot.places.fetch_sub(1, Ordering::SeqCst);
    }
}
