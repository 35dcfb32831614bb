//! Rings when counts have changed, for whoever waits until they are as wanted.
//!
//! Counts change at every message, and hardly ever does anybody wait: with nobody there, to ring
//! is a look at a number.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering, fence};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// Rung after each change of what it is hung beside.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    notify: Notify,
    listeners: AtomicUsize,
}

/// Somebody who hears it, until dropped.
#[derive(Debug)]
pub(crate) struct Listener<'a>(&'a Bell);

impl Bell {
    /// Wakes who listens, after a change whose last step is an atomic operation, `SeqCst`: who
    /// begins to listen too late to be woken looks after that step.
    pub(crate) fn ring(&self) {
        if self.listeners.load(Ordering::SeqCst) > 0 {
            self.notify.notify_waiters();
        }
    }

    /// The same after a change of any kind.
    pub(crate) fn ring_after_all(&self) {
        fence(Ordering::SeqCst);
        self.ring();
    }

    /// Hears all that rings from now on.
    pub(crate) fn listen(&self) -> Listener<'_> {
        self.listeners.fetch_add(1, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        Listener(self)
    }

    /// Looks now and whenever it has rung, until there is something to give.
    pub(crate) async fn until<T>(&self, mut look: impl FnMut() -> Option<T>) -> T {
        let listener = self.listen();
        loop {
            let mut rung = pin!(listener.rung());
            rung.as_mut().enable();
            if let Some(seen) = look() {
                return seen;
            }
            rung.await;
        }
    }
}

impl Listener<'_> {
    /// The next time that it rings.
    pub(crate) fn rung(&self) -> Notified<'_> {
        self.0.notify.notified()
    }
}

impl Drop for Listener<'_> {
    fn drop(&mut self) {
        self.0.listeners.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn who_waits_for_a_number_misses_none() {
        for _ in 0..1_000 {
            let shared = Arc::new((Bell::default(), AtomicUsize::new(0)));
            let other = shared.clone();
            let waiting = tokio::spawn(async move {
                let (bell, number) = &*other;
                bell.until(|| (number.load(Ordering::Relaxed) == 1).then_some(())).await;
            });
            shared.1.fetch_add(1, Ordering::SeqCst);
            shared.0.ring();
            waiting.await.unwrap();
            assert_eq!(shared.0.listeners.load(Ordering::SeqCst), 0);
        }
    }
}
