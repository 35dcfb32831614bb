//! `leveret why` on what `RabbitMQ` can show, over AMQP and its HTTP API.
//!
//! Needs `AMQP_URL` and `HTTP_URL` of one with statistics, which come every five seconds.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use leveret::{Handler, Pause, Publish};
use leveret_client::{
    Channel, ConnectOptions, Connection, ConsumeOptions, Consumer, FieldTable, FieldValue,
    QueueDeclare, QueueDelete,
};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::{application::Application, process::leveret, relocate::run};

/// Statistics come late on a machine that does much else.
const PATIENCE: Duration = Duration::from_mins(2);

/// A queue of a name of its own on the `RabbitMQ` of the environment.
struct Stage {
    url: String,
    http: String,
    queue: &'static str,
    runtime: Runtime,
}

impl Stage {
    fn new(queue: &'static str) -> Option<Self> {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let (Some(url), Some(http)) = (variable("AMQP_URL"), variable("HTTP_URL")) else {
            println!("skipped against RabbitMQ: AMQP_URL and HTTP_URL are not set");
            return None;
        };
        Some(Self { url, http, queue, runtime: Runtime::new().unwrap() })
    }

    fn connect(&self, url: &str) -> Connection {
        let options = ConnectOptions::from_uri(url).unwrap();
        self.runtime.block_on(Connection::connect(&options)).unwrap()
    }

    fn channel(&self) -> (Connection, Channel) {
        let connection = self.connect(&self.url);
        let channel = self.runtime.block_on(async {
            let channel = connection.channel().await.unwrap();
            channel.confirm_select().await.unwrap();
            channel
        });
        (connection, channel)
    }

    fn declare(&self, channel: &Channel, arguments: FieldTable) {
        let name = self.queue.try_into().unwrap();
        let queue = QueueDeclare { name, arguments, ..QueueDeclare::default() };
        self.runtime.block_on(channel.queue_declare(&queue)).unwrap();
    }

    fn send(&self, channel: &Channel, count: usize) {
        for _ in 0..count {
            let publish = leveret_client::Publish {
                routing_key: self.queue.try_into().unwrap(),
                body: "x".into(),
                ..leveret_client::Publish::default()
            };
            self.runtime.block_on(channel.publish_and_confirm(publish)).unwrap();
        }
    }

    fn consume(&self, channel: &Channel) -> Consumer {
        let options = ConsumeOptions::default();
        self.runtime.block_on(channel.consume(self.queue.try_into().unwrap(), options)).unwrap()
    }

    /// What is said of the queue.
    fn why(&self, words: &[&str]) -> (i32, Value) {
        let mut all = vec!["why", self.queue, "--json", "--watch", "300ms", "--http", &self.http];
        if !words.contains(&"--url") {
            all.extend(["--url", &self.url]);
        }
        let output = leveret(&[&all, words].concat()).stdin(Stdio::null()).output().unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        let said = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"));
        (output.status.code().unwrap(), said)
    }

    /// Sooner or later this is said first, and that it moves or not.
    #[track_caller]
    fn check(&self, words: &[&str], kind: &str) -> Value {
        let start = Instant::now();
        loop {
            let (code, said) = self.why(words);
            let first = said.pointer("/findings/0/kind").and_then(Value::as_str);
            if first == Some(kind) {
                assert_eq!(code, i32::from(!["moving", "empty"].contains(&kind)), "{said:#}");
                return said;
            }
            assert!(start.elapsed() < PATIENCE, "wanted {kind}: {said:#}");
        }
    }

    fn ctl(&self, words: &[&str], input: &str) {
        let done = run(&[&["ctl", "--http", &self.http], words].concat(), input);
        assert!(done.starts_with("0\n"), "{done}");
    }
}

/// Other tests ask what a broker has that nobody declared.
impl Drop for Stage {
    fn drop(&mut self) {
        let (_connection, channel) = self.channel();
        for name in [self.queue.to_owned(), format!("{}.dead", self.queue)] {
            let name = name.as_str().try_into().unwrap();
            let delete = QueueDelete { name, ..QueueDelete::default() };
            // One that was never there is gone.
            self.runtime.block_on(channel.queue_delete(&delete)).ok();
        }
    }
}

fn text(text: &str) -> FieldValue {
    FieldValue::LongString(text.to_owned().into())
}

#[test]
fn there_is_no_such_queue() {
    let Some(stage) = Stage::new("why.none") else { return };
    stage.check(&[], "no-queue");
}

#[test]
fn nobody_consumes() {
    let Some(stage) = Stage::new("why.idle") else { return };
    let (_connection, channel) = stage.channel();
    stage.declare(&channel, FieldTable::default());
    stage.send(&channel, 2);
    let said = stage.check(&[], "no-consumer");
    assert_eq!((&said["ready"], &said["consumers"]), (&2.into(), &0.into()), "{said:#}");
}

#[test]
fn a_consumer_does_not_acknowledge() {
    let Some(stage) = Stage::new("why.blocked") else { return };
    let (_connection, channel) = stage.channel();
    stage.declare(&channel, FieldTable::default());
    stage.runtime.block_on(channel.qos(1)).unwrap();
    let mut consumer = stage.consume(&channel);
    stage.send(&channel, 3);
    stage.runtime.block_on(consumer.recv()).unwrap();
    stage.check(&[], "blocked-consumer");
}

#[test]
fn one_consumer_has_all_messages() {
    let Some(stage) = Stage::new("why.greedy") else { return };
    let (_connection, channel) = stage.channel();
    stage.declare(&channel, FieldTable::default());
    let mut greedy = stage.consume(&channel);
    stage.send(&channel, 20);
    stage.runtime.block_on(greedy.recv()).unwrap();
    let (_other, second) = stage.channel();
    let _idle = stage.consume(&second);
    let said = stage.check(&[], "prefetch-starvation");
    let evidence = said["findings"][0]["evidence"][0].as_str().unwrap();
    assert!(evidence.contains("has no limit"), "{said:#}");
}

#[test]
fn a_user_may_not_read_it() {
    let Some(stage) = Stage::new("why.closed") else { return };
    let (_connection, channel) = stage.channel();
    stage.declare(&channel, FieldTable::default());
    stage.send(&channel, 1);
    stage.ctl(&["add-user", "hazel", "--tags", "management"], "down\n");
    stage.ctl(&["set-permissions", "hazel", "^other", ".*", "^other"], "");
    let hazel = stage.url.replacen("guest:guest", "hazel:down", 1);
    // Whoever may not read may look all the same, so it is an administrator who sees it, while that
    // user is connected.
    let _hazel = stage.connect(&hazel);
    let said = stage.check(&[], "no-permission");
    assert!(said["findings"][0]["what"].as_str().unwrap().contains("`hazel`"), "{said:#}");
    stage.ctl(&["delete-user", "hazel"], "");
}

#[test]
fn nothing_leads_to_it() {
    let Some(stage) = Stage::new("why.unbound") else { return };
    let (_connection, channel) = stage.channel();
    stage.declare(&channel, FieldTable::default());
    let _consumer = stage.consume(&channel);
    stage.check(&[], "unbound");
    stage.check(&["--exchange", "amq.topic", "--key", "a.b"], "unbound");
    stage.check(&["--exchange", "none"], "no-exchange");
}

#[test]
fn messages_expire_before_anybody_takes_them() {
    let Some(stage) = Stage::new("why.late") else { return };
    let (_connection, channel) = stage.channel();
    stage.declare(&channel, FieldTable::builder().insert("x-message-ttl", 1_i64).build());
    stage.send(&channel, 5);
    stage.check(&[], "expired");
}

#[test]
fn it_belongs_to_another_connection() {
    let Some(stage) = Stage::new("why.alone") else { return };
    let (_connection, channel) = stage.channel();
    let name = stage.queue.try_into().unwrap();
    let queue = QueueDeclare { name, exclusive: true, ..QueueDeclare::default() };
    stage.runtime.block_on(channel.queue_declare(&queue)).unwrap();
    stage.check(&[], "exclusive");
}

#[test]
fn dead_letters_go_in_a_circle() {
    let Some(stage) = Stage::new("why.circle") else { return };
    let (_connection, channel) = stage.channel();
    // No copy of a message can be looked at here, so the way alone is seen: a note.
    let circle = FieldTable::builder()
        .insert("x-dead-letter-exchange", text(""))
        .insert("x-dead-letter-routing-key", text(stage.queue));
    stage.declare(&channel, circle.build());
    stage.send(&channel, 1);
    let said = stage.check(&[], "no-consumer");
    let mut findings = said["findings"].as_array().unwrap().iter();
    assert!(findings.any(|finding| finding["kind"] == "dead-letter-loop"), "{said:#}");
}

#[test]
fn an_operator_has_paused_the_handler() {
    let Some(stage) = Stage::new("why.paused") else { return };
    let handler = Handler::new(stage.queue, || async {}).named("work");
    let broker = stage.url.strip_prefix("amqp://").unwrap();
    let app = Application::start(broker, vec![handler]);
    let pause = Pause::by("ann").because("the host moves");
    app.runtime.block_on(app.running.control().drain("work", pause)).unwrap();
    let publish = Publish::to_queue(stage.queue).text("x");
    app.runtime.block_on(app.running.publisher().publish(publish)).unwrap();
    stage.check(&["--app", &app.address()], "paused");
}

#[test]
fn it_moves() {
    let Some(stage) = Stage::new("why.moves") else { return };
    let app = Application::start(
        stage.url.strip_prefix("amqp://").unwrap(),
        vec![Handler::new(stage.queue, || async {}).named("work")],
    );
    let (asking, asked) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        let (app, queue) = (&app, stage.queue);
        scope.spawn(move || {
            while asked.try_recv().is_err() {
                let publish = Publish::to_queue(queue).text("x");
                app.runtime.block_on(app.running.publisher().publish(publish)).unwrap();
            }
        });
        stage.check(&["--app", &app.address()], "moving");
        asking.send(()).unwrap();
    });
}
