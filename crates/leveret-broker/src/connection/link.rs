//! A connection's link to its engine: inputs on their way, credit to repay.

use leveret_engine::{Authority, Capabilities, ConnectionId, Input};
use leveret_protocol::ShortStr;

use crate::host::{Ingress, Inlet, OutboundReceiver, OutboundSender, Room};

/// The connection as its engine knows it.
#[derive(Debug)]
pub(super) struct Link {
    inlet: Inlet,
    connection: ConnectionId,
    inputs: Vec<Input>,
    /// How many were sent last time: room for about as many is made at once.
    before: usize,
    body_bytes: usize,
    /// Deliveries taken from the engine and not yet granted again.
    owed: u64,
    credit_max: u64,
}

/// Who comes, as the engine is told it.
#[derive(Debug)]
pub(super) struct Entrant {
    pub(super) connection: ConnectionId,
    pub(super) user: ShortStr,
    pub(super) authority: Authority,
    pub(super) capabilities: Capabilities,
}

impl Link {
    /// Makes the connection known to the engine.
    pub(super) fn open(
        ingress: &Ingress,
        entrant: Entrant,
        credit_max: u64,
    ) -> (Self, OutboundReceiver) {
        let Entrant { connection, user, authority, capabilities } = entrant;
        let (sender, receiver) = OutboundSender::new();
        let inlet = ingress.join(connection, sender);
        let inputs = vec![
            Input::Connect { connection, user, capabilities, authority },
            Input::Credit { connection, bytes: credit_max },
        ];
        (
            Self { inlet, connection, inputs, before: 0, body_bytes: 0, owed: 0, credit_max },
            receiver,
        )
    }

    pub(super) fn push(&mut self, input: Input) {
        if let Input::Publish { body, .. } = &input {
            self.body_bytes = self.body_bytes.saturating_add(body.len());
        }
        if self.inputs.capacity() == 0 {
            self.inputs.reserve(self.before);
        }
        self.inputs.push(input);
    }

    /// A delivery was taken; its credit comes back once it is written.
    pub(super) fn owe(&mut self, bytes: u64) {
        self.owed = self.owed.saturating_add(bytes);
    }

    /// All deliveries taken were written: grants their credit, when it is worth a message.
    pub(super) fn repay(&mut self) {
        if self.owed >= self.credit_max / 4 {
            let bytes = std::mem::take(&mut self.owed);
            self.push(Input::Credit { connection: self.connection, bytes });
        }
    }

    pub(super) fn has_inputs(&self) -> bool {
        !self.inputs.is_empty()
    }

    /// Room for all inputs that wait, if there is some at once.
    pub(super) fn try_room(&self) -> Option<Room> {
        self.inlet.try_room(self.inputs.len(), self.body_bytes)
    }

    /// Waits for room for all inputs that wait now.
    pub(super) fn room(&self) -> impl Future<Output = Option<Room>> + Send + use<> {
        self.inlet.room(self.inputs.len(), self.body_bytes)
    }

    /// Sends all inputs that wait.
    pub(super) fn submit(&mut self, room: Room) {
        self.body_bytes = 0;
        self.before = self.inputs.len();
        self.inlet.submit(std::mem::take(&mut self.inputs), room);
    }
}
