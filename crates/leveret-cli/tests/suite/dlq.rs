//! Dead letters from the shell: grouped, shown, sent back, edited, deleted.

use expect_test::expect;
use leveret_client::{
    FieldTable, FieldValue, Publish, QueueDeclare, ShortStr,
    blocking::{Channel, Connection},
};

use crate::{
    messages::{broker, check, run},
    process::Broker,
};

fn channel(broker: &Broker) -> Channel {
    let connection = Connection::open(&format!("amqp://{}", broker.address())).unwrap();
    let channel = connection.channel().unwrap();
    channel.confirm_select().unwrap();
    channel
}

fn make(channel: &Channel, name: &str, arguments: FieldTable) {
    let name = name.try_into().unwrap();
    channel.queue_declare(&QueueDeclare { name, arguments, ..QueueDeclare::default() }).unwrap();
}

/// A dead letter as the framework writes it: of handler `resize`, from queue `jobs`.
fn bury(channel: &Channel, id: &str, class: &str, error: &str, body: &str) {
    let headers = FieldTable::builder()
        .insert("x-mine", 7i64)
        .insert("x-leveret-error-class", class.to_owned())
        .insert("x-leveret-error", error.to_owned())
        .insert("x-leveret-last-failure", FieldValue::Timestamp(1_700_000_000))
        .insert("x-leveret-attempts", 3i64)
        .insert("x-leveret-exchange", "images")
        .insert("x-leveret-routing-key", "image.new")
        .insert("x-leveret-queue", "jobs")
        .insert("x-leveret-handler", "resize")
        .build();
    let properties = leveret_client::Properties::builder()
        .message_id(ShortStr::try_from(id).unwrap())
        .headers(headers)
        .persistent()
        .build();
    let publish = Publish {
        routing_key: ShortStr::from_static("jobs.dead"),
        properties,
        mandatory: true,
        body: body.to_owned().into(),
        ..Publish::default()
    };
    channel.publish_and_confirm(publish).unwrap();
}

/// Four dead letters of two kinds, and the queues around them.
pub(crate) fn staged() -> Broker {
    let broker = broker();
    let channel = channel(&broker);
    make(&channel, "jobs", FieldTable::default());
    make(&channel, "jobs.dead", FieldTable::default());
    bury(&channel, "a", "timeout", "no answer within 5 s", r#"{"image":{"id":1}}"#);
    bury(&channel, "b", "no-image", "image 17 is not there", r#"{"image":{"id":17}}"#);
    bury(&channel, "c", "no-image", "image 4711 is not there", r#"{"image":{"id":4711}}"#);
    bury(&channel, "d", "timeout", "no answer within 7 s", r#"{"image":{"id":4}}"#);
    broker
}

pub(crate) fn bodies(broker: &Broker, queue: &str) -> String {
    run(broker, &["get", queue, "-n", "100", "--raw"], b"")
}

#[test]
fn messages_that_failed_alike_are_one_group() {
    let broker = staged();
    check(
        &broker,
        &["dlq", "group", "jobs.dead"],
        "",
        expect![[r#"
            0
            group     messages  class     handler  queue  error
            2d971053  2         timeout   resize   jobs   no answer within 5 s
            28856c1e  2         no-image  resize   jobs   image 17 is not there
        "#]],
    );
    check(
        &broker,
        &["dlq", "ls", "jobs", "jobs.dead"],
        "",
        expect![[r#"
            0
            queue      messages  consumers
            jobs       0         0
            jobs.dead  4         0
        "#]],
    );
    check(
        &broker,
        &["dlq", "show", "jobs.dead", "--message-id", "b"],
        "",
        expect![[r#"
        0
        #1  exchange (default), key jobs.dead, 19 bytes
          delivery_mode: 2
          message_id: b
          header x-mine: 7
          header x-leveret-error-class: no-image
          header x-leveret-error: image 17 is not there
          header x-leveret-last-failure: 1700000000
          header x-leveret-attempts: 3
          header x-leveret-exchange: images
          header x-leveret-routing-key: image.new
          header x-leveret-queue: jobs
          header x-leveret-handler: resize
        {"image":{"id":17}}
    "#]],
    );
}

#[test]
fn a_group_goes_back_in_order_and_the_rest_stays() {
    let broker = staged();
    let groups = run(&broker, &["dlq", "group", "jobs.dead"], b"");
    let line = groups.lines().find(|line| line.contains("timeout")).unwrap();
    let group = line.split_whitespace().next().unwrap();
    check(
        &broker,
        &["dlq", "redrive", "jobs.dead", "--group", group, "--dry-run"],
        "",
        expect![[r#"
            0
            would send a to jobs: timeout
            would send d to jobs: timeout
            2 would be sent back
        "#]],
    );
    assert_eq!(bodies(&broker, "jobs"), "0\nnothing waits in queue `jobs`\n");
    let sent =
        run(&broker, &["dlq", "redrive", "jobs.dead", "--group", group, "--rate", "1000"], b"");
    assert_eq!(sent, "0\n2 sent back\n");
    assert_eq!(bodies(&broker, "jobs"), "0\n{\"image\":{\"id\":1}}\n{\"image\":{\"id\":4}}\n");
    assert_eq!(
        bodies(&broker, "jobs.dead"),
        "0\n{\"image\":{\"id\":17}}\n{\"image\":{\"id\":4711}}\n"
    );
}

#[test]
fn a_message_sent_back_has_its_failure_off_and_is_counted() {
    let broker = staged();
    run(&broker, &["dlq", "redrive", "jobs.dead", "--json-path", "image.id=17"], b"");
    check(
        &broker,
        &["get", "jobs"],
        "",
        expect![[r#"
        0
        #1  exchange (default), key jobs, 19 bytes
          delivery_mode: 2
          message_id: b
          header x-mine: 7
          header x-leveret-redrives: 1
          header x-leveret-attempt: 0
          header x-leveret-exchange: images
          header x-leveret-routing-key: image.new
        {"image":{"id":17}}
    "#]],
    );
}

#[test]
fn one_message_is_edited_and_sent_back() {
    let broker = staged();
    let words: &[&str] = &["dlq", "edit", "jobs.dead", "--body", "-", "--set-header", "x-mine:=8"];
    let many = run(&broker, words, b"{}");
    assert_eq!(many, "64\n4 messages are meant, wanted one to edit: name it with --message-id\n");
    let one = run(&broker, &[words, &["--message-id", "c"][..]].concat(), b"{}");
    assert_eq!(one, "0\n1 edited and sent back\n");
    let back = run(&broker, &["get", "jobs", "--json"], b"");
    assert!(back.contains(r#""payload":"{}""#) && back.contains(r#""x-mine":8"#), "{back}");
}

#[test]
fn a_broker_s_own_dead_letters_go_back_where_they_came_from() {
    let broker = broker();
    let channel = channel(&broker);
    let arguments = FieldTable::builder()
        .insert("x-dead-letter-exchange", "")
        .insert("x-dead-letter-routing-key", "short.dead")
        .insert("x-max-length", 1i64)
        .build();
    make(&channel, "short.dead", FieldTable::default());
    make(&channel, "short", arguments);
    run(&broker, &["publish", "-q", "short", "--lines"], b"one\ntwo\n");
    let groups = run(&broker, &["dlq", "group", "short.dead", "--json"], b"");
    assert!(
        groups.contains(r#""class": "maxlen""#) && groups.contains(r#""queue": "short""#),
        "{groups}"
    );
    let sent = run(&broker, &["dlq", "redrive", "short.dead"], b"");
    // It pushes the other one out in its turn.
    assert_eq!((sent.as_str(), &*bodies(&broker, "short")), ("0\n1 sent back\n", "0\none\n"));
    assert_eq!(bodies(&broker, "short.dead"), "0\ntwo\n");
}

#[test]
fn what_cannot_be_sent_back_stays() {
    let broker = staged();
    check(
        &broker,
        &["dlq", "redrive", "jobs.dead", "--to", "gone"],
        "",
        expect![[r#"
            69
            a message cannot be sent to queue `gone`, and stays: no queue took the message: 312 NO_ROUTE; 0 were sent back before
        "#]],
    );
    run(&broker, &["publish", "-q", "jobs.dead", "--message-id", "z", "no record"], b"");
    check(
        &broker,
        &["dlq", "redrive", "jobs.dead", "--message-id", "z"],
        "",
        expect![[r#"
            69
            message `z` does not say which queue it failed in, and stays: wanted `--to QUEUE`
        "#]],
    );
    check(
        &broker,
        &["dlq", "drop", "jobs.dead", "-H", "x-mine:=7"],
        "",
        expect![[r#"
            64
            nothing of queue `jobs.dead` is deleted: nobody can be asked here, so `--yes` is needed
        "#]],
    );
    let dropped = run(&broker, &["dlq", "drop", "jobs.dead", "-H", "x-mine:=7", "--yes"], b"");
    assert_eq!(dropped, "0\n4 deleted\n");
    assert_eq!(bodies(&broker, "jobs.dead"), "0\nno record\n");
}
