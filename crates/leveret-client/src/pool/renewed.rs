//! Something that is made when it is first wanted, and made anew once it is over.

use std::{mem, sync::Arc};

use tokio::sync::OnceCell;

use crate::{
    lock::Lock,
    pool::tally::{Tally, count},
};

/// Holds one living thing; one maker at a time, and whoever waits takes over if it gives up.
#[derive(Debug)]
pub(super) struct Renewed<T> {
    // Whoever checks out looks here for a moment; an owner task would cost each a wake-up.
    cell: Lock<Arc<OnceCell<T>>>,
    tally: Arc<Tally>,
}

/// What dies and can be asked for it.
pub(super) trait Mortal: Clone {
    /// Whether it still lives.
    fn is_live(&self) -> bool;
}

impl<T: Mortal> Renewed<T> {
    pub(super) fn new(tally: Arc<Tally>) -> Self {
        Self { cell: Lock::new(Arc::default()), tally }
    }

    /// The living one, if there is one.
    pub(super) fn live(&self) -> Option<T> {
        self.cell.lock().get().filter(|thing| thing.is_live()).cloned()
    }

    /// The living one, or what `make` gives.
    pub(super) async fn get<E>(&self, make: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let cell = {
            let mut cell = self.cell.lock();
            if cell.get().is_some_and(|thing| !thing.is_live()) {
                *cell = Arc::default();
                count(&self.tally.replaced);
            }
            Arc::clone(&cell)
        };
        cell.get_or_try_init(|| make).await.cloned()
    }

    /// What is there, dead or alive; the next is made anew.
    pub(super) fn take(&self) -> Option<T> {
        mem::take(&mut *self.cell.lock()).get().cloned()
    }
}
