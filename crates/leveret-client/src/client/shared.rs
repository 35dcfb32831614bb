//! What all parts of a client share.

use tokio::sync::{broadcast, watch};

use crate::{
    client::{
        counters::Counters,
        deed::Deed,
        error::ClientEnd,
        events::{ClientEvent, Events},
        record::Record,
    },
    lock::Lock,
};

/// What connections, publishers and subscriptions of a client share.
///
/// None of them keeps the client open by it.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) counters: Counters,
    // Declarations note in it and connections read it, each for a moment; an owner between them
    // would have to be asked before a name can be told.
    pub(crate) record: Lock<Record>,
    events: broadcast::Sender<ClientEvent>,
    over: watch::Sender<Option<ClientEnd>>,
}

impl Shared {
    pub(crate) fn new(events_max: usize) -> Self {
        Self {
            counters: Counters::default(),
            record: Lock::default(),
            events: broadcast::Sender::new(events_max.max(1)),
            over: watch::Sender::new(None),
        }
    }

    /// The same with the name that its queue has now.
    pub(crate) fn with_current_names(&self, mut deed: Deed) -> Deed {
        if let Some(queue) = deed.queue_mut() {
            *queue = self.record.lock().current_name(queue);
        }
        deed
    }

    /// Tells all who listen.
    pub(crate) fn tell(&self, event: ClientEvent) {
        // Nobody may listen.
        self.events.send(event).ok();
    }

    pub(crate) fn events(&self) -> Events {
        Events::new(self.events.subscribe())
    }

    /// Ends the client; the first reason stays.
    pub(crate) fn finish(&self, end: &ClientEnd) {
        let is_first = self.over.send_if_modified(|over| {
            let is_first = over.is_none();
            over.get_or_insert_with(|| end.clone());
            is_first
        });
        if is_first {
            self.tell(ClientEvent::Ended(end.clone()));
        }
    }

    pub(crate) fn end(&self) -> Option<ClientEnd> {
        self.over.borrow().clone()
    }

    /// Waits until the client is over, and says why.
    pub(crate) async fn over(&self) -> ClientEnd {
        let mut over = self.over.subscribe();
        match over.wait_for(Option::is_some).await {
            Ok(end) => end.clone().unwrap_or(ClientEnd::Closed),
            Err(_) => ClientEnd::Closed,
        }
    }
}
