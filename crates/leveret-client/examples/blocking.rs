//! Threads publish and consume, without a line of async.
//!
//! `cargo run -p leveret-client --example blocking`, with `AMQP_URL` or a broker on this machine.
#![expect(clippy::print_stdout, reason = "the reader is to see what happens")]

use std::{thread, time::Duration};

use leveret_client::{
    ConnectOptions, ConsumeOptions, PoolOptions, Publish, QueueDeclare, QueueDelete, ShortStr,
    blocking::{Connection, Pool, RecvError},
};

const LOCAL: &str = "amqp://guest:guest@localhost";
const QUEUE: ShortStr = ShortStr::from_static("leveret.example.blocking");

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::var("AMQP_URL").unwrap_or_else(|_| LOCAL.to_owned());
    let connection = Connection::open(&address)?;
    let channel = connection.channel()?;
    channel.queue_declare(&QueueDeclare { name: QUEUE, ..QueueDeclare::default() })?;

    // Four threads share two connections; each waits for the confirms of its own messages.
    let options = PoolOptions { size: 2, ..PoolOptions::to(ConnectOptions::from_uri(&address)?) };
    let pool = Pool::new("publish", options)?;
    let threads: Vec<_> = (0..4)
        .map(|number| {
            let pool = pool.clone();
            thread::spawn(move || {
                let body = format!("from thread {number}").into();
                pool.publish(Publish { routing_key: QUEUE, body, ..Publish::default() })
            })
        })
        .collect();
    for thread in threads {
        thread.join().map_err(|_| "a publishing thread panicked")??;
    }

    channel.qos(10)?;
    let mut consumer = channel.consume(QUEUE, ConsumeOptions::default())?;
    for delivery in consumer.within(Duration::from_millis(500)) {
        match delivery {
            Ok(delivery) => {
                println!("received: {}", String::from_utf8_lossy(&delivery.body));
                channel.ack(&delivery)?;
            }
            Err(RecvError::TimedOut { .. }) => break,
            Err(error) => return Err(error.into()),
        }
    }
    channel.queue_delete(&QueueDelete { name: QUEUE, ..QueueDelete::default() })?;
    pool.close()?;
    connection.close()?;
    Ok(())
}
