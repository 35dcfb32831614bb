//! A peer that answers, confirms by the read, and delivers all it can write.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use bytes::{Buf as _, Bytes, BytesMut};
use leveret_protocol::{
    Content, Event, FieldTable, FrameBuffer, Limits, Method, Properties, ServerHello, Session,
    ShortStr, Timestamp, basic, confirm, queue, tx,
};

/// Serves one connection, which will carry so many messages; says where.
pub(crate) fn start(messages: u64) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        stream.set_nodelay(true).unwrap();
        let writer = Arc::new(Mutex::new(stream.try_clone().unwrap()));
        let sink =
            Sink { stream, writer, publishes: 0, confirmed: 0, is_confirming: false, messages };
        sink.serve();
    });
    port
}

struct Sink {
    stream: TcpStream,
    // Answers and deliveries are written by two threads.
    writer: Arc<Mutex<TcpStream>>,
    publishes: u64,
    confirmed: u64,
    is_confirming: bool,
    messages: u64,
}

impl Sink {
    fn serve(mut self) {
        let hello = ServerHello {
            mechanisms: Bytes::from_static(b"PLAIN"),
            locales: Bytes::from_static(b"en_US"),
            server_properties: FieldTable::default(),
        };
        let limits = Limits { heartbeat_secs: 0, ..Limits::default() };
        let mut session = Session::server(Timestamp::default(), hello, limits);
        let mut buffer = BytesMut::new();
        let mut chunk = vec![0; 1 << 20];
        loop {
            let Ok(read @ 1..) = self.stream.read(&mut chunk) else { return };
            buffer.extend_from_slice(chunk.get(..read).unwrap());
            session.receive(Timestamp::default(), &mut buffer);
            while let Some(event) = session.poll_event() {
                self.handle(&mut session, event);
            }
            if self.is_confirming && self.publishes > self.confirmed {
                self.confirmed = self.publishes;
                let ack = basic::Ack { delivery_tag: self.publishes, multiple: true };
                session.send(1.into(), &ack.into()).unwrap();
            }
            write(&self.writer, session.take_output());
        }
    }

    fn handle(&mut self, session: &mut Session, event: Event) {
        let mut answer = |method: Method| session.send(1.into(), &method).unwrap();
        match event {
            Event::Login { .. } => session.accept_login(),
            Event::Open { .. } => session.accept_open(),
            Event::Closing { .. } => session.finish_close(),
            Event::ChannelClosing { channel, .. } => session.finish_channel_close(channel),
            Event::Content { .. } => self.publishes += 1,
            Event::Method { method, .. } => match method {
                Method::ConfirmSelect(_) => {
                    self.is_confirming = true;
                    answer(confirm::SelectOk.into());
                }
                Method::QueueDeclare(_) => answer(queue::DeclareOk::default().into()),
                Method::BasicQos(_) => answer(basic::QosOk.into()),
                Method::TxSelect(_) => answer(tx::SelectOk.into()),
                Method::TxCommit(_) => answer(tx::CommitOk.into()),
                Method::BasicConsume(_) => {
                    answer(basic::ConsumeOk { consumer_tag: ShortStr::from_static("c") }.into());
                    write(&self.writer, session.take_output());
                    self.deliver();
                }
                _ => {}
            },
            _ => {}
        }
    }

    /// Delivers everything from a thread of its own.
    fn deliver(&self) {
        let (writer, messages) = (Arc::clone(&self.writer), self.messages);
        thread::spawn(move || {
            let mut frames = FrameBuffer::new();
            for delivery_tag in 1..=messages {
                let deliver = Method::BasicDeliver(basic::Deliver {
                    consumer_tag: ShortStr::from_static("c"),
                    delivery_tag,
                    redelivered: false,
                    exchange: ShortStr::from_static("events"),
                    routing_key: ShortStr::from_static("order.created.v1"),
                });
                let body = Bytes::from_static(&[b'x'; 100]);
                let content = Content { method: &deliver, properties: &Properties::EMPTY, body };
                frames.push_content(1.into(), content, 1 << 17).unwrap();
                if frames.len() > 1 << 18 || delivery_tag == messages {
                    write(&writer, std::mem::take(&mut frames));
                }
            }
        });
    }
}

fn write(writer: &Mutex<TcpStream>, mut frames: FrameBuffer) {
    let mut stream = writer.lock().unwrap();
    while frames.has_remaining() {
        let Ok(written) = stream.write(frames.chunk()) else { return };
        frames.advance(written);
    }
}
