//! Many tasks publish through one pool; a consumer has a channel of another.
//!
//! `cargo run -p leveret-client --example pool`, with `AMQP_URL` or a broker on this machine.
#![expect(clippy::print_stdout, reason = "the reader is to see what happens")]

use leveret_client::{
    ConsumeOptions, MessageDefaults, Pools, PoolsConfig, Producer, QueueDeclare, QueueDelete,
    ShortStr,
};

const LOCAL: &str = "amqp://guest:guest@localhost";
const QUEUE: ShortStr = ShortStr::from_static("leveret.example.pool");
const MESSAGES: usize = 100;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::var("AMQP_URL").unwrap_or_else(|_| LOCAL.to_owned());
    // As it would stand in a file.
    let config: PoolsConfig = toml::from_str(&format!(
        "[pool.publish]
         address = '{address}'
         size = 2

         [pool.listen]
         address = '{address}'
         prefetch = 20
         checkout_timeout = '10s'"
    ))?;
    let pools = Pools::from_config(&config)?;
    let (publish, listen) = (pools.get("publish")?, pools.get("listen")?);

    let channel = listen.exclusive().await?;
    channel.queue_declare(&QueueDeclare { name: QUEUE, ..QueueDeclare::default() }).await?;

    let defaults = MessageDefaults { routing_key: QUEUE, ..MessageDefaults::default() };
    let jobs = Producer::new("jobs", publish.clone(), defaults);
    let publishing: Vec<_> = (0..MESSAGES)
        .map(|number| {
            let jobs = jobs.clone();
            tokio::spawn(async move { jobs.publish(format!("job {number}")).await })
        })
        .collect();
    for confirmed in publishing {
        confirmed.await??;
    }

    let mut consumer = channel.consume(QUEUE, ConsumeOptions::default()).await?;
    for _ in 0..MESSAGES {
        let Some(delivery) = consumer.recv().await else { break };
        channel.ack(&delivery)?;
    }
    drop(consumer);
    channel.queue_delete(&QueueDelete { name: QUEUE, ..QueueDelete::default() }).await?;
    channel.give_back().await;

    let (out, back) = (publish.counters(), listen.counters());
    println!("published {MESSAGES} on {} connections", out.connections);
    println!("consumed them; {} channel lies idle again", back.idle);
    pools.close().await;
    Ok(())
}
