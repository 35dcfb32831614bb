//! Users, permissions and limits over real sockets, at run time and after.

use leveret_broker::{
    Admin, Broker, HostLimitName, PolicyInfo, PolicyOwner, Secret, UserLimitName,
};
use leveret_protocol::{Method, ShortStr, basic, channel, connection, queue};
use tokio::net::TcpStream;

use crate::wire::Wire;

async fn in_memory() -> Broker {
    let listen = "127.0.0.1:0".parse().unwrap();
    Broker::builder().in_memory().listen(listen).start().await.unwrap()
}

async fn on_disk(path: &std::path::Path) -> Broker {
    let listen = "127.0.0.1:0".parse().unwrap();
    Broker::builder().data_dir(path).listen(listen).start().await.unwrap()
}

/// Makes `hazel` with the password `down`, who may do these things in `/`.
async fn hazel(admin: &Admin, patterns: [&str; 3]) {
    admin.put_user("hazel", Secret::new("down"), &[]).await.unwrap();
    admin.set_permissions("hazel", "/", patterns).await.unwrap();
}

/// What a login as `hazel` is answered: `connection.tune`, or how it ends.
async fn try_login(broker: &Broker, response: &'static str) -> (Wire<TcpStream>, String) {
    let mut peer = Wire::new(TcpStream::connect(broker.local_addrs()[0]).await.unwrap());
    peer.start().await;
    peer.start_ok("PLAIN", response, true).await;
    let answer = peer.next().await;
    (peer, answer)
}

/// What opening a virtual host as `hazel` is answered.
async fn try_open(broker: &Broker, host: &'static str) -> (Wire<TcpStream>, String) {
    let (mut peer, answer) = try_login(broker, "\0hazel\0down").await;
    assert!(answer.starts_with("connection.tune"), "{answer}");
    peer.tune_ok(131_072).await;
    peer.open(host).await;
    let answer = peer.next().await;
    (peer, answer)
}

async fn open_channel(peer: &mut Wire<TcpStream>, number: u16) -> String {
    peer.send_method(number, channel::Open).await;
    peer.next().await
}

async fn declare(peer: &mut Wire<TcpStream>, name: &'static str) -> String {
    let name = ShortStr::from_static(name);
    peer.send_method(1, queue::Declare { queue: name, ..queue::Declare::default() }).await;
    peer.next().await
}

#[tokio::test]
async fn any_new_secret_is_taken_and_the_old_password_still_logs_in() {
    let broker = Broker::builder().in_memory().start().await.unwrap();
    let mut peer = Wire::new(broker.connect());
    peer.ready().await;
    for secret in ["guest", "another", ""] {
        let update = connection::UpdateSecret {
            new_secret: secret.into(),
            reason: ShortStr::from_static("renewal"),
        };
        peer.send_method(0, update).await;
        assert_eq!(peer.next().await, "connection.update-secret-ok");
    }
    let mut other = Wire::new(broker.connect());
    other.ready().await;
    broker.shutdown().await;
}

#[tokio::test]
async fn a_user_made_at_run_time_logs_in_and_does_what_is_permitted() {
    let broker = in_memory().await;
    hazel(&broker.admin(), ["^jobs", "", ""]).await;
    for _ in 0..2 {
        let (mut peer, answer) = try_open(&broker, "/").await;
        assert_eq!(answer, "connection.open-ok");
        assert_eq!(open_channel(&mut peer, 1).await, "1: channel.open-ok");
        assert_eq!(declare(&mut peer, "jobs").await, "1: queue.declare-ok");
        assert_eq!(
            declare(&mut peer, "other").await,
            "1: channel.close 403 ACCESS_REFUSED - configure access to queue 'other' in vhost '/' refused for user 'hazel' (50.10)"
        );
    }
    let (_, answer) = try_login(&broker, "\0hazel\0up").await;
    assert!(answer.starts_with("connection.close 403 ACCESS_REFUSED"), "{answer}");
    let (_, answer) = try_login(&broker, "\0nobody\0down").await;
    assert!(answer.starts_with("connection.close 403 ACCESS_REFUSED"), "{answer}");
    broker.shutdown().await;
}

#[tokio::test]
async fn permissions_change_without_a_reconnect() {
    let broker = in_memory().await;
    let admin = broker.admin();
    hazel(&admin, [".*", ".*", ".*"]).await;
    let (mut peer, _) = try_open(&broker, "/").await;
    assert_eq!(open_channel(&mut peer, 1).await, "1: channel.open-ok");
    assert_eq!(declare(&mut peer, "jobs").await, "1: queue.declare-ok");
    admin.set_permissions("hazel", "/", ["", ".*", ".*"]).await.unwrap();
    // The change is under way in the task of the connection: it is there before long.
    let mut refused = declare(&mut peer, "jobs").await;
    while refused == "1: queue.declare-ok" {
        refused = declare(&mut peer, "jobs").await;
    }
    assert!(refused.contains("access to queue 'jobs'"), "{refused}");
    admin.clear_permissions("hazel", "/").await.unwrap();
    let (_, answer) = try_open(&broker, "/").await;
    assert_eq!(
        answer,
        "connection.close 530 NOT_ALLOWED - access to vhost '/' refused for user 'hazel' (10.40)"
    );
    broker.shutdown().await;
}

#[tokio::test]
async fn what_administrators_decide_survives_a_restart() {
    let root = tempfile::tempdir().unwrap();
    let broker = on_disk(root.path()).await;
    let admin = broker.admin();
    hazel(&admin, ["^jobs", "", ""]).await;
    admin.add_virtual_host("burrow").await.unwrap();
    admin.add_virtual_host("gone").await.unwrap();
    admin.set_permissions("hazel", "burrow", [".*", ".*", ".*"]).await.unwrap();
    let (mut peer, _) = try_open(&broker, "burrow").await;
    assert_eq!(open_channel(&mut peer, 1).await, "1: channel.open-ok");
    let queue = ShortStr::from_static("kept");
    peer.send_method(1, queue::Declare { queue, durable: true, ..Default::default() }).await;
    assert_eq!(peer.next().await, "1: queue.declare-ok");
    admin.delete_virtual_host("gone").await.unwrap();
    broker.shutdown().await;
    let file = std::fs::read_to_string(root.path().join("administration.json")).unwrap();
    assert!(file.contains("$argon2id$") && !file.contains("\"down\""), "{file}");

    let broker = on_disk(root.path()).await;
    assert_eq!(broker.admin().virtual_hosts(), ["/", "burrow"]);
    let (mut peer, answer) = try_open(&broker, "burrow").await;
    assert_eq!(answer, "connection.open-ok");
    assert_eq!(open_channel(&mut peer, 1).await, "1: channel.open-ok");
    let queue = ShortStr::from_static("kept");
    peer.send_method(1, queue::Declare { queue, passive: true, ..Default::default() }).await;
    assert_eq!(peer.next().await, "1: queue.declare-ok");
    broker.shutdown().await;
}

#[tokio::test]
async fn a_virtual_host_goes_with_its_connections_and_all_that_was_in_it() {
    let root = tempfile::tempdir().unwrap();
    let broker = on_disk(root.path()).await;
    let admin = broker.admin();
    admin.put_user("hazel", Secret::new("down"), &[]).await.unwrap();
    for round in 0..2 {
        admin.add_virtual_host("burrow").await.unwrap();
        admin.set_permissions("hazel", "burrow", [".*", ".*", ".*"]).await.unwrap();
        let (mut peer, answer) = try_open(&broker, "burrow").await;
        assert_eq!(answer, "connection.open-ok");
        assert_eq!(open_channel(&mut peer, 1).await, "1: channel.open-ok");
        let queue = ShortStr::from_static("jobs");
        if round == 1 {
            peer.send_method(1, queue::Declare { queue, passive: true, ..Default::default() })
                .await;
            assert!(peer.next().await.contains("404 NOT_FOUND"), "it is another one now");
        } else {
            peer.send_method(1, queue::Declare { queue, durable: true, ..Default::default() })
                .await;
            assert_eq!(peer.next().await, "1: queue.declare-ok");
        }
        let deleting = tokio::spawn({
            let admin = admin.clone();
            async move { admin.delete_virtual_host("burrow").await }
        });
        assert_eq!(
            peer.next().await,
            "connection.close 320 CONNECTION_FORCED - vhost 'burrow' is deleted (0.0)"
        );
        peer.send_method(0, connection::CloseOk).await;
        deleting.await.unwrap().unwrap();
    }
    let (_, answer) = try_open(&broker, "burrow").await;
    assert!(answer.contains("530 NOT_ALLOWED - vhost burrow not found"), "{answer}");
    broker.shutdown().await;
    let broker = on_disk(root.path()).await;
    assert_eq!(broker.admin().virtual_hosts(), ["/"]);
    broker.shutdown().await;
}

#[tokio::test]
async fn limits_hold_for_new_connections_channels_and_queues() {
    let broker = in_memory().await;
    let admin = broker.admin();
    hazel(&admin, [".*", ".*", ".*"]).await;
    let (mut first, _) = try_open(&broker, "/").await;
    admin.limit_user("hazel", UserLimitName::Connections, Some(1)).await.unwrap();
    let (_, answer) = try_open(&broker, "/").await;
    assert_eq!(
        answer,
        "connection.close 530 NOT_ALLOWED - connection refused for user 'hazel': user connection limit (1) is reached (10.40)"
    );
    admin.limit_virtual_host("/", HostLimitName::Connections, Some(1)).await.unwrap();
    let (_, answer) = try_open(&broker, "/").await;
    assert_eq!(
        answer,
        "connection.close 530 NOT_ALLOWED - access to vhost '/' refused for user 'hazel': connection limit (1) is reached (10.40)"
    );
    assert_eq!(open_channel(&mut first, 1).await, "1: channel.open-ok");
    admin.limit_virtual_host("/", HostLimitName::Queues, Some(1)).await.unwrap();
    assert_eq!(declare(&mut first, "one").await, "1: queue.declare-ok");
    assert_eq!(
        declare(&mut first, "two").await,
        "1: channel.close 406 PRECONDITION_FAILED - cannot declare queue 'two': queue limit in vhost '/' (1) is reached (50.10)"
    );
    first.send_method(1, channel::CloseOk).await;
    admin.limit_user("hazel", UserLimitName::Channels, Some(1)).await.unwrap();
    assert_eq!(open_channel(&mut first, 1).await, "1: channel.open-ok");
    assert_eq!(
        open_channel(&mut first, 2).await,
        "connection.close 530 NOT_ALLOWED - number of channels opened for user 'hazel' has reached the maximum allowed user limit of (1) (0.0)"
    );
    broker.shutdown().await;
}

#[tokio::test]
async fn a_deleted_user_is_closed_and_an_administrator_closes_whom_they_will() {
    let broker = in_memory().await;
    let admin = broker.admin();
    hazel(&admin, [".*", ".*", ".*"]).await;
    let (mut peer, _) = try_open(&broker, "/").await;
    let name = admin.connections()[0].name.clone();
    admin.close_connection(&name, "so be it").unwrap();
    assert_eq!(peer.next().await, "connection.close 320 CONNECTION_FORCED - so be it (0.0)");
    let (mut peer, _) = try_open(&broker, "/").await;
    admin.delete_user("hazel").await.unwrap();
    assert_eq!(
        peer.next().await,
        "connection.close 320 CONNECTION_FORCED - user 'hazel' is deleted (0.0)"
    );
    let (_, answer) = try_login(&broker, "\0hazel\0down").await;
    assert!(answer.starts_with("connection.close 403"), "{answer}");
    broker.shutdown().await;
}

#[tokio::test]
async fn topic_permissions_hold_for_keys() {
    let broker = in_memory().await;
    let admin = broker.admin();
    hazel(&admin, [".*", ".*", ".*"]).await;
    admin.set_topic_permissions("hazel", "/", "amq.topic", ["^{username}\\.", ".*"]).await.unwrap();
    let (mut peer, _) = try_open(&broker, "/").await;
    assert_eq!(open_channel(&mut peer, 1).await, "1: channel.open-ok");
    for (key, is_refused) in [("hazel.found", false), ("fiver.found", true)] {
        let publish = basic::Publish {
            exchange: ShortStr::from_static("amq.topic"),
            routing_key: ShortStr::from_static(key),
            ..basic::Publish::default()
        };
        peer.send_content(1, &Method::BasicPublish(publish)).await;
        peer.send_method(1, queue::Declare::default()).await;
        let answer = peer.next().await;
        assert_eq!(answer.contains("access to topic 'fiver.found'"), is_refused, "{answer}");
    }
    broker.shutdown().await;
}

#[tokio::test]
async fn a_policy_bounds_a_queue_that_is_there() {
    let broker = in_memory().await;
    let admin = broker.admin();
    let mut peer = Wire::new(TcpStream::connect(broker.local_addrs()[0]).await.unwrap());
    peer.ready_to_publish("jobs").await;
    for _ in 0..3 {
        peer.publish("jobs", "x").await;
    }
    peer.confirmed(3).await;
    let policy = PolicyInfo::new("short", "^jobs$", r#"{"max-length": 1}"#).apply_to("queues");
    admin.set_policy("/", PolicyOwner::User, policy).await.unwrap();
    peer.publish("jobs", "y").await;
    peer.confirmed(4).await;
    assert_eq!(peer.drain("jobs").await, ["y"]);
    let refused = PolicyInfo::new("bad", "(", "{}");
    let refused = admin.set_policy("/", PolicyOwner::User, refused).await.unwrap_err();
    assert!(refused.to_string().contains("policy `bad`: not a regular expression"), "{refused}");
    broker.shutdown().await;
}
