//! Declaring again, on a new connection, what was declared before.

use leveret_protocol::ShortStr;

use crate::{
    channel::Channel,
    client::{
        deed::{Deed, Outcome},
        events::ClientEvent,
        record::{KnownQueue, Score},
        shared::Shared,
        step::RecoveryStep,
    },
    connection::Connection,
    error::ChannelError,
    topology::{QueueDeclare, QueueDeclared},
};

/// AMQP 0-9-1, 1.2: the code for what does not exist.
const NOT_FOUND: u16 = 404;
/// The code for what another connection has to itself.
const RESOURCE_LOCKED: u16 = 405;

/// Declares things on one connection.
///
/// What the broker refuses is told to the listeners and left out; only the end of the connection
/// stops it.
#[derive(Debug)]
pub(crate) struct Replay<'a> {
    connection: &'a Connection,
    shared: &'a Shared,
    ground: Ground,
    /// None before the first declaration, and after one that the broker refused.
    channel: Option<Channel>,
    /// First names of queues that another connection has to itself.
    locked: Vec<ShortStr>,
}

/// Whether something may be there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ground {
    /// A new connection: what belonged to the one before it is gone.
    New,
    /// A connection on which it was declared before.
    Old,
}

impl<'a> Replay<'a> {
    /// On a new connection.
    pub(crate) const fn new(connection: &'a Connection, shared: &'a Shared) -> Self {
        Self { connection, shared, ground: Ground::New, channel: None, locked: Vec::new() }
    }

    /// Where most of it is there already.
    pub(crate) const fn mending(connection: &'a Connection, shared: &'a Shared) -> Self {
        Self { connection, shared, ground: Ground::Old, channel: None, locked: Vec::new() }
    }

    /// Declares it all: exchanges, queues, bindings. Gives the first names of the queues that
    /// another connection has to itself, perhaps one of ours that the broker takes for alive.
    pub(crate) async fn play(mut self, score: Score) -> Result<Vec<ShortStr>, ChannelError> {
        for deed in &score.exchanges {
            self.perform(deed, deed.step()).await?;
        }
        for queue in score.queues {
            self.declare(queue).await?;
        }
        for deed in score.bindings {
            let step = deed.step();
            let deed = self.shared.with_current_names(deed);
            self.perform(&deed, step).await?;
        }
        if let Some(channel) = self.channel {
            channel.close().await;
        }
        Ok(self.locked)
    }

    async fn declare(&mut self, queue: KnownQueue) -> Result<(), ChannelError> {
        let KnownQueue { first, declare } = queue;
        let step = RecoveryStep::Queue { name: first.clone() };
        if !declare.name.is_empty() {
            return self.perform(&Deed::DeclareQueue(declare), step).await.map(|_| ());
        }
        // It may have outlived the connection; a second one would leave its messages behind.
        let is_surely_gone = declare.exclusive && self.ground == Ground::New;
        if !is_surely_gone && self.exists(&first).await? {
            return Ok(());
        }
        if let Some(declared) = self.perform(&Deed::DeclareQueue(declare), step).await? {
            self.rename(first, declared);
        }
        Ok(())
    }

    /// Whether a queue that the broker named is still there.
    async fn exists(&mut self, first: &ShortStr) -> Result<bool, ChannelError> {
        let name = self.shared.record.lock().current_name(first);
        let look = QueueDeclare { name, passive: true, ..QueueDeclare::default() };
        match self.channel().await?.queue_declare(&look).await {
            Ok(_) => Ok(true),
            Err(error) if error.code() == Some(NOT_FOUND) => {
                self.channel = None;
                Ok(false)
            }
            Err(error) => {
                self.refused(RecoveryStep::Queue { name: first.clone() }, error).map(|()| true)
            }
        }
    }

    fn rename(&self, first: ShortStr, declared: QueueDeclared) {
        let to = declared.name;
        let renamed = self.shared.record.lock().rename(&first, &to);
        if let Some(from) = renamed {
            self.shared.tell(ClientEvent::QueueRenamed { first, from, to });
        }
    }

    /// Does one thing; gives the queue if it declared one.
    async fn perform(
        &mut self,
        deed: &Deed,
        step: RecoveryStep,
    ) -> Result<Option<QueueDeclared>, ChannelError> {
        match deed.perform(&self.channel().await?).await {
            Ok(Outcome::Declared(declared)) => Ok(Some(declared)),
            Ok(Outcome::Done | Outcome::Deleted(_)) => Ok(None),
            Err(error) => self.refused(step, error).map(|()| None),
        }
    }

    /// Tells of a step that failed, unless the connection did.
    fn refused(&mut self, step: RecoveryStep, error: ChannelError) -> Result<(), ChannelError> {
        self.channel = None;
        if error.is_connection_end() {
            return Err(error);
        }
        if let RecoveryStep::Queue { name } = &step
            && error.code() == Some(RESOURCE_LOCKED)
        {
            self.locked.push(name.clone());
        }
        tracing::warn!(%step, %error, "cannot declare again");
        self.shared.counters.recovery_failures.add_one();
        self.shared.tell(ClientEvent::RecoveryFailed { step, error });
        Ok(())
    }

    async fn channel(&mut self) -> Result<Channel, ChannelError> {
        if let Some(channel) = &self.channel {
            return Ok(channel.clone());
        }
        let channel = self.connection.channel().await?;
        self.channel = Some(channel.clone());
        Ok(channel)
    }
}
