//! The task that owns a session: it reads, and tells everyone what came.
//!
//! It never waits for user code. Keeps true: however it ends, every channel, consumer and
//! waiter of the connection hears of it.

use std::{collections::VecDeque, io, sync::Arc, task::Waker, time::Duration};

use bytes::{BufMut as _, BytesMut};
use leveret_protocol::{AmqpError, FieldTable, Negotiated, ReplyCode, Session, Timestamp};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::{Instant, timeout},
};

use crate::{
    connection::{
        channel_table::{ChannelTable, Opener},
        status::Status,
    },
    error::{ChannelError, ConnectError, ConnectionEnd, Loss},
    lifeline::{Command, SecretWaiter},
    link::Flush,
    state::ChannelCore,
};

/// How much room is made before a read, and how much is read at once.
const READ_BYTES: usize = 64 * 1024;

/// The room that a connection begins with: a frame of the usual 128 KiB is whole in it, and a read fits
/// behind it. It is not made anew for a first large body then; until it is used, it is an address only.
const ROOM_BYTES: usize = 3 * READ_BYTES;

/// After so much of one read, consumers get their turn before the next: what they have handled
/// leaves its room to what comes.
const TURN_BYTES: usize = READ_BYTES / 4;

/// How long the last bytes may take to be written.
const LINGER: Duration = Duration::from_secs(5);

/// Owns one session.
pub(super) struct Owner {
    pub(super) session: Session,
    pub(super) status: Arc<Status>,
    pub(super) channels: ChannelTable,
    pub(super) opened: Option<oneshot::Sender<Result<Opened, ConnectError>>>,
    /// Who logs in, and where, to name them in errors.
    pub(super) asked: Asked,
    /// Why the connection ends, from when that is known.
    pub(super) end: Option<ConnectionEnd>,
    /// Who waits for connection.update-secret-ok, first asked, first answered.
    pub(super) secrets: VecDeque<SecretWaiter>,
    /// Used again for each confirm.
    pub(super) wakers: Vec<Waker>,
    began_at: Instant,
}

/// What the handshake came to.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) server_properties: FieldTable,
    pub(super) negotiated: Negotiated,
}

/// What was asked for in the handshake.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) user: String,
    pub(super) virtual_host: String,
    pub(super) connect_timeout: Duration,
}

impl Asked {
    /// What it means that the broker closes a connection that is not open yet.
    pub(super) fn refusal(&self, code: u16, text: String) -> ConnectError {
        match code {
            403 => ConnectError::LoginRefused { user: self.user.clone(), code, text },
            402 | 530 => {
                let virtual_host = self.virtual_host.clone();
                ConnectError::VirtualHostRefused { virtual_host, code, text }
            }
            _ => ConnectError::Closed { code, text },
        }
    }
}

/// What the owner waited for.
enum Turn {
    Command(Command),
    Read(io::Result<usize>),
    Deadline,
    WriterFailed(Option<io::Error>),
    GateMoved,
}

impl Owner {
    pub(super) fn new(
        session: Session,
        status: Arc<Status>,
        asked: Asked,
        opened: oneshot::Sender<Result<Opened, ConnectError>>,
    ) -> Self {
        Self {
            session,
            status,
            channels: ChannelTable::default(),
            opened: Some(opened),
            asked,
            end: None,
            secrets: VecDeque::new(),
            wakers: Vec::new(),
            began_at: Instant::now(),
        }
    }

    /// Reads until the connection is over.
    pub(super) async fn run(
        mut self,
        mut stream: impl AsyncRead + Unpin,
        mut commands: mpsc::UnboundedReceiver<Command>,
        writer: JoinHandle<()>,
    ) {
        let mut buffer = BytesMut::with_capacity(ROOM_BYTES);
        while !self.session.is_closed() {
            self.flush();
            let is_paused = self.end.is_none() && self.status.gate.is_shut();
            if !is_paused && buffer.capacity() - buffer.len() < READ_BYTES / 2 {
                buffer.reserve(READ_BYTES);
            }
            let turn = self.wait(&mut stream, &mut buffer, &mut commands, is_paused).await;
            if is_paused {
                // What the broker has sent since is not read, so its silence means nothing.
                self.session.receive(self.now(), &mut BytesMut::new());
            }
            let is_much = matches!(turn, Turn::Read(Ok(TURN_BYTES..)));
            if !self.handle(turn, &mut buffer) {
                break;
            }
            self.handle_events();
            if is_much {
                tokio::task::yield_now().await;
            }
        }
        self.flush();
        let was_lost = matches!(self.end, None | Some(ConnectionEnd::Lost(_)));
        let outbox = Arc::clone(&self.status.outbox);
        // Who asks from now on hears that nobody is here.
        drop((self, commands));
        if was_lost {
            writer.abort();
        } else if let Err(_elapsed) = timeout(LINGER, writer).await {
            outbox.fail(None);
        }
    }

    async fn wait(
        &self,
        stream: &mut (impl AsyncRead + Unpin),
        buffer: &mut BytesMut,
        commands: &mut mpsc::UnboundedReceiver<Command>,
        is_paused: bool,
    ) -> Turn {
        let deadline = self.session.next_deadline();
        let at = deadline
            .map_or(self.began_at, |at| self.began_at + Duration::from_millis(at.as_millis()));
        let mut room = buffer.limit(READ_BYTES);
        tokio::select! {
            biased;
            Some(command) = commands.recv() => Turn::Command(command),
            error = self.status.outbox.failure() => Turn::WriterFailed(error),
            read = stream.read_buf(&mut room), if !is_paused => Turn::Read(read),
            () = self.status.gate.changed(), if is_paused => Turn::GateMoved,
            () = tokio::time::sleep_until(at), if deadline.is_some() => Turn::Deadline,
        }
    }

    /// Whether there is more to wait for.
    fn handle(&mut self, turn: Turn, buffer: &mut BytesMut) -> bool {
        match turn {
            Turn::Command(command) => return self.handle_command(command),
            Turn::Read(Ok(0)) | Turn::WriterFailed(None) => return self.lose(Loss::EndOfStream),
            Turn::Read(Ok(_)) => self.session.receive(self.now(), buffer),
            Turn::Read(Err(error)) | Turn::WriterFailed(Some(error)) => {
                return self.lose((&error).into());
            }
            Turn::Deadline => self.session.handle_timeout(self.now()),
            Turn::GateMoved => {}
        }
        true
    }

    /// The transport is gone; what ended the connection before stays the reason.
    fn lose(&mut self, loss: Loss) -> bool {
        self.end.get_or_insert(ConnectionEnd::Lost(loss));
        false
    }

    /// Milliseconds since the connection began: a session only compares.
    fn now(&self) -> Timestamp {
        let millis = self.began_at.elapsed().as_millis();
        Timestamp::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
    }

    /// Hands what the session wants to say to the writer, behind what is there.
    fn flush(&mut self) {
        if !self.session.output().is_empty() {
            let output = self.session.take_output();
            self.status.outbox.push(Flush::Now, |frames, _| {
                output.segments().for_each(|segment| frames.push_raw(segment));
            });
        }
    }

    fn handle_command(&mut self, command: Command) -> bool {
        match command {
            Command::OpenChannel(opener) => self.open_channel(opener),
            Command::CloseChannel { core, closed } => self.close_channel(&core, closed),
            Command::UpdateSecret { update, updated } => self.update_secret(update, updated),
            Command::Close if self.opened.is_some() => {
                self.end.get_or_insert(ConnectionEnd::ClosedHere);
                return false;
            }
            Command::Close => {
                self.finish(ConnectionEnd::ClosedHere);
                self.session.close(&AmqpError::new(ReplyCode::Success, "goodbye"));
            }
        }
        true
    }

    /// Nothing more is sent on any channel.
    pub(super) fn finish(&mut self, end: ConnectionEnd) {
        let end = self.end.get_or_insert(end);
        self.channels.close_all(&end.clone().into());
    }

    /// Closes the connection because the broker broke the protocol.
    pub(super) fn fail(&mut self, text: String) {
        let error = AmqpError::new(ReplyCode::UnexpectedFrame, text.clone());
        self.finish(Loss::Protocol { text }.into());
        self.session.close(&error);
    }

    fn open_channel(&mut self, opener: Opener) {
        // Whoever asked may have gone; then there is nobody to tell.
        if let Some(end) = &self.end {
            return drop(opener.send(Err(end.clone().into())));
        }
        let max = self.session.negotiated().channel_max;
        let number = self.channels.number(max);
        let mut is_opening = |number| self.session.open_channel(number).is_ok();
        let Some(number) = number.filter(|number| is_opening(*number)) else {
            return drop(opener.send(Err(ChannelError::ChannelsExhausted { max })));
        };
        let core = Arc::new(ChannelCore::new(number, self.status.wiring()));
        self.channels.insert(core, opener);
    }

    pub(super) fn close_channel(
        &mut self,
        core: &ChannelCore,
        closed: Option<oneshot::Sender<()>>,
    ) {
        let record = self.channels.record(core.number);
        let Some(record) = record.filter(|record| record.core.origin == core.origin) else {
            return;
        };
        record.close(&core.end().unwrap_or(ChannelError::ClosedHere));
        if let Some(closed) = closed {
            record.await_close(closed);
        }
        self.session.close_channel(core.number, &AmqpError::new(ReplyCode::Success, "goodbye"));
    }
}

impl Drop for Owner {
    /// Also when the task is aborted or panics.
    fn drop(&mut self) {
        let end = self.end.take().unwrap_or(ConnectionEnd::Lost(Loss::EndOfStream));
        self.channels.close_all(&end.clone().into());
        if let Some(opened) = self.opened.take() {
            // Whoever connects may have gone.
            drop(opened.send(Err(ConnectError::ended(end.clone()))));
        }
        tracing::debug!(end = %end, "connection ended");
        self.status.end.send_replace(Some(end));
        self.status.blockade.lift();
        self.status.outbox.finish();
    }
}
