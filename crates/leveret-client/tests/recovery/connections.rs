//! How the connections of a client come, go and come again.

use std::time::Duration;

use leveret_client::{
    Backoff, Client, ClientEnd, ClientError, ClientEvent, ClientOptions, ConnectError,
    ConnectOptions, Events, Role,
};
use tokio::time::Instant;

use crate::toy::{Door, Toy};

/// The next event of that kind.
pub(crate) async fn until(
    events: &mut Events,
    is_wanted: impl Fn(&ClientEvent) -> bool,
) -> ClientEvent {
    loop {
        let event = events.recv().await.unwrap();
        if is_wanted(&event) {
            return event;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_is_opened_again_with_a_later_generation() {
    let toy = Toy::new();
    let client = Client::connect(toy.options()).await.unwrap();
    let mut events = client.events();
    let mut last = client.consuming_connection().await.unwrap().generation();
    for _ in 0..8 {
        toy.cut();
        until(&mut events, |event| matches!(event, ClientEvent::Connected { .. })).await;
        let now = client.consuming_connection().await.unwrap().generation();
        assert!(now > last);
        assert_eq!(now, client.publishing_connection().await.unwrap().generation());
        last = now;
    }
    assert_eq!((client.stats().connected, client.stats().lost), (9, 8));
    assert_eq!(toy.state().connections, 1);
}

#[tokio::test(start_paused = true)]
async fn publishing_and_consuming_are_apart_unless_asked_otherwise() {
    let toy = Toy::new();
    let options = ClientOptions { separate: true, ..toy.options() };
    let client = Client::connect(options).await.unwrap();
    let publishing = client.publishing_connection().await.unwrap();
    let consuming = client.consuming_connection().await.unwrap();
    assert_ne!(publishing.generation(), consuming.generation());
    assert_eq!(toy.state().connections, 2);
    publishing.close().await;
    let healed = client.publishing_connection().await.unwrap();
    assert!(healed.generation() > publishing.generation());
    assert_eq!(client.consuming_connection().await.unwrap().generation(), consuming.generation());
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_is_gone_at_the_start_is_waited_for() {
    let toy = Toy::new();
    toy.set_door(Door::Shut);
    let began_at = Instant::now();
    let client = Client::start(toy.options());
    let mut events = client.events();
    let error = client.publishing_connection().await.unwrap_err();
    let ClientError::NoConnection { role: Role::Everything, within } = error else {
        panic!("{error:?}")
    };
    assert_eq!((within.as_secs(), began_at.elapsed().as_secs()), (30, 30));
    for _ in 0..100 {
        until(&mut events, |event| matches!(event, ClientEvent::Waiting { .. })).await;
    }
    assert!(began_at.elapsed() < Duration::from_mins(50), "no pause is longer than 30 s");
    assert!(began_at.elapsed() > Duration::from_secs(90 * 15), "each is at least half of it");
    toy.set_door(Door::Open);
    until(&mut events, |event| matches!(event, ClientEvent::Connected { .. })).await;
    assert!(client.is_connected());
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_end_a_client_at_once() {
    let toy = Toy::new();
    toy.set_door(Door::Refusing);
    let error = Client::connect(toy.options()).await.unwrap_err();
    let ClientError::Ended(ClientEnd::Refused { source, .. }) = &error else { panic!("{error:?}") };
    assert!(matches!(**source, ConnectError::LoginRefused { code: 403, .. }), "{source:?}");
    assert_eq!(toy.state().dialed.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn credentials_that_are_refused_later_end_a_client_with_a_reason() {
    let toy = Toy::new();
    let client = Client::connect(toy.options()).await.unwrap();
    let mut events = client.events();
    toy.set_door(Door::Refusing);
    toy.cut();
    let end = client.ended().await;
    assert!(matches!(end, ClientEnd::Refused { .. }), "{end:?}");
    until(&mut events, |event| matches!(event, ClientEvent::Ended(ClientEnd::Refused { .. })))
        .await;
    let error = client.publishing_connection().await.unwrap_err();
    assert!(matches!(error, ClientError::Ended(ClientEnd::Refused { .. })), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn rounds_end_at_their_limit() {
    let toy = Toy::new();
    toy.set_door(Door::Shut);
    let backoff = Backoff { attempts_max: Some(3), ..Backoff::default() };
    let error = Client::connect(ClientOptions { backoff, ..toy.options() }).await.unwrap_err();
    let ClientError::Ended(ClientEnd::GaveUp { rounds: 3, .. }) = error else {
        panic!("{error:?}")
    };
    let nowhere = ClientOptions { addresses: Vec::new(), ..toy.options() };
    let error = Client::connect(nowhere).await.unwrap_err();
    assert!(matches!(error, ClientError::Ended(ClientEnd::NoAddress)), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn addresses_are_tried_in_turn() {
    let toy = Toy::new();
    let address = |host: &str| ConnectOptions {
        host: host.to_owned(),
        heartbeat: Duration::ZERO,
        ..ConnectOptions::default()
    };
    let addresses = vec![address("a"), address("b"), address("c")];
    toy.state().shut_hosts = vec!["a".to_owned()];
    let client = Client::connect(ClientOptions { addresses, ..toy.options() }).await.unwrap();
    let mut events = client.events();
    for _ in 0..2 {
        toy.cut();
        until(&mut events, |event| matches!(event, ClientEvent::Connected { .. })).await;
    }
    assert_eq!(toy.state().dialed, ["a", "b", "c", "a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn a_slow_listener_is_told_how_many_events_it_missed() {
    let toy = Toy::new();
    let options = ClientOptions { events_max: 4, ..toy.options() };
    let client = Client::connect(options).await.unwrap();
    let (mut slow, mut quick) = (client.events(), client.events());
    for _ in 0..3 {
        toy.cut();
        until(&mut quick, |event| matches!(event, ClientEvent::Connected { .. })).await;
    }
    let event = slow.recv().await.unwrap();
    let ClientEvent::Missed { count: 8 } = event else { panic!("{event:?}") };
}

#[tokio::test(start_paused = true)]
async fn dropping_every_handle_closes_the_connections() {
    let toy = Toy::new();
    let client = Client::connect(toy.options()).await.unwrap();
    let mut events = client.events();
    drop(client);
    while events.recv().await.is_some() {}
    toy.until(|state| state.connections == 0).await;

    let client = Client::connect(toy.options()).await.unwrap();
    client.close().await;
    client.close().await;
    assert!(matches!(client.end(), Some(ClientEnd::Closed)));
    let error = client.consuming_connection().await.unwrap_err();
    assert!(matches!(error, ClientError::Ended(ClientEnd::Closed)), "{error:?}");
}
