//! Each publish hears of its own fate.

use bytes::Bytes;
use futures_util::future::join_all;
use leveret_client::{ConnectionEnd, Loss, Properties, Publish, PublishError};
use leveret_protocol::{AmqpError, Event, ReplyCode, basic};

use crate::peer::{connect, open_channel, open_confirm_channel, short};

fn message(key: &str, body: impl Into<Bytes>) -> Publish {
    Publish { routing_key: short(key), body: body.into(), ..Publish::default() }
}

#[tokio::test]
async fn confirms_come_out_of_order_and_in_multiples() {
    let (channel, _connection, mut peer) = open_confirm_channel().await;
    let mut confirms = Vec::new();
    for number in 0..10 {
        confirms.push(channel.publish(message("k", format!("{number}"))).await.unwrap());
        peer.publish().await;
    }
    assert_eq!(
        confirms.iter().map(leveret_client::Confirm::tag).collect::<Vec<_>>(),
        [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    );
    peer.ack(&channel, 7, false).await;
    confirms.remove(6).await.unwrap();
    peer.ack(&channel, 5, true).await;
    for confirm in confirms.drain(..5) {
        confirm.await.unwrap();
    }
    peer.send(channel.number(), basic::Nack { delivery_tag: 9, multiple: true, requeue: false })
        .await;
    let fates: Vec<_> = join_all(confirms.drain(..3)).await;
    assert_eq!(fates, vec![Err(PublishError::Nacked); 3], "6, 8 and 9");
    peer.ack(&channel, 0, true).await;
    confirms.remove(0).await.unwrap();
}

#[tokio::test]
async fn a_confirm_dropped_or_left_alone_disturbs_no_other() {
    let (channel, _connection, mut peer) = open_confirm_channel().await;
    let first = channel.publish(message("k", "1")).await.unwrap();
    drop(channel.publish(message("k", "2")).await.unwrap());
    channel.publish_and_forget(message("k", "3")).await.unwrap();
    let last = channel.publish(message("k", "4")).await.unwrap();
    for _ in 0..4 {
        peer.publish().await;
    }
    peer.send(channel.number(), basic::Nack { delivery_tag: 3, multiple: true, requeue: false })
        .await;
    peer.ack(&channel, 4, false).await;
    last.await.unwrap();
    assert_eq!(first.await, Err(PublishError::Nacked));
}

/// Every third publish is returned, every seventh nacked; confirms come in odd chunks.
#[tokio::test]
async fn five_hundred_mixed_returns_find_their_publish() {
    let (channel, _connection, mut peer) = open_confirm_channel().await;
    let script = async {
        for tag in 1..=500_u64 {
            let publish = peer.publish().await;
            if tag % 3 == 0 {
                peer.give_back(&channel, &publish);
            }
            if tag % 7 == 0 {
                let nack = basic::Nack { delivery_tag: tag, multiple: false, requeue: false };
                peer.session.send(channel.number(), &nack.into()).unwrap();
            }
            if tag % 20 == 0 {
                let ack = basic::Ack { delivery_tag: tag, multiple: true };
                peer.session.send(channel.number(), &ack.into()).unwrap();
                peer.flush().await;
            }
        }
    };
    let publishing = async {
        let mut confirms = Vec::new();
        for number in 1..=500_u32 {
            // Bodies repeat, so only the message id tells some of them apart.
            let properties = Properties::builder().message_id(short(&number.to_string())).build();
            let publish = Publish { properties, ..message("nowhere", format!("{}", number % 5)) };
            confirms.push(channel.publish(publish).await.unwrap());
        }
        join_all(confirms).await
    };
    let (fates, ()) = tokio::join!(publishing, script);
    for (number, fate) in (1..).zip(fates) {
        match fate {
            Err(PublishError::Unroutable { code: 312, returned, .. }) => {
                assert_eq!(number % 3, 0);
                assert_eq!(returned.properties.message_id().unwrap(), *number.to_string());
            }
            Err(PublishError::Nacked) => assert!(number % 7 == 0 && number % 3 != 0),
            fate => assert!(fate.is_ok() && number % 3 != 0 && number % 7 != 0, "{number}"),
        }
    }
}

#[tokio::test]
async fn a_return_out_of_order_or_with_changed_properties_finds_its_publish() {
    let (channel, _connection, mut peer) = open_confirm_channel().await;
    let mut confirms = Vec::new();
    let mut publishes = Vec::new();
    for number in 0..4_u8 {
        let id = Properties::builder().message_id(short(&number.to_string())).build();
        let publish = Publish { properties: id, ..message("nowhere", "same") };
        confirms.push(channel.publish(publish).await.unwrap());
        publishes.push(peer.publish().await);
    }
    // A broker may add to the properties before it gives a message back.
    publishes[1].1 = publishes[1].1.to_builder().reply_to(short("added")).build();
    peer.give_back(&channel, &publishes[3]);
    peer.give_back(&channel, &publishes[1]);
    peer.ack(&channel, 4, true).await;
    let fates = join_all(confirms).await;
    let returned: Vec<bool> =
        fates.iter().map(|fate| matches!(fate, Err(PublishError::Unroutable { .. }))).collect();
    assert_eq!(returned, [false, true, false, true]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clones_publish_at_once_and_each_gets_its_own_confirm() {
    let (channel, _connection, mut peer) = open_confirm_channel().await;
    let publishers = (0..4).map(|publisher| {
        let channel = channel.clone();
        tokio::spawn(async move {
            for number in 0..250 {
                let is_bad = (publisher + number) % 3 == 0;
                let body = if is_bad { "bad" } else { "good" };
                let fate = channel.publish(message("k", body)).await.unwrap().await;
                let expected = if is_bad { Err(PublishError::Nacked) } else { Ok(()) };
                assert_eq!(fate, expected);
            }
        })
    });
    let publishers: Vec<_> = publishers.collect();
    for delivery_tag in 1..=1000 {
        let (_, _, body) = peer.publish().await;
        let multiple = false;
        if body == "bad" {
            let nack = basic::Nack { delivery_tag, multiple, requeue: false };
            peer.send(channel.number(), nack).await;
        } else {
            peer.send(channel.number(), basic::Ack { delivery_tag, multiple }).await;
        }
    }
    for publisher in join_all(publishers).await {
        publisher.unwrap();
    }
}

#[tokio::test]
async fn a_connection_cut_between_publish_and_confirm_leaves_nothing_hanging() {
    let (channel, connection, mut peer) = open_confirm_channel().await;
    let confirmed = channel.publish(message("k", "1")).await.unwrap();
    let lost = channel.publish(message("k", "2")).await.unwrap();
    peer.publish().await;
    peer.publish().await;
    peer.ack(&channel, 1, false).await;
    drop(peer);
    confirmed.await.unwrap();
    let error = lost.await.unwrap_err();
    assert!(error.is_outcome_unknown(), "{error}");
    let end = ConnectionEnd::Lost(Loss::EndOfStream);
    assert!(matches!(&error, PublishError::ConnectionLost(ConnectionEnd::Lost(_))), "{error:?}");
    assert!(matches!(connection.closed().await, ConnectionEnd::Lost(_)));
    let late = channel.publish(message("k", "3")).await.unwrap_err();
    assert!(!late.is_outcome_unknown(), "{late} {end}");
    assert!(connection.channel().await.unwrap_err().is_connection_end());
}

#[tokio::test]
async fn a_channel_error_tells_every_waiting_confirm() {
    let (channel, _connection, mut peer) = open_confirm_channel().await;
    let confirm = channel.publish(message("k", "1")).await.unwrap();
    peer.publish().await;
    let error = AmqpError::new(ReplyCode::NotFound, "no exchange 'x' in vhost '/'");
    peer.session.close_channel(channel.number(), &error);
    let event = peer.next().await;
    assert!(matches!(event, Event::ChannelClosed { .. }), "{event:?}");
    match confirm.await {
        Err(PublishError::ChannelClosed { code: 404, text }) => {
            assert_eq!(text, "NOT_FOUND - no exchange 'x' in vhost '/'");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_channel_without_confirms_refuses_to_promise_one() {
    let (channel, _connection, mut peer) = open_channel().await;
    let error = channel.publish(message("k", "1")).await.unwrap_err();
    assert_eq!(error, PublishError::NotConfirming);
    channel.publish_and_forget(message("k", "2")).await.unwrap();
    let publish = peer.publish().await;
    assert_eq!(publish.2, "2");
    peer.give_back(&channel, &publish);
    let (purged, _) = tokio::join!(
        channel.queue_purge(short("q")),
        peer.answer("queue.purge", leveret_protocol::queue::PurgeOk { message_count: 3 })
    );
    assert_eq!(purged.unwrap(), 3);
    let returned = channel.take_returned();
    assert_eq!(returned.len(), 1);
    assert_eq!(returned[0].body, "2");
}

#[tokio::test]
async fn a_publisher_waits_while_the_peer_does_not_read() {
    let (connection, mut peer) = connect().await;
    let channel = peer.channel(&connection).await;
    let publishing = async {
        for _ in 0..200 {
            channel.publish_and_forget(message("k", vec![7; 10_000])).await.unwrap();
        }
    };
    tokio::pin!(publishing);
    // Everything runs until nothing moves: the pipe, the writer and the buffer are full.
    for _ in 0..2000 {
        assert!(futures_util::poll!(&mut publishing).is_pending(), "2 MB did not fill 1.1 MB");
        tokio::task::yield_now().await;
    }
    let reading = async {
        for _ in 0..200 {
            assert_eq!(peer.publish().await.2.len(), 10_000);
        }
    };
    tokio::join!(publishing, reading);
}
