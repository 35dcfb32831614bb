//! Which ids were handled, are being handled, or may be handled now.
//!
//! An id is in the store, or here while it is in hand or on its way to the store.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use super::store::{INBOX_IDS_MAX, Store, StoreError};

/// How many handled ids may be on their way to the store; beyond it handlers wait.
const UNWRITTEN_MAX: usize = 100_000;

/// The inbox of an application.
#[derive(Debug)]
pub(crate) struct Inbox {
    store: Store,
    // A lock, as workers on all threads ask; held for one look-up.
    recent: Mutex<Recent>,
    /// Told whenever an id leaves `recent` or becomes handled.
    moved: Notify,
}

#[derive(Debug, Default)]
struct Recent {
    states: HashMap<Vec<u8>, State>,
    unwritten: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    InHand,
    Unwritten,
}

/// Whether a message is new.
#[derive(Debug)]
pub(crate) enum Arrival {
    New(Reservation),
    Duplicate,
}

/// An id in hand; dropped, it may be handled by another.
#[derive(Debug)]
pub(crate) struct Reservation {
    inbox: Arc<Inbox>,
    key: Vec<u8>,
}

/// The key of an id for one handler.
pub(crate) fn inbox_key(handler: &str, message_id: &[u8]) -> Vec<u8> {
    [handler.as_bytes(), b"\0", message_id].concat()
}

impl Inbox {
    pub(crate) fn in_memory() -> Arc<Self> {
        Arc::new(Self::over(Store::in_memory(INBOX_IDS_MAX)))
    }

    pub(crate) fn open(path: &Path) -> Result<Arc<Self>, StoreError> {
        Ok(Arc::new(Self::over(Store::open(path, INBOX_IDS_MAX)?)))
    }

    fn over(store: Store) -> Self {
        Self { store, recent: Mutex::default(), moved: Notify::new() }
    }

    /// Takes an id in hand, once nobody else has it there.
    pub(crate) async fn begin(self: &Arc<Self>, key: Vec<u8>) -> Result<Arrival, StoreError> {
        loop {
            let mut moved = std::pin::pin!(self.moved.notified());
            moved.as_mut().enable();
            match self.reserve(&key)? {
                Some(true) => return Ok(Arrival::New(Reservation { inbox: self.clone(), key })),
                Some(false) => return Ok(Arrival::Duplicate),
                None => moved.await,
            }
        }
    }

    /// Whether the id is taken in hand now (`true`) or was handled (`false`); nothing means wait.
    fn reserve(&self, key: &[u8]) -> Result<Option<bool>, StoreError> {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        match recent.states.get(key) {
            Some(State::InHand) => return Ok(None),
            Some(State::Unwritten) => return Ok(Some(false)),
            None if recent.unwritten >= UNWRITTEN_MAX => return Ok(None),
            None => {}
        }
        // Looked up under the lock: an id leaves `recent` only when it is in the store.
        if self.store.contains(key)? {
            return Ok(Some(false));
        }
        recent.states.insert(key.to_vec(), State::InHand);
        Ok(Some(true))
    }

    /// Waits until none of these ids is in hand.
    ///
    /// A broker may deliver a ledger entry before the unit it belongs to is durable. Written down
    /// that early, the id would outlive a crash that the unit does not, and its message be lost.
    pub(super) async fn settled(&self, keys: &[Vec<u8>]) {
        loop {
            let mut moved = std::pin::pin!(self.moved.notified());
            moved.as_mut().enable();
            if !self.is_in_hand(keys) {
                return;
            }
            moved.await;
        }
    }

    fn is_in_hand(&self, keys: &[Vec<u8>]) -> bool {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        keys.iter().any(|key| recent.states.get(key) == Some(&State::InHand))
    }

    /// Writes ids through to the disk; after that they need not be kept here.
    pub(super) fn write(&self, keys: &[Vec<u8>]) -> Result<(), StoreError> {
        self.store.insert(keys)?;
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        for key in keys {
            if recent.states.get(key) == Some(&State::Unwritten) {
                recent.states.remove(key);
                recent.unwritten -= 1;
            }
        }
        drop(recent);
        self.moved.notify_waiters();
        Ok(())
    }
}

impl Reservation {
    /// The unit that holds the id is committed.
    pub(crate) fn handled(self) {
        let mut recent = self.inbox.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = recent.states.get_mut(&self.key) {
            *state = State::Unwritten;
            recent.unwritten += 1;
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let mut recent = self.inbox.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.states.get(&self.key) == Some(&State::InHand) {
            recent.states.remove(&self.key);
        }
        drop(recent);
        self.inbox.moved.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    async fn arrival(inbox: &Arc<Inbox>, id: &str) -> Arrival {
        inbox.begin(inbox_key("h", id.as_bytes())).await.unwrap()
    }

    async fn reserve(inbox: &Arc<Inbox>, id: &str) -> Reservation {
        match arrival(inbox, id).await {
            Arrival::New(reservation) => reservation,
            Arrival::Duplicate => panic!("{id} is new"),
        }
    }

    #[tokio::test]
    async fn a_handled_id_is_a_duplicate_before_and_after_it_is_written() {
        let inbox = Inbox::in_memory();
        reserve(&inbox, "a").await.handled();
        assert!(matches!(arrival(&inbox, "a").await, Arrival::Duplicate));
        inbox.write(&[inbox_key("h", b"a")]).unwrap();
        assert!(matches!(arrival(&inbox, "a").await, Arrival::Duplicate));
        assert!(matches!(arrival(&inbox, "b").await, Arrival::New(_)));
    }

    #[tokio::test]
    async fn an_id_that_failed_may_be_handled_again() {
        let inbox = Inbox::in_memory();
        drop(reserve(&inbox, "a").await);
        assert!(matches!(arrival(&inbox, "a").await, Arrival::New(_)));
    }

    #[tokio::test]
    async fn a_second_worker_waits_for_the_first() {
        let inbox = Inbox::in_memory();
        let first = reserve(&inbox, "a").await;
        let mut second = Box::pin(arrival(&inbox, "a"));
        assert!(second.as_mut().now_or_never().is_none());
        first.handled();
        assert!(matches!(second.await, Arrival::Duplicate));
    }

    #[tokio::test]
    async fn the_ledger_waits_for_ids_in_hand() {
        // Written while their unit was not durable yet, ids outlived a kill that the unit did not.
        let inbox = Inbox::in_memory();
        let reservation = reserve(&inbox, "a").await;
        let keys = [inbox_key("h", b"a"), inbox_key("h", b"of an earlier run")];
        let mut settled = Box::pin(inbox.settled(&keys));
        assert!(settled.as_mut().now_or_never().is_none());
        reservation.handled();
        assert!(settled.now_or_never().is_some());
    }
}
