//! What keeps a connection and its channels open: a handle that lives.
//!
//! The last handle to go leaves a command behind, so the closing happens in the background.

use std::sync::Arc;

use leveret_protocol::connection;
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use crate::{
    error::{ChannelError, UpdateSecretError},
    state::ChannelCore,
};

/// Something only the owner of the session can do.
#[derive(Debug)]
pub(crate) enum Command {
    /// Opens a channel.
    OpenChannel(oneshot::Sender<Result<Arc<ChannelCore>, ChannelError>>),
    /// Closes a channel; whoever waits hears when the broker has agreed.
    CloseChannel { core: Arc<ChannelCore>, closed: Option<oneshot::Sender<()>> },
    /// Replaces the credential.
    UpdateSecret { update: connection::UpdateSecret, updated: SecretWaiter },
    /// Closes the connection.
    Close,
}

/// Who waits until the broker uses a new credential.
pub(crate) type SecretWaiter = oneshot::Sender<Result<(), UpdateSecretError>>;

/// Keeps a connection open; dropped, it closes.
///
/// The queue of commands is bounded by the handles: one that waits has one command there, and a
/// dropped one leaves one.
#[derive(Debug)]
pub(crate) struct ConnectionLease {
    commands: mpsc::UnboundedSender<Command>,
}

/// Keeps a channel open, and its connection; dropped, it closes.
#[derive(Debug)]
pub(crate) struct ChannelLease {
    pub(crate) core: Arc<ChannelCore>,
    pub(crate) connection: Arc<ConnectionLease>,
}

impl ConnectionLease {
    pub(crate) const fn new(commands: mpsc::UnboundedSender<Command>) -> Self {
        Self { commands }
    }

    /// Asks for the closing of the connection.
    pub(crate) fn close(&self) {
        self.command(Command::Close);
    }

    /// Asks the owner; if it is gone, the command's own senders tell so.
    fn command(&self, command: Command) {
        drop(self.commands.send(command));
    }

    /// A new channel; nothing if the connection is over.
    pub(crate) async fn open_channel(&self) -> Option<Result<Arc<ChannelCore>, ChannelError>> {
        let (answer, opened) = oneshot::channel();
        self.command(Command::OpenChannel(answer));
        opened.await.ok()
    }

    /// Replaces the credential; nothing if the connection is over.
    pub(crate) async fn update_secret(
        &self,
        update: connection::UpdateSecret,
    ) -> Option<Result<(), UpdateSecretError>> {
        let (updated, answer) = oneshot::channel();
        self.command(Command::UpdateSecret { update, updated });
        answer.await.ok()
    }
}

impl Drop for ConnectionLease {
    fn drop(&mut self) {
        self.close();
    }
}

impl ChannelLease {
    /// Ends the channel here and now, for that reason, and tells the broker.
    pub(crate) fn fail(&self, end: &ChannelError) {
        self.core.close(end);
        let core = Arc::clone(&self.core);
        self.connection.command(Command::CloseChannel { core, closed: None });
    }

    /// Closes the channel and waits until the broker has agreed.
    pub(crate) async fn close(&self) {
        let _waiting = self.core.gate.wait();
        let (closed, answer) = oneshot::channel();
        let core = Arc::clone(&self.core);
        self.connection.command(Command::CloseChannel { core, closed: Some(closed) });
        // An error means that the connection is over, and the channel with it; without an
        // answer the channel is as closed as it can be.
        drop(timeout(self.core.bounds.request_timeout, answer).await);
    }

    /// Closes the channel in the background.
    pub(crate) fn close_soon(&self) {
        if self.core.end().is_none() {
            let core = Arc::clone(&self.core);
            self.connection.command(Command::CloseChannel { core, closed: None });
        }
    }
}

impl Drop for ChannelLease {
    fn drop(&mut self) {
        self.close_soon();
    }
}
