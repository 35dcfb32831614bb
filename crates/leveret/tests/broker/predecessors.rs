//! Scenarios that broke the predecessors, as far as no other file has them.
//!
//! `docs/predecessors.md` is the list; each test that it names is there.

use std::fs;
use std::path::{Path, PathBuf};

use crate::setup::on_each_broker;

on_each_broker! {
    of_five_thousand_waiting_messages_one_is_taken
    a_sender_alone_and_two_applications_share_a_process
    a_handler_calls_and_publishes_over_its_own_connection
    a_file_whose_message_is_refused_stays_where_it_is
}

#[test]
fn each_test_that_the_page_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = fs::read_to_string(root.join("docs/predecessors.md")).unwrap();
    let mut sources = String::new();
    let mut folders: Vec<PathBuf> = vec![root.join("crates"), root.join("examples")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }
    let is_test = |name: &&str| {
        name.matches('_').count() >= 3 && name.chars().all(|c| c.is_ascii_lowercase() || c == '_')
    };
    let named: Vec<&str> = page.split('`').skip(1).step_by(2).filter(is_test).collect();
    assert!(named.len() > 40, "found {}", named.len());
    let is_missing =
        |name: &&&str| !["(", "<"].iter().any(|end| sources.contains(&format!("fn {name}{end}")));
    let missing: Vec<&&str> = named.iter().filter(is_missing).collect();
    assert!(missing.is_empty(), "no tests: {missing:#?}");
}

mod bodies {
    use std::sync::{Arc, OnceLock};

    use leveret::files::{FileSource, ReadError};
    use leveret::{
        EncodeError, Failure, Handler, Json, Publish, Publisher, Reply, RpcClient, RpcOptions,
        State,
    };
    use tokio::sync::Semaphore;

    use crate::setup::{Arrivals, Target, in_hand};

    pub(super) async fn of_five_thousand_waiting_messages_one_is_taken(target: Target) {
        let jobs = target.name("jobs");
        let gate = Arc::new(Semaphore::new(0));
        let held = gate.clone();
        let work = move || {
            let held = held.clone();
            async move { held.acquire().await.unwrap().forget() }
        };
        let handler = Handler::new(jobs.as_str(), work).named("work");
        let running = target.app().handler(handler).start().await.unwrap();
        let publisher = running.publisher();
        let sending = (0..5_000).map(|number: u32| {
            let publish = Publish::to_queue(&jobs).text(number.to_string());
            publisher.publish(publish)
        });
        for sent in futures_util::future::join_all(sending).await {
            sent.unwrap();
        }
        in_hand(&running, "work").await;
        assert_eq!(running.messages_ready(&jobs).await, Some(4_999));
        gate.add_permits(10_000);
        running.wait_until(|stats| stats.handler("work").handled == 5_000).await;
        running.shutdown().await.unwrap();
    }

    pub(super) async fn a_sender_alone_and_two_applications_share_a_process(target: Target) {
        let (first, second) = (target.name("first"), target.name("second"));
        let (at_first, at_second) = (Arrivals::default(), Arrivals::default());
        let one = target.app().handler(at_first.on(first.clone())).start().await.unwrap();
        let two = target.app().handler(at_second.on(second.clone())).start().await.unwrap();
        one.publisher().publish(Publish::to_queue(&first).text("to one")).await.unwrap();
        two.publisher().publish(Publish::to_queue(&second).text("to two")).await.unwrap();
        one.wait_until(|stats| stats.handler(&first).handled == 1).await;
        two.wait_until(|stats| stats.handler(&second).handled == 1).await;
        one.shutdown().await.unwrap();
        // The other goes on.
        two.publisher().publish(Publish::to_queue(&second).text("again")).await.unwrap();
        two.wait_until(|stats| stats.handler(&second).handled == 2).await;
        let sender = target.app().start().await.unwrap();
        let to_nobody = sender.publisher().publish(Publish::to_queue(target.name("nobody"))).await;
        assert!(to_nobody.is_err(), "the sender is told");
        sender.shutdown().await.unwrap();
        two.shutdown().await.unwrap();
        assert_eq!(at_first.bodies(), ["to one"]);
        assert_eq!(at_second.bodies(), ["to two", "again"]);
    }

    type Client = Arc<OnceLock<RpcClient>>;

    pub(super) async fn a_handler_calls_and_publishes_over_its_own_connection(target: Target) {
        let [jobs, doubles, log] = ["jobs", "doubles", "log"].map(|name| target.name(name));
        let (ask, to) = (doubles.clone(), log.clone());
        let work = move |Json(n): Json<u32>, State(client): State<Client>, publisher: Publisher| {
            let (ask, to) = (ask.clone(), to.clone());
            async move {
                let client = client.get().ok_or("no client yet").map_err(Failure::transient)?;
                let double: u32 = client.call(ask.as_str(), &n).await?;
                publisher.publish(Publish::to_queue(&to).text(double.to_string())).await?;
                Ok::<(), Failure>(())
            }
        };
        let double = |Json(n): Json<u32>| async move { Reply::json(&(2 * n)) };
        let (client, arrivals) = (Client::default(), Arrivals::default());
        let app = target
            .app()
            .state(client.clone())
            .handler(Handler::new(jobs.as_str(), work).named("work").concurrency(2))
            .handler(Handler::new(doubles.as_str(), double).named("double"))
            .handler(arrivals.on(log));
        let running = app.start().await.unwrap();
        client.set(running.rpc_client(RpcOptions::default()).unwrap()).unwrap();
        for number in 1..=10 {
            let job: Result<Publish, EncodeError> = Publish::to_queue(&jobs).json(&number);
            running.publisher().publish(job.unwrap()).await.unwrap();
        }
        running.wait_until(|_| arrivals.all().len() == 10).await;
        assert_eq!(running.stats().handler("work").retried, 0);
        running.shutdown().await.unwrap();
    }

    pub(super) async fn a_file_whose_message_is_refused_stays_where_it_is(target: Target) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("new")).unwrap();
        std::fs::write(dir.path().join("new/1"), b"\xff\0 one").unwrap();
        let mails = target.name("mails");
        let arrivals = Arrivals::default();
        let running = target.app().handler(arrivals.on(mails.clone())).start().await.unwrap();
        let to_nobody = FileSource::new(dir.path()).to("amq.topic", "nobody.listens");
        let refused = to_nobody.drain(&running.publisher(), |_| {}).await.unwrap_err();
        assert!(matches!(refused, ReadError::Publish { .. }), "{refused}");
        assert!(dir.path().join("new/1").exists());
        let to_us = FileSource::new(dir.path()).to("", &mails);
        let summary = to_us.drain(&running.publisher(), |_| {}).await.unwrap();
        assert_eq!((summary.sent, summary.left), (1, 0));
        assert!(dir.path().join("cur/1").exists() && !dir.path().join("new/1").exists());
        running.wait_until(|_| arrivals.all().len() == 1).await;
        assert_eq!(arrivals.one().body(), &b"\xff\0 one"[..]);
        running.shutdown().await.unwrap();
    }
}
