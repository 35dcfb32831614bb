//! Defects of other clients, each a test that fails if ours has it.
//!
//! The ids are those under which the defects were first written down: T of lapin 4.12 (T8, T10
//! and T11 of amqprs too), A of amqprs 2.1.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use leveret_client::{
    AckMode, Channel, ChannelError, ConnectOptions, Connection, Properties, Publish, PublishError,
    QueueDeclare,
};
use leveret_protocol::{AmqpError, Event, Limits, Method, ReplyCode, queue, tx};

use crate::peer::{connect, connect_with, open_channel, open_confirm_channel, short};

/// What went wrong elsewhere, and the test that it does not here.
struct Defect {
    id: &'static str,
    what: &'static str,
    file: &'static str,
    test: &'static str,
}

const DEFECTS: [Defect; 14] = [
    Defect {
        id: "T1",
        what: "bindings double at each reconnect",
        file: include_str!("../recovery/topology.rs"),
        test: "each_cut_declares_each_thing_once",
    },
    Defect {
        id: "T2",
        what: "a server-named queue is asked for by its old name after a reconnect",
        file: include_str!("../recovery/topology.rs"),
        test: "a_queue_that_the_broker_named_is_followed_to_its_new_name",
    },
    Defect {
        id: "T3",
        what: "after a reconnect a transaction is none",
        file: HERE,
        test: "t3_a_transaction_cut_in_two_never_goes_on_without_its_select",
    },
    Defect {
        id: "T4",
        what: "a consumer recovers before the queue that another channel declared",
        file: include_str!("../recovery/subscriptions.rs"),
        test: "a_queue_declared_here_and_consumed_there_is_back_before_its_consumer",
    },
    Defect {
        id: "T5",
        what: "a returned message is tied to the wrong publish",
        file: HERE,
        test: "t5_one_return_of_ten_before_a_multiple_ack_finds_its_publish",
    },
    Defect {
        id: "T6",
        what: "waiting for confirms ends while some are missing",
        file: HERE,
        test: "t6_an_ack_of_the_third_confirms_neither_first_nor_second",
    },
    Defect {
        id: "T7",
        what: "publishers on clones of a channel get each other's confirms",
        file: include_str!("confirms.rs"),
        test: "clones_publish_at_once_and_each_gets_its_own_confirm",
    },
    Defect {
        id: "T8",
        what: "a deeply nested header aborts the process",
        file: include_str!("consumers.rs"),
        test: "a_message_with_a_header_nested_without_end_is_delivered_without_headers",
    },
    Defect {
        id: "T10",
        what: "a routing key that is no UTF-8 ends the connection",
        file: include_str!("consumers.rs"),
        test: "a_routing_key_that_is_no_text_arrives_as_it_is",
    },
    Defect {
        id: "T11",
        what: "deliveries that nobody takes fill the memory",
        file: include_str!("consumers.rs"),
        test: "a_slow_consumer_without_acks_stops_the_reading_and_memory_stays_bounded",
    },
    Defect {
        id: "T12",
        what: "a publish costs more the more channels are open",
        file: HERE,
        test: "t12_a_publish_costs_the_same_beside_a_thousand_channels",
    },
    Defect {
        id: "A1",
        what: "a heartbeat of zero closes the connection",
        file: HERE,
        test: "a1_without_heartbeats_a_quiet_connection_stays",
    },
    Defect {
        id: "A3",
        what: "requests at once on one channel panic",
        file: HERE,
        test: "a3_forty_declares_at_once_get_their_own_answers",
    },
    Defect {
        id: "A4",
        what: "a publish on a closed channel is sent and closes the connection",
        file: HERE,
        test: "a4_a_publish_on_a_closed_channel_fails_and_is_not_sent",
    },
];

const HERE: &str = include_str!("defects.rs");

#[test]
fn each_of_the_fourteen_defects_has_its_test() {
    let ids: BTreeSet<_> = DEFECTS.iter().map(|defect| defect.id).collect();
    assert_eq!(ids.len(), DEFECTS.len());
    for Defect { id, what, file, test } in DEFECTS {
        assert!(file.contains(&format!("async fn {test}(")), "{id}, {what}: where is {test}?");
    }
}

fn message(body: &str) -> Publish {
    Publish { routing_key: short("k"), body: body.to_owned().into(), ..Publish::default() }
}

#[tokio::test]
async fn t3_a_transaction_cut_in_two_never_goes_on_without_its_select() {
    let (channel, _connection, mut peer) = open_channel().await;
    let (selected, _) = tokio::join!(channel.into_tx(), peer.answer("tx.select", tx::SelectOk));
    let transaction = selected.unwrap();
    transaction.publish(message("first half")).await.unwrap();
    drop(peer);
    while transaction.end().is_none() {
        tokio::task::yield_now().await;
    }
    let late = transaction.publish(message("second half")).await;
    assert!(matches!(late, Err(PublishError::NotSent(_))), "{late:?}");
    assert!(transaction.commit().await.is_err());
    // A new connection begins with a select again: no other way leads to a transaction.
    let (again, _connection, mut peer) = open_channel().await;
    let (selected, asked) = tokio::join!(again.into_tx(), peer.answer("tx.select", tx::SelectOk));
    selected.unwrap();
    assert_eq!(asked.name(), "tx.select");
}

#[tokio::test]
async fn t5_one_return_of_ten_before_a_multiple_ack_finds_its_publish() {
    for returned in 0..10 {
        let (channel, _connection, mut peer) = open_confirm_channel().await;
        let mut confirms = Vec::new();
        for number in 0..10 {
            let id = Properties::builder().message_id(short(&number.to_string())).build();
            let publish = Publish { properties: id, ..message("same") };
            confirms.push(channel.publish(publish).await.unwrap());
            let publish = peer.publish().await;
            if number == returned {
                peer.give_back(&channel, &publish);
            }
        }
        peer.ack(&channel, 10, true).await;
        for (number, fate) in (0..).zip(join_all(confirms).await) {
            let is_returned = matches!(fate, Err(PublishError::Unroutable { .. }));
            assert_eq!(is_returned, number == returned, "{number}: {fate:?}");
        }
    }
}

#[tokio::test]
async fn t6_an_ack_of_the_third_confirms_neither_first_nor_second() {
    let (channel, _connection, mut peer) = open_confirm_channel().await;
    let mut confirms = Vec::new();
    for body in ["1", "2", "3"] {
        confirms.push(channel.publish(message(body)).await.unwrap());
        peer.publish().await;
    }
    peer.ack(&channel, 3, false).await;
    confirms.remove(2).await.unwrap();
    for confirm in &mut confirms {
        assert!(futures_util::poll!(confirm).is_pending());
    }
    peer.ack(&channel, 2, true).await;
    for fate in join_all(confirms).await {
        fate.unwrap();
    }
}

/// How long so many publishes take to be handed over, at best.
async fn publishing(channel: &Channel, peer: &mut crate::peer::Peer) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..30 {
        let began_at = Instant::now();
        for _ in 0..100 {
            channel.publish_and_forget(message("x")).await.unwrap();
        }
        for _ in 0..100 {
            peer.publish().await;
        }
        best = best.min(began_at.elapsed());
    }
    best
}

#[tokio::test]
async fn t12_a_publish_costs_the_same_beside_a_thousand_channels() {
    let (connection, mut peer) = connect().await;
    let channel = peer.channel(&connection).await;
    let alone = publishing(&channel, &mut peer).await;
    let mut others = Vec::new();
    for _ in 0..1000 {
        others.push(peer.channel(&connection).await);
    }
    let beside = publishing(&channel, &mut peer).await;
    // Elsewhere it was ten times as much; a busy machine may well double a duration.
    assert!(beside < alone * 4, "{beside:?} beside 1,000 channels, {alone:?} alone");
    assert_eq!(others.len(), 1000);
}

#[tokio::test(start_paused = true)]
async fn a1_without_heartbeats_a_quiet_connection_stays() {
    let options = ConnectOptions { heartbeat: Duration::ZERO, ..ConnectOptions::default() };
    let limits = Limits { heartbeat_secs: 0, ..Limits::default() };
    let (connection, mut peer) = connect_with(options, limits).await;
    assert_eq!(connection.negotiated().heartbeat_secs, 0);
    peer.received.clear();
    let day = Duration::from_hours(24);
    assert!(tokio::time::timeout(day, connection.closed()).await.is_err());
    assert!(tokio::time::timeout(Duration::from_secs(1), peer.next()).await.is_err());
    assert!(peer.received.is_empty(), "nobody asked for heartbeats");
    still_works(&connection, &mut peer).await;
}

async fn still_works(connection: &Connection, peer: &mut crate::peer::Peer) {
    let channel = peer.channel(connection).await;
    let (purged, _) = tokio::join!(
        channel.queue_purge(short("q")),
        peer.answer("queue.purge", queue::PurgeOk { message_count: 7 })
    );
    assert_eq!(purged.unwrap(), 7);
}

#[tokio::test]
async fn a3_forty_declares_at_once_get_their_own_answers() {
    let (channel, _connection, mut peer) = open_channel().await;
    let names: Vec<_> = (0..40).map(|number| short(&format!("q{number}"))).collect();
    let declares: Vec<_> = names
        .iter()
        .map(|name| QueueDeclare { name: name.clone(), ..QueueDeclare::default() })
        .collect();
    let script = async {
        for _ in 0..40 {
            let (number, method) = peer.method().await;
            let Method::QueueDeclare(declare) = method else { panic!("{method:?}") };
            let answer =
                queue::DeclareOk { queue: declare.queue, message_count: 0, consumer_count: 0 };
            peer.send(number, answer).await;
        }
    };
    let asking = join_all(declares.iter().map(|declare| channel.queue_declare(declare)));
    let (answers, ()) = tokio::join!(asking, script);
    for (name, answer) in names.iter().zip(answers) {
        assert_eq!(answer.unwrap().name, *name);
    }
}

#[tokio::test]
async fn a4_a_publish_on_a_closed_channel_fails_and_is_not_sent() {
    let (channel, connection, mut peer) = open_channel().await;
    let error = AmqpError::new(ReplyCode::NotFound, "no exchange 'x'");
    peer.session.close_channel(channel.number(), &error);
    let event = peer.next().await;
    assert!(matches!(event, Event::ChannelClosed { .. }), "{event:?}");
    peer.received.clear();
    for _ in 0..3 {
        let fate = channel.publish_and_forget(message("late")).await;
        let Err(PublishError::NotSent(ChannelError::Closed { code: 404, .. })) = fate else {
            panic!("{fate:?}")
        };
    }
    let got = channel.get(short("q"), AckMode::Manual).await;
    assert_eq!(got.unwrap_err().code(), Some(404));
    still_works(&connection, &mut peer).await;
    assert!(!peer.received.windows(4).any(|bytes| bytes == b"late"), "it was sent");
    assert_eq!(connection.end(), None);
}
