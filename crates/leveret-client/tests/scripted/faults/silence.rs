//! A pulled cable: nothing comes, nothing goes, and nobody says so.

use std::time::Duration;

use leveret_client::{
    Channel, ChannelError, Connection, ConnectionEnd, ConsumeOptions, Consumer, ConsumerEnd, Loss,
    Publish, PublishError, QueueDeclare, Secret, UpdateSecretError,
};
use leveret_protocol::{basic, confirm};
use tokio::time::{Instant, interval};

use super::{HEARTBEAT, all_tasks_end, limits, options};
use crate::peer::{Peer, connect_with, short};

async fn consuming() -> (Connection, Channel, Consumer, Peer) {
    let (connection, mut peer) = connect_with(options(), limits()).await;
    let channel = peer.channel(&connection).await;
    let (selected, _) =
        tokio::join!(channel.confirm_select(), peer.answer("confirm.select", confirm::SelectOk));
    selected.unwrap();
    let (consumer, _) = tokio::join!(
        channel.consume(short("q"), ConsumeOptions::default()),
        peer.answer("basic.consume", basic::ConsumeOk { consumer_tag: short("c") }),
    );
    (connection, channel, consumer.unwrap(), peer)
}

#[tokio::test(start_paused = true)]
async fn a_pulled_cable_is_found_in_two_intervals_by_all_who_wait() {
    // The peer neither reads nor writes from now on, and keeps its end.
    let (connection, channel, mut consumer, peer) = consuming().await;
    let began_at = Instant::now();
    let message = |bytes| Publish { body: vec![0; bytes].into(), ..Publish::default() };
    // More than the pipe takes, so that the writer is stuck.
    let confirm = channel.publish(message(600_000)).await.unwrap();
    let secret = Secret::new("hunter2");
    let declare = QueueDeclare::default();
    let (confirmed, published, declared, received, opened, updated, end) = tokio::join!(
        confirm,
        channel.publish(message(1)),
        channel.queue_declare(&declare),
        consumer.recv(),
        connection.channel(),
        connection.update_secret(&secret, ""),
        connection.closed(),
    );
    assert_eq!(began_at.elapsed(), HEARTBEAT * 2);
    let lost: ConnectionEnd = Loss::Silence.into();
    let over = ChannelError::ConnectionEnded(lost.clone());
    assert_eq!(end, lost);
    assert_eq!(confirmed, Err(PublishError::ConnectionLost(lost.clone())));
    assert_eq!(published.unwrap_err(), PublishError::NotSent(over.clone()));
    assert_eq!(declared, Err(over.clone()));
    assert_eq!(received, None);
    assert_eq!(consumer.end(), Some(ConsumerEnd::ConnectionEnded(lost.clone())));
    assert_eq!(opened.unwrap_err(), over);
    assert_eq!(updated, Err(UpdateSecretError::ConnectionEnded(lost)));
    // The stuck writer too.
    all_tasks_end().await;
    drop(peer);
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_only_beats_its_heart_costs_a_request_its_deadline() {
    let (connection, channel, mut consumer, mut peer) = consuming().await;
    let began_at = Instant::now();
    let declare = QueueDeclare::default();
    let working = async {
        let method = "queue.declare";
        let within = options().request_timeout;
        let timed_out = ChannelError::TimedOut { method, within };
        assert_eq!(channel.queue_declare(&declare).await, Err(timed_out));
        assert_eq!(began_at.elapsed(), within);
        assert_eq!(consumer.recv().await, None);
        assert_eq!(connection.end(), None, "the broker lives");
        // Its answer to the closing is not awaited for long.
        assert_eq!(connection.close().await, ConnectionEnd::ClosedHere);
        assert_eq!(began_at.elapsed(), within + Duration::from_secs(5));
    };
    let mut ticks = interval(HEARTBEAT / 2);
    let beating = async {
        loop {
            ticks.tick().await;
            peer.write_raw(&[8, 0, 0, 0, 0, 0, 0, 0xCE]).await;
        }
    };
    tokio::select! {
        () = working => {}
        () = beating => {}
    }
    all_tasks_end().await;
}
