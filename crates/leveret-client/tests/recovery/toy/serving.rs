//! One connection of the toy broker.

use bytes::{Buf as _, Bytes, BytesMut};
use leveret_protocol::{Event, FieldTable, Limits, ServerHello, Session, Timestamp};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

use super::{Door, Toy, refusal, room};

/// One connection.
struct Serving {
    toy: Toy,
    session: Session,
    stream: DuplexStream,
}

/// Serves a connection until it is closed or cut.
pub(super) async fn serve(toy: Toy, stream: DuplexStream) {
    let mut cuts = toy.cuts.subscribe();
    let hello = ServerHello {
        mechanisms: Bytes::from_static(b"PLAIN"),
        locales: Bytes::from_static(b"en_US"),
        server_properties: FieldTable::builder().insert("product", "toy").build(),
    };
    let limits = Limits { heartbeat_secs: 0, ..Limits::default() };
    let session = Session::server(Timestamp::default(), hello, limits);
    toy.state().connections += 1;
    let mut serving = Serving { toy: toy.clone(), session, stream };
    tokio::select! {
        biased;
        _ = cuts.changed() => {}
        () = serving.run() => {}
    }
    toy.state().connections -= 1;
}

impl Serving {
    async fn run(&mut self) {
        let mut buffer: BytesMut = room();
        while !self.session.is_closed() {
            while let Some(event) = self.session.poll_event() {
                self.handle(event);
            }
            if !self.flush().await || self.session.is_closed() {
                return;
            }
            match self.stream.read_buf(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(_) => self.session.receive(Timestamp::default(), &mut buffer),
            }
        }
    }

    async fn flush(&mut self) -> bool {
        let mut output = self.session.take_output();
        while output.has_remaining() {
            if self.stream.write_all_buf(&mut output).await.is_err() {
                return false;
            }
        }
        true
    }

    fn handle(&mut self, event: Event) {
        let door = self.toy.state().door;
        match event {
            Event::Login { .. } if door == Door::Refusing => self.session.refuse_login(&refusal()),
            Event::Login { .. } => self.session.accept_login(),
            Event::Open { .. } => self.session.accept_open(),
            Event::Closing { .. } => self.session.finish_close(),
            Event::ChannelClosing { channel, .. } => self.session.finish_channel_close(channel),
            _ => {}
        }
    }
}
