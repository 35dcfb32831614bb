//! Nothing waits for ever: no request, no publish, no confirm.

use std::time::Duration;

use leveret_client::{
    Backlog, Channel, ChannelError, ConnectOptions, Connection, ConnectionEnd, ConsumeOptions,
    ConsumerEnd, Loss, Publish, PublishError, QueueDeclare, Secret, UpdateSecretError,
};
use leveret_protocol::{AmqpError, Event, ReplyCode, basic, confirm, queue};
use tokio::time::Instant;

use crate::peer::{Peer, connect_with, limits, short};

const REQUEST: Duration = Duration::from_secs(5);
const PUBLISH: Duration = Duration::from_secs(3);

async fn connect() -> (Connection, Peer) {
    let options = ConnectOptions {
        heartbeat: Duration::ZERO,
        request_timeout: REQUEST,
        publish_timeout: PUBLISH,
        unconfirmed_max: 2,
        ..ConnectOptions::default()
    };
    connect_with(options, limits()).await
}

async fn open_channel() -> (Channel, Connection, Peer) {
    let (connection, mut peer) = connect().await;
    let channel = peer.channel(&connection).await;
    (channel, connection, peer)
}

async fn open_confirm_channel() -> (Channel, Connection, Peer) {
    let (channel, connection, mut peer) = open_channel().await;
    let (selected, _) =
        tokio::join!(channel.confirm_select(), peer.answer("confirm.select", confirm::SelectOk));
    selected.unwrap();
    (channel, connection, peer)
}

fn message(body: &'static str) -> Publish {
    Publish { routing_key: short("k"), body: body.into(), ..Publish::default() }
}

async fn block(connection: &Connection, peer: &mut Peer) {
    let mut blocked = connection.watch_blocked();
    peer.session.send_blocked(short("low on memory"));
    peer.flush().await;
    blocked.changed().await.unwrap();
}

fn timed_out(method: &'static str) -> ChannelError {
    ChannelError::TimedOut { method, within: REQUEST }
}

#[tokio::test(start_paused = true)]
async fn a_request_without_reply_costs_its_channel_and_no_other() {
    let (channel, connection, mut peer) = open_channel().await;
    let (consumer, _) = tokio::join!(
        channel.consume(short("q"), ConsumeOptions::default()),
        peer.answer("basic.consume", basic::ConsumeOk { consumer_tag: short("c") }),
    );
    let mut consumer = consumer.unwrap();
    let began_at = Instant::now();
    let declared = channel.queue_declare(&QueueDeclare::default()).await;
    assert_eq!(declared.unwrap_err(), timed_out("queue.declare"));
    assert_eq!(began_at.elapsed(), REQUEST);
    assert_eq!(channel.end(), Some(timed_out("queue.declare")));
    assert_eq!(consumer.recv().await, None);
    let method = "queue.declare";
    assert_eq!(consumer.end(), Some(ConsumerEnd::ChannelTimedOut { method, within: REQUEST }));
    assert_eq!(channel.qos(1).await, Err(timed_out("queue.declare")));
    // The broker is told, and a reply that comes too late is nobody's.
    let (_, late) = peer.method().await;
    assert_eq!(late.name(), "queue.declare");
    peer.send(channel.number(), queue::DeclareOk::default()).await;
    assert!(matches!(peer.next().await, Event::ChannelClosing { .. }));
    peer.session.finish_channel_close(channel.number());
    let _neighbour = peer.channel(&connection).await;
    let again = peer.channel(&connection).await;
    assert_eq!(again.number(), channel.number(), "its number is free");
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_opens_too_late_is_closed_again() {
    let (connection, mut peer) = connect().await;
    let opened = connection.channel().await;
    assert_eq!(opened.unwrap_err(), timed_out("channel.open"));
    assert!(matches!(peer.next().await, Event::ChannelOpened { .. }));
    assert!(matches!(peer.next().await, Event::ChannelClosing { .. }));
    assert_eq!(connection.end(), None);
}

#[tokio::test(start_paused = true)]
async fn closing_a_channel_waits_no_longer_than_a_request() {
    let (channel, _connection, _peer) = open_channel().await;
    let began_at = Instant::now();
    channel.close().await;
    assert_eq!(began_at.elapsed(), REQUEST);
    assert_eq!(channel.end(), Some(ChannelError::ClosedHere));
}

#[tokio::test(start_paused = true)]
async fn publishes_wait_while_the_broker_is_blocked_and_consumers_do_not() {
    let (channel, connection, mut peer) = open_confirm_channel().await;
    let (consumer, _) = tokio::join!(
        channel.consume(short("q"), ConsumeOptions::default()),
        peer.answer("basic.consume", basic::ConsumeOk { consumer_tag: short("c") }),
    );
    let mut consumer = consumer.unwrap();
    block(&connection, &mut peer).await;
    let script = async {
        peer.deliver(&channel, 1, "one");
        peer.flush().await;
        let (_, ack) = peer.method().await;
        assert_eq!(ack.name(), "basic.ack", "and no publish before it");
        peer.session.send_unblocked();
        peer.flush().await;
        peer.publish().await;
        peer.ack(&channel, 1, false).await;
    };
    let (published, (), ()) =
        tokio::join!(channel.publish_and_confirm(message("late")), script, async {
            channel.ack(&consumer.recv().await.unwrap()).unwrap();
        });
    published.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_stays_blocked_fails_the_publish_unsent() {
    let (channel, connection, mut peer) = open_confirm_channel().await;
    block(&connection, &mut peer).await;
    let began_at = Instant::now();
    let error = channel.publish(message("never")).await.unwrap_err();
    assert_eq!(began_at.elapsed(), PUBLISH);
    assert_eq!(
        error,
        PublishError::Blocked { reason: "low on memory".to_owned(), within: PUBLISH }
    );
    assert!(!error.is_outcome_unknown());
    assert_eq!(
        error.to_string(),
        "the message was not sent: the broker took none for 3000 ms: low on memory"
    );
    assert!(channel.publish_and_forget(message("never")).await.is_err());
    assert_eq!(channel.end(), None, "the channel lives on");
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_blocked_broker_hears_of_its_channels_end_at_once() {
    let (channel, connection, mut peer) = open_confirm_channel().await;
    let other = peer.channel(&connection).await;
    block(&connection, &mut peer).await;
    let began_at = Instant::now();
    let script = async {
        let error = AmqpError::new(ReplyCode::NotFound, "no exchange");
        peer.session.close_channel(channel.number(), &error);
        peer.flush().await;
    };
    let (published, ()) = tokio::join!(channel.publish(message("x")), script);
    let error = published.unwrap_err();
    assert!(
        matches!(&error, PublishError::NotSent(ChannelError::Closed { code: 404, .. })),
        "{error:?}"
    );
    let (published, ()) = tokio::join!(other.publish_and_forget(message("x")), async {
        drop(peer);
    });
    let lost = ConnectionEnd::Lost(Loss::EndOfStream);
    assert_eq!(published, Err(PublishError::NotSent(lost.into())));
    assert_eq!(began_at.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_full_window_of_unconfirmed_publishes_holds_the_next_up() {
    let (channel, _connection, mut peer) = open_confirm_channel().await;
    let first = channel.publish(message("1")).await.unwrap();
    let second = channel.publish(message("2")).await.unwrap();
    let began_at = Instant::now();
    let error = channel.publish(message("3")).await.unwrap_err();
    assert_eq!(began_at.elapsed(), PUBLISH);
    let backlog = Backlog::Unconfirmed;
    assert_eq!(error, PublishError::NoRoom { backlog, within: PUBLISH });
    let (third, ()) = tokio::join!(channel.publish(message("3")), async {
        for body in ["1", "2"] {
            assert_eq!(peer.publish().await.2, body);
        }
        peer.ack(&channel, 1, false).await;
        assert_eq!(peer.publish().await.2, "3");
        peer.ack(&channel, 3, true).await;
    });
    for confirm in [first, second, third.unwrap()] {
        confirm.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_stopped_channel_waits_and_its_neighbour_publishes() {
    let (channel, connection, mut peer) = open_channel().await;
    let neighbour = peer.channel(&connection).await;
    // A session as a server sends no flow, and takes no answer to it.
    peer.received.clear();
    peer.write_raw(b"\x01\0\x01\0\0\0\x05\0\x14\0\x14\0\xCE").await;
    peer.read_raw(b"\0\x14\0\x15\0").await;
    let error = channel.publish_and_forget(message("no")).await.unwrap_err();
    let backlog = Backlog::Flow;
    assert_eq!(error, PublishError::NoRoom { backlog, within: PUBLISH });
    neighbour.publish_and_forget(message("yes")).await.unwrap();
    peer.read_raw(b"yes").await;
    let (published, ()) = tokio::join!(channel.publish_and_forget(message("late")), async {
        peer.write_raw(b"\x01\0\x01\0\0\0\x05\0\x14\0\x14\x01\xCE").await;
        peer.read_raw(b"\0\x14\0\x15\x01").await;
        peer.read_raw(b"late").await;
    });
    published.unwrap();
}

#[tokio::test(start_paused = true)]
async fn one_call_says_what_became_of_a_publish() {
    let (channel, _connection, mut peer) = open_confirm_channel().await;
    let number = channel.number();
    let publish = || channel.publish_and_confirm(message("x"));
    let (done, ()) = tokio::join!(publish(), async {
        peer.publish().await;
        peer.ack(&channel, 1, false).await;
    });
    assert_eq!(done, Ok(()));
    let (done, ()) = tokio::join!(publish(), async {
        let sent = peer.publish().await;
        peer.give_back(&channel, &sent);
        peer.ack(&channel, 2, false).await;
    });
    assert!(
        matches!(&done, Err(PublishError::Unroutable { code: 312, returned, .. }) if returned.body == "x"),
        "{done:?}"
    );
    let (done, ()) = tokio::join!(publish(), async {
        peer.publish().await;
        peer.send(number, basic::Nack { delivery_tag: 3, multiple: false, requeue: false }).await;
    });
    assert_eq!(done, Err(PublishError::Nacked));
    let began_at = Instant::now();
    let done = publish().await.unwrap_err();
    assert_eq!(began_at.elapsed(), PUBLISH);
    assert_eq!(done, PublishError::TimedOut { within: PUBLISH });
    assert!(done.is_outcome_unknown());
    peer.publish().await;
    let (done, ()) = tokio::join!(publish(), async {
        peer.publish().await;
        let error = AmqpError::new(ReplyCode::PreconditionFailed, "too large");
        peer.session.close_channel(number, &error);
        peer.flush().await;
    });
    let text = "PRECONDITION_FAILED - too large".to_owned();
    assert_eq!(done, Err(PublishError::ChannelClosed { code: 406, text }));
}

#[tokio::test(start_paused = true)]
async fn a_credential_is_replaced_or_the_caller_hears_why_not() {
    let (connection, mut peer) = connect().await;
    let secret = Secret::new("hunter2");
    let update = || connection.update_secret(&secret, "it expires");
    let (first, second, ()) = tokio::join!(update(), update(), async {
        for _ in 0..2 {
            match peer.next().await {
                Event::SecretUpdating { new_secret, reason } => {
                    assert_eq!(new_secret.as_bytes(), b"hunter2");
                    assert_eq!(reason, "it expires");
                }
                other => panic!("{other:?}"),
            }
            peer.session.finish_update_secret();
        }
        peer.flush().await;
    });
    assert_eq!((first, second), (Ok(()), Ok(())));
    assert_eq!(update().await, Err(UpdateSecretError::TimedOut { within: REQUEST }));
    assert_eq!(connection.end(), None);
    let long = Secret::new("x".repeat(200_000));
    let sent = connection.update_secret(&long, "").await;
    assert_eq!(sent, Err(UpdateSecretError::TooLarge));
    let (refused, ()) = tokio::join!(update(), async {
        // The one that was given up, and this one.
        peer.next().await;
        peer.next().await;
        peer.session.close(&AmqpError::new(ReplyCode::NotAllowed, "no"));
        peer.serve_until_closed().await;
    });
    let end = ConnectionEnd::ClosedByBroker { code: 530, text: "NOT_ALLOWED - no".to_owned() };
    assert_eq!(refused, Err(UpdateSecretError::ConnectionEnded(end)));
}
