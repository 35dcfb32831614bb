//! The client for threads: the same shape, and calls that wait.
//!
//! Connections are served by one thread that the process shares, or by a runtime that is given
//! to a [`Driver`]. A call that has to wait sleeps on its own thread. Made inside an async task,
//! which it would hold up, it fails with [`InsideAsync`] and says what to do instead; in
//! `spawn_blocking` and `block_in_place` it works. Nothing waits when it is dropped.
//!
//! ```no_run
//! use leveret_client::{AckMode, Publish, ShortStr, blocking};
//!
//! # fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let connection = blocking::Connection::open("amqp://guest:guest@localhost")?;
//! let channel = connection.channel()?;
//! channel.confirm_select()?;
//! let jobs = ShortStr::from_static("jobs");
//! let publish = Publish { routing_key: jobs.clone(), body: "one".into(), ..Publish::default() };
//! channel.publish(publish)?.wait()?;
//! if let Some(got) = channel.get(jobs, AckMode::Manual)? {
//!     channel.ack(&got.delivery)?;
//! }
//! # Ok(())
//! # }
//! ```

mod channel;
mod client;
mod connection;
mod consumer;
mod declaring;
mod driver;
mod error;
mod pool;
mod publisher;
mod rpc;
mod subscription;
mod topology;
mod transaction;

pub use self::{
    channel::{Channel, Confirm},
    client::Client,
    connection::Connection,
    consumer::{Consumer, Within},
    driver::{Driver, InsideAsync},
    error::{Error, RecvError},
    pool::{Exclusive, Pool},
    publisher::Publisher,
    rpc::RpcClient,
    subscription::Subscription,
    transaction::TxChannel,
};
