//! A copy of a broker that goes on meanwhile.

use std::{fs, path::Path, time::Duration};

use bytes::Bytes;
use leveret_broker::{BackupError, Broker, Limits, StartError, offline::inspect};
use leveret_protocol::{Method, ShortStr, basic};
use serde_json::{Value, json};

use crate::{admin_api, wire::Wire};

const QUEUE: &str = "heap";

/// A broker with pages of twenty messages.
async fn start(root: &Path) -> Result<Broker, StartError> {
    let mut limits = Limits::default();
    limits.close_timeout = Duration::from_millis(50);
    limits.page_messages_max = 20;
    let any = "127.0.0.1:0".parse().unwrap();
    Broker::builder().data_dir(root).limits(limits).admin_listen(any).start().await
}

fn body(number: usize) -> Bytes {
    format!("message {number}").into()
}

fn pages(root: &Path) -> usize {
    fs::read_dir(root.join("pages")).unwrap().count()
}

/// Publishes and consumes until told to stop; gives back what was published and confirmed.
async fn load(broker: &Broker, mut stop: tokio::sync::oneshot::Receiver<()>) -> usize {
    let mut peer = Wire::new(broker.connect());
    peer.ready_to_publish(QUEUE).await;
    let mut published = 0;
    while stop.try_recv().is_err() {
        published += 1;
        peer.publish(QUEUE, format!("later {published}")).await;
        peer.confirmed(published).await;
        let queue = ShortStr::from_static(QUEUE);
        peer.send_method(1, basic::Get { queue, no_ack: true }).await;
        match peer.next_method().await {
            Ok((1, Method::BasicGetOk(_))) => peer.body().await,
            other => panic!("no message but {other:?}"),
        };
    }
    usize::try_from(published).unwrap()
}

#[tokio::test]
async fn what_was_confirmed_before_a_backup_is_in_it_though_the_broker_goes_on() {
    let (root, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let broker = start(root.path()).await.unwrap();
    let mut peer = Wire::new(broker.connect());
    peer.ready_to_publish(QUEUE).await;
    for number in 1..=2_000 {
        peer.publish(QUEUE, body(number)).await;
    }
    peer.confirmed(2_000).await;
    while pages(root.path()) < 90 {
        tokio::task::yield_now().await;
    }
    for round in 0..5 {
        let copy = place.path().join(format!("copy {round}"));
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let (made, taken) = tokio::join!(
            async {
                let made = broker.backup(&copy).await.unwrap();
                stop.send(()).unwrap();
                made
            },
            load(&broker, stopped)
        );
        assert!(taken > 0 && made.pages >= 80 - round, "{taken} {made:?}");
        let found = inspect(&copy).unwrap();
        assert_eq!((&found.cut, &found.damaged_pages), (&None, &Vec::new()));

        let again = start(&copy).await.unwrap();
        let mut reader = Wire::new(again.connect());
        reader.ready_to_publish(QUEUE).await;
        let there = reader.drain(QUEUE).await;
        let mut expected = peer_view(&there);
        // What was taken while the backup was made may be missing, at the front alone.
        let first = expected.remove(0);
        assert_eq!(expected, (first + 1..=2_000).collect::<Vec<_>>(), "round {round}");
        drop(reader);
        again.shutdown().await;
    }
    // What was held goes when it is needed no more.
    assert!(!peer.drain(QUEUE).await.is_empty());
    while pages(root.path()) > 0 {
        tokio::task::yield_now().await;
    }
    drop(peer);
    broker.shutdown().await;
}

/// The numbers of those messages that were there before all load.
fn peer_view(bodies: &[Bytes]) -> Vec<usize> {
    let texts = bodies.iter().map(|body| str::from_utf8(body).unwrap());
    texts.filter_map(|text| text.strip_prefix("message ")?.parse().ok()).collect()
}

#[tokio::test]
async fn one_backup_at_a_time_goes_to_an_empty_directory_elsewhere() {
    let (root, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let broker = start(root.path()).await.unwrap();
    let (copy, other) = (place.path().join("copy"), place.path().join("other"));
    let (made, refused) = tokio::join!(broker.backup(&copy), broker.backup(&other));
    assert!(made.is_ok() && !other.exists());
    assert!(matches!(refused, Err(BackupError::Busy { path }) if path == copy));
    for (path, problem) in [
        (copy.as_path(), "is not empty"),
        (Path::new("copy"), "is no absolute path"),
        (&root.path().join("pages/copy"), "is within the data directory"),
        (&place.path().join("none/copy"), "cannot copy"),
    ] {
        let error = broker.backup(path).await.unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
    assert_eq!(pages(root.path()), 0);
    // What failed half-way does not look like data.
    fs::write(copy.join("format"), "a backup that is not finished\n").unwrap();
    assert!(matches!(start(&copy).await, Err(StartError::Directory(_))));
    broker.shutdown().await;

    let broker = Broker::builder().in_memory().start().await.unwrap();
    assert!(matches!(broker.backup(&other).await, Err(BackupError::InMemory)));
    broker.shutdown().await;
}

#[tokio::test]
async fn an_administrator_makes_a_backup_by_the_admin_api() {
    let (root, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let broker = start(root.path()).await.unwrap();
    let body = json!({ "path": place.path() });
    let line = "POST /api/backup";
    let (status, made) = admin_api::request(&broker, "guest:guest", line, &body).await;
    assert_eq!((status, &made["path"]), (200, &body["path"]));
    assert_eq!((&made["segments"], &made["pages"]), (&json!(1), &json!(0)));
    let (status, told) = admin_api::request(&broker, "guest:guest", line, &body).await;
    assert_eq!((status, &told["error"]), (400, &json!("bad_request")), "{told}");
    let none = Value::Null;
    assert_eq!(admin_api::request(&broker, "guest:guest", line, &none).await.0, 400);
    let user = json!({ "password": "down", "tags": "monitoring" });
    assert_eq!(admin_api::put(&broker, "users/hazel", user).await, 201);
    assert_eq!(admin_api::request(&broker, "hazel:down", line, &body).await.0, 401);
    broker.shutdown().await;
    let again = start(place.path()).await.unwrap();
    assert_eq!(again.admin().virtual_hosts(), ["/"]);
    again.shutdown().await;
}
