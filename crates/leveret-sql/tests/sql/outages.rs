//! Connections that break at the worst moment, to the broker or to the database.

use std::net::SocketAddr;
use std::str::FromStr as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use leveret::{App, Handler, Publish, RetryPolicy, Text};
use leveret_broker::Broker;
use leveret_sql::{Relay, SqlError, Store, Tx};
use sqlx::Postgres;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::lab::{Arrivals, Lab, TestDb, effect, on_each_database, send};
use crate::proxy::Proxy;

on_each_database! {
    an_acknowledgement_that_is_lost_after_the_commit_changes_nothing
}

mod bodies {
    pub(super) use super::an_acknowledgement_that_is_lost_after_the_commit_changes_nothing;
}

async fn an_acknowledgement_that_is_lost_after_the_commit_changes_nothing<Db: TestDb>(
    lab: Lab<Db>,
) {
    let broker =
        Broker::builder().in_memory().listen("127.0.0.1:0".parse().unwrap()).start().await.unwrap();
    let address = broker.local_addrs()[0].to_string();
    let proxy = Arc::new(Proxy::before(address.clone()).await);
    let (cutting, is_cut, prefix) =
        (proxy.clone(), Arc::new(AtomicBool::new(false)), lab.prefix.clone());
    let work = move |Text(text): Text, mut tx: Tx<Db>| {
        let (cutting, is_cut, effect) = (cutting.clone(), is_cut.clone(), effect(&prefix, &text));
        async move {
            Db::execute(&mut tx, effect).await?;
            if !is_cut.swap(true, Ordering::SeqCst) {
                cutting.cut();
            }
            Ok::<_, SqlError>(Publish::to_queue("results").text(text))
        }
    };
    let through = format!("amqp://guest:guest@{}/%2f", proxy.address());
    let arrivals = Arrivals::default();
    let app = App::new("lab")
        .connect(through)
        .state(lab.store.clone())
        .handler(Handler::new("jobs", work).named("work"))
        .handler(arrivals.on("results"));
    let running = Relay::new(&lab.store).attach(app).start().await.unwrap();
    send(&running, &["a"]).await;
    running.wait_until(|stats| stats.handler("work").duplicates == 1).await;
    running.wait_until(|stats| stats.handler("results").handled >= 1).await;
    lab.reached("outbox", 0).await;
    running.idle().await;
    assert!(running.stats().reconnects >= 1);
    running.shutdown().await.unwrap();
    broker.shutdown().await;
    assert_eq!(arrivals.bodies(), ["a"]);
    assert_eq!((lab.rows("effects").await, lab.rows("inbox").await), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_is_lost_is_found_in_the_inbox_on_postgres() {
    let name = "a_commit_whose_answer_is_lost_is_found_in_the_inbox_on_postgres";
    let Some(lab) = Postgres::lab(name).await else { return };
    let is_armed = Arc::<AtomicBool>::default();
    let options = PgConnectOptions::from_str(&std::env::var("DATABASE_URL").unwrap()).unwrap();
    let database = format!("{}:{}", options.get_host(), options.get_port());
    let proxy = losing_commits(database, is_armed.clone()).await;
    let options = options.host("127.0.0.1").port(proxy.port());
    let pool = PgPoolOptions::new().connect_with(options).await.unwrap();
    let store = Store::new(pool).prefixed(&lab.prefix).unwrap();
    let (runs, effect) = (Arc::<AtomicU32>::default(), lab.effect("a"));
    let counted = runs.clone();
    let work = move |mut tx: Tx<Postgres>| {
        counted.fetch_add(1, Ordering::SeqCst);
        let (is_armed, effect) = (is_armed.clone(), effect.clone());
        async move {
            Postgres::execute(&mut tx, effect).await?;
            is_armed.store(true, Ordering::SeqCst);
            Ok::<_, SqlError>(Publish::to_queue("results").text("a"))
        }
    };
    // No second attempt: what is not known must not use one up.
    let handler = Handler::new("jobs", work).named("work").retry(RetryPolicy::never());
    let app = App::new("lab").in_memory().state(store).handler(handler);
    let running = app.start().await.unwrap();
    send(&running, &["a"]).await;
    running.wait_until(|stats| stats.handler("work").duplicates == 1).await;
    let stats = running.stats().handler("work");
    assert_eq!((stats.handled, stats.dead_lettered), (0, 0));
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    for table in ["effects", "inbox", "outbox"] {
        assert_eq!(lab.rows(table).await, 1, "{table}");
    }
    running.shutdown().await.unwrap();
}

/// A proxy that, once armed, passes the next commit on, waits for its answer, and hangs up.
async fn losing_commits(database: String, is_armed: Arc<AtomicBool>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(&database).await.unwrap();
            tokio::spawn(forward(client, server, is_armed.clone()));
        }
    });
    address
}

async fn forward(mut client: TcpStream, mut server: TcpStream, is_armed: Arc<AtomicBool>) {
    let (mut up, mut down) = (vec![0; 16384], vec![0; 16384]);
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let Ok(bytes @ 1..) = read else { return };
                let sent = &up[..bytes];
                let is_commit = sent.windows(6).any(|word| word == b"COMMIT");
                server.write_all(sent).await.unwrap();
                if is_commit && is_armed.swap(false, Ordering::SeqCst) {
                    assert!(server.read(&mut down).await.unwrap() > 0);
                    return;
                }
            }
            read = server.read(&mut down) => {
                let Ok(bytes @ 1..) = read else { return };
                client.write_all(&down[..bytes]).await.ok();
            }
        }
    }
}
