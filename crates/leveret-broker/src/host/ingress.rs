//! The way from the connections into one virtual host: a queue bounded by bytes.
//!
//! At the bound a connection's batch waits, and its socket is not read meanwhile. The engine never
//! waits for a connection, so the two cannot wait for each other.

use std::sync::Arc;

use leveret_engine::{ConnectionId, Input};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::outbound::OutboundSender;

/// What an input weighs beside its body; it also bounds the number of small ones.
const INPUT_BYTES: usize = 256;

/// What the engine's task is given to do.
#[derive(Debug)]
pub(crate) enum Message {
    /// A connection wants its effects sent there; comes before anything else of it.
    Join { connection: ConnectionId, outbound: OutboundSender },
    /// Inputs of one connection, in order.
    Batch(Batch),
}

/// Inputs gathered by one connection, and the room they take in the queue.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) inputs: Vec<Input>,
    // Gives the room back when the engine has handled the batch.
    _room: OwnedSemaphorePermit,
}

/// Room in the queue for one batch.
#[derive(Debug)]
pub(crate) struct Room(OwnedSemaphorePermit);

/// The sending end; one for each connection.
#[derive(Debug, Clone)]
pub(crate) struct Ingress {
    messages: mpsc::UnboundedSender<Message>,
    room: Arc<Semaphore>,
    bytes_max: u32,
}

impl Ingress {
    pub(crate) fn new(bytes_max: u32) -> (Self, mpsc::UnboundedReceiver<Message>) {
        let (messages, receiver) = mpsc::unbounded_channel();
        let room = Arc::new(Semaphore::new(bytes_max as usize));
        (Self { messages, room, bytes_max }, receiver)
    }

    /// The weight of inputs with that many body bytes; one batch may fill the queue but not overfill it.
    fn weight(&self, inputs: usize, body_bytes: usize) -> u32 {
        let bytes = inputs.saturating_mul(INPUT_BYTES).saturating_add(body_bytes);
        u32::try_from(bytes).unwrap_or(u32::MAX).min(self.bytes_max)
    }

    /// Room for a batch, if there is some at once.
    pub(crate) fn try_room(&self, inputs: usize, body_bytes: usize) -> Option<Room> {
        let weight = self.weight(inputs, body_bytes);
        Arc::clone(&self.room).try_acquire_many_owned(weight).ok().map(Room)
    }

    /// Waits for room, in turn with the other connections. Never fails: the queue is never closed.
    pub(crate) fn room(
        &self,
        inputs: usize,
        body_bytes: usize,
    ) -> impl Future<Output = Option<Room>> + Send + use<> {
        let weight = self.weight(inputs, body_bytes);
        let room = Arc::clone(&self.room);
        async move { room.acquire_many_owned(weight).await.ok().map(Room) }
    }

    pub(crate) fn join(&self, connection: ConnectionId, outbound: OutboundSender) {
        self.send(Message::Join { connection, outbound });
    }

    pub(crate) fn submit(&self, inputs: Vec<Input>, room: Room) {
        self.send(Message::Batch(Batch { inputs, _room: room.0 }));
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

    #[tokio::test]
    async fn a_full_queue_makes_its_peers_wait_until_the_engine_has_handled_a_batch() {
        let (ingress, mut messages) = Ingress::new(1_000);
        let room = ingress.try_room(1, 400).unwrap();
        ingress.submit(WAKES.to_vec(), room);
        assert!(ingress.try_room(1, 400).is_none());
        let waiting = tokio::spawn(ingress.room(1, 400));
        drop(messages.recv().await);
        assert!(waiting.await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_batch_larger_than_the_queue_fits_alone() {
        let (ingress, _messages) = Ingress::new(1_000);
        let room = ingress.try_room(1, 1 << 40).unwrap();
        assert!(ingress.try_room(1, 0).is_none());
        drop(room);
        assert!(ingress.try_room(1, 0).is_some());
    }
}
