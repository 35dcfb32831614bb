//! HTTP targets: what a server is asked, and what its answers mean.

use std::sync::Arc;
use std::time::Duration;

use expect_test::expect;
use leveret::{Handler, Publish, RetryPolicy};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::server::{Answer, Server};
use crate::setup::{World, has, problem, target};

/// `http = { url = .., and more }`.
fn http(server: &Server, path: &str, more: &str) -> Handler {
    target(&format!(r#"{{ http = {{ url = "http://{}{path}" {more} }} }}"#, server.address))
}

fn ok(_: &crate::server::Asked) -> Answer {
    Answer::With(204, "", String::new())
}

#[tokio::test]
async fn a_message_is_a_request() {
    let server = Server::start(ok).await;
    let more = r#", method = "PUT", headers = { x-region = "{region}/{header.x-mood}", x-none = "{header.x-absent}" }"#;
    let handler = http(&server, "/{exchange}/{region}/{key}?id={message-id}", more);
    let world = World::new(handler.bind("shop", "order.{region}.new")).await;
    let order = Publish::new("shop", "order.eu.new").text("tea").message_id("a/b&c");
    let order = order.kind("order").correlation_id("c-1").timestamp(7).header("x-mood", "good");
    let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    world
        .publish(order.header("traceparent", traceparent).header("x-forwarded-for", "1.1.1.1"))
        .await;
    world.handled(1).await;
    let asked = server.asked().remove(0);
    assert_eq!(asked.line, "PUT /shop/eu/order.eu.new?id=a%2Fb%26c");
    assert_eq!(asked.body, "tea");
    let is_shown = |line: &&str| !line.is_empty() && !line.starts_with("host:");
    let mut headers: Vec<&str> = asked.headers.lines().filter(is_shown).collect();
    headers.sort_unstable();
    expect![[r#"
        content-length: 3
        content-type: text/plain; charset=utf-8
        correlation-id: c-1
        message-id: a/b&c
        timestamp: 7
        traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
        x-leveret-app-id: targets
        x-leveret-attempt: 1
        x-leveret-exchange: shop
        x-leveret-handler: t
        x-leveret-queue: jobs
        x-leveret-redelivered: false
        x-leveret-routing-key: order.eu.new
        x-leveret-type: order
        x-mood: good
        x-region: eu/good"#]]
    .assert_eq(&headers.join("\n"));
    world.end().await;
}

#[tokio::test]
async fn nothing_leaves_its_segment() {
    let server = Server::start(ok).await;
    let world = World::new(http(&server, "/hooks/{key}/end", "")).await;
    for key in ["../admin?x=1#y", "a b%2f", "..", ""] {
        world.send(key, "x").await;
    }
    world.handled(3).await;
    let lines: Vec<String> = server.asked().into_iter().map(|asked| asked.line).collect();
    assert_eq!(lines[0], "POST /hooks/..%2Fadmin%3Fx%3D1%23y/end");
    assert_eq!(lines[1], "POST /hooks/a%20b%252f/end");
    assert_eq!(lines[2], "POST /hooks/-/end");
    let dead = world.dead(1).await;
    assert_eq!(dead, ["unmappable: a segment of the path would be `..`, which leaves it"]);
    world.end().await;
}

#[tokio::test]
async fn a_status_is_the_outcome() {
    let server = Server::start(|asked| match asked.body.as_str() {
        "moved" => Answer::With(302, "location: /elsewhere\r\n", String::new()),
        "wrong" => Answer::With(422, "content-type: text/plain\r\n", "no such tea".to_owned()),
        "gone" => Answer::With(404, "", String::new()),
        "broken" => Answer::With(500, "", String::new()),
        "busy" if asked.header("x-leveret-attempt") == Some("1") => {
            Answer::With(503, "retry-after: 0\r\n", String::new())
        }
        "date" if asked.header("x-leveret-attempt") == Some("1") => {
            Answer::With(429, "retry-after: Sun, 06 Nov 1994 08:49:37 GMT\r\n", String::new())
        }
        _ => Answer::With(200, "", String::new()),
    })
    .await;
    let world = World::new(http(&server, "/", r#", status = { 404 = "ack" }"#)).await;
    for body in ["fine", "gone", "busy", "date"] {
        world.send("k", body).await;
    }
    world.handled(4).await;
    assert_eq!(server.asked().len(), 6);
    for body in ["moved", "wrong", "broken"] {
        world.send("k", body).await;
    }
    let mut dead = world.dead(3).await;
    dead.sort();
    assert_eq!(
        dead,
        [
            "http-302: 302 Found: what was asked for is at `/elsewhere`",
            "http-422: 422 Unprocessable Entity: no such tea",
            "http-500: 500 Internal Server Error",
        ]
    );
    assert_eq!(server.asked().len(), 6 + 1 + 1 + 3);
    world.end().await;
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_a_passing_trouble() {
    let server = Server::start(|asked| match asked.body.as_str() {
        "hang" => Answer::Hang,
        _ => Answer::Close,
    })
    .await;
    let more = r#", response-timeout = "100ms""#;
    let world = World::new(http(&server, "/", more).retry(RetryPolicy::attempts(2))).await;
    world.send("k", "hang").await;
    let address = server.address;
    let late = format!("http-timeout: no whole response from http://{address} within 0.1 s");
    assert_eq!(world.dead(1).await, [late]);
    world.send("k", "close").await;
    let dead = world.dead(2).await;
    assert!(
        dead[1].starts_with(&format!("http-broken: http://{address} does not answer")),
        "{dead:?}"
    );
    assert_eq!(server.asked().len(), 4);
    world.end().await;
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let world =
        World::new(target(&format!(r#"{{ http = {{ url = "http://{nobody}/" }} }}"#))).await;
    world.send("k", "x").await;
    let dead = world.dead(1).await;
    assert!(dead[0].starts_with("http-connect: ") && dead[0].contains("refused"), "{dead:?}");
    world.end().await;
}

#[tokio::test]
async fn connections_are_used_again() {
    let server = Server::echo().await;
    let world = World::new(http(&server, "/", "")).await;
    for number in 0..20 {
        world.send("k", number.to_string()).await;
    }
    world.handled(20).await;
    assert!(server.asked().iter().all(|asked| asked.connection == 0));
    world.end().await;
}

#[tokio::test]
async fn a_response_is_the_output_and_the_reply() {
    let server = Server::echo().await;
    let more = r#", output = { exchange = "", key = "{header.to}" }, response-bytes-max = 10"#;
    let world = World::new(http(&server, "/", more)).await;
    let replies = Publish::new("shop", "k").reply_to("done").correlation_id("c-9");
    world.publish(replies.text("tea").header("to", "done")).await;
    assert_eq!(world.done(2).await, ["tea", "tea"]);
    let all = world.done.all();
    let reply = all.iter().find(|message| message.header("x-http-status").is_some()).unwrap();
    assert_eq!(reply.properties().correlation_id().unwrap().to_string_lossy(), "c-9");
    assert_eq!(reply.properties().content_type().unwrap().to_string_lossy(), "text/plain");
    world.publish(Publish::new("shop", "k").text("x".repeat(11)).header("to", "done")).await;
    world.publish(Publish::new("shop", "k").text("x")).await;
    let mut dead = world.dead(2).await;
    dead.sort();
    assert_eq!(
        dead,
        [
            "reply-too-long: the response's body has more than 10 bytes",
            "unmappable: the message has no header `to` that is text",
        ]
    );
    world.end().await;
}

#[tokio::test]
async fn a_message_is_an_event() {
    let server = Server::start(ok).await;
    let world = World::new(http(&server, "/", r#", cloud-events = "structured""#)).await;
    let order = Publish::new("shop", "order.new").json(&7).unwrap().message_id("id-1").timestamp(0);
    world.publish(order).await;
    world.handled(1).await;
    let asked = server.asked().remove(0);
    let content_type = asked.header("content-type").unwrap();
    assert_eq!(content_type, "application/cloudevents+json; charset=utf-8");
    expect![[r#"{"data":7,"datacontenttype":"application/json","id":"id-1","source":"/shop","specversion":"1.0","subject":"order.new","time":"1970-01-01T00:00:00Z","type":"order.new"}"#]].assert_eq(&asked.body);
    world.end().await;
}

#[tokio::test]
async fn a_token_is_sent_and_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "s3cret\n").unwrap();
    let server = Server::start(|_| Answer::With(401, "", String::new())).await;
    let more = format!(r#", bearer-file = "{}""#, file.display());
    let world = World::new(http(&server, "/", &more)).await;
    world.send("k", "x").await;
    assert_eq!(world.dead(1).await, ["http-401: 401 Unauthorized"]);
    assert_eq!(server.asked()[0].header("authorization"), Some("Bearer s3cret"));
    world.end().await;
    std::fs::write(&file, "pass").unwrap();
    let more = format!(r#", basic = {{ user = "ann", password-file = "{}" }}"#, file.display());
    let world = World::new(http(&server, "/", &more)).await;
    world.send("k", "x").await;
    world.dead(1).await;
    assert_eq!(server.asked()[1].header("authorization"), Some("Basic YW5uOnBhc3M="));
    world.end().await;
}

#[test]
fn what_is_wrong_is_told_beforehand() {
    let told = |target: &str| problem(target);
    let base = "the target of `t`: ";
    let url = |url: &str| told(&format!(r#"{{ http = {{ url = "{url}" }} }}"#));
    assert_eq!(
        url("ftp://x"),
        format!("{base}`http.url`: wanted is `http://…` or `https://…`, found `ftp://`")
    );
    assert!(url("http://a:b@host/").contains("use `basic`"));
    let with = |more: &str| told(&format!(r#"{{ http = {{ url = "http://host", {more} }} }}"#));
    assert!(with(r#"headers = { Authorization = "Bearer x" }"#).contains("bearer-file"));
    assert!(with(r#"headers = { connection = "close" }"#).contains("the connection's own"));
    assert!(with(r#"bearer-env = "LEVERET_NO_SUCH_VARIABLE""#).contains("is not set"));
    assert!(with(r#"bearer-file = "/no/such/file""#).contains("`/no/such/file` cannot be read"));
    assert!(with(r#"basic = { user = "ann" }"#).contains("a password is wanted"));
    assert!(with(r#"status = { 99 = "ack" }"#).contains("`99` is no status"));
    assert!(with(r#"method = "P OST""#).contains("`P OST` is no method"));
    assert!(with(r#"output = { exchange = "", key = "{no-such}" }"#).contains("output.key"));
}

#[tokio::test]
async fn a_server_is_believed_by_its_certificate() {
    let names = vec!["localhost".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let server = Server::start_tls(TlsAcceptor::from(Arc::new(config)), ok).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, made.cert.pem()).unwrap();
    let port = server.address.port();
    let with = |more: &str| {
        target(&format!(r#"{{ http = {{ url = "https://localhost:{port}/"{more} }} }}"#))
    };
    let world = World::new(with(&format!(r#", ca-file = "{}""#, file.display()))).await;
    world.send("k", "x").await;
    world.handled(1).await;
    world.end().await;
    let world = World::new(with("")).await;
    world.send("k", "x").await;
    let dead = world.dead(1).await;
    assert!(dead[0].contains("certificate"), "{dead:?}");
    assert_eq!(server.asked().len(), 1);
    world.end().await;
}

/// A stock server of Python's: `GET` is answered, `POST` it does not know.
#[tokio::test]
async fn a_stock_server_is_asked() {
    if !has("python3") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tea"), "green").unwrap();
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut server = tokio::process::Command::new("python3")
        .args(["-m", "http.server", "--bind", "127.0.0.1", &address.port().to_string()])
        .current_dir(folder.path())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    while tokio::net::TcpStream::connect(address).await.is_err() {
        tokio::task::yield_now().await;
    }
    let more = r#"method = "GET", output = { exchange = "", key = "done" }"#;
    let world = World::new(target(&format!(
        r#"{{ http = {{ url = "http://{address}/{{key}}", {more} }} }}"#
    )))
    .await;
    world.send("tea", "").await;
    world.send("coffee", "").await;
    assert_eq!(world.done(1).await, ["green"]);
    let dead = world.dead(1).await;
    assert!(dead[0].starts_with("http-404: 404 Not Found"), "{dead:?}");
    world.end().await;
    server.kill().await.unwrap();
    tokio::time::timeout(Duration::from_secs(5), server.wait()).await.unwrap().unwrap();
}
