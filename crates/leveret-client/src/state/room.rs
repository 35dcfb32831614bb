//! Whether a channel may publish now, and waiting until it may.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use tokio::{sync::Notify, time::timeout};

use crate::{
    error::{Backlog, PublishError},
    link::{Blockade, Gate, Outbox},
};

/// What a channel's requests and publishes are bounded by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) request_timeout: Duration,
    pub(crate) publish_timeout: Duration,
    pub(crate) unconfirmed_max: usize,
}

/// What the channel itself holds a publish up for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hold {
    /// Its window of unconfirmed publishes is full.
    Window = 1,
    /// The broker has stopped it by channel.flow.
    Flow = 2,
}

/// The way out of a channel.
///
/// Publishers ask before each publish, so the answer is three loads.
#[derive(Debug)]
pub(crate) struct Room {
    holds: AtomicU8,
    moved: Notify,
    outbox: Arc<Outbox>,
    blockade: Arc<Blockade>,
    gate: Arc<Gate>,
    within: Duration,
}

impl Room {
    pub(crate) fn new(
        outbox: Arc<Outbox>,
        blockade: Arc<Blockade>,
        gate: Arc<Gate>,
        within: Duration,
    ) -> Self {
        Self { holds: AtomicU8::new(0), moved: Notify::new(), outbox, blockade, gate, within }
    }

    pub(crate) fn hold(&self, hold: Hold) {
        self.holds.fetch_or(hold as u8, Ordering::Relaxed);
    }

    pub(crate) fn release(&self, hold: Hold) {
        if self.is_held(hold) {
            self.holds.fetch_and(!(hold as u8), Ordering::Relaxed);
            self.moved.notify_waiters();
        }
    }

    fn is_held(&self, hold: Hold) -> bool {
        self.holds.load(Ordering::Relaxed) & hold as u8 != 0
    }

    /// The channel is over: whoever waits is to hear of it.
    pub(crate) fn close(&self) {
        self.moved.notify_waiters();
    }

    fn is_free(&self) -> bool {
        self.holds.load(Ordering::Relaxed) == 0 && !self.blockade.is_up() && !self.outbox.is_full()
    }

    /// Waits until a publish may go out, or until the channel is over.
    pub(crate) async fn wait(&self, is_over: impl Fn() -> bool) -> Result<(), PublishError> {
        if self.is_free() {
            return Ok(());
        }
        // A broker that cannot write may not read either, and confirms are among what is read.
        let _waiting = self.gate.wait();
        let freed = timeout(self.within, self.freed(is_over)).await;
        freed.map_err(|_elapsed| self.obstacle())
    }

    /// What holds publishes up is asked once for each round: what ends between two questions would wake nobody.
    async fn freed(&self, is_over: impl Fn() -> bool) {
        loop {
            let moved = self.moved.notified();
            tokio::pin!(moved);
            moved.as_mut().enable();
            if is_over() {
                return;
            }
            if self.blockade.is_up() {
                tokio::select! { () = moved => {} () = self.blockade.lifted() => {} }
            } else if self.outbox.is_full() {
                tokio::select! { () = moved => {} () = self.outbox.room() => {} }
            } else if self.holds.load(Ordering::Relaxed) != 0 {
                moved.await;
            } else {
                return;
            }
        }
    }

    fn obstacle(&self) -> PublishError {
        let within = self.within;
        if let Some(reason) = self.blockade.reason() {
            return PublishError::Blocked { reason: reason.to_string(), within };
        }
        let backlog = if self.is_held(Hold::Flow) {
            Backlog::Flow
        } else if self.outbox.is_full() {
            Backlog::Unwritten
        } else {
            Backlog::Unconfirmed
        };
        PublishError::NoRoom { backlog, within }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use leveret_protocol::ShortStr;

    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn nobody_misses_that_publishes_are_taken_again() {
        let blockade = Arc::new(Blockade::default());
        let (outbox, gate) = (Arc::new(Outbox::new(4_096)), Arc::new(Gate::default()));
        let within = Duration::from_secs(10);
        let room = Room::new(outbox, Arc::clone(&blockade), gate, within);
        let is_done = Arc::new(AtomicU8::new(0));
        let toggling = thread::spawn({
            let is_done = Arc::clone(&is_done);
            move || {
                while is_done.load(Ordering::Relaxed) == 0 {
                    blockade.raise(ShortStr::from_static("low on memory"));
                    blockade.lift();
                }
            }
        });
        let mut held_up = 0;
        while held_up < 500 {
            held_up += u32::from(room.blockade.is_up());
            room.wait(|| false).await.unwrap();
        }
        is_done.store(1, Ordering::Relaxed);
        toggling.join().unwrap();
    }
}
