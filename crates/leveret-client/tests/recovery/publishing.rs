//! Each publish has an answer, whatever becomes of the connection.

use std::{sync::Arc, time::Duration};

use leveret_client::{
    Backlog, Client, ClientEvent, ClientOptions, ConnectOptions, Publish, PublishError, Publisher,
    PublisherOptions, QueueDeclare,
};
use tokio::time::Instant;

use crate::{
    connections::until,
    toy::{Confirming, Door, Toy, short},
};

fn to_jobs(body: &str) -> Publish {
    Publish { routing_key: short("jobs"), body: body.to_owned().into(), ..Publish::default() }
}

async fn publishing(options: PublisherOptions) -> (Toy, Client, Publisher) {
    let toy = Toy::new();
    let client = Client::connect(toy.options()).await.unwrap();
    let jobs = QueueDeclare { name: short("jobs"), ..QueueDeclare::default() };
    client.queue_declare(&jobs).await.unwrap();
    let publisher = client.publisher(options);
    (toy, client, publisher)
}

#[tokio::test(start_paused = true)]
async fn a_publish_is_confirmed_on_whichever_connection_there_is() {
    let (toy, client, publisher) = publishing(PublisherOptions::default()).await;
    let mut events = client.events();
    for number in 0..8 {
        publisher.publish(to_jobs(&number.to_string())).await.unwrap();
        toy.cut();
        until(&mut events, |event| matches!(event, ClientEvent::Lost { .. })).await;
    }
    assert_eq!(toy.ready("jobs"), ["0", "1", "2", "3", "4", "5", "6", "7"]);
}

#[tokio::test(start_paused = true)]
async fn a_publish_waits_for_a_connection_up_to_the_deadline_and_then_says_so() {
    let (toy, client, publisher) = publishing(PublisherOptions::default()).await;
    let mut events = client.events();
    toy.set_door(Door::Shut);
    toy.cut();
    until(&mut events, |event| matches!(event, ClientEvent::Lost { .. })).await;
    let began_at = Instant::now();
    let error = publisher.publish(to_jobs("late")).await.unwrap_err();
    assert!(matches!(error, PublishError::NoConnection { .. }), "{error:?}");
    assert!(!error.is_outcome_unknown());
    assert_eq!(began_at.elapsed().as_secs(), 30);
    let (answer, ()) = tokio::join!(publisher.publish(to_jobs("in time")), async {
        until(&mut events, |event| matches!(event, ClientEvent::Waiting { .. })).await;
        toy.set_door(Door::Open);
    });
    answer.unwrap();
    assert_eq!(toy.ready("jobs"), ["in time"]);
    client.close().await;
    let error = publisher.publish(to_jobs("too late")).await.unwrap_err();
    assert!(matches!(error, PublishError::ClientEnded { .. }), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_publish_that_was_not_confirmed_before_the_cut_is_unknown() {
    let (toy, _client, publisher) = publishing(PublisherOptions::default()).await;
    toy.state().confirming = Confirming::Never;
    let (answer, ()) = tokio::join!(publisher.publish(to_jobs("x")), async {
        toy.until(|state| state.model.queues[&short("jobs")].ready.len() == 1).await;
        toy.cut();
    });
    let error = answer.unwrap_err();
    assert!(matches!(error, PublishError::ConnectionLost(_)), "{error:?}");
    assert!(error.is_outcome_unknown());
}

#[tokio::test(start_paused = true)]
async fn a_publish_is_sent_again_where_that_was_asked_for() {
    let options = PublisherOptions { republish: true, ..PublisherOptions::default() };
    let (toy, client, publisher) = publishing(options).await;
    toy.state().confirming = Confirming::Never;
    let (answer, ()) = tokio::join!(publisher.publish(to_jobs("x")), async {
        toy.until(|state| state.model.queues[&short("jobs")].ready.len() == 1).await;
        toy.state().confirming = Confirming::AtOnce;
        toy.cut();
    });
    answer.unwrap();
    assert_eq!(toy.ready("jobs"), ["x", "x"], "at least once");
    assert_eq!(client.stats().republished, 1);

    toy.state().confirming = Confirming::Never;
    let (answer, ()) = tokio::join!(publisher.publish(to_jobs("y")), async {
        toy.until(|state| state.model.queues[&short("jobs")].ready.len() == 3).await;
        toy.set_door(Door::Shut);
        toy.cut();
    });
    let error = answer.unwrap_err();
    assert!(error.is_outcome_unknown(), "the first attempt may have come through: {error}");
}

#[tokio::test(start_paused = true)]
async fn a_message_without_a_queue_is_given_back_to_who_published_it() {
    let (toy, _client, publisher) = publishing(PublisherOptions::default()).await;
    let lost = Publish { routing_key: short("nowhere"), ..to_jobs("lost") };
    let (kept, lost) = tokio::join!(publisher.publish(to_jobs("kept")), publisher.publish(lost));
    kept.unwrap();
    let PublishError::Unroutable { code: 312, returned, .. } = lost.unwrap_err() else { panic!() };
    assert_eq!(returned.body, "lost");
    assert_eq!(toy.ready("jobs"), ["kept"]);
}

#[tokio::test(start_paused = true)]
async fn a_missing_exchange_costs_one_channel() {
    let (toy, client, publisher) = publishing(PublisherOptions::default()).await;
    let nowhere = Publish { exchange: short("nowhere"), ..to_jobs("x") };
    let error = publisher.publish(nowhere).await.unwrap_err();
    assert!(matches!(&error, PublishError::ChannelClosed { code: 404, .. }), "{error:?}");
    publisher.publish(to_jobs("next")).await.unwrap();
    assert_eq!(toy.ready("jobs"), ["next"]);
    assert_eq!((client.stats().lost, toy.count("confirm.select")), (0, 2));
}

#[tokio::test(start_paused = true)]
async fn a_window_bounds_what_is_unconfirmed() {
    let options = PublisherOptions { window: 3, ..PublisherOptions::default() };
    let (toy, _client, publisher) = publishing(options).await;
    toy.state().confirming = Confirming::Never;
    let answers: Vec<_> = (0..5)
        .map(|number| {
            let publisher = publisher.clone();
            tokio::spawn(async move { publisher.publish(to_jobs(&number.to_string())).await })
        })
        .collect();
    let mut ends = Vec::new();
    for answer in answers {
        ends.push(answer.await.unwrap().unwrap_err());
    }
    let unknown = ends.iter().filter(|error| matches!(error, PublishError::TimedOut { .. }));
    assert_eq!(unknown.count(), 3);
    let full = |error: &&PublishError| {
        matches!(error, PublishError::NoRoom { backlog: Backlog::Unconfirmed, .. })
    };
    assert_eq!(ends.iter().filter(full).count(), 2);
    assert_eq!(toy.ready("jobs").len(), 3);
}

#[tokio::test(start_paused = true)]
async fn publishers_wait_minutes_for_a_broker_that_is_blocked() {
    let toy = Toy::new();
    let publish_timeout = Duration::from_mins(10);
    let mut options = ClientOptions { separate: true, ..toy.options() };
    let heartbeat = Duration::ZERO;
    options.addresses =
        vec![ConnectOptions { publish_timeout, heartbeat, ..ConnectOptions::default() }];
    options.publish_deadline = Duration::from_mins(10);
    let client = Client::connect(options).await.unwrap();
    let jobs = QueueDeclare { name: short("jobs"), ..QueueDeclare::default() };
    client.queue_declare(&jobs).await.unwrap();
    let patient = Arc::new(client.publisher(PublisherOptions::default()));
    let deadline = Some(Duration::from_mins(1));
    let hasty = client.publisher(PublisherOptions { deadline, ..PublisherOptions::default() });
    let mut events = client.events();
    toy.set_blocked(Some("low on memory"));
    until(&mut events, |event| matches!(event, ClientEvent::Blocked { .. })).await;
    until(&mut events, |event| matches!(event, ClientEvent::Blocked { .. })).await;
    let waiting = tokio::spawn(async move { patient.publish(to_jobs("patient")).await });
    let error = hasty.publish(to_jobs("hasty")).await.unwrap_err();
    let PublishError::Blocked { reason, within } = &error else { panic!("{error:?}") };
    assert_eq!((reason.as_str(), within.as_secs()), ("low on memory", 60));
    tokio::time::advance(Duration::from_mins(5)).await;
    assert!(!waiting.is_finished());
    toy.set_blocked(None);
    until(&mut events, |event| matches!(event, ClientEvent::Unblocked { .. })).await;
    waiting.await.unwrap().unwrap();
    assert_eq!(toy.ready("jobs"), ["patient"]);
}

/// lapin 4.12 went on without the transaction: what was not committed was visible at once.
#[tokio::test(start_paused = true)]
async fn a_transaction_does_not_survive_a_cut_in_halves() {
    let (toy, client, _publisher) = publishing(PublisherOptions::default()).await;
    let transaction = client.tx_channel().await.unwrap();
    transaction.publish(to_jobs("half")).await.unwrap();
    let mut events = client.events();
    toy.cut();
    until(&mut events, |event| matches!(event, ClientEvent::Connected { .. })).await;
    let error = transaction.publish(to_jobs("other half")).await.unwrap_err();
    assert!(matches!(error, PublishError::NotSent(_)), "{error:?}");
    assert!(transaction.commit().await.unwrap_err().is_connection_end());
    assert_eq!(toy.ready("jobs"), [""; 0]);
    let transaction = client.tx_channel().await.unwrap();
    transaction.publish(to_jobs("whole")).await.unwrap();
    assert_eq!(toy.ready("jobs"), [""; 0]);
    drop(transaction.commit().await.unwrap());
    assert_eq!(toy.ready("jobs"), ["whole"]);
}

/// A broker closes the channel for a message whose exchange is missing, and does not say which
/// message that was.
#[tokio::test(start_paused = true)]
async fn a_publish_to_nowhere_fails_alone_where_its_neighbours_may_be_sent_again() {
    let options = PublisherOptions { republish: true, ..PublisherOptions::default() };
    let (toy, client, publisher) = publishing(options).await;
    toy.state().confirming = Confirming::Never;
    let neighbours = ["a", "b", "c"].map(|body| {
        let publisher = publisher.clone();
        tokio::spawn(async move { publisher.publish(to_jobs(body)).await })
    });
    toy.until(|state| state.model.queues[&short("jobs")].ready.len() == 3).await;
    toy.state().confirming = Confirming::AtOnce;
    let nowhere = Publish { exchange: short("nowhere"), ..to_jobs("lost") };
    let error = publisher.publish(nowhere).await.unwrap_err();
    assert!(matches!(error, PublishError::ChannelClosed { code: 404, .. }), "{error:?}");
    for neighbour in neighbours {
        neighbour.await.unwrap().unwrap();
    }
    publisher.publish(to_jobs("next")).await.unwrap();
    let mut bodies = toy.ready("jobs");
    assert_eq!(bodies.pop().unwrap(), "next");
    bodies.sort();
    assert_eq!(bodies, ["a", "a", "b", "b", "c", "c"]);
    assert_eq!(client.stats().republished, 4);
}
