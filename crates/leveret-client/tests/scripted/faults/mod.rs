//! What breaks, and that everyone hears of it in time and nothing is left behind.

mod cuts;
mod pipe;
mod protocol;
mod silence;
mod sockets;

use std::{error::Error, time::Duration};

use leveret_client::{
    Channel, ConnectOptions, Connection, ConnectionEnd, ConsumeOptions, Publish, QueueDeclare,
};
use leveret_protocol::{Event, Limits, Method, basic, confirm, queue};
use tokio::runtime::Handle;

use crate::peer::{Peer, short};

const HEARTBEAT: Duration = Duration::from_secs(10);

fn options() -> ConnectOptions {
    ConnectOptions {
        heartbeat: HEARTBEAT,
        connect_timeout: Duration::from_secs(30),
        request_timeout: Duration::from_secs(40),
        publish_timeout: Duration::from_secs(30),
        ..ConnectOptions::default()
    }
}

/// A server that does as it is asked until the stream ends, with one message for each consumer.
async fn serve(mut peer: Peer) {
    let mut published = 0;
    loop {
        match peer.next().await {
            Event::Login { .. } => peer.session.accept_login(),
            Event::Open { .. } => peer.session.accept_open(),
            Event::ChannelClosing { channel, .. } => peer.session.finish_channel_close(channel),
            Event::Closing { .. } => peer.session.finish_close(),
            Event::Content { channel, .. } => {
                published += 1;
                let ack = basic::Ack { delivery_tag: published, multiple: false };
                // A session that is over sends nothing, and says so.
                peer.session.send(channel, &ack.into()).ok();
            }
            Event::Method { channel, method } => {
                let reply: Method = match &method {
                    Method::ConfirmSelect(_) => confirm::SelectOk.into(),
                    Method::QueueDeclare(_) => queue::DeclareOk::default().into(),
                    Method::BasicConsume(_) => basic::ConsumeOk { consumer_tag: short("c") }.into(),
                    _ => continue,
                };
                peer.session.send(channel, &reply).ok();
                if matches!(method, Method::BasicConsume(_)) {
                    peer.deliver_on(channel, 1, "hello");
                }
            }
            Event::Closed => return peer.flush().await,
            _ => {}
        }
    }
}

/// Whether a session came through, or which error it met first.
type Outcome = Result<(), String>;

/// Connects, declares, publishes, consumes and closes: what a short-lived program does.
async fn session(stream: pipe::Pipe) -> Outcome {
    let connection = Connection::over(stream, &options()).await.map_err(shown)?;
    let worked = work(&connection).await;
    let end = connection.close().await;
    assert_eq!(connection.end(), Some(end.clone()), "told again");
    let channel = worked?;
    assert!(channel.end().is_some());
    if end == ConnectionEnd::ClosedHere { Ok(()) } else { Err(shown(end)) }
}

async fn work(connection: &Connection) -> Result<Channel, String> {
    let channel = connection.channel().await.map_err(shown)?;
    channel.confirm_select().await.map_err(shown)?;
    channel.queue_declare(&QueueDeclare::default()).await.map_err(shown)?;
    let publish = Publish { routing_key: short("q"), body: "hello".into(), ..Publish::default() };
    channel.publish_and_confirm(publish).await.map_err(shown)?;
    let consuming = channel.consume(short("q"), ConsumeOptions::default()).await;
    let mut consumer = consuming.map_err(shown)?;
    let Some(delivery) = consumer.recv().await else {
        return Err(shown(consumer.end().unwrap()));
    };
    assert_eq!(delivery.body, "hello");
    // An ack is on its way or not; what becomes of it is the next session's.
    drop(channel.ack(&delivery));
    Ok(channel)
}

fn shown(error: impl Error) -> String {
    format!("{error:?}")
}

/// Waits until no task is left but the test's own.
async fn all_tasks_end() {
    let alive = || Handle::current().metrics().num_alive_tasks();
    let ended = async {
        while alive() > 0 {
            tokio::task::yield_now().await;
        }
    };
    let within = Duration::from_mins(1);
    assert!(tokio::time::timeout(within, ended).await.is_ok(), "{} tasks are left", alive());
}

fn limits() -> Limits {
    Limits { heartbeat_secs: 10, ..Limits::default() }
}
