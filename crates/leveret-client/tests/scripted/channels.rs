//! Channels keep to themselves.

use leveret_client::{
    AckMode, ChannelError, ConnectionEnd, ExchangeDeclare, Loss, QueueBinding, QueueDeclare,
    SettleError,
};
use leveret_protocol::{
    AmqpError, Event, FieldTable, Method, Properties, ReplyCode, ShortStr, basic, exchange, queue,
};

use crate::peer::{connect, open_channel, short};

#[tokio::test]
async fn a_channel_error_closes_that_channel_alone() {
    let (first, connection, mut peer) = open_channel().await;
    let second = peer.channel(&connection).await;
    let (queue, exchange) = (QueueDeclare::default(), ExchangeDeclare::default());
    let (declared, ()) = tokio::join!(first.queue_declare(&queue), async {
        peer.method().await;
        let error = AmqpError::new(ReplyCode::PreconditionFailed, "inequivalent arg 'durable'");
        peer.session.close_channel(first.number(), &error);
        peer.flush().await;
    });
    let error = declared.unwrap_err();
    assert_eq!(error.code(), Some(406));
    assert_eq!(first.end(), Some(error.clone()));
    assert_eq!(first.recover().await, Err(error));
    let event = peer.next().await;
    assert!(matches!(event, Event::ChannelClosed { .. }), "close-ok: {event:?}");
    let (done, _) = tokio::join!(
        second.exchange_declare(&exchange),
        peer.answer("exchange.declare", exchange::DeclareOk)
    );
    done.unwrap();
    drop(first);
    let third = peer.channel(&connection).await;
    assert_eq!(third.number().as_u16(), 1, "the number is used again");
    assert_eq!(second.end(), None);
}

#[tokio::test]
async fn requests_at_once_on_one_channel_get_their_own_replies() {
    let (channel, _connection, mut peer) = open_channel().await;
    let named = |name: &str| QueueDeclare { name: short(name), ..QueueDeclare::default() };
    let (a, b) = (named("a"), named("b"));
    let binding = QueueBinding { queue: short("a"), ..QueueBinding::default() };
    let requests = async {
        tokio::join!(
            channel.queue_declare(&a),
            channel.queue_bind(&binding),
            channel.queue_declare(&b),
            channel.queue_unbind(&binding),
            channel.get(short("a"), AckMode::Manual),
        )
    };
    let script = async {
        let mut asked = Vec::new();
        for _ in 0..5 {
            asked.push(peer.method().await);
        }
        for (number, method) in asked {
            let reply: Method = match method {
                Method::QueueDeclare(declare) => {
                    queue::DeclareOk { queue: declare.queue, message_count: 5, consumer_count: 1 }
                        .into()
                }
                Method::QueueBind(_) => queue::BindOk.into(),
                Method::QueueUnbind(_) => queue::UnbindOk.into(),
                Method::BasicGet(_) => basic::GetEmpty.into(),
                other => panic!("{other:?}"),
            };
            peer.send(number, reply).await;
        }
    };
    let ((a, bound, b, unbound, got), ()) = tokio::join!(requests, script);
    assert_eq!(a.unwrap().name, "a");
    bound.unwrap();
    assert_eq!(b.unwrap().name, "b");
    unbound.unwrap();
    assert_eq!(got.unwrap(), None);
}

#[tokio::test]
async fn a_request_given_up_does_not_shift_the_replies_after_it() {
    let (channel, _connection, mut peer) = open_channel().await;
    {
        let given_up = channel.queue_purge(short("a"));
        tokio::pin!(given_up);
        assert!(futures_util::poll!(&mut given_up).is_pending());
    }
    let (second, ()) = tokio::join!(channel.queue_purge(short("b")), async {
        peer.answer("queue.purge", queue::PurgeOk { message_count: 1 }).await;
        peer.answer("queue.purge", queue::PurgeOk { message_count: 2 }).await;
    });
    assert_eq!(second.unwrap(), 2);
}

#[tokio::test]
async fn a_reply_that_nobody_asked_for_ends_the_connection() {
    let (channel, connection, mut peer) = open_channel().await;
    peer.send(channel.number(), queue::PurgeOk { message_count: 1 }).await;
    match peer.next().await {
        Event::Closing { reason } => assert_eq!(reason.code, 505),
        other => panic!("{other:?}"),
    }
    peer.session.finish_close();
    peer.flush().await;
    let end = connection.closed().await;
    assert!(matches!(end, ConnectionEnd::Lost(Loss::Protocol { .. })), "{end:?}");
    assert_eq!(channel.end(), Some(ChannelError::ConnectionEnded(end)));
}

#[tokio::test]
async fn a_dropped_channel_closes_and_its_number_comes_back() {
    let (channel, connection, mut peer) = open_channel().await;
    let clone = channel.clone();
    drop(channel);
    assert_eq!(clone.end(), None);
    drop(clone);
    match peer.next().await {
        Event::ChannelClosing { channel, reason } => {
            assert_eq!((channel.as_u16(), reason.code), (1, 200));
            peer.session.finish_channel_close(channel);
        }
        other => panic!("{other:?}"),
    }
    peer.flush().await;
    let again = peer.channel(&connection).await;
    let (closed, ()) = tokio::join!(again.close(), async {
        let Event::ChannelClosing { channel, .. } = peer.next().await else { panic!() };
        peer.session.finish_channel_close(channel);
        peer.flush().await;
    });
    let () = closed;
    assert_eq!(again.end(), Some(ChannelError::ClosedHere));
    again.close().await;
    let third = peer.channel(&connection).await;
    assert!(third.number().as_u16() <= 2, "numbers that are free again are used again");
}

#[tokio::test]
async fn channels_end_at_the_limit_and_say_so() {
    let limits = leveret_protocol::Limits { channel_max: 2, ..crate::peer::limits() };
    let options = leveret_client::ConnectOptions::default();
    let (connection, mut peer) = crate::peer::connect_with(options, limits).await;
    let _first = peer.channel(&connection).await;
    let _second = peer.channel(&connection).await;
    let error = connection.channel().await.unwrap_err();
    assert_eq!(error, ChannelError::ChannelsExhausted { max: 2 });
    assert_eq!(connection.end(), None);
}

/// A get on the channel, answered with a message of that tag.
async fn got(
    channel: &leveret_client::Channel,
    peer: &mut crate::peer::Peer,
    ack_mode: AckMode,
) -> leveret_client::Delivery {
    let (got, ()) = tokio::join!(channel.get(short("q"), ack_mode), async {
        let (number, _) = peer.method().await;
        let got = basic::GetOk { delivery_tag: 1, message_count: 4, ..basic::GetOk::default() };
        peer.session.send_content(number, &got.into(), &Properties::EMPTY, "x".into()).unwrap();
        peer.flush().await;
    });
    let got = got.unwrap().unwrap();
    assert_eq!(got.remaining, 4);
    got.delivery
}

#[tokio::test]
async fn a_delivery_of_another_channel_is_never_acked() {
    let (first, connection, mut peer) = open_channel().await;
    let second = peer.channel(&connection).await;
    let delivery = got(&first, &mut peer, AckMode::Manual).await;
    assert_eq!(second.ack(&delivery), Err(SettleError::Foreign));
    let unsettled = got(&first, &mut peer, AckMode::NoAck).await;
    assert_eq!(first.ack(&unsettled), Err(SettleError::NoAck));
    assert_eq!(connection.stray_settlements(), 1);

    let (other, mut other_peer) = connect().await;
    let same_number = other_peer.channel(&other).await;
    assert_eq!(same_number.number(), first.number());
    assert_eq!(same_number.ack(&delivery), Err(SettleError::Foreign));

    first.ack(&delivery).unwrap();
    let (number, method) = peer.method().await;
    assert_eq!(number, first.number());
    assert_eq!(method, basic::Ack { delivery_tag: 1, multiple: false }.into());
}

#[tokio::test]
async fn what_does_not_fit_a_frame_is_refused_and_the_channel_lives() {
    let (channel, _connection, mut peer) = open_channel().await;
    let long = "x".repeat(200_000);
    let arguments = FieldTable::builder().insert("x", long.as_str()).build();
    let huge = QueueDeclare { arguments, ..QueueDeclare::default() };
    let error = channel.queue_declare(&huge).await.unwrap_err();
    assert!(matches!(error, ChannelError::TooLarge { max: 131_072, .. }), "{error:?}");
    let (done, _) = tokio::join!(
        channel.queue_purge(ShortStr::EMPTY),
        peer.answer("queue.purge", queue::PurgeOk::default())
    );
    done.unwrap();
}
