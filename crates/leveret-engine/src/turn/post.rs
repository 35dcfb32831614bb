//! A message is put into its queues, and on record if it is to survive.

use alloc::{sync::Arc, vec::Vec};

use super::Turn;
use crate::{
    identity::{Lsn, MessageId, QueueId},
    message::{Letter, Message},
    record::Fact,
};

/// What a confirm of the message waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Posted {
    /// Nothing: no durable queue keeps it.
    InMemory,
    /// That record.
    OnRecord(Lsn),
}

impl Turn<'_> {
    /// Gives the message its place at the end of each queue that still exists.
    pub(super) fn post(&mut self, letter: Letter, queues: &[QueueId]) -> Posted {
        let keepers = self.keepers(&letter, queues);
        let recorded = (!keepers.is_empty()).then(|| self.draft.lsn());
        let message = Arc::new(Message {
            id: MessageId(self.host.serials.next()),
            posted_at: self.now,
            recorded: recorded.unwrap_or_default(),
            letter,
        });
        if let Some(recorded) = recorded {
            Fact::put_published(self.draft.facts(), &message, &keepers);
            self.host.store.add_message(recorded, Arc::clone(&message), keepers);
        }
        for id in queues {
            let Some(queue) = self.host.queues.get_mut(*id) else { continue };
            let expiry = queue.push(Arc::clone(&message), false);
            let has_taker = queue.can_deliver() && queue.consumers.front().is_some();
            if has_taker || queue.is_to_watch(expiry) || queue.is_over_length() {
                self.stirred.push_back(*id);
            }
        }
        recorded.map_or(Posted::InMemory, Posted::OnRecord)
    }

    /// Those of the queues that keep the message on disk.
    fn keepers(&self, letter: &Letter, queues: &[QueueId]) -> Vec<QueueId> {
        if !letter.persistent {
            return Vec::new();
        }
        let keeps =
            |id: &QueueId| self.host.queues.get(*id).is_some_and(|queue| queue.spec.is_recorded());
        queues.iter().copied().filter(keeps).collect()
    }
}
