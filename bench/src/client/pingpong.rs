//! What a round trip between two processes takes without AMQP.

use std::time::Instant;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::sample::{Meter, Sample};

const BYTES: usize = 64;

/// Sends back what comes, on one connection after another.
pub(super) async fn echo() -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    loop {
        let (mut stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let mut bytes = [0; BYTES];
        while stream.read_exact(&mut bytes).await.is_ok() {
            stream.write_all(&bytes).await?;
        }
    }
}

/// Times so many round trips.
pub(super) async fn measure(address: &str, count: u64) -> anyhow::Result<Sample> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut bytes = [0; BYTES];
    let mut meter = Meter::start();
    for _ in 0..count {
        let since = Instant::now();
        stream.write_all(&bytes).await?;
        stream.read_exact(&mut bytes).await?;
        meter.lap(since);
    }
    Ok(meter.stop(count))
}
