//! The engine: one virtual host, driven by inputs.

use leveret_protocol::Timestamp;

use crate::{
    effects::{Effect, Effects},
    identity::Lsn,
    input::Input,
    options::EngineOptions,
    recovery::ReplayError,
};

/// One virtual host as a value.
///
/// First [`replay`](Self::replay) every record found on disk, in order, then
/// [`finish_replay`](Self::finish_replay), then [`handle`](Self::handle) inputs. A new virtual
/// host skips the first two.
#[derive(Debug)]
pub struct Engine {
    options: EngineOptions,
    now: Timestamp,
}

impl Engine {
    /// An engine with nothing but the exchanges every virtual host has.
    pub fn new(options: EngineOptions) -> Self {
        Self { options, now: Timestamp::default() }
    }

    /// Takes in one record that an earlier engine appended.
    ///
    /// Records come in the order of their numbers; older ones may be missing at the front,
    /// where they were relocated and dropped.
    pub fn replay(&mut self, lsn: Lsn, record: &[u8]) -> Result<(), ReplayError> {
        let _next = (lsn.next(), record, &self.options);
        Ok(())
    }

    /// Makes the replayed records the engine's state; the next record has the next number.
    pub fn finish_replay(&mut self, now: Timestamp) {
        self.now = now;
    }

    /// Takes one input and adds what is to be done to `effects`.
    ///
    /// `now` never runs back.
    pub fn handle(&mut self, now: Timestamp, input: Input, effects: &mut Effects) {
        self.now = now;
        if let Input::Disconnect { connection } = input {
            effects.push(Effect::ConnectionClosed { connection });
        }
    }

    /// When [`Input::Wake`] is due although nothing else happens.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        None
    }

    /// Whether something was left for later: hand in [`Input::Wake`] before going to sleep.
    pub fn has_work(&self) -> bool {
        false
    }
}
