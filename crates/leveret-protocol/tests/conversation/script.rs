//! Plays a script against a session and writes down what happens.
//!
//! Each line is one thing the peer sends or the owner does:
//!
//! ```text
//! raw TEXT | header | tune-ok FRAME_MAX CHANNEL_MAX HEARTBEAT | open VHOST | start-ok [capable]
//! running                               the whole handshake, unseen
//! quietly LINE                          LINE without its answer
//! method CHANNEL CLASS.METHOD [HEX]     arguments in hexadecimal digits
//! header-frame CHANNEL CLASS SIZE [HEX] properties in hexadecimal digits
//! body CHANNEL LENGTH
//! frame KIND CHANNEL [HEX] | broken-end | announce KIND CHANNEL LENGTH
//! accept-login | refuse-login | challenge | accept-open | ... | wait MILLIS
//! ```
//!
//! The answer to each line follows it, indented: `! ` before events, `< ` before what is written.

use std::fmt::Write as _;

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use expect_test::Expect;
use leveret_protocol::{
    AmqpError, ChannelNumber, ChannelOpens, ClientHello, ClientLogin, Event, Failure, FieldTable,
    Limits, Method, ReplyCode, ServerHello, Session, ShortStr, Timestamp, connection,
};

/// Plays as a server.
pub(crate) fn check(script: &str, expect: Expect) {
    expect.assert_eq(&Stage::new(server(limits())).play(script));
}

/// Plays as a server that asks its owner before a channel is open.
pub(crate) fn check_asked(script: &str, expect: Expect) {
    let limits = Limits { channel_opens: ChannelOpens::Asked, ..limits() };
    expect.assert_eq(&Stage::new(server(limits)).play(script));
}

/// Plays as a client.
pub(crate) fn check_client(script: &str, expect: Expect) {
    let hello = ClientHello {
        logins: vec![ClientLogin {
            mechanism: ShortStr::from_static("PLAIN"),
            response: "\0guest\0guest".into(),
        }],
        client_properties: FieldTable::default(),
        locale: ShortStr::from_static("en_US"),
        virtual_host: ShortStr::from_static("/"),
    };
    let session = Session::client(Timestamp::from_millis(0), hello, limits());
    expect.assert_eq(&Stage::new(session).play(script));
}

fn server(limits: Limits) -> Session {
    let hello = ServerHello {
        mechanisms: Bytes::from_static(b"PLAIN"),
        locales: Bytes::from_static(b"en_US"),
        server_properties: FieldTable::default(),
    };
    Session::server(Timestamp::from_millis(0), hello, limits)
}

fn limits() -> Limits {
    Limits { message_bytes_max: 10_000_000, channel_max: 10, ..Limits::default() }
}

struct Stage {
    session: Session,
    now: u64,
    incoming: BytesMut,
}

impl Stage {
    fn new(session: Session) -> Self {
        Self { session, now: 0, incoming: BytesMut::new() }
    }

    fn play(&mut self, script: &str) -> String {
        let mut log = String::new();
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let hidden = line.strip_prefix("quietly ");
            self.act(&hidden.unwrap_or(line).split_whitespace().collect::<Vec<_>>());
            let news = self.news();
            if hidden.is_none() && line != "running" {
                _ = write!(log, "{line}\n{news}");
            }
        }
        log
    }

    fn act(&mut self, words: &[&str]) {
        match words {
            ["running"] => {
                for line in ["header", "start-ok", "accept-login", "tune-ok 131072 10 60", "open /"]
                {
                    self.act(&line.split(' ').collect::<Vec<_>>());
                    while self.session.poll_event().is_some() {}
                }
                self.session.accept_open();
                drop(self.session.take_output());
            }
            ["wait", millis] => {
                self.now += millis.parse::<u64>().unwrap();
                self.session.handle_timeout(Timestamp::from_millis(self.now));
            }
            [command] if self.command(command) => {}
            ["close-channel", channel] => self.session.close_channel(number(channel), &error()),
            ["tell-failure", channel] => {
                self.session.send_channel_failure(number(channel), &error());
            }
            ["finish-channel", channel] => self.session.finish_channel_close(number(channel)),
            ["accept-channel", channel] => self.session.accept_channel(number(channel)),
            ["open-channel", channel] => self.session.open_channel(number(channel)).unwrap(),
            sent => {
                send(&mut self.incoming, sent);
                self.session.receive(Timestamp::from_millis(self.now), &mut self.incoming);
            }
        }
    }

    fn command(&mut self, command: &str) -> bool {
        match command {
            "accept-login" => self.session.accept_login(),
            "accept-open" => self.session.accept_open(),
            "challenge" => self.session.challenge(&b"?"[..]),
            "answer-challenge" => self.session.answer_challenge(&b"!"[..]),
            "refuse-login" => {
                let text = "Login was refused using authentication mechanism PLAIN. \
                            For details see the broker logfile.";
                self.session.refuse_login(&AmqpError::new(ReplyCode::AccessRefused, text));
            }
            "refuse-open" => {
                let text = "vhost nope not found";
                self.session.refuse_open(&AmqpError::new(ReplyCode::NotAllowed, text));
            }
            "close" => self.session.close(&error()),
            "finish-close" => self.session.finish_close(),
            "finish-update-secret" => self.session.finish_update_secret(),
            _ => return false,
        }
        true
    }

    fn news(&mut self) -> String {
        let mut news = String::new();
        while let Some(event) = self.session.poll_event() {
            _ = writeln!(news, "    ! {}", describe(&event));
        }
        let mut written = BytesMut::new();
        written.put(self.session.take_output());
        while !written.is_empty() {
            _ = writeln!(news, "    < {}", written_frame(&mut written));
        }
        news
    }
}

fn error() -> AmqpError {
    AmqpError::new(ReplyCode::NotFound, "gone")
}

fn number(text: &str) -> ChannelNumber {
    ChannelNumber::new(text.parse().unwrap())
}

pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn put_frame(out: &mut BytesMut, kind: u8, channel: u16, payload: &[u8]) {
    out.put_u8(kind);
    out.put_u16(channel);
    out.put_u32(payload.len().try_into().unwrap());
    out.put_slice(payload);
    out.put_u8(0xCE);
}

fn put_method(out: &mut BytesMut, method: impl Into<Method>) {
    let mut payload = BytesMut::new();
    method.into().encode(&mut payload);
    put_frame(out, 1, 0, &payload);
}

fn send(out: &mut BytesMut, words: &[&str]) {
    let at = |index: usize| words.get(index).copied().unwrap_or_default();
    let channel = || at(1).parse().unwrap();
    match words[0] {
        "raw" => out.put_slice(words[1..].join(" ").as_bytes()),
        "hex" => out.put_slice(&bytes(at(1))),
        "header" => out.put_slice(b"AMQP\x00\x00\x09\x01"),
        "start-ok" => {
            let capabilities =
                FieldTable::builder().insert("authentication_failure_close", at(1) == "capable");
            let client_properties =
                FieldTable::builder().insert("capabilities", capabilities.build()).build();
            let mechanism = ShortStr::from_static("PLAIN");
            put_method(
                out,
                connection::StartOk { client_properties, mechanism, ..Default::default() },
            );
        }
        "tune-ok" => put_method(
            out,
            connection::TuneOk {
                frame_max: at(1).parse().unwrap(),
                channel_max: at(2).parse().unwrap(),
                heartbeat: at(3).parse().unwrap(),
            },
        ),
        "tune" => put_method(
            out,
            connection::Tune {
                frame_max: at(1).parse().unwrap(),
                channel_max: at(2).parse().unwrap(),
                heartbeat: at(3).parse().unwrap(),
            },
        ),
        "open" => put_method(out, connection::Open { virtual_host: at(1).try_into().unwrap() }),
        "method" => {
            let (class, method) = at(2).split_once('.').unwrap();
            let mut payload = BytesMut::new();
            payload.put_u16(class.parse().unwrap());
            payload.put_u16(method.parse().unwrap());
            payload.put_slice(&bytes(at(3)));
            put_frame(out, 1, channel(), &payload);
        }
        "header-frame" => {
            let mut payload = BytesMut::new();
            payload.put_u16(at(2).parse().unwrap());
            payload.put_u16(0);
            payload.put_u64(at(3).parse().unwrap());
            payload.put_slice(&bytes(if at(4).is_empty() { "0000" } else { at(4) }));
            put_frame(out, 2, channel(), &payload);
        }
        "body" => put_frame(out, 3, channel(), &vec![b'x'; at(2).parse().unwrap()]),
        "frame" => {
            let channel = at(2).parse().unwrap();
            put_frame(out, at(1).parse().unwrap(), channel, &bytes(at(3)));
        }
        "broken-end" => out.put_slice(b"\x01\x00\x01\x00\x00\x00\x04secr\x00"),
        "announce" => {
            out.put_u8(at(1).parse().unwrap());
            out.put_u16(at(2).parse().unwrap());
            out.put_u32(at(3).parse().unwrap());
        }
        other => panic!("no line begins with '{other}'"),
    }
}

fn describe(event: &Event) -> String {
    match event {
        Event::Login { mechanism, response, .. } => {
            format!("login {mechanism} {:?}", response.clone().into_bytes())
        }
        Event::Opened { negotiated, .. } => format!(
            "opened frame_max {} channel_max {} heartbeat {}",
            negotiated.frame_max, negotiated.channel_max, negotiated.heartbeat_secs
        ),
        Event::ChannelClosing { channel, reason } => {
            format!("channel {channel} closing {} {}", reason.code, reason.text)
        }
        Event::Closing { reason } => format!("closing {} {}", reason.code, reason.text),
        Event::ChannelFailed { channel, error } => format!("channel {channel} failed: {error}"),
        Event::Failed(Failure::Protocol(_)) => "failed".to_owned(),
        Event::Failed(failure) => format!("failed: {failure}"),
        Event::Method { channel, method } => format!("{channel} {}", method.name()),
        Event::Content { channel, method, properties, body } => {
            format!("{channel} {} {properties:?} {} bytes", method.name(), body.len())
        }
        other => format!("{other:?}"),
    }
}

fn written_frame(written: &mut BytesMut) -> String {
    if written.starts_with(b"AMQP") {
        return format!("{:?}", written.split_to(8));
    }
    let kind = written.get_u8();
    let channel = written.get_u16();
    let len = written.get_u32().try_into().unwrap();
    let payload = written.split_to(len).freeze();
    assert_eq!(written.get_u8(), 0xCE);
    if kind == 8 {
        return "heartbeat".to_owned();
    }
    let text = |code: u16, text: &ShortStr, class: u16, method: u16| {
        format!("{code} {text} ({class}.{method})")
    };
    match Method::decode(&payload).unwrap() {
        Method::ConnectionClose(c) => {
            let reason = text(c.reply_code, &c.reply_text, c.class_id, c.method_id);
            format!("{channel} connection.close {reason}")
        }
        Method::ChannelClose(c) => {
            let reason = text(c.reply_code, &c.reply_text, c.class_id, c.method_id);
            format!("{channel} channel.close {reason}")
        }
        Method::ConnectionTuneOk(ok) => format!(
            "{channel} connection.tune-ok {} {} {}",
            ok.frame_max, ok.channel_max, ok.heartbeat
        ),
        other => format!("{channel} {}", other.name()),
    }
}
