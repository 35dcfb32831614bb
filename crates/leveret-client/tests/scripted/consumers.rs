//! Deliveries arrive in order, within bounds, and end with a reason.

use std::fmt::Write as _;

use bytes::{BufMut as _, BytesMut};
use futures_util::StreamExt as _;
use leveret_client::{
    AckMode, Channel, ConnectionEnd, ConsumeOptions, Consumer, ConsumerEnd, Refusal,
};
use leveret_protocol::{AmqpError, Event, Method, ReplyCode, basic, queue};

use crate::peer::{Peer, open_channel, short};

async fn consume(channel: &Channel, peer: &mut Peer, ack_mode: AckMode) -> Consumer {
    let options = ConsumeOptions { ack_mode, ..ConsumeOptions::default() };
    let (consumer, _) = tokio::join!(
        channel.consume(short("q"), options),
        peer.answer("basic.consume", basic::ConsumeOk { consumer_tag: short("c") })
    );
    consumer.unwrap()
}

#[tokio::test]
async fn deliveries_come_in_order_and_are_settled() {
    let (channel, _connection, mut peer) = open_channel().await;
    let mut consumer = consume(&channel, &mut peer, AckMode::Manual).await;
    assert_eq!(*consumer.tag(), "c");
    for tag in 1..=6 {
        peer.deliver(&channel, tag, format!("{tag}"));
    }
    peer.flush().await;
    let mut deliveries = Vec::new();
    for tag in 1..=6 {
        let delivery = consumer.next().await.unwrap();
        assert_eq!((delivery.tag, &*delivery.body), (tag, tag.to_string().as_bytes()));
        deliveries.push(delivery);
    }
    assert!(consumer.try_recv().is_none());
    channel.ack(&deliveries[0]).unwrap();
    channel.ack_up_to(&deliveries[2]).unwrap();
    channel.nack(&deliveries[3], Refusal::Discard).unwrap();
    channel.nack_up_to(&deliveries[4], Refusal::Requeue).unwrap();
    channel.reject(&deliveries[5], Refusal::Discard).unwrap();
    let mut sent = String::new();
    for _ in 0..5 {
        let (_, method) = peer.method().await;
        writeln!(sent, "{method:?}").unwrap();
    }
    expect_test::expect![[r#"
        BasicAck(Ack { delivery_tag: 1, multiple: false })
        BasicAck(Ack { delivery_tag: 3, multiple: true })
        BasicNack(Nack { delivery_tag: 4, multiple: false, requeue: false })
        BasicNack(Nack { delivery_tag: 5, multiple: true, requeue: true })
        BasicReject(Reject { delivery_tag: 6, requeue: false })
    "#]]
    .assert_eq(&sent);
}

#[tokio::test]
async fn a_delivery_in_the_same_read_as_consume_ok_is_not_lost() {
    let (channel, _connection, mut peer) = open_channel().await;
    let consuming = channel.consume(short("q"), ConsumeOptions::default());
    let (consumer, ()) = tokio::join!(consuming, async {
        let (number, _) = peer.method().await;
        let started = basic::ConsumeOk { consumer_tag: short("c") };
        peer.session.send(number, &started.into()).unwrap();
        peer.deliver(&channel, 1, "early");
        peer.flush().await;
    });
    assert_eq!(consumer.unwrap().recv().await.unwrap().body, "early");
}

#[tokio::test]
async fn a_consumer_tells_why_it_ended() {
    let (channel, connection, mut peer) = open_channel().await;
    let mut consumer = consume(&channel, &mut peer, AckMode::Manual).await;
    peer.deliver(&channel, 1, "last");
    peer.send(channel.number(), basic::Cancel { consumer_tag: short("c"), no_wait: true }).await;
    assert_eq!(consumer.recv().await.unwrap().body, "last");
    assert!(consumer.recv().await.is_none());
    assert_eq!(consumer.end(), Some(ConsumerEnd::CancelledByBroker));
    drop(consumer);

    let mut consumer = consume(&channel, &mut peer, AckMode::Manual).await;
    let (cancelled, _) = tokio::join!(
        consumer.cancel(),
        peer.answer("basic.cancel", basic::CancelOk { consumer_tag: short("c") })
    );
    cancelled.unwrap();
    assert!(consumer.recv().await.is_none());
    assert_eq!(consumer.end(), Some(ConsumerEnd::CancelledHere));
    consumer.cancel().await.unwrap();

    let mut consumer = consume(&channel, &mut peer, AckMode::Manual).await;
    let error = AmqpError::new(ReplyCode::PreconditionFailed, "unknown delivery tag 9");
    peer.session.close_channel(channel.number(), &error);
    peer.flush().await;
    assert!(consumer.recv().await.is_none());
    let text = "PRECONDITION_FAILED - unknown delivery tag 9".to_owned();
    assert_eq!(consumer.end(), Some(ConsumerEnd::ChannelClosed { code: 406, text }));
    assert!(matches!(peer.next().await, Event::ChannelClosed { .. }));

    let channel = peer.channel(&connection).await;
    let mut consumer = consume(&channel, &mut peer, AckMode::Manual).await;
    drop(peer);
    assert!(consumer.recv().await.is_none());
    let end = consumer.end();
    assert!(matches!(end, Some(ConsumerEnd::ConnectionEnded(ConnectionEnd::Lost(_)))), "{end:?}");
}

#[tokio::test]
async fn a_dropped_consumer_cancels_itself_and_gives_back_what_it_had() {
    let (channel, _connection, mut peer) = open_channel().await;
    let mut consumer = consume(&channel, &mut peer, AckMode::Manual).await;
    for tag in 1..=3 {
        peer.deliver(&channel, tag, "x");
    }
    peer.flush().await;
    assert_eq!(consumer.recv().await.unwrap().tag, 1);
    drop(consumer);
    assert_eq!(peer.method().await.1.name(), "basic.cancel");
    // This one was on its way when the broker read the cancel.
    peer.deliver(&channel, 4, "x");
    peer.send(channel.number(), basic::CancelOk { consumer_tag: short("c") }).await;
    for tag in 2..=4 {
        let back = basic::Nack { delivery_tag: tag, multiple: false, requeue: true };
        assert_eq!(peer.method().await.1, back.into());
    }
}

#[tokio::test]
async fn a_consumer_given_up_while_it_starts_is_cancelled() {
    let (channel, _connection, mut peer) = open_channel().await;
    {
        let starting = channel.consume(short("q"), ConsumeOptions::default());
        tokio::pin!(starting);
        assert!(futures_util::poll!(&mut starting).is_pending());
    }
    let (number, _) = peer.method().await;
    peer.send(number, basic::ConsumeOk { consumer_tag: short("c") }).await;
    assert_eq!(peer.method().await.1.name(), "basic.cancel");
}

#[tokio::test]
async fn a_slow_consumer_without_acks_stops_the_reading_and_memory_stays_bounded() {
    let (channel, _connection, mut peer) = open_channel().await;
    let mut consumer = consume(&channel, &mut peer, AckMode::NoAck).await;
    let body = bytes::Bytes::from(vec![1; 64 * 1024]);
    // 4 MiB fit into the buffer and 64 KiB into the pipe; the rest must wait.
    let flooding = async {
        for tag in 1..=200 {
            peer.deliver(&channel, tag, body.clone());
            peer.flush().await;
        }
    };
    tokio::pin!(flooding);
    for _ in 0..2000 {
        assert!(futures_util::poll!(&mut flooding).is_pending(), "12.8 MB went into 4 MiB");
        tokio::task::yield_now().await;
    }
    let receiving = async {
        for tag in 1..=200 {
            assert_eq!(consumer.recv().await.unwrap().tag, tag);
        }
    };
    tokio::join!(flooding, receiving);
}

#[tokio::test]
async fn a_full_buffer_does_not_keep_a_reply_from_who_waits_for_it() {
    let (channel, _connection, mut peer) = open_channel().await;
    let _consumer = consume(&channel, &mut peer, AckMode::NoAck).await;
    let body = bytes::Bytes::from(vec![1; 64 * 1024]);
    let script = async {
        for tag in 1..=100 {
            peer.deliver(&channel, tag, body.clone());
            peer.flush().await;
        }
        peer.answer("queue.purge", queue::PurgeOk { message_count: 1 }).await;
    };
    let (purged, ()) = tokio::join!(channel.queue_purge(short("q")), script);
    assert_eq!(purged.unwrap(), 1);
}

#[tokio::test]
async fn a_full_buffer_does_not_keep_a_publisher_from_a_broker_that_waits_to_write() {
    let (channel, _connection, mut peer) = open_channel().await;
    let mut consumer = consume(&channel, &mut peer, AckMode::NoAck).await;
    let publishing = async {
        for _ in 0..200 {
            let body = bytes::Bytes::from(vec![2; 10_000]);
            let publish = leveret_client::Publish { body, ..leveret_client::Publish::default() };
            channel.publish_and_forget(publish).await.unwrap();
        }
    };
    // This peer reads nothing before it has written all of 6.4 MB.
    let script = async {
        for tag in 1..=100 {
            peer.deliver(&channel, tag, vec![1; 64 * 1024]);
        }
        peer.flush().await;
        for _ in 0..200 {
            peer.publish().await;
        }
    };
    tokio::join!(publishing, script);
    assert_eq!(consumer.recv().await.unwrap().tag, 1);
}

#[tokio::test]
async fn a_full_buffer_of_a_consumer_that_ended_holds_up_nobody() {
    let (channel, connection, mut peer) = open_channel().await;
    let mut consumer = consume(&channel, &mut peer, AckMode::NoAck).await;
    for tag in 1..=70 {
        peer.deliver(&channel, tag, vec![1; 64 * 1024]);
    }
    let error = AmqpError::new(ReplyCode::NotFound, "gone");
    peer.session.close_channel(channel.number(), &error);
    let other = tokio::join!(connection.channel(), async {
        // What is behind the deliveries is read although nobody takes them.
        while !matches!(peer.next().await, Event::ChannelOpened { .. }) {}
    });
    let other = other.0.unwrap();
    assert!(matches!(peer.next().await, Event::ChannelClosed { .. }), "close-ok");
    let (purged, _) = tokio::join!(
        other.queue_purge(short("q")),
        peer.answer("queue.purge", queue::PurgeOk { message_count: 1 })
    );
    purged.unwrap();
    for tag in 1..=70 {
        assert_eq!(consumer.recv().await.unwrap().tag, tag);
    }
    assert!(consumer.recv().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_pause_in_reading_is_not_the_brokers_silence() {
    let options = leveret_client::ConnectOptions {
        heartbeat: std::time::Duration::from_secs(10),
        ..leveret_client::ConnectOptions::default()
    };
    let limits = leveret_protocol::Limits::default();
    let (connection, mut peer) = crate::peer::connect_with(options, limits).await;
    let channel = peer.channel(&connection).await;
    let mut consumer = consume(&channel, &mut peer, AckMode::NoAck).await;
    let body = bytes::Bytes::from(vec![1; 64 * 1024]);
    let flooding = async {
        for tag in 1..=100 {
            peer.deliver(&channel, tag, body.clone());
            peer.flush().await;
        }
    };
    tokio::pin!(flooding);
    let minutes = std::time::Duration::from_mins(3);
    assert!(tokio::time::timeout(minutes, &mut flooding).await.is_err(), "all of it was read");
    assert_eq!(connection.end(), None);
    let receiving = async {
        for tag in 1..=100 {
            assert_eq!(consumer.recv().await.unwrap().tag, tag);
        }
    };
    tokio::join!(flooding, receiving);
}

#[tokio::test]
async fn a_message_with_a_header_nested_without_end_is_delivered_without_headers() {
    let (channel, connection, mut peer) = open_channel().await;
    let mut consumer = consume(&channel, &mut peer, AckMode::Manual).await;
    let mut table = Vec::new();
    for _ in 0..5000 {
        let mut outer = vec![1, b'h', b'F'];
        outer.put_u32(u32::try_from(table.len()).unwrap());
        outer.extend_from_slice(&table);
        table = outer;
    }
    let mut header = BytesMut::new();
    header.put_u16(60);
    header.put_u16(0);
    header.put_u64(0);
    header.put_u16(1 << 13 | 1 << 7);
    header.put_u32(u32::try_from(table.len()).unwrap());
    header.put_slice(&table);
    header.put_slice(b"\x04id-1");
    let mut bytes = BytesMut::new();
    put_frame(&mut bytes, 1, b"\0\x3c\0\x3c\x01c\0\0\0\0\0\0\0\x01\0\0\x01k");
    put_frame(&mut bytes, 2, &header);
    peer.write_raw(&bytes).await;
    let delivery = consumer.recv().await.unwrap();
    assert!(delivery.properties.has_unreadable_headers());
    assert_eq!(delivery.properties.headers(), None);
    assert_eq!(delivery.properties.message_id().unwrap(), "id-1");
    // So it can be taken out of its queue, and does not come for ever.
    channel.reject(&delivery, Refusal::Discard).unwrap();
    assert_eq!(connection.end(), None);
}

fn put_frame(out: &mut BytesMut, kind: u8, payload: &[u8]) {
    out.put_u8(kind);
    out.put_u16(1);
    out.put_u32(u32::try_from(payload.len()).unwrap());
    out.put_slice(payload);
    out.put_u8(0xCE);
}

#[tokio::test]
async fn a_routing_key_that_is_no_text_arrives_as_it_is() {
    let (channel, _connection, mut peer) = open_channel().await;
    let mut consumer = consume(&channel, &mut peer, AckMode::Manual).await;
    let deliver = basic::Deliver {
        consumer_tag: short("c"),
        delivery_tag: 1,
        routing_key: leveret_client::ShortStr::new(&b"caf\xe9"[..]).unwrap(),
        ..basic::Deliver::default()
    };
    let method = Method::BasicDeliver(deliver);
    let properties = leveret_client::Properties::EMPTY;
    peer.session.send_content(channel.number(), &method, &properties, "x".into()).unwrap();
    peer.flush().await;
    assert_eq!(consumer.recv().await.unwrap().routing_key.as_bytes(), b"caf\xe9");
}

#[tokio::test]
async fn a_reply_that_comes_before_that_of_a_cancel_is_known_as_what_it_is() {
    // RabbitMQ 3.10 answered queue.delete before the basic.cancel of a dropped consumer.
    let (channel, _connection, mut peer) = open_channel().await;
    drop(consume(&channel, &mut peer, AckMode::Manual).await);
    let (limited, ()) = tokio::join!(channel.qos(7), async {
        let (number, cancel) = peer.method().await;
        assert_eq!(cancel.name(), "basic.cancel");
        peer.answer("basic.qos", basic::QosOk).await;
        peer.send(number, basic::CancelOk { consumer_tag: short("c") }).await;
    });
    limited.unwrap();
    let (recovered, _) =
        tokio::join!(channel.recover(), peer.answer("basic.recover", basic::RecoverOk));
    recovered.unwrap();
}
