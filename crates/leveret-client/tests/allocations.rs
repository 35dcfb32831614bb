//! What a large body costs in memory: its size as it comes, little as it goes.
//!
//! The room that frames are read into belongs to the connection, which has it from the start.
//!
//! The allocator counts for the whole process, so the peer only moves bytes that were made
//! before, and there is one test.
#![expect(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "tests stop at a surprise"
)]

use std::{
    alloc::System,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    thread,
    time::Duration,
};

use bytes::{Buf as _, Bytes, BytesMut};
use leveret_client::{AckMode, ConnectOptions, Connection, ConsumeOptions, Publish};
use leveret_protocol::{
    Event, FieldTable, Limits, Method, Properties, ServerHello, Session, ShortStr, Timestamp, basic,
};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const BODY_BYTES: usize = 1024 * 1024;

/// 1.1 MiB.
const RECEIVING_BYTES_MAX: usize = BODY_BYTES + BODY_BYTES / 10;

const SENDING_BYTES_MAX: usize = 64 * 1024;

/// What the peer is told to do next.
enum Step {
    /// Send one delivery.
    Deliver,
    /// Read one publish.
    Take,
}

#[test]
fn a_body_of_1_mib_is_kept_once_when_it_comes_and_not_at_all_when_it_goes() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (steps, told) = mpsc::sync_channel(1);
    let (done, did) = mpsc::sync_channel(1);
    let peer = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        Peer::new(stream).serve(&told, &done);
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = ConnectOptions {
            host: "127.0.0.1".to_owned(),
            port,
            heartbeat: Duration::ZERO,
            ..ConnectOptions::default()
        };
        let connection = Connection::connect(&options).await.unwrap();
        let channel = connection.channel().await.unwrap();
        let options = ConsumeOptions { ack_mode: AckMode::NoAck, ..ConsumeOptions::default() };
        let mut consumer = channel.consume(ShortStr::from_static("q"), options).await.unwrap();
        did.recv().unwrap();

        let mut receivings = Vec::new();
        let mut body = Bytes::new();
        for _first_and_later in 0..3 {
            let region = Region::new(ALLOCATOR);
            steps.send(Step::Deliver).unwrap();
            body = consumer.recv().await.unwrap().body;
            receivings.push(region.change().bytes_allocated);
            assert_eq!(body.len(), BODY_BYTES);
        }

        steps.send(Step::Take).unwrap();
        let publish = Publish { body, mandatory: false, ..Publish::default() };
        let region = Region::new(ALLOCATOR);
        channel.publish_and_forget(publish).await.unwrap();
        tokio::task::spawn_blocking(move || did.recv().unwrap()).await.unwrap();
        let sending = region.change();

        let sending = sending.bytes_allocated;
        let is_kept_once = receivings.iter().all(|bytes| *bytes <= RECEIVING_BYTES_MAX);
        assert!(is_kept_once, "receiving took {receivings:?} bytes");
        assert!(sending <= SENDING_BYTES_MAX, "sending took {sending} bytes");
    });
    drop(runtime);
    drop(steps);
    peer.join().unwrap();
}

struct Peer {
    stream: TcpStream,
    session: Session,
    buffer: BytesMut,
}

impl Peer {
    fn new(stream: TcpStream) -> Self {
        let hello = ServerHello {
            mechanisms: Bytes::from_static(b"PLAIN"),
            locales: Bytes::from_static(b"en_US"),
            server_properties: FieldTable::default(),
        };
        let limits = Limits { heartbeat_secs: 0, ..Limits::default() };
        let session = Session::server(Timestamp::default(), hello, limits);
        Self { stream, session, buffer: BytesMut::new() }
    }

    fn serve(mut self, told: &mpsc::Receiver<Step>, done: &mpsc::SyncSender<()>) {
        while !self.consumer_starts() {}
        let delivery = self.delivery();
        // As long as a delivery but for what the two methods say.
        let mut room = vec![0; BODY_BYTES];
        done.send(()).unwrap();
        for step in told {
            match step {
                Step::Deliver => self.stream.write_all(&delivery).unwrap(),
                Step::Take => {
                    self.stream.read_exact(&mut room).unwrap();
                    done.send(()).unwrap();
                }
            }
        }
    }

    /// Handles one read; whether it asked for the consumer.
    fn consumer_starts(&mut self) -> bool {
        let mut chunk = [0; 4096];
        let read = self.stream.read(&mut chunk).unwrap();
        self.buffer.extend_from_slice(chunk.get(..read).unwrap());
        self.session.receive(Timestamp::default(), &mut self.buffer);
        let mut is_consumer = false;
        while let Some(event) = self.session.poll_event() {
            match event {
                Event::Login { .. } => self.session.accept_login(),
                Event::Open { .. } => self.session.accept_open(),
                Event::Method { channel, method: Method::BasicConsume(_) } => {
                    let started = basic::ConsumeOk { consumer_tag: ShortStr::from_static("c") };
                    self.session.send(channel, &started.into()).unwrap();
                    is_consumer = true;
                }
                _ => {}
            }
        }
        let output = self.output();
        self.stream.write_all(&output).unwrap();
        is_consumer
    }

    fn output(&mut self) -> Vec<u8> {
        let mut output = self.session.take_output();
        output.copy_to_bytes(output.remaining()).into()
    }

    fn delivery(&mut self) -> Vec<u8> {
        let consumer_tag = ShortStr::from_static("c");
        let deliver = basic::Deliver { consumer_tag, delivery_tag: 1, ..basic::Deliver::default() };
        let body = Bytes::from(vec![b'x'; BODY_BYTES]);
        let properties = Properties::EMPTY;
        self.session.send_content(1.into(), &deliver.into(), &properties, body).unwrap();
        self.output()
    }
}
