//! Each call gets its own reply, once, or an error that says what happened.

use std::time::{Duration, SystemTime};

use leveret_client::{
    AckMode, ConsumeOptions, ConsumerEnd, DrainTimeout, FieldValue, Properties, Publish,
    RemoteError, RpcError, RpcOptions,
};
use leveret_protocol::{AmqpError, Event, ReplyCode, basic};
use tokio::time::timeout;

use crate::{
    peer::short,
    rpc_server::{Server, answer_to, bare},
};

#[tokio::test]
async fn each_call_gets_its_own_reply_whatever_their_order() {
    let (client, _connection, mut server) = Server::start(RpcOptions::default()).await;
    let calls = async {
        tokio::join!(
            client.call::<_, String>("q", &1),
            client.call::<_, String>("q", &2),
            client.call::<_, String>("q", &3)
        )
    };
    let (answers, ()) = tokio::join!(calls, async {
        server.greet().await;
        let mut requests = Vec::new();
        for _ in 0..3 {
            requests.push(server.peer.publish().await);
        }
        for request in requests.iter().rev() {
            let answer = match &*request.2 {
                b"1" => "\"a\"",
                b"2" => "\"b\"",
                _ => "\"c\"",
            };
            server.answer(request, answer).await;
        }
    });
    assert_eq!(
        (answers.0.unwrap(), answers.1.unwrap(), answers.2.unwrap()),
        ("a".to_owned(), "b".to_owned(), "c".to_owned())
    );
    let stats = client.stats();
    assert_eq!((stats.in_flight, stats.replies, stats.unknown), (0, 3, 0));
}

#[tokio::test]
async fn a_request_says_who_asks_and_how_long() {
    let (client, _connection, mut server) = Server::start(RpcOptions::default()).await;
    let headers = leveret_client::FieldTable::builder().insert("mood", "good").build();
    let properties =
        Properties::builder().headers(headers).expiration(short("700")).priority(3).build();
    let asked = Publish { properties, mandatory: false, ..bare("q") };
    let before = SystemTime::now();
    let (_, ()) = tokio::join!(client.request(asked), async {
        server.greet().await;
        let request = server.peer.publish().await;
        let (publish, properties, _) = &request;
        assert!(publish.mandatory);
        assert_eq!(properties.reply_to().unwrap(), "amq.rabbitmq.reply-to");
        assert_eq!(properties.expiration().unwrap(), "700");
        assert_eq!(properties.priority(), Some(3));
        assert_eq!(properties.correlation_id().unwrap().len(), 32);
        let headers = properties.headers().unwrap();
        assert_eq!(headers.get("mood"), Some("good".into()));
        let Some(FieldValue::I64(millis)) = headers.get("x-leveret-deadline") else { panic!() };
        let since = before.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
        let ahead = u128::try_from(millis).unwrap() - since;
        assert!((4_000..60_000).contains(&ahead), "{ahead}");
        server.answer(&request, "1").await;
    });
    let (_, ()) = tokio::join!(client.request(bare("q")), async {
        let request = server.peer.publish().await;
        let expiration: u64 = request.1.expiration().unwrap().to_str().unwrap().parse().unwrap();
        assert!((1..=5_000).contains(&expiration), "{expiration}");
        server.answer(&request, "1").await;
    });
}

#[tokio::test]
async fn a_request_that_nobody_serves_fails_at_once() {
    let (client, _connection, mut server) = Server::start(RpcOptions::default()).await;
    let (answer, ()) = tokio::join!(client.call::<_, ()>(("x", "k"), &7), async {
        server.greet().await;
        let request = server.peer.publish().await;
        server.give_back(&request).await;
    });
    let error = answer.unwrap_err();
    assert_eq!(error.to_string(), "nobody serves exchange `x`, routing key `k`: 312 NO_ROUTE");
    assert!(!error.is_outcome_unknown());
    let RpcError::NoRoute { returned } = error else { panic!("{error:?}") };
    assert_eq!(returned.body, "7");
}

#[tokio::test]
async fn replies_that_nobody_waits_for_are_dropped_and_counted() {
    let (client, _connection, mut server) = Server::start(RpcOptions::default()).await;
    let mut given_up = Box::pin(client.request(bare("q")));
    let request = tokio::select! {
        answer = &mut given_up => panic!("{answer:?}"),
        request = async { server.greet().await; server.peer.publish().await } => request,
    };
    drop(given_up);
    assert_eq!(client.stats().in_flight, 0);
    server.answer(&request, "late").await;
    server.answer(&request, "second").await;
    server.reply(&Properties::EMPTY, "of nobody");
    let forged = Properties::builder().correlation_id(short(&"0".repeat(32))).build();
    server.reply(&forged, "forged");
    let (answer, ()) = tokio::join!(client.request(bare("q")), async {
        let request = server.peer.publish().await;
        server.answer(&request, "right").await;
        server.answer(&request, "second").await;
    });
    assert_eq!(answer.unwrap().body, "right");
    let (answer, ()) = tokio::join!(client.request(bare("q")), async {
        let request = server.peer.publish().await;
        server.answer(&request, "last").await;
    });
    assert_eq!(answer.unwrap().body, "last");
    let stats = client.stats();
    assert_eq!((stats.replies, stats.late, stats.duplicate, stats.unknown), (2, 1, 2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_with_its_time() {
    let (client, _connection, mut server) = Server::start(RpcOptions::default()).await;
    let within = Duration::from_millis(250);
    let error = client.call_within::<_, ()>("q", &1, within).await.unwrap_err();
    assert_eq!(error.to_string(), "no answer within 250 ms, the request was not sent");
    assert!(!error.is_outcome_unknown());

    let silent = async {
        server.greet().await;
        server.peer.publish().await
    };
    let (answer, request) = tokio::join!(client.request_within(bare("q"), within), silent);
    let error = answer.unwrap_err();
    assert!(matches!(error, RpcError::Timeout { is_sent: true, .. }), "{error:?}");
    assert!(error.is_outcome_unknown());
    server.answer(&request, "late").await;
    let (answer, ()) = tokio::join!(client.request(bare("q")), async {
        let request = server.peer.publish().await;
        server.answer(&request, "right").await;
    });
    assert_eq!(answer.unwrap().body, "right");
    assert_eq!(client.stats().late, 1);
}

#[tokio::test]
async fn an_error_of_the_server_is_an_error_of_the_call() {
    let (client, _connection, mut server) = Server::start(RpcOptions::default()).await;
    let sold_out = RemoteError {
        class: "out-of-stock".to_owned(),
        text: "no \u{fc} ".repeat(400),
        is_transient: true,
    };
    let (answer, ()) = tokio::join!(client.call::<_, u8>("q", &1), async {
        server.greet().await;
        let request = server.peer.publish().await;
        let properties = answer_to(&request);
        let reply = Publish { properties, ..Publish::default() }.with_error(&sold_out);
        server.reply(&reply.properties, "details");
        server.peer.flush().await;
    });
    let RpcError::Remote { error, reply } = answer.unwrap_err() else { panic!() };
    assert_eq!((error.class.as_str(), error.is_transient), ("out-of-stock", true));
    assert!(sold_out.text.starts_with(&error.text) && error.text.len() > 1000);
    assert!(error.text.len() <= 1024);
    assert_eq!(reply.body, "details");
}

#[tokio::test]
async fn an_answer_of_another_shape_is_no_answer() {
    let (client, _connection, mut server) = Server::start(RpcOptions::default()).await;
    let (answer, ()) = tokio::join!(client.call::<_, u8>("q", &1), async {
        server.greet().await;
        let request = server.peer.publish().await;
        server.answer(&request, "\"text\"").await;
    });
    let error = answer.unwrap_err();
    assert!(
        matches!(&error, RpcError::Decode { reply, .. } if reply.body == "\"text\""),
        "{error:?}"
    );
    let (answer, ()) = tokio::join!(client.call::<_, u8>("q", &1), async {
        let request = server.peer.publish().await;
        let picture = answer_to(&request).to_builder().content_type(short("image/png")).build();
        server.reply(&picture, "");
        server.peer.flush().await;
    });
    let text = answer.unwrap_err().to_string();
    assert!(text.starts_with("the answer cannot be read: content type `image/png`"), "{text}");
    let error = client.call::<_, u8>(&"x".repeat(256), &1).await.unwrap_err();
    assert_eq!(error.to_string(), "the routing key has 256 bytes, at most 255 are possible");
}

#[tokio::test]
async fn the_end_of_a_channel_costs_its_calls_and_the_next_has_another() {
    let (client, _connection, mut server) = Server::start(RpcOptions::default()).await;
    let others = async { tokio::join!(client.request(bare("q")), client.request(bare("q"))) };
    let (answers, ()) = tokio::join!(others, async {
        server.greet().await;
        server.peer.publish().await;
        server.peer.publish().await;
        let error = AmqpError::new(ReplyCode::AccessRefused, "not for you");
        server.peer.session.close_channel(server.number, &error);
        server.peer.flush().await;
    });
    for answer in [answers.0, answers.1] {
        let error = answer.unwrap_err();
        assert!(error.is_outcome_unknown());
        let RpcError::Lost(ConsumerEnd::ChannelClosed { code: 403, text }) = error else {
            panic!()
        };
        assert_eq!(text, "ACCESS_REFUSED - not for you");
    }
    let event = server.peer.next().await;
    assert!(matches!(event, Event::ChannelClosed { .. }), "{event:?}");
    let (answer, ()) = tokio::join!(client.request(bare("q")), async {
        server.greet().await;
        let request = server.peer.publish().await;
        server.answer(&request, "right").await;
    });
    assert_eq!(answer.unwrap().body, "right");

    let (answer, ()) = tokio::join!(client.request(bare("q")), async {
        server.peer.publish().await;
        drop(server.peer);
    });
    let error = answer.unwrap_err();
    assert!(matches!(error, RpcError::Lost(ConsumerEnd::ConnectionEnded(_))), "{error:?}");
    let error = client.request(bare("q")).await.unwrap_err();
    assert!(matches!(error, RpcError::NotSent(_)), "{error:?}");
}

#[tokio::test]
async fn a_missing_exchange_costs_the_calls_to_it_alone() {
    let (client, _connection, mut server) = Server::start(RpcOptions::default()).await;
    let missing = Publish { exchange: short("missing"), ..bare("q") };
    let mut good = Box::pin(client.request(bare("q")));
    let request = tokio::select! {
        answer = &mut good => panic!("{answer:?}"),
        request = async { server.greet().await; server.peer.publish().await } => request,
    };
    let number = server.number;
    let (answer, ()) = tokio::join!(client.request(missing), async {
        server.greet().await;
        assert_ne!(server.number, number);
        server.peer.publish().await;
        let error = AmqpError::new(ReplyCode::NotFound, "no exchange 'missing'");
        server.peer.session.close_channel(server.number, &error);
        server.peer.flush().await;
        assert!(matches!(server.peer.next().await, Event::ChannelClosed { .. }));
    });
    let error = answer.unwrap_err().to_string();
    assert!(error.ends_with("404 NOT_FOUND - no exchange 'missing'"), "{error}");
    server.number = number;
    let (answer, ()) = tokio::join!(good, server.answer(&request, "right"));
    assert_eq!(answer.unwrap().body, "right");
}

#[tokio::test]
async fn no_more_calls_are_under_way_than_allowed() {
    let options = RpcOptions { calls_max: 1, ..RpcOptions::default() };
    let (client, _connection, mut server) = Server::start(options).await;
    let calls = async { tokio::join!(client.request(bare("1")), client.request(bare("2"))) };
    let (answers, ()) = tokio::join!(calls, async {
        server.greet().await;
        let first = server.peer.publish().await;
        assert_eq!(client.stats().in_flight, 1);
        server.answer(&first, "first").await;
        let second = server.peer.publish().await;
        assert_eq!(second.0.routing_key, "2");
        server.answer(&second, "second").await;
    });
    assert_eq!(answers.1.unwrap().body, "second");
}

#[tokio::test(start_paused = true)]
async fn draining_waits_for_replies_and_lets_nobody_in() {
    let (client, _connection, mut server) = Server::start(RpcOptions::default()).await;
    let mut call = Box::pin(client.request(bare("q")));
    let request = tokio::select! {
        answer = &mut call => panic!("{answer:?}"),
        request = async { server.greet().await; server.peer.publish().await } => request,
    };
    let within = Duration::from_secs(1);
    let drained = client.drain(within).await;
    assert!(matches!(drained, Err(DrainTimeout { in_flight: 1, .. })), "{drained:?}");
    let error = client.request(bare("q")).await.unwrap_err();
    assert!(matches!(error, RpcError::Draining), "{error:?}");
    let again = client.drain(within);
    let (answer, again, ()) = tokio::join!(call, again, server.answer(&request, "right"));
    assert_eq!((answer.unwrap().body.as_ref(), again), (b"right".as_ref(), Ok(())));

    let (client, _connection, mut server) = Server::start(RpcOptions::default()).await;
    let (answer, drained) = tokio::join!(client.request(bare("q")), async {
        server.greet().await;
        let request = server.peer.publish().await;
        let (drained, ()) = tokio::join!(client.drain(within), server.answer(&request, "right"));
        drained
    });
    assert_eq!(answer.unwrap().body, "right");
    assert_eq!(drained, Ok(()));
    assert_eq!(client.drain(within).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_consumer_that_takes_nothing_does_not_hold_up_replies() {
    let (client, connection, mut server) = Server::start(RpcOptions::default()).await;
    let channel = server.peer.channel(&connection).await;
    let options = ConsumeOptions { ack_mode: AckMode::NoAck, ..ConsumeOptions::default() };
    let (consumer, _) = tokio::join!(
        channel.consume(short("busy"), options),
        server.peer.answer("basic.consume", basic::ConsumeOk { consumer_tag: short("c") })
    );
    let mut consumer = consumer.unwrap();
    let both = async {
        tokio::join!(client.request(bare("q")), async {
            server.greet().await;
            let request = server.peer.publish().await;
            for tag in 1..=6 {
                server.peer.deliver(&channel, tag, vec![0; 1024 * 1024]);
            }
            server.answer(&request, "right").await;
        })
    };
    let (answer, ()) = timeout(Duration::from_mins(1), both).await.unwrap();
    assert_eq!(answer.unwrap().body, "right");
    assert!(consumer.try_recv().is_some());
}
