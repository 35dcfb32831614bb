//! The relay: publishes what is in the outbox, and forgets ids that are too old.

mod counters;
mod dispatch;

use std::convert::Infallible;
use std::pin::pin;
use std::time::Duration;

use leveret::{App, Failure, Publisher};
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, timeout};
use tracing::{debug, warn};

use crate::dialect::{Claim, Dialect};
use crate::store::Store;
pub use counters::RelayCounters;
use dispatch::Dispatch;

/// How often ids that are too old are looked for.
const EXPIRY_EVERY: Duration = Duration::from_mins(10);

/// The first pause after new rows were announced; it doubles until it is as long as usual.
const PAUSE_FIRST: Duration = Duration::from_millis(5);

/// No pause after trouble is longer.
const TROUBLE_PAUSE_MAX: Duration = Duration::from_secs(10);

/// Publishes the rows of an outbox for as long as an application runs.
///
/// Any number of relays may work on one outbox, in one process or many: each row is taken by one
/// at a time. A row is deleted once the broker has confirmed its message; a relay that dies in
/// between repeats the message under the same id. Messages with the header
/// [`ORDERING_KEY`](crate::ORDERING_KEY) leave one after the other, all others as fast as they can.
#[derive(Debug, Clone)]
pub struct Relay<Db: Dialect> {
    pub(crate) store: Store<Db>,
    batch: u32,
    attempts_max: u32,
    first_pause: Duration,
    look_every: Duration,
    time_limit: Duration,
    counters: RelayCounters,
}

/// What a look into the outbox came to.
enum Look {
    Empty,
    /// There may be more.
    Sent,
    /// The broker or the database is away.
    Trouble(String),
}

impl<Db: Dialect> Relay<Db> {
    /// A relay for this store.
    pub fn new(store: &Store<Db>) -> Self {
        Self {
            store: store.clone(),
            batch: 100,
            attempts_max: 10,
            first_pause: Duration::from_secs(1),
            look_every: Duration::from_secs(1),
            time_limit: Duration::from_secs(30),
            counters: RelayCounters::default(),
        }
    }

    /// How many rows it takes at a time, 100 unless told otherwise; zero counts as one.
    #[must_use]
    pub fn batch(mut self, rows: u32) -> Self {
        self.batch = rows.max(1);
        self
    }

    /// After how many refusals by the broker a row is parked, 10 unless told otherwise; zero counts
    /// as one. That the broker is away is no refusal.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts_max = attempts.max(1);
        self
    }

    /// The pause after a first refusal, 1 s unless told otherwise; each further one is twice as
    /// long, up to five minutes.
    #[must_use]
    pub fn first_pause(mut self, pause: Duration) -> Self {
        self.first_pause = pause;
        self
    }

    /// How often it looks into the outbox though nothing was announced, every second unless told
    /// otherwise.
    #[must_use]
    pub fn look_every(mut self, pause: Duration) -> Self {
        self.look_every = pause;
        self
    }

    /// How long it may be at the rows it has taken, 30 s unless told otherwise. On `SQLite` other
    /// relays take over the rows of a dead one after twice that time.
    #[must_use]
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// What it has done so far: kept by whoever wants to look.
    #[must_use]
    pub fn counters(&self) -> RelayCounters {
        self.counters.clone()
    }

    /// Runs with an application: begins before its first message, and ends after its last one.
    /// The application does not start when the tables are missing, and is not idle while messages
    /// wait in the outbox.
    #[must_use]
    pub fn attach(self, app: App) -> App {
        let (stop, stopping) = watch::channel(());
        let (ended, has_ended) = oneshot::channel::<()>();
        let store = self.store.clone();
        let app = app.idle_when(move || {
            let store = store.clone();
            async move { store.waiting().await.is_ok_and(|waiting| waiting == 0) }
        });
        app.on_start(move |publisher: Publisher| async move {
            self.store.waiting().await.map_err(|error| {
                Failure::permanent(format!(
                    "cannot read the outbox, `Store::migrate` makes it: {error}"
                ))
            })?;
            tokio::spawn(async move {
                let mut stopping = stopping;
                // It ends when the sender is dropped, be it with the application.
                self.run(publisher, async move { while stopping.changed().await.is_ok() {} }).await;
                drop(ended);
            });
            Ok::<(), Failure>(())
        })
        .on_stop(move |_: Publisher| async move {
            drop(stop);
            has_ended.await.unwrap_or_default();
            Ok::<(), Infallible>(())
        })
    }

    /// Publishes until `stop` is ready; what it has taken by then it finishes.
    pub async fn run(self, publisher: Publisher, stop: impl Future<Output = ()> + Send) {
        let mut stop = pin!(stop);
        let mut bell = None;
        let mut pause = PAUSE_FIRST;
        let mut expiry_at = Instant::now();
        loop {
            if expiry_at <= Instant::now() {
                expiry_at = Instant::now() + EXPIRY_EVERY;
                self.expire().await;
            }
            let look = self.look(&publisher).await;
            pause = match look {
                Look::Sent => {
                    tokio::task::yield_now().await;
                    Duration::ZERO
                }
                Look::Empty => (pause * 2).clamp(PAUSE_FIRST, self.look_every.max(PAUSE_FIRST)),
                Look::Trouble(error) => {
                    warn!(error, "the outbox waits");
                    (pause * 2).clamp(self.look_every, TROUBLE_PAUSE_MAX.max(self.look_every))
                }
            };
            if bell.is_none() {
                bell = Db::bell(&self.store.site).await.ok();
            }
            let rung = async {
                match &mut bell {
                    Some(bell) => Db::rung(bell).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = &mut stop => return,
                () = rung, if !pause.is_zero() => pause = Duration::ZERO,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    async fn look(&self, publisher: &Publisher) -> Look {
        let claimed = Db::claim(&self.store.site, self.batch, self.time_limit * 2).await;
        let Claim { hold, rows } = match claimed {
            Ok(Some(claim)) => claim,
            Ok(None) => return Look::Empty,
            Err(error) => return Look::Trouble(error.to_string()),
        };
        let dispatch = Dispatch {
            publisher,
            attempts_max: self.attempts_max,
            first_pause: self.first_pause,
            deadline: Instant::now() + self.time_limit,
        };
        let (report, trouble) = dispatch.run(rows).await;
        let (sent, failed) = (report.sent.len(), report.failed.len());
        self.counters.add(&report);
        debug!(sent, failed, "outbox dispatched");
        let released = timeout(self.time_limit, Db::release(&self.store.site, hold, &report)).await;
        match (released, trouble) {
            (Ok(Ok(())), None) => Look::Sent,
            (Ok(Ok(())), Some(trouble)) => Look::Trouble(trouble),
            (Ok(Err(error)), _) => Look::Trouble(error.to_string()),
            (Err(_), _) => Look::Trouble("the database does not answer".to_owned()),
        }
    }

    async fn expire(&self) {
        loop {
            match Db::expire(&self.store.site).await {
                Ok(0) => return,
                Ok(ids) => debug!(ids, "inbox forgot old ids"),
                Err(error) => {
                    warn!(%error, "inbox cannot forget old ids");
                    return;
                }
            }
        }
    }
}
