//! The way from one virtual host to one connection.
//!
//! The queue itself has no bound, so that the engine never waits; what is in it is bounded by the
//! byte credit that the connection grants for deliveries, and by the inputs it still has under way.

use leveret_engine::Effect;
use tokio::sync::mpsc;

/// The engine's end; holds the effects of one turn together.
#[derive(Debug)]
pub(crate) struct OutboundSender {
    effects: mpsc::UnboundedSender<Vec<Effect>>,
    turn: Vec<Effect>,
    /// How many the last turn brought: room for about as many is made at once.
    before: usize,
}

/// The connection's end.
pub(crate) type OutboundReceiver = mpsc::UnboundedReceiver<Vec<Effect>>;

impl OutboundSender {
    pub(crate) fn new() -> (Self, OutboundReceiver) {
        let (effects, receiver) = mpsc::unbounded_channel();
        (Self { effects, turn: Vec::new(), before: 0 }, receiver)
    }

    /// Adds an effect to this turn's; tells whether it is the turn's first.
    pub(crate) fn push(&mut self, effect: Effect) -> bool {
        if self.turn.capacity() == 0 {
            self.turn.reserve(self.before);
        }
        self.turn.push(effect);
        self.turn.len() == 1
    }

    /// Hands over what the turn brought.
    pub(crate) fn flush(&mut self) {
        self.before = self.turn.len();
        // A connection that is gone needs no answer; its `Disconnect` is on its way.
        self.effects.send(std::mem::take(&mut self.turn)).ok();
    }
}
