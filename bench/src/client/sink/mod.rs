//! A peer that discards, confirms by the read, and blasts deliveries.
//!
//! It heeds prefetch limits, answers calls by itself, and blocks a thread for its one connection.

mod deliveries;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use bytes::{Buf as _, Bytes, BytesMut};
use leveret_protocol::{
    ChannelNumber, Event, FieldTable, FrameBuffer, Limits, Method, Properties, ServerHello,
    Session, ShortStr, Timestamp, basic, confirm, queue, tx,
};

use self::deliveries::Deliveries;
use super::names::REPLY_TO;

/// Longer than any row takes: the sink sends no heartbeats while it works.
const HEARTBEAT_SECS: u16 = 300;

const READ_BYTES: usize = 1 << 20;

/// Serves one connection whose consumer gets so many messages; prints where.
pub(super) fn serve(messages: u64) -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?);
    let (stream, _) = listener.accept()?;
    stream.set_nodelay(true)?;
    let hello = ServerHello {
        mechanisms: Bytes::from_static(b"PLAIN"),
        locales: Bytes::from_static(b"en_US"),
        server_properties: FieldTable::default(),
    };
    let limits = Limits { heartbeat_secs: HEARTBEAT_SECS, ..Limits::default() };
    let session = Session::server(Timestamp::default(), hello, limits);
    let confirms = None;
    Sink { stream, session, messages, confirms, prefetch: 0, replies: None, deliveries: None }.run()
}

struct Sink {
    stream: TcpStream,
    session: Session,
    messages: u64,
    /// From when the channel confirms.
    confirms: Option<Confirms>,
    prefetch: u16,
    /// Who gets the replies to calls.
    replies: Option<ShortStr>,
    deliveries: Option<Deliveries>,
}

/// Publishes of the channel that confirms.
#[derive(Default)]
struct Confirms {
    channel: ChannelNumber,
    published: u64,
    confirmed: u64,
}

impl Sink {
    fn run(mut self) -> anyhow::Result<()> {
        let mut buffer = BytesMut::new();
        let mut chunk = vec![0; READ_BYTES];
        loop {
            // However the client goes, the sink's part is over.
            let Ok(read @ 1..) = self.stream.read(&mut chunk) else { return Ok(()) };
            let Some(bytes) = chunk.get(..read) else { return Ok(()) };
            buffer.extend_from_slice(bytes);
            self.session.receive(Timestamp::default(), &mut buffer);
            while let Some(event) = self.session.poll_event() {
                self.handle(event)?;
            }
            self.confirm()?;
            write(&mut self.stream, self.session.take_output())?;
            if let Some(deliveries) = &mut self.deliveries {
                while let Some(bytes) = deliveries.next() {
                    self.stream.write_all(bytes)?;
                }
            }
        }
    }

    /// One multiple ack for all that one read has brought.
    fn confirm(&mut self) -> anyhow::Result<()> {
        let Some(confirms) = &mut self.confirms else { return Ok(()) };
        if confirms.confirmed < confirms.published {
            confirms.confirmed = confirms.published;
            let ack = basic::Ack { delivery_tag: confirms.published, multiple: true };
            self.session.send(confirms.channel, &ack.into())?;
        }
        Ok(())
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "a sink ignores what it does not play")]
    fn handle(&mut self, event: Event) -> anyhow::Result<()> {
        match event {
            Event::Login { .. } => self.session.accept_login(),
            Event::Open { .. } => self.session.accept_open(),
            Event::Closing { .. } => self.session.finish_close(),
            Event::ChannelClosing { channel, .. } => self.session.finish_channel_close(channel),
            Event::Content { channel, properties, body, .. } => {
                if let Some(confirms) = &mut self.confirms {
                    confirms.published += 1;
                }
                if properties.reply_to().is_some() {
                    self.reply(channel, &properties, body)?;
                }
            }
            Event::Method { channel, method } => self.handle_method(channel, method)?,
            _ => {}
        }
        Ok(())
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "a sink ignores what it does not play")]
    fn handle_method(&mut self, channel: ChannelNumber, method: Method) -> anyhow::Result<()> {
        let answer: Method = match method {
            Method::BasicAck(ack) => {
                if let Some(deliveries) = &mut self.deliveries {
                    deliveries.settle(&ack);
                }
                return Ok(());
            }
            Method::ConfirmSelect(_) => {
                self.confirms = Some(Confirms { channel, ..Confirms::default() });
                confirm::SelectOk.into()
            }
            Method::QueueDeclare(declare) => {
                queue::DeclareOk { queue: declare.queue, message_count: 0, consumer_count: 0 }
                    .into()
            }
            Method::BasicQos(qos) => {
                self.prefetch = qos.prefetch_count;
                basic::QosOk.into()
            }
            Method::TxSelect(_) => tx::SelectOk.into(),
            Method::TxCommit(_) => tx::CommitOk.into(),
            Method::BasicConsume(consume) => self.start_consumer(consume)?.into(),
            _ => return Ok(()),
        };
        Ok(self.session.send(channel, &answer)?)
    }

    fn start_consumer(&mut self, consume: basic::Consume) -> anyhow::Result<basic::ConsumeOk> {
        let mut consumer_tag = consume.consumer_tag;
        if consumer_tag.is_empty() {
            consumer_tag = ShortStr::from_static("c");
        }
        if consume.queue == *REPLY_TO {
            self.replies = Some(consumer_tag.clone());
        } else {
            let deliveries = Deliveries::new(&consumer_tag, self.prefetch, self.messages)?;
            self.deliveries = Some(deliveries);
        }
        Ok(basic::ConsumeOk { consumer_tag })
    }

    /// Answers a call with its own body.
    fn reply(
        &mut self,
        channel: ChannelNumber,
        properties: &Properties,
        body: Bytes,
    ) -> anyhow::Result<()> {
        let Some(consumer_tag) = self.replies.clone() else { return Ok(()) };
        let deliver = basic::Deliver { consumer_tag, delivery_tag: 1, ..basic::Deliver::default() };
        Ok(self.session.send_content(channel, &deliver.into(), properties, body)?)
    }
}

fn write(stream: &mut TcpStream, mut frames: FrameBuffer) -> anyhow::Result<()> {
    while frames.has_remaining() {
        stream.write_all(frames.chunk())?;
        frames.advance(frames.chunk().len());
    }
    Ok(())
}
