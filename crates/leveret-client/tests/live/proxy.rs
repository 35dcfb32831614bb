//! A way to the broker that can be cut.

use std::time::Duration;

use leveret_client::{Backoff, ClientOptions, ConnectOptions};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// Hands bytes on between clients and the broker at `AMQP_URL`.
pub(crate) struct Proxy {
    port: u16,
    cuts: watch::Sender<u64>,
}

impl Proxy {
    pub(crate) async fn start() -> Self {
        let target = broker();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let cuts = watch::Sender::new(0);
        let cut = cuts.subscribe();
        drop(tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                drop(tokio::spawn(pass(near, target.clone(), cut.clone())));
            }
        }));
        Self { port, cuts }
    }

    /// Ends every connection that is open, without a word.
    pub(crate) fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Options that lead through it.
    pub(crate) fn options(&self) -> ClientOptions {
        let host = "127.0.0.1".to_owned();
        let address = ConnectOptions { host, port: self.port, ..broker() };
        // A connection that is cut at once would make the pauses longer and longer.
        let longest = Duration::from_millis(100);
        let backoff = Backoff { longest, ..Backoff::default() };
        ClientOptions { addresses: vec![address], backoff, ..ClientOptions::default() }
    }
}

fn broker() -> ConnectOptions {
    ConnectOptions::from_uri(&std::env::var("AMQP_URL").unwrap()).unwrap()
}

async fn pass(mut near: TcpStream, target: ConnectOptions, mut cut: watch::Receiver<u64>) {
    cut.mark_unchanged();
    let Ok(mut far) = TcpStream::connect((target.host.as_str(), target.port)).await else { return };
    tokio::select! {
        Ok(()) = cut.changed() => {}
        _ = copy_bidirectional(&mut near, &mut far) => {}
    }
}
