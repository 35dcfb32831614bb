//! `leveret why` on staged situations, on real sockets.

use std::{
    future::pending,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    process::Stdio,
    time::Duration,
};

use leveret::{Failure, Handler, OnFailure, OrderKey, Ordered, Pause, Publish, RetryPolicy};
use leveret_client::{
    Channel, ConnectOptions, Connection, ConsumeOptions, Consumer, FieldTable, FieldValue,
    QueueDeclare, Refusal,
};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::{
    application::Application,
    ctl::{address, broker, ctl},
    process::{Broker, leveret},
};

const HOUR: Duration = Duration::from_hours(1);

/// A broker with its HTTP API, and a client of the test's own.
struct Stage {
    broker: Broker,
    runtime: Runtime,
}

impl Stage {
    fn new() -> Self {
        Self { broker: broker(), runtime: Runtime::new().unwrap() }
    }

    fn url(&self, login: &str) -> String {
        format!("amqp://{login}@{}", self.broker.address())
    }

    fn channel(&self) -> (Connection, Channel) {
        let options = ConnectOptions::from_uri(&self.url("guest:guest")).unwrap();
        self.runtime.block_on(async {
            let connection = Connection::connect(&options).await.unwrap();
            let channel = connection.channel().await.unwrap();
            channel.confirm_select().await.unwrap();
            (connection, channel)
        })
    }

    fn declare(&self, channel: &Channel, name: &str, arguments: FieldTable) {
        let name = name.try_into().unwrap();
        let queue = QueueDeclare { name, arguments, ..QueueDeclare::default() };
        self.runtime.block_on(channel.queue_declare(&queue)).unwrap();
    }

    fn send(&self, channel: &Channel, queue: &str, count: usize) {
        for _ in 0..count {
            let publish = leveret_client::Publish {
                routing_key: queue.try_into().unwrap(),
                body: "x".into(),
                ..leveret_client::Publish::default()
            };
            self.runtime.block_on(channel.publish_and_confirm(publish)).unwrap();
        }
    }

    fn consume(&self, channel: &Channel, queue: &str) -> Consumer {
        let options = ConsumeOptions::default();
        self.runtime.block_on(channel.consume(queue.try_into().unwrap(), options)).unwrap()
    }

    /// What is said of the queue `jobs`.
    fn why(&self, words: &[&str]) -> (i32, Value) {
        let api = address(&self.broker);
        let url = self.url("guest:guest");
        let mut all = vec!["why", "jobs", "--json", "--watch", "300ms", "--http", &api];
        if !words.contains(&"--url") {
            all.extend(["--url", &url]);
        }
        let mut command = leveret(&[all.as_slice(), words].concat());
        let output = command.stdin(Stdio::null()).output().unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        let said = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"));
        (output.status.code().unwrap(), said)
    }

    /// What is said first, and that it does not move.
    #[track_caller]
    fn check(&self, words: &[&str], kind: &str) -> Value {
        let (code, said) = self.why(words);
        let at = |path: &str| said.pointer(path).unwrap_or(&Value::Null);
        assert_eq!(at("/findings/0/kind"), kind, "{said:#}");
        assert_eq!((code, at("/moves")), (1, &Value::Bool(false)), "{said:#}");
        assert!(at("/findings/0/next/0").is_string(), "{said:#}");
        said
    }

    fn app(&self, handler: Handler) -> Application {
        Application::start(&self.broker.address(), vec![handler.named("work")])
    }
}

fn post(app: &Application, count: usize) {
    for _ in 0..count {
        let publish = Publish::to_queue("jobs").text("x");
        app.runtime.block_on(app.running.publisher().publish(publish)).unwrap();
    }
}

/// Waits until the handler is as wanted.
fn until(app: &Application, wanted: impl Fn(leveret::HandlerStatus) -> bool) {
    let control = app.running.control();
    app.runtime.block_on(async {
        while !wanted(control.handler("work").unwrap()) {
            tokio::task::yield_now().await;
        }
    });
}

fn text(text: &str) -> FieldValue {
    FieldValue::LongString(text.to_owned().into())
}

#[test]
fn nobody_consumes() {
    let stage = Stage::new();
    let (_connection, channel) = stage.channel();
    stage.declare(&channel, "jobs", FieldTable::default());
    stage.send(&channel, "jobs", 2);
    let said = stage.check(&[], "no-consumer");
    assert_eq!((&said["ready"], &said["consumers"]), (&2.into(), &0.into()), "{said:#}");
}

#[test]
fn a_handler_does_not_finish() {
    let stage = Stage::new();
    let app = stage.app(Handler::new("jobs", pending::<()>));
    post(&app, 2);
    until(&app, |status| status.in_hand == 1);
    stage.check(&["--app", &app.address(), "--stuck-after", "0s"], "blocked-handler");
    // Without the application it is seen from outside.
    let (code, said) = stage.why(&[]);
    assert_eq!((code, &said["findings"][0]["kind"]), (1, &"blocked-consumer".into()), "{said:#}");
}

#[test]
fn a_kill_switch_is_open() {
    let stage = Stage::new();
    let down = || async { Err::<(), _>(Failure::pause(HOUR, "the bank is down")) };
    let app = stage.app(Handler::new("jobs", down));
    post(&app, 1);
    until(&app, |status| status.breaker_pauses == 1);
    let said = stage.check(&["--app", &app.address()], "breaker-open");
    assert!(said["findings"][0]["evidence"][0].as_str().unwrap().contains("the bank is down"));
}

#[test]
fn a_poisonous_message_is_the_first_of_its_key() {
    let stage = Stage::new();
    let ordered = Ordered::by(OrderKey::routing_key()).on_failure(OnFailure::ParkKey(HOUR / 6));
    let fails = || async { Err::<(), _>("no such order") };
    let handler = Handler::new("jobs", fails).ordered_by(ordered).retry(RetryPolicy::never());
    let app = stage.app(handler);
    post(&app, 3);
    until(&app, |status| !status.parked_keys.is_empty());
    let said = stage.check(&["--app", &app.address()], "poison-key");
    assert!(said["findings"][0]["evidence"][1].as_str().unwrap().contains("no such order"));
}

#[test]
fn one_consumer_has_all_messages() {
    let stage = Stage::new();
    let (_connection, channel) = stage.channel();
    stage.declare(&channel, "jobs", FieldTable::default());
    let mut greedy = stage.consume(&channel, "jobs");
    stage.send(&channel, "jobs", 20);
    stage.runtime.block_on(greedy.recv()).unwrap();
    let (_other, second) = stage.channel();
    let _idle = stage.consume(&second, "jobs");
    let said = stage.check(&[], "prefetch-starvation");
    assert!(said["findings"][0]["evidence"][0].as_str().unwrap().contains("has no limit"));
}

#[test]
fn a_user_may_not_read_it() {
    let stage = Stage::new();
    let (_connection, channel) = stage.channel();
    stage.declare(&channel, "jobs", FieldTable::default());
    stage.send(&channel, "jobs", 1);
    ctl(&stage.broker, &["add-user", "hazel"], "down\n");
    ctl(&stage.broker, &["set-permissions", "hazel", "^other", ".*", "^other"], "");
    let (code, said) = stage.why(&["--url", &stage.url("hazel:down")]);
    assert_eq!((code, &said["findings"][0]["kind"]), (1, &"no-permission".into()), "{said:#}");
    // Seen by an administrator while that user is connected.
    let options = ConnectOptions::from_uri(&stage.url("hazel:down")).unwrap();
    let _hazel = stage.runtime.block_on(Connection::connect(&options)).unwrap();
    let said = stage.check(&[], "no-permission");
    assert!(said["findings"][0]["what"].as_str().unwrap().contains("`hazel`"), "{said:#}");
}

#[test]
fn nothing_leads_to_it() {
    let stage = Stage::new();
    let (_connection, channel) = stage.channel();
    stage.declare(&channel, "jobs", FieldTable::default());
    let _consumer = stage.consume(&channel, "jobs");
    stage.check(&[], "unbound");
    stage.check(&["--exchange", "amq.topic", "--key", "a.b"], "unbound");
    stage.check(&["--exchange", "none"], "no-exchange");
}

#[test]
fn messages_expire_before_anybody_takes_them() {
    let stage = Stage::new();
    let (_connection, channel) = stage.channel();
    let short = FieldTable::builder()
        .insert("x-message-ttl", 1_i64)
        .insert("x-dead-letter-exchange", text(""))
        .insert("x-dead-letter-routing-key", text("late"))
        .build();
    stage.declare(&channel, "jobs", short);
    stage.declare(&channel, "late", FieldTable::default());
    let mut late = stage.consume(&channel, "late");
    stage.send(&channel, "jobs", 2);
    // Both have come there; they go back when the consumer ends.
    stage.runtime.block_on(async {
        late.recv().await.unwrap();
        late.recv().await.unwrap();
        channel.close().await;
    });
    stage.check(&[], "expired");
}

#[test]
fn it_belongs_to_another_connection() {
    let stage = Stage::new();
    let (_connection, channel) = stage.channel();
    let name = "jobs".try_into().unwrap();
    let queue = QueueDeclare { name, exclusive: true, ..QueueDeclare::default() };
    stage.runtime.block_on(channel.queue_declare(&queue)).unwrap();
    stage.check(&[], "exclusive");
}

#[test]
fn dead_letters_go_in_a_circle() {
    let stage = Stage::new();
    let (_connection, channel) = stage.channel();
    let to = |key: &str| {
        FieldTable::builder()
            .insert("x-dead-letter-exchange", text(""))
            .insert("x-dead-letter-routing-key", text(key))
    };
    stage.declare(&channel, "jobs", to("jobs.retry").build());
    stage.declare(&channel, "jobs.retry", to("jobs").insert("x-message-ttl", 1_i64).build());
    let mut consumer = stage.consume(&channel, "jobs");
    stage.send(&channel, "jobs", 1);
    stage.runtime.block_on(async {
        for _ in 0..3 {
            let delivery = consumer.recv().await.unwrap();
            channel.reject(&delivery, Refusal::Discard).unwrap();
        }
        // The fourth time it stays.
        consumer.recv().await.unwrap();
        channel.close().await;
    });
    let said = stage.check(&[], "dead-letter-loop");
    let way = &said["findings"][0]["evidence"][1];
    assert_eq!(way, "jobs -> jobs.retry -> jobs", "{said:#}");
}

#[test]
fn an_operator_has_paused_it() {
    let stage = Stage::new();
    let app = stage.app(Handler::new("jobs", || async {}));
    let pause = Pause::by("ann").because("the host moves").ends_after(HOUR);
    app.runtime.block_on(app.running.control().drain("work", pause)).unwrap();
    post(&app, 1);
    let said = stage.check(&["--app", &app.address()], "paused");
    let evidence = said["findings"][0]["evidence"][0].as_str().unwrap();
    assert!(evidence.starts_with("paused by ann (\"the host moves\")"), "{evidence}");
}

/// Answers as `RabbitMQ`'s HTTP API does of a node that has no disk left.
fn full_disk() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut line = String::new();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            reader.read_line(&mut line).unwrap();
            let mut field = String::new();
            while reader.read_line(&mut field).unwrap() > 2 {
                field.clear();
            }
            let body = if line.contains("/api/nodes") {
                r#"[{"name":"rabbit@a","mem_alarm":false,"disk_free_alarm":true,"disk_free":5,"disk_free_limit":50000000}]"#
            } else {
                "[]"
            };
            write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{body}").unwrap();
        }
    });
    address
}

#[test]
fn publishers_are_held_by_an_alarm() {
    let stage = Stage::new();
    let (_connection, channel) = stage.channel();
    stage.declare(&channel, "jobs", FieldTable::default());
    let _consumer = stage.consume(&channel, "jobs");
    let url = stage.url("guest:guest");
    let api = full_disk();
    let words = ["why", "jobs", "--json", "--watch", "100ms", "--url", &url, "--http", &api];
    let output = leveret(&words).stdin(Stdio::null()).output().unwrap();
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["findings"][0]["kind"], "alarm", "{said:#}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn it_moves() {
    let stage = Stage::new();
    let app = stage.app(Handler::new("jobs", || async {}));
    let (asking, asked) = std::sync::mpsc::channel();
    let (code, said) = std::thread::scope(|scope| {
        let app = &app;
        scope.spawn(move || {
            while asked.try_recv().is_err() {
                post(app, 1);
            }
        });
        let said = stage.why(&["--app", &app.address()]);
        asking.send(()).unwrap();
        said
    });
    assert_eq!((code, &said["findings"][0]["kind"]), (0, &"moving".into()), "{said:#}");
    assert!(said["taken_per_sec"].as_f64().unwrap() > 0.0);
    let (code, said) = stage.why(&["--url", "amqp://127.0.0.1:1"]);
    assert_eq!((code, &said["findings"][0]["kind"]), (1, &"unreachable".into()), "{said:#}");
}
