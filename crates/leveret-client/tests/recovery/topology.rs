//! What was declared is there again on each new connection, once.

use std::time::Duration;

use leveret_client::{
    Client, ClientEvent, ClientOptions, ExchangeBinding, ExchangeDeclare, ExchangeDelete,
    FieldTable, Publish, QueueBinding, QueueDeclare, QueueDelete, RecoveryStep,
    SubscriptionOptions, Topology,
};
use leveret_protocol::{AmqpError, ReplyCode};

use crate::{
    connections::until,
    toy::{Model, Toy, short},
};

fn queue(name: &str) -> QueueDeclare {
    QueueDeclare { name: short(name), ..QueueDeclare::default() }
}

fn binding(queue: &str) -> QueueBinding {
    QueueBinding {
        queue: short(queue),
        exchange: short("events"),
        routing_key: short("paid"),
        ..QueueBinding::default()
    }
}

fn exchange(name: &str) -> ExchangeDeclare {
    ExchangeDeclare { name: short(name), ..ExchangeDeclare::default() }
}

pub(crate) async fn connected(events: &mut leveret_client::Events) {
    until(events, |event| matches!(event, ClientEvent::Connected { .. })).await;
}

/// lapin 4.12 replayed a binding 1, 2, 4, 8 and more times after each cut.
#[tokio::test(start_paused = true)]
async fn each_cut_declares_each_thing_once() {
    let toy = Toy::new();
    let client = Client::connect(toy.options()).await.unwrap();
    let topology = Topology {
        exchanges: vec![exchange("events"), exchange("all")],
        exchange_bindings: vec![ExchangeBinding {
            destination: short("events"),
            source: short("all"),
            ..ExchangeBinding::default()
        }],
        queues: vec![queue("jobs")],
        queue_bindings: vec![binding("")],
    };
    for _ in 0..3 {
        client.declare(topology.clone()).await.unwrap();
        client.queue_bind(&binding("jobs")).await.unwrap();
    }
    let mut events = client.events();
    let names =
        ["exchange.declare", "exchange.bind", "queue.declare", "queue.bind", "basic.consume"];
    let mut before = names.map(|name| toy.count(name));
    for _ in 1..=8 {
        toy.cut();
        connected(&mut events).await;
        let now = names.map(|name| toy.count(name));
        let replayed: Vec<usize> = before.iter().zip(now).map(|(old, new)| new - old).collect();
        assert_eq!(replayed, [2, 1, 1, 1, 0]);
        before = now;
    }
}

#[tokio::test(start_paused = true)]
async fn exchanges_come_before_queues_and_queues_before_bindings() {
    let toy = Toy::new();
    let client = Client::connect(toy.options()).await.unwrap();
    client.queue_declare(&queue("jobs")).await.unwrap();
    client.exchange_declare(&exchange("events")).await.unwrap();
    client.queue_bind(&binding("jobs")).await.unwrap();
    let options = SubscriptionOptions { queue: short("jobs"), ..SubscriptionOptions::default() };
    let subscription = client.subscribe(options).await.unwrap();
    let mut events = client.events();
    toy.state().methods.clear();
    toy.cut();
    until(&mut events, |event| matches!(event, ClientEvent::ConsumerStarted { .. })).await;
    assert!(subscription.is_live());
    assert_eq!(
        toy.state().methods,
        ["exchange.declare", "queue.declare", "queue.bind", "basic.qos", "basic.consume"]
    );
}

#[tokio::test(start_paused = true)]
async fn what_was_deleted_or_only_looked_at_stays_away() {
    let toy = Toy::new();
    let client = Client::connect(toy.options()).await.unwrap();
    client.exchange_declare(&exchange("events")).await.unwrap();
    client.exchange_declare(&exchange("gone")).await.unwrap();
    for name in ["jobs", "gone", "unbound"] {
        client.queue_declare(&queue(name)).await.unwrap();
        client.queue_bind(&binding(name)).await.unwrap();
    }
    client.queue_unbind(&binding("unbound")).await.unwrap();
    client.queue_declare(&QueueDeclare { passive: true, ..queue("jobs") }).await.unwrap();
    let gone = QueueDelete { name: short("gone"), ..QueueDelete::default() };
    client.queue_delete(&gone).await.unwrap();
    let gone = ExchangeDelete { name: short("gone"), ..ExchangeDelete::default() };
    client.exchange_delete(&gone).await.unwrap();
    let once = QueueDeclare { auto_delete: true, ..queue("once") };
    client.queue_declare(&once).await.unwrap();
    let options = SubscriptionOptions { queue: short("once"), ..SubscriptionOptions::default() };
    let mut subscription = client.subscribe(options).await.unwrap();
    subscription.cancel().await;
    drop(subscription);
    let mut events = client.events();
    toy.state().model = Model::default();
    toy.cut();
    connected(&mut events).await;
    let state = toy.state();
    let queues: Vec<String> = state.model.queues.keys().map(ToString::to_string).collect();
    assert_eq!(queues, ["jobs", "unbound"]);
    assert_eq!(state.model.exchanges.len(), 1);
    assert_eq!(state.model.bindings, [(short("events"), short("paid"), short("jobs"))]);
}

/// lapin 4.12 asked for the old name: 403, and the consumer never came back.
#[tokio::test(start_paused = true)]
async fn a_queue_that_the_broker_named_is_followed_to_its_new_name() {
    let toy = Toy::new();
    let client = Client::connect(toy.options()).await.unwrap();
    client.exchange_declare(&exchange("events")).await.unwrap();
    let first = client.queue_declare(&QueueDeclare::private()).await.unwrap().name;
    client.queue_bind(&QueueBinding { queue: first.clone(), ..binding("") }).await.unwrap();
    let options = SubscriptionOptions { queue: first.clone(), ..SubscriptionOptions::default() };
    let mut subscription = client.subscribe(options).await.unwrap();
    let mut events = client.events();
    for _ in 0..3 {
        let before = client.current_name(&first);
        toy.cut();
        let event =
            until(&mut events, |event| matches!(event, ClientEvent::QueueRenamed { .. })).await;
        let ClientEvent::QueueRenamed { first: known, from, to } = event else { unreachable!() };
        assert_eq!((&known, &from), (&first, &before));
        assert_eq!(client.current_name(&first), to);
        assert_eq!(client.current_name(&to), to);
        until(&mut events, |event| matches!(event, ClientEvent::ConsumerStarted { .. })).await;
        let channel = client.publishing_connection().await.unwrap().channel().await.unwrap();
        let (exchange, routing_key) = (short("events"), short("paid"));
        let publish = Publish { exchange, routing_key, body: "x".into(), ..Publish::default() };
        channel.publish_and_forget(publish).await.unwrap();
        subscription.recv().await.unwrap().ack();
        assert_eq!(toy.state().model.queues.len(), 1);
        assert_eq!(toy.state().model.bindings.len(), 1);
    }
    client.queue_unbind(&QueueBinding { queue: first.clone(), ..binding("") }).await.unwrap();
    assert_eq!(toy.state().model.bindings.len(), 0);
    client.queue_delete(&QueueDelete { name: first, ..QueueDelete::default() }).await.unwrap();
    assert_eq!(toy.state().model.queues.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_lasting_queue_that_the_broker_named_keeps_its_name_and_messages() {
    let toy = Toy::new();
    let client = Client::connect(toy.options()).await.unwrap();
    let first = client.queue_declare(&QueueDeclare::default()).await.unwrap().name;
    let mut events = client.events();
    toy.cut();
    connected(&mut events).await;
    assert_eq!(client.current_name(&first), first);
    assert_eq!(toy.state().model.queues.len(), 1);
    toy.state().model.delete(&first);
    toy.cut();
    connected(&mut events).await;
    assert_ne!(client.current_name(&first), first, "it was gone, so there is another");
}

#[tokio::test(start_paused = true)]
async fn a_declaration_that_is_refused_is_told_once_and_costs_nothing_else() {
    let toy = Toy::new();
    let client = Client::connect(toy.options()).await.unwrap();
    client.queue_declare(&queue("a")).await.unwrap();
    client.queue_declare(&queue("b")).await.unwrap();
    let mut events = client.events();
    // Someone else declares it in another way meanwhile.
    toy.state().model = Model::default();
    let arguments = FieldTable::builder().insert("x-message-ttl", 5_i32).build();
    let other = leveret_protocol::queue::Declare {
        queue: short("a"),
        arguments,
        ..leveret_protocol::queue::Declare::default()
    };
    toy.state().model.declare(0, other).unwrap();
    toy.cut();
    let event =
        until(&mut events, |event| matches!(event, ClientEvent::RecoveryFailed { .. })).await;
    let ClientEvent::RecoveryFailed { step, error } = event else { unreachable!() };
    assert_eq!(step, RecoveryStep::Queue { name: short("a") });
    assert!(error.to_string().contains("inequivalent arg 'x-message-ttl'"), "{error}");
    connected(&mut events).await;
    assert_eq!(toy.state().model.queues.len(), 2);
    let before = toy.count("queue.declare");
    tokio::time::advance(Duration::from_hours(1)).await;
    assert_eq!(toy.count("queue.declare"), before);
    assert_eq!(client.stats().recovery_failures, 1);
}

#[tokio::test(start_paused = true)]
async fn a_declaration_waits_for_the_connection_that_is_lost_underway() {
    let toy = Toy::new();
    let client = Client::connect(toy.options()).await.unwrap();
    let mut events = client.events();
    let jobs = queue("jobs");
    let (declared, ()) = tokio::join!(client.queue_declare(&jobs), async {
        toy.cut();
    });
    assert_eq!(declared.unwrap().name, "jobs");
    toy.cut();
    connected(&mut events).await;
    connected(&mut events).await;
    assert!(toy.state().model.queues.contains_key("jobs".as_bytes()));
}

#[tokio::test(start_paused = true)]
async fn with_two_connections_each_has_what_publishing_and_consuming_need() {
    let toy = Toy::new();
    let options = ClientOptions { separate: true, ..toy.options() };
    let client = Client::connect(options).await.unwrap();
    client.exchange_declare(&exchange("events")).await.unwrap();
    client.queue_declare(&queue("jobs")).await.unwrap();
    client.queue_bind(&binding("jobs")).await.unwrap();
    let first = client.queue_declare(&QueueDeclare::private()).await.unwrap().name;
    client.queue_bind(&QueueBinding { queue: first, ..binding("") }).await.unwrap();
    let before = (toy.count("queue.declare"), toy.count("queue.bind"));
    client.publishing_connection().await.unwrap().close().await;
    client.publishing_connection().await.unwrap();
    let after = (toy.count("queue.declare"), toy.count("queue.bind"));
    assert_eq!(after, (before.0 + 1, before.1 + 1), "not what belongs to the other connection");
}

/// A broker that takes the last connection for alive holds its exclusive queues for as long as
/// two heartbeats.
#[tokio::test(start_paused = true)]
async fn a_queue_that_a_dead_connection_holds_is_declared_once_it_is_free() {
    let toy = Toy::new();
    let client = Client::connect(toy.options()).await.unwrap();
    client.exchange_declare(&exchange("events")).await.unwrap();
    let own = QueueDeclare { exclusive: true, ..queue("own") };
    client.queue_declare(&own).await.unwrap();
    client.queue_bind(&binding("own")).await.unwrap();
    let mut events = client.events();
    let locked = AmqpError::new(ReplyCode::ResourceLocked, "'own' is another's");
    toy.state().refusals.insert("queue.declare", locked);
    toy.restart();
    let is_refused = |event: &ClientEvent| {
        let ClientEvent::RecoveryFailed { step, error } = event else { return false };
        matches!(step, RecoveryStep::Queue { .. }) && error.code() == Some(405)
    };
    for _ in 0..5 {
        until(&mut events, is_refused).await;
    }
    assert!(client.is_connected(), "and everything else goes on");
    toy.state().refusals.clear();
    toy.until(|state| state.model.bindings.iter().any(|known| known.2 == "own")).await;
    let declared = toy.count("queue.declare");
    tokio::time::advance(Duration::from_mins(10)).await;
    client.exchange_declare(&exchange("events")).await.unwrap();
    assert_eq!(toy.count("queue.declare"), declared, "then it is left alone");
}
