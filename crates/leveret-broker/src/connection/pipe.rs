//! Moves a connection's bytes: reads, writes, waits.
//!
//! One task reads and writes at the same time, so that a peer which does not read is still heard.
//! It stops reading when the engine's queue is full, or when so much waits to be written that the
//! peer plainly asks without listening.

use std::{
    future::pending,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    sync::atomic::Ordering,
    time::Duration,
};

use bytes::{Buf, BytesMut};
use leveret_engine::Effect;
use leveret_protocol::{ChannelNumber, FrameBuffer, Method, ReplyCode, connection};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::Instant,
};

use super::conversation::Conversation;
use crate::{
    host::{OutboundReceiver, Room},
    news::{News, NewsReceiver},
};

/// Free space made for reading.
const READ_BYTES: usize = 64 << 10;

/// The same while the peer is not let in yet, or sends little.
const QUIET_READ_BYTES: usize = 4 << 10;

/// Whoever sent more than this at once may do so again.
const QUIET_BYTES: usize = 1 << 10;

/// Beyond this, nothing is read until some of it is written.
const OUTPUT_BYTES_MAX: usize = 8 << 20;

/// Effects are gathered up to here before the next write.
const OUTPUT_BYTES_GOOD: usize = 128 << 10;

/// Room in the engine's queue that is waited for.
type Waiting = Pin<Box<dyn Future<Output = Option<Room>> + Send>>;

/// What a stream does with what is written to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writes {
    /// It passes it on at once.
    Through,
    /// It may keep some of it until it is flushed.
    Buffered,
}

/// What happened next.
enum Happened {
    Read(std::io::Result<usize>),
    Written(std::io::Result<usize>),
    Flushed(std::io::Result<()>),
    Effects(Option<Vec<Effect>>),
    Room(Option<Room>),
    News(Option<News>),
    Deadline,
    Alarm,
    End(Option<crate::lifecycle::Failure>),
}

/// Serves one connection from its first byte to its last.
pub(super) async fn serve<S: AsyncRead + AsyncWrite>(
    stream: S,
    mut conversation: Conversation,
    kept: Writes,
) {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let mut intake = Intake { buffer: BytesMut::new(), is_busy: false };
    let mut outbound: Option<OutboundReceiver> = None;
    let mut waiting: Option<Waiting> = None;
    let mut news = conversation.take_news();
    let mut watch = conversation.shared.lifecycle.watch();
    let mut alarms = conversation.shared.alarms.subscribe();
    let close_timeout = conversation.limits.close_timeout;
    let (mut is_ending, mut must_flush) = (false, false);
    let mut timer = Timer::new();
    let mut sleep = pin!(tokio::time::sleep_until(timer.set_to));
    loop {
        submit(&mut conversation, &mut waiting);
        let output_bytes = conversation.output().len();
        if conversation.is_over() && waiting.is_none() {
            // The peer may never read it, and nothing else ends the wait.
            let rest = put_rest(&mut writer, conversation.output());
            tokio::time::timeout(close_timeout, rest).await.ok();
            break;
        }
        if let Some(at) = timer.earlier(&conversation) {
            sleep.as_mut().reset(at);
        }
        let reads =
            waiting.is_none() && output_bytes < OUTPUT_BYTES_MAX && conversation.is_listening();
        if reads {
            intake.make_room(conversation.is_open());
        }
        let happened = tokio::select! {
            read = reader.read_buf(&mut intake.buffer), if reads => Happened::Read(read),
            put = put(&mut writer, conversation.output()), if output_bytes > 0 || must_flush => put,
            effects = receive(&mut outbound) => Happened::Effects(effects),
            room = room(&mut waiting) => Happened::Room(room),
            heard = hear(&mut news) => Happened::News(heard),
            () = sleep.as_mut() => Happened::Deadline,
            failure = watch.ended(), if !is_ending => Happened::End(failure),
            Ok(()) = alarms.changed() => Happened::Alarm,
        };
        if !reads && matches!(happened, Happened::Deadline) {
            conversation.excuse_silence();
        }
        is_ending |= matches!(happened, Happened::End(_));
        intake.note(&happened);
        if matches!(happened, Happened::Written(_) | Happened::Flushed(_)) {
            must_flush = kept == Writes::Buffered && matches!(happened, Happened::Written(Ok(_)));
        }
        if matches!(happened, Happened::Deadline) {
            sleep.as_mut().reset(timer.rest());
            intake.rest();
        }
        let handled = catch_unwind(AssertUnwindSafe(|| {
            handle(happened, &mut conversation, &mut intake.buffer, &mut waiting);
            outbound = conversation.take_outbound().or_else(|| outbound.take());
            gather(&mut conversation, &mut outbound);
        }));
        if handled.is_err() {
            break give_up(&mut conversation, &mut writer).await;
        }
    }
    // The peer may be gone already, or not read the farewell.
    let farewell = writer.shutdown();
    tokio::time::timeout(close_timeout, farewell).await.ok();
}

/// Writes all that is left, and flushes what the stream has kept.
async fn put_rest<W>(writer: &mut W, output: &mut FrameBuffer) -> std::io::Result<()>
where
    W: AsyncWrite + Unpin,
{
    writer.write_all_buf(output).await?;
    writer.flush().await
}

/// What was read and is not a whole frame yet, and room for more: much of it for those who send much.
struct Intake {
    buffer: BytesMut,
    is_busy: bool,
}

impl Intake {
    /// Makes room for the next read.
    fn make_room(&mut self, is_open: bool) {
        let free = if is_open && self.is_busy { READ_BYTES } else { QUIET_READ_BYTES };
        if self.buffer.capacity() - self.buffer.len() < free / 4 {
            self.buffer.reserve(free);
        }
    }

    fn note(&mut self, happened: &Happened) {
        if let Happened::Read(Ok(bytes)) = happened {
            self.is_busy = *bytes > QUIET_BYTES;
        }
    }

    /// The connection's timer went off: whoever is silent for so long keeps no large buffer.
    fn rest(&mut self) {
        if self.buffer.is_empty() && !self.is_busy {
            self.buffer = BytesMut::new();
        }
    }
}

/// Writes what waits; if there is nothing, flushes what the stream has kept.
async fn put<W: AsyncWrite + Unpin>(writer: &mut W, output: &mut FrameBuffer) -> Happened {
    if output.is_empty() {
        Happened::Flushed(writer.flush().await)
    } else {
        Happened::Written(writer.write_buf(output).await)
    }
}

/// Sends inputs to the engine if there is room, or begins to wait for it.
fn submit(conversation: &mut Conversation, waiting: &mut Option<Waiting>) {
    if waiting.is_some() {
        return;
    }
    if let Some(link) = conversation.waiting_link() {
        match link.try_room() {
            Some(room) => link.submit(room),
            None => *waiting = Some(Box::pin(link.room())),
        }
    }
}

async fn room(waiting: &mut Option<Waiting>) -> Option<Room> {
    match waiting {
        Some(room) => room.await,
        None => pending().await,
    }
}

async fn hear(news: &mut Option<NewsReceiver>) -> Option<News> {
    match news {
        Some(news) => news.recv().await,
        None => pending().await,
    }
}

async fn receive(outbound: &mut Option<OutboundReceiver>) -> Option<Vec<Effect>> {
    match outbound {
        Some(outbound) => outbound.recv().await,
        None => pending().await,
    }
}

fn handle(
    happened: Happened,
    conversation: &mut Conversation,
    buffer: &mut BytesMut,
    waiting: &mut Option<Waiting>,
) {
    match happened {
        Happened::Read(Ok(0) | Err(_)) | Happened::Written(Err(_)) | Happened::Flushed(Err(_)) => {
            conversation.hang_up();
            let output = conversation.output();
            output.advance(output.len());
        }
        Happened::Read(Ok(bytes)) => {
            conversation.note_read(bytes);
            if !conversation.is_over() {
                conversation.receive(buffer);
            }
        }
        Happened::Written(Ok(bytes)) => {
            conversation.note_written(bytes);
            if conversation.output().is_empty() {
                conversation.note_drained();
            }
        }
        Happened::Effects(Some(effects)) => conversation.apply(effects),
        // The engine says nothing more once it has forgotten the connection.
        // News end with the conversation, which holds the other end itself.
        Happened::Flushed(Ok(())) | Happened::Effects(None) | Happened::News(None) => {}
        Happened::Room(room) => {
            *waiting = None;
            if let (Some(link), Some(room)) = (conversation.waiting_link(), room) {
                link.submit(room);
            }
        }
        Happened::News(Some(news)) => conversation.hear(news),
        Happened::Deadline => conversation.handle_timeout(),
        Happened::Alarm => conversation.heed_alarms(),
        Happened::End(failure) => conversation.end(failure.as_ref()),
    }
}

/// Takes what else the engine has said, so that one write carries it all.
fn gather(conversation: &mut Conversation, outbound: &mut Option<OutboundReceiver>) {
    while conversation.output().len() < OUTPUT_BYTES_GOOD {
        let Some(effects) = outbound.as_mut().and_then(|outbound| outbound.try_recv().ok()) else {
            break;
        };
        conversation.apply(effects);
    }
    if outbound.as_ref().is_some_and(|outbound| outbound.is_closed() && outbound.is_empty()) {
        *outbound = None;
    }
}

/// After a panic: tells the peer as far as that is still possible, and the engine.
async fn give_up<W: AsyncWrite + Unpin>(conversation: &mut Conversation, writer: &mut W) {
    conversation.shared.panics.fetch_add(1, Ordering::Relaxed);
    tracing::error!(peer = %conversation.visitor.peer, "a connection's task panicked; it is closed, others go on");
    if let Some(link) = conversation.abandon()
        && let Some(room) = link.room().await
    {
        link.submit(room);
    }
    let close = Method::ConnectionClose(connection::Close {
        reply_code: ReplyCode::InternalError.as_u16(),
        reply_text: leveret_protocol::ShortStr::from_static("INTERNAL_ERROR"),
        ..connection::Close::default()
    });
    let mut farewell = FrameBuffer::new();
    // What was half written before cannot be completed: then the peer sees garbage, and closes too.
    if farewell.push_method(ChannelNumber::CONNECTION, &close, 4_096).is_ok() {
        let written = writer.write_all_buf(&mut farewell);
        tokio::time::timeout(conversation.limits.close_timeout, written).await.ok();
    }
}

/// When the task wakes by itself: never later than the conversation's deadline, at times earlier.
struct Timer {
    set_to: Instant,
}

/// How long a timer that nobody needs sleeps.
const REST: Duration = Duration::from_hours(1);

impl Timer {
    fn new() -> Self {
        Self { set_to: Instant::now() + REST }
    }

    /// The deadline, if the timer is set to a later time; setting it for each one would cost more.
    fn earlier(&mut self, conversation: &Conversation) -> Option<Instant> {
        let at = conversation.shared.clock.instant(conversation.next_deadline()?);
        (at < self.set_to).then(|| {
            self.set_to = at;
            at
        })
    }

    /// After it went off: sleeps until it is set again.
    fn rest(&mut self) -> Instant {
        self.set_to = Instant::now() + REST;
        self.set_to
    }
}
