//! Handlers under control on a real broker, and over HTTP.

use std::net::SocketAddr;

use leveret::{App, ControlServer, Handler, HandlerState, Pause};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::setup::{Target, on_each_broker, send};

on_each_broker! {
    a_paused_handler_leaves_its_messages_to_the_queue
}

mod bodies {
    use super::*;

    pub(super) async fn a_paused_handler_leaves_its_messages_to_the_queue(target: Target) {
        let jobs = target.name("jobs");
        let handler = Handler::new(jobs.as_str(), || async {}).named("work").concurrency(3);
        let running = target.app().handler(handler).start().await.unwrap();
        running.wait_until(|stats| stats.handler("work").consumers == 3).await;
        let control = running.control();
        let pause = Pause::by("ann").because("a look");
        let drained = control.drain("work", pause).await.unwrap();
        assert_eq!((drained.state, drained.in_hand), (HandlerState::Paused, 0));
        send(&running, &jobs, &["a", "b", "c"]).await;
        assert_eq!(running.messages_ready(&jobs).await, Some(3));
        assert!(running.monitor().readiness().await.is_ready(), "it does as it was told");
        let paused = format!("leveret_handler_paused{{handler=\"work\",queue=\"{jobs}\"}} 1");
        assert!(running.metrics().lines().any(|line| line == paused));
        control.resume("work", "ann").unwrap();
        running.wait_until(|stats| stats.handler("work").handled == 3).await;
        running.shutdown().await.unwrap();
    }
}

/// One request: its status and body.
async fn ask(address: SocketAddr, request: &str, headers: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let text = format!(
        "{request} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), body.to_owned())
}

const JSON: &str = "Content-Type: application/json\r\n";
const PAUSE: &str = "POST /control/handlers/work/pause";
const RESUME: &str = "POST /control/handlers/work/resume";

async fn started(server: ControlServer) -> (leveret::RunningApp, SocketAddr) {
    let handler = Handler::new("jobs", || async {}).named("work").concurrency(2);
    let app = App::new("steered").in_memory().control(server).handler(handler);
    let running = app.start().await.unwrap();
    let address = running.control_address().unwrap();
    running.wait_until(|stats| stats.handler("work").consumers == 2).await;
    (running, address)
}

fn anywhere() -> ControlServer {
    ControlServer::at(([127, 0, 0, 1], 0).into())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handlers_are_steered_over_http() {
    let (running, address) = started(anywhere()).await;
    let (status, body) = ask(address, "GET /control/handlers", "", "").await;
    assert!(status == 200 && body.contains(r#""state":"running""#), "{status} {body}");
    let act = r#"{"owner":"ann","reason":"a look","expires_secs":600}"#;
    let (status, body) = ask(address, PAUSE, JSON, act).await;
    assert!(status == 200 && body.contains(r#""owner":"ann""#), "{status} {body}");
    let (status, body) = ask(address, "POST /control/handlers/work/drain", JSON, "{}").await;
    assert!(status == 200 && body.contains(r#""state":"paused""#), "{status} {body}");
    let (status, body) = ask(address, RESUME, JSON, "{}").await;
    assert!(status == 200 && body.contains(r#""state":"running""#), "{status} {body}");
    let resize = "POST /control/handlers/work/concurrency";
    let (status, body) = ask(address, resize, JSON, r#"{"concurrency":1}"#).await;
    assert!(status == 200 && body.contains(r#""workers":1"#), "{status} {body}");
    for (request, headers, act, wanted) in [
        (resize, JSON, r#"{"concurrency":3}"#, 400),
        (resize, JSON, "{}", 400),
        (PAUSE, JSON, r#"{"onwer":"ann"}"#, 422),
        (PAUSE, JSON, "{", 400),
        (PAUSE, "", "{}", 415),
        ("POST /control/handlers/wrok/pause", JSON, "{}", 404),
        ("GET /control/handlers/work/pause", "", "", 405),
        ("GET /metrics", "", "", 200),
    ] {
        let (status, body) = ask(address, request, headers, act).await;
        assert_eq!(status, wanted, "{request} {act}: {body}");
    }
    running.shutdown().await.unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "it is no longer served");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_other_sites_do_nothing() {
    let (running, address) = started(anywhere()).await;
    for (origin, wanted) in [
        ("http://evil.example", 403),
        ("null", 403),
        // A name that was made to lead here.
        ("http://evil.example:80", 403),
        (&*format!("http://{address}"), 200),
    ] {
        let headers = format!("{JSON}Origin: {origin}\r\n");
        assert_eq!(ask(address, PAUSE, &headers, "{}").await.0, wanted, "{origin}");
    }
    running.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_asked_for_and_needed_where_others_reach_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "  0123456789abcdef\n").unwrap();
    let (running, address) = started(anywhere().token_file(&file)).await;
    for (given, wanted) in [
        ("", 401),
        ("Authorization: Bearer 0123456789abcdee\r\n", 401),
        ("Authorization: Bearer 0123456789abcdef0\r\n", 401),
        ("Authorization: Basic 0123456789abcdef\r\n", 401),
        ("Authorization: Bearer 0123456789abcdef\r\n", 200),
    ] {
        assert_eq!(ask(address, "GET /control/handlers", given, "").await.0, wanted, "{given}");
    }
    running.shutdown().await.unwrap();
    let refused = |server: ControlServer| App::new("steered").in_memory().control(server).start();
    let exposed = refused(ControlServer::at(([0, 0, 0, 0], 0).into())).await.unwrap_err();
    assert_eq!(exposed.exit_code(), 78);
    assert!(exposed.to_string().contains("other machines"), "{exposed}");
    std::fs::write(&file, "short").unwrap();
    let weak = refused(anywhere().token_file(&file)).await.unwrap_err();
    assert!(weak.to_string().ends_with("has 5 bytes, wanted 16 to 1024"), "{weak}");
}
