//! The way from the connections into one virtual host: a queue bounded by bytes.
//!
//! At the bound a connection's batch waits, and its socket is not read meanwhile. The engine never
//! waits for a connection, so the two cannot wait for each other. Each connection has a share of
//! the queue that it cannot exceed: one that floods makes itself wait, and the others only for as
//! long as its share takes.

use std::sync::Arc;

use leveret_engine::{Churn, ConnectionId, Input, Listing, Page, Sought};
use leveret_protocol::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::outbound::OutboundSender;
use crate::limits::Limits;

/// What an input weighs beside its body; it also bounds the number of small ones.
const INPUT_BYTES: usize = 256;

/// What the engine's task is given to do.
#[derive(Debug)]
pub(crate) enum Message {
    /// A connection wants its effects sent there; comes before anything else of it.
    Join { connection: ConnectionId, outbound: OutboundSender },
    /// Inputs of one connection, in order.
    Batch(Batch),
    /// What administrators have decided.
    Brief(Input),
    /// Somebody looks, and is told.
    Look { listing: Listing, after: u64, max: usize, reply: oneshot::Sender<Seen> },
    /// Somebody asks how it is.
    Feel { reply: oneshot::Sender<Vitals> },
    /// Somebody looks for something by name, and is told.
    Seek { sought: Sought, max: usize, reply: oneshot::Sender<Page> },
}

/// What is counted in an engine beside messages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vitals {
    pub(crate) churn: Churn,
    /// When the delivery went out that is unacknowledged for the longest time.
    pub(crate) oldest_unacked: Option<Timestamp>,
}

/// A page of what an engine has, and where the next begins.
pub(crate) type Seen = (Page, Option<u64>);

/// Inputs gathered by one connection, and the room they take in the queue.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) inputs: Vec<Input>,
    // Gives the room back when the engine has handled the batch.
    _room: Room,
}

/// Room for one batch: in the connection's share, and in the queue.
#[derive(Debug)]
pub(crate) struct Room {
    _in_share: OwnedSemaphorePermit,
    _in_queue: OwnedSemaphorePermit,
}

/// The way in; each connection gets an end of its own.
#[derive(Debug, Clone)]
pub(crate) struct Ingress {
    messages: mpsc::UnboundedSender<Message>,
    queue: Bound,
    share_bytes_max: u32,
}

/// The sending end of one connection.
#[derive(Debug)]
pub(crate) struct Inlet {
    messages: mpsc::UnboundedSender<Message>,
    queue: Bound,
    share: Bound,
}

/// So many bytes at a time.
#[derive(Debug, Clone)]
struct Bound {
    room: Arc<Semaphore>,
    bytes_max: u32,
}

impl Bound {
    fn new(bytes_max: u32) -> Self {
        Self { room: Arc::new(Semaphore::new(bytes_max as usize)), bytes_max }
    }

    /// The weight of so many bytes here; one batch may fill all the room but not overfill it.
    fn weight(&self, bytes: usize) -> u32 {
        u32::try_from(bytes).unwrap_or(u32::MAX).min(self.bytes_max)
    }

    fn try_take(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.room).try_acquire_many_owned(self.weight(bytes)).ok()
    }

    async fn take(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.room).acquire_many_owned(self.weight(bytes)).await.ok()
    }
}

impl Ingress {
    pub(crate) fn new(limits: &Limits) -> (Self, mpsc::UnboundedReceiver<Message>) {
        let (messages, receiver) = mpsc::unbounded_channel();
        let queue = Bound::new(limits.ingress_bytes_max);
        (Self { messages, queue, share_bytes_max: limits.connection_ingress_bytes_max }, receiver)
    }

    /// A page of what the engine has; nothing, if it has ended.
    pub(crate) async fn page(&self, listing: Listing, after: u64, max: usize) -> Option<Seen> {
        let (reply, replied) = oneshot::channel();
        self.messages.send(Message::Look { listing, after, max, reply }).ok()?;
        replied.await.ok()
    }

    /// What the engine has of that name, at most so many; nothing, if it has ended.
    pub(crate) async fn seek(&self, sought: Sought, max: usize) -> Option<Page> {
        let (reply, replied) = oneshot::channel();
        self.messages.send(Message::Seek { sought, max, reply }).ok()?;
        replied.await.ok()
    }

    /// What was counted; nothing, if the engine has ended.
    pub(crate) async fn vitals(&self) -> Option<Vitals> {
        let (reply, replied) = oneshot::channel();
        self.messages.send(Message::Feel { reply }).ok()?;
        replied.await.ok()
    }

    /// Tells the engine what administrators have decided; that takes no room from connections.
    pub(crate) fn brief(&self, input: Input) {
        // The engine's task ends last.
        self.messages.send(Message::Brief(input)).ok();
    }

    /// The end of one more connection, whose effects are sent there.
    pub(crate) fn join(&self, connection: ConnectionId, outbound: OutboundSender) -> Inlet {
        let (messages, queue) = (self.messages.clone(), self.queue.clone());
        let inlet = Inlet { messages, queue, share: Bound::new(self.share_bytes_max) };
        inlet.send(Message::Join { connection, outbound });
        inlet
    }
}

/// What inputs with that many body bytes weigh.
const fn bytes(inputs: usize, body_bytes: usize) -> usize {
    inputs.saturating_mul(INPUT_BYTES).saturating_add(body_bytes)
}

impl Inlet {
    /// Room for a batch, if there is some at once.
    pub(crate) fn try_room(&self, inputs: usize, body_bytes: usize) -> Option<Room> {
        let bytes = bytes(inputs, body_bytes);
        let in_share = self.share.try_take(bytes)?;
        let in_queue = self.queue.try_take(bytes)?;
        Some(Room { _in_share: in_share, _in_queue: in_queue })
    }

    /// Waits for room, in turn with the other connections. Never fails: the queue is never closed.
    pub(crate) fn room(
        &self,
        inputs: usize,
        body_bytes: usize,
    ) -> impl Future<Output = Option<Room>> + Send + use<> {
        let bytes = bytes(inputs, body_bytes);
        let (share, queue) = (self.share.clone(), self.queue.clone());
        async move {
            let in_share = share.take(bytes).await?;
            let in_queue = queue.take(bytes).await?;
            Some(Room { _in_share: in_share, _in_queue: in_queue })
        }
    }

    pub(crate) fn submit(&self, inputs: Vec<Input>, room: Room) {
        self.send(Message::Batch(Batch { inputs, _room: room }));
    }

    fn send(&self, message: Message) {
        // The engine's task outlives every connection; if it is gone, so is the process or the runtime.
        self.messages.send(message).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAKES: [Input; 1] = [Input::Wake];

    fn limits(ingress_bytes_max: u32, connection_ingress_bytes_max: u32) -> Limits {
        Limits { ingress_bytes_max, connection_ingress_bytes_max, ..Limits::default() }
    }

    fn join(ingress: &Ingress, number: u64) -> Inlet {
        ingress.join(ConnectionId(number), OutboundSender::new().0)
    }

    #[tokio::test]
    async fn a_full_queue_makes_its_peers_wait_until_the_engine_has_handled_a_batch() {
        let (ingress, mut messages) = Ingress::new(&limits(1_000, 1_000));
        let (one, other) = (join(&ingress, 1), join(&ingress, 2));
        let room = one.try_room(1, 400).unwrap();
        one.submit(WAKES.to_vec(), room);
        assert!(other.try_room(1, 400).is_none());
        let waiting = tokio::spawn(other.room(1, 400));
        while let Some(message) = messages.recv().await {
            if matches!(message, Message::Batch(_)) {
                break;
            }
        }
        assert!(waiting.await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_connection_that_floods_makes_only_itself_wait() {
        let (ingress, _messages) = Ingress::new(&limits(10_000, 1_000));
        let (flood, calm) = (join(&ingress, 1), join(&ingress, 2));
        let _room = flood.try_room(1, 700).unwrap();
        assert!(flood.try_room(1, 0).is_none(), "its share is used up");
        assert!(calm.try_room(1, 700).is_some());
    }

    #[tokio::test]
    async fn a_batch_larger_than_the_queue_fits_alone() {
        let (ingress, _messages) = Ingress::new(&limits(1_000, 500));
        let inlet = join(&ingress, 1);
        let room = inlet.try_room(1, 1 << 40).unwrap();
        assert!(inlet.try_room(1, 0).is_none());
        drop(room);
        assert!(inlet.try_room(1, 0).is_some());
    }
}
