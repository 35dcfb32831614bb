//! Subscriptions go on over cuts, channel errors and cancels.

use std::time::Duration;

use leveret_client::{
    AckMode, Backoff, Client, ClientError, ClientEvent, ConsumeOptions, Heal, Publish,
    QueueDeclare, QueueDelete, Settled, Subscription, SubscriptionEnd, SubscriptionOptions,
};
use leveret_protocol::{AmqpError, ReplyCode};

use crate::{
    connections::until,
    toy::{Model, Toy, short},
};

fn options() -> SubscriptionOptions {
    SubscriptionOptions { queue: short("jobs"), ..SubscriptionOptions::default() }
}

/// A toy with a queue, a client, and its subscription.
async fn consuming(options: SubscriptionOptions) -> (Toy, Client, Subscription) {
    let toy = Toy::new();
    let client = Client::connect(toy.options()).await.unwrap();
    let jobs = QueueDeclare { name: short("jobs"), ..QueueDeclare::default() };
    client.queue_declare(&jobs).await.unwrap();
    let subscription = client.subscribe(options).await.unwrap();
    (toy, client, subscription)
}

async fn publish(client: &Client, body: &str) {
    let channel = client.publishing_connection().await.unwrap().channel().await.unwrap();
    channel.confirm_select().await.unwrap();
    let publish =
        Publish { routing_key: short("jobs"), body: body.to_owned().into(), ..Publish::default() };
    channel.publish(publish).await.unwrap().await.unwrap();
}

async fn until_started(events: &mut leveret_client::Events) {
    until(events, |event| matches!(event, ClientEvent::ConsumerStarted { .. })).await;
}

#[tokio::test(start_paused = true)]
async fn a_stale_ack_is_counted_and_breaks_nothing() {
    let (toy, client, mut subscription) = consuming(options()).await;
    let mut events = client.events();
    publish(&client, "one").await;
    let old = subscription.recv().await.unwrap();
    assert!(!old.is_stale() && !old.redelivered);
    toy.cut();
    until_started(&mut events).await;
    let again = subscription.recv().await.unwrap();
    assert!(again.redelivered && again.generation() > old.generation());
    assert!(old.is_stale());
    assert_eq!((old.ack(), old.ack_up_to()), (Settled::Stale, Settled::Stale));
    assert_eq!(client.stats().stale_settlements, 2);
    assert_eq!(again.ack(), Settled::Sent);
    toy.until(|state| state.model.unsettled() == 0).await;
    assert_eq!(toy.ready("jobs"), [""; 0]);
    assert!(subscription.is_live());
}

/// A handler at work would do it twice: what is waiting behind it comes again anyway.
#[tokio::test(start_paused = true)]
async fn what_a_lost_connection_delivered_and_nobody_took_is_not_seen_twice() {
    let (toy, client, mut subscription) = consuming(options()).await;
    let mut events = client.events();
    for body in ["1", "2", "3"] {
        publish(&client, body).await;
    }
    toy.until(|state| state.model.unsettled() == 3).await;
    let first = subscription.recv().await.unwrap();
    for _ in 0..3 {
        toy.cut();
        until_started(&mut events).await;
        assert!(subscription.is_live(), "though nobody receives at the moment");
    }
    assert_eq!(first.ack(), Settled::Stale);
    for body in ["1", "2", "3"] {
        let delivery = subscription.recv().await.unwrap();
        assert_eq!((&delivery.body[..], delivery.redelivered), (body.as_bytes(), true));
        assert_eq!(delivery.ack(), Settled::Sent);
    }
    toy.until(|state| state.model.unsettled() == 0).await;
}

#[tokio::test(start_paused = true)]
async fn what_came_without_acknowledgement_is_kept_over_a_cut() {
    let consume = ConsumeOptions { ack_mode: AckMode::NoAck, ..ConsumeOptions::default() };
    let (toy, client, mut subscription) =
        consuming(SubscriptionOptions { consume, ..options() }).await;
    let mut events = client.events();
    publish(&client, "1").await;
    publish(&client, "2").await;
    toy.until(|state| state.model.queues[&short("jobs")].ready.is_empty()).await;
    // An answer on the same connection comes behind the deliveries.
    assert!(subscription.verify().await.unwrap());
    toy.cut();
    until_started(&mut events).await;
    for body in ["1", "2"] {
        let delivery = subscription.recv().await.unwrap();
        assert_eq!(delivery.body, body);
        assert_eq!(delivery.ack(), Settled::NotNeeded);
    }
}

#[tokio::test(start_paused = true)]
async fn a_channel_error_costs_one_channel_and_is_recovered() {
    let (toy, client, mut subscription) = consuming(options()).await;
    let other = client.consuming_connection().await.unwrap().channel().await.unwrap();
    let mut events = client.events();
    publish(&client, "one").await;
    let delivery = subscription.recv().await.unwrap();
    assert_eq!((delivery.ack(), delivery.ack()), (Settled::Sent, Settled::Sent));
    let lost = until(&mut events, |event| matches!(event, ClientEvent::ConsumerLost { .. })).await;
    let ClientEvent::ConsumerLost { end, .. } = lost else { unreachable!() };
    assert!(end.to_string().contains("406"), "{end}");
    until_started(&mut events).await;
    publish(&client, "two").await;
    assert_eq!(subscription.recv().await.unwrap().body, "two");
    assert_eq!(other.end(), None);
    assert_eq!(client.stats().lost, 0);
    assert_eq!(toy.count("queue.declare"), 1, "the queue was never in doubt");
}

#[tokio::test(start_paused = true)]
async fn a_consumer_whose_queue_was_deleted_declares_it_again_and_goes_on() {
    let (toy, client, mut subscription) = consuming(options()).await;
    let mut events = client.events();
    toy.state().model.delete(&short("jobs"));
    toy.stir();
    until(&mut events, |event| matches!(event, ClientEvent::ConsumerCancelled { .. })).await;
    until_started(&mut events).await;
    assert!(subscription.verify().await.unwrap());
    publish(&client, "one").await;
    assert_eq!(subscription.recv().await.unwrap().body, "one");
    assert_eq!(client.stats().consumers_cancelled, 1);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_consumer_ends_where_that_was_asked_for() {
    let (toy, client, mut subscription) =
        consuming(SubscriptionOptions { on_cancel: Heal::End, ..options() }).await;
    publish(&client, "one").await;
    toy.until(|state| state.model.unsettled() == 1).await;
    toy.state().model.delete(&short("jobs"));
    toy.stir();
    assert_eq!(subscription.recv().await.unwrap().body, "one");
    assert!(subscription.recv().await.is_none());
    assert!(matches!(subscription.end(), Some(SubscriptionEnd::CancelledByBroker)));
    assert!(!subscription.live().await);
    assert!(!subscription.verify().await.unwrap(), "the queue is gone");
}

/// A refused consumer that asked at once again would ask thousands of times a second.
#[tokio::test(start_paused = true)]
async fn a_refused_consumer_is_told_and_asks_again_ever_more_rarely() {
    let (toy, client, mut subscription) = consuming(options()).await;
    let mut events = client.events();
    let error = AmqpError::new(ReplyCode::AccessRefused, "no right to read");
    toy.state().refusals.insert("basic.consume", error);
    toy.cut();
    let began_at = tokio::time::Instant::now();
    let mut pauses = Duration::ZERO;
    for _ in 0..20 {
        let event =
            until(&mut events, |event| matches!(event, ClientEvent::ConsumerRefused { .. })).await;
        let ClientEvent::ConsumerRefused { error, pause, .. } = event else { unreachable!() };
        assert!(error.to_string().contains("403 ACCESS_REFUSED - no right to read"), "{error}");
        assert!(!subscription.is_live());
        pauses += pause;
    }
    assert!(pauses > Duration::from_mins(2), "{pauses:?}");
    assert!(began_at.elapsed() + Duration::from_secs(31) > pauses);
    toy.state().refusals.clear();
    until_started(&mut events).await;
    publish(&client, "one").await;
    assert_eq!(subscription.recv().await.unwrap().body, "one");
}

#[tokio::test(start_paused = true)]
async fn a_refused_consumer_ends_where_that_was_asked_for_or_at_its_limit() {
    let error = AmqpError::new(ReplyCode::AccessRefused, "no right to read");
    let backoff = Backoff { attempts_max: Some(3), ..Backoff::default() };
    let limited = SubscriptionOptions { backoff, ..options() };
    let ending = SubscriptionOptions { on_refusal: Heal::End, ..options() };
    for (options, attempts) in [(limited, 3), (ending, 1)] {
        let (toy, _client, mut subscription) = consuming(options).await;
        toy.state().refusals.insert("basic.consume", error.clone());
        let before = toy.count("basic.consume");
        toy.cut();
        assert!(subscription.recv().await.is_none());
        let end = subscription.end().unwrap();
        assert!(matches!(&end, SubscriptionEnd::Refused(error) if error.code() == Some(403)));
        assert_eq!(toy.count("basic.consume") - before, attempts);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_at_first_is_an_error() {
    let toy = Toy::new();
    let client = Client::connect(toy.options()).await.unwrap();
    let error = client.subscribe(options()).await.unwrap_err();
    assert_eq!(error.code(), Some(404), "{error}");
    client.close().await;
    let error = client.subscribe(options()).await.unwrap_err();
    assert!(matches!(error, ClientError::Ended(_)), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_subscription_gives_what_it_has_and_ends() {
    let (toy, client, mut subscription) = consuming(options()).await;
    publish(&client, "one").await;
    toy.until(|state| state.model.unsettled() == 1).await;
    subscription.cancel().await;
    assert_eq!(toy.state().model.consumers.len(), 0);
    let delivery = subscription.recv().await.unwrap();
    assert_eq!(delivery.ack(), Settled::Sent);
    assert!(subscription.recv().await.is_none());
    assert!(matches!(subscription.end(), Some(SubscriptionEnd::CancelledHere)));
    toy.until(|state| state.model.unsettled() == 0).await;
    let mut events = client.events();
    toy.cut();
    until(&mut events, |event| matches!(event, ClientEvent::Connected { .. })).await;
    assert_eq!(toy.count("basic.consume"), 1, "it does not come back");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_subscription_gives_back_what_it_has() {
    let (toy, client, subscription) = consuming(options()).await;
    publish(&client, "one").await;
    toy.until(|state| state.model.unsettled() == 1).await;
    drop(subscription);
    toy.until(|state| state.model.consumers.is_empty()).await;
    assert_eq!(toy.ready("jobs"), ["one"]);
}

/// lapin 4.12 recovered channel by channel, so this consumer found no queue.
#[tokio::test(start_paused = true)]
async fn a_queue_declared_here_and_consumed_there_is_back_before_its_consumer() {
    let (toy, client, mut subscription) = consuming(options()).await;
    let mut events = client.events();
    toy.state().model = Model::default();
    toy.cut();
    until_started(&mut events).await;
    publish(&client, "one").await;
    assert_eq!(subscription.recv().await.unwrap().body, "one");
    let gone = QueueDelete { name: short("jobs"), ..QueueDelete::default() };
    client.queue_delete(&gone).await.unwrap();
    until(&mut events, |event| matches!(event, ClientEvent::ConsumerRefused { .. })).await;
    assert!(toy.state().model.queues.is_empty(), "what was deleted here stays away");
}
