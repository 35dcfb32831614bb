//! A message is put into its queues, and on record if it is to survive.

use alloc::{collections::VecDeque, sync::Arc, vec::Vec};

use super::{Turn, replies::Reply};
use crate::{
    arguments::Overflow,
    death::Reason,
    identity::{Lsn, MessageId, QueueId},
    message::{Letter, Message},
    record::Fact,
    store::Keepers,
};

/// What a confirm of the message waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Posted {
    /// Nothing: no durable queue keeps it.
    InMemory,
    /// That record.
    OnRecord(Lsn),
    /// There is none: a queue that is full did not take it.
    Refused,
}

impl Turn<'_> {
    /// Gives the message its place at the end of each queue that still exists and takes it.
    pub(super) fn post(&mut self, letter: Letter, queues: &[QueueId], when: Reply) -> Posted {
        let mut refusing = Vec::new();
        let (message, posted) = self.place(letter, (queues, when), &mut refusing);
        if refusing.is_empty() {
            return posted;
        }
        self.dead_letter_refused(&message, refusing);
        Posted::Refused
    }

    fn place(
        &mut self,
        letter: Letter,
        (queues, when): (&[QueueId], Reply),
        refusing: &mut Vec<QueueId>,
    ) -> (Arc<Message>, Posted) {
        let keepers = self.keepers(&letter, queues);
        let recorded = (!keepers.is_empty()).then(|| self.draft.lsn());
        let seen_from = match when {
            Reply::Now => recorded,
            // What is in memory only comes of something on disk, perhaps.
            Reply::WhenWritten => Some(self.draft.lsn()),
        };
        let message = Arc::new(Message {
            id: MessageId(self.host.serials.next()),
            posted_at: self.now,
            recorded: seen_from.unwrap_or_default(),
            page: None,
            letter,
        });
        if let Some(recorded) = recorded {
            Fact::put_published(self.draft.facts(), &message, keepers.as_slice());
            self.host.store.add_message(recorded, Arc::clone(&message), keepers);
        }
        for id in queues {
            let Some(queue) = self.host.queues.get_mut(*id) else { continue };
            if queue.refuses(&message.letter) {
                refusing.push(*id);
                continue;
            }
            let expiry = queue.push(Arc::clone(&message), false);
            let has_taker = queue.can_deliver() && queue.consumers.front().is_some();
            let is_bounded = queue.is_over_length() || queue.ready.is_crowded();
            if has_taker || queue.is_to_watch(expiry) || is_bounded {
                self.stirred.push_back(*id);
            }
        }
        (message, recorded.map_or(Posted::InMemory, Posted::OnRecord))
    }

    /// Those of the queues that keep the message on disk.
    fn keepers(&self, letter: &Letter, queues: &[QueueId]) -> Keepers {
        if !letter.persistent {
            return Keepers::NONE;
        }
        let keeps = |id: &QueueId| {
            let queue = self.host.queues.get(*id);
            queue.is_some_and(|queue| queue.spec.is_recorded() && !queue.refuses(letter))
        };
        queues.iter().copied().filter(keeps).collect()
    }

    /// Sends on what queues of the kind `reject-publish-dlx` did not take. The next queue may be
    /// such a one as well; so many of them, and the message is dropped.
    fn dead_letter_refused(&mut self, message: &Arc<Message>, refusing: Vec<QueueId>) {
        let mut deaths_left = self.host.options.limits.dead_letter_hops_max;
        let mut waiting: VecDeque<(Arc<Message>, QueueId)> =
            refusing.into_iter().map(|id| (Arc::clone(message), id)).collect();
        while let Some((message, id)) = waiting.pop_front() {
            let Some(queue) = self.host.queues.get(id) else { continue };
            if queue.settings.overflow != Overflow::RejectPublishDlx || deaths_left == 0 {
                continue;
            }
            deaths_left -= 1;
            let dead = self.dead(id, &message.letter, Reason::MaxLength);
            let Some((letter, routed)) = dead else { continue };
            self.pass_on(&letter, &routed, Reply::WhenWritten);
            let mut refusing = Vec::new();
            let (message, _) =
                self.place(letter, (&routed.queues, Reply::WhenWritten), &mut refusing);
            waiting.extend(refusing.into_iter().map(|id| (Arc::clone(&message), id)));
        }
    }
}
