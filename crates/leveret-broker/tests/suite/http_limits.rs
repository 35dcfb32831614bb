//! Peers that are slow, many or odd at the HTTP API.
//!
//! Each is answered or left in time.

use std::{net::SocketAddr, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use leveret_broker::{Broker, Limits};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// A test that waits for longer has found a peer that is never left.
const PATIENCE: Duration = Duration::from_secs(30);

/// A time that a limit of a test is, where the test waits for it.
const SHORT: Duration = Duration::from_millis(100);

async fn broker(change: impl FnOnce(&mut Limits)) -> Broker {
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let mut limits = Limits::default();
    change(&mut limits);
    Broker::builder().in_memory().limits(limits).admin_listen(any).start().await.unwrap()
}

async fn connected(broker: &Broker) -> TcpStream {
    TcpStream::connect(broker.admin_addr().unwrap()).await.unwrap()
}

/// All that comes until the server ends the connection, which this end keeps open.
async fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    read.expect("the connection is ended").unwrap();
    String::from_utf8(answer).unwrap()
}

fn token() -> String {
    format!("host: localhost\r\nauthorization: Basic {}\r\n", STANDARD.encode("guest:guest"))
}

/// A request for the own name, which is kept alive or not.
fn whoami(connection: &str) -> String {
    format!("GET /api/whoami HTTP/1.1\r\n{}connection: {connection}\r\n\r\n", token())
}

/// The statuses of all answers, which may follow each other on a line.
fn statuses(answer: &str) -> Vec<&str> {
    answer.split("HTTP/1.1 ").skip(1).map(|rest| &rest[..3]).collect()
}

#[tokio::test]
async fn a_request_that_does_not_come_in_time_is_answered_with_408() {
    let broker = broker(|limits| {
        limits.http.head_timeout = SHORT;
        limits.http.body_timeout = SHORT;
    })
    .await;
    let head = format!("PUT /api/users/hazel HTTP/1.1\r\n{}content-length: 90\r\n\r\n", token());
    let chunked = head.replace("content-length: 90", "transfer-encoding: chunked");
    for begun in [
        "G".to_owned(),
        "GET /api/whoami HTTP/1.1\r\nhost: b".to_owned(),
        head.clone(),
        format!("{head}{{\"password\""),
        format!("{chunked}2\r\n{{}}\r\n"),
        format!("{}GET /api/", whoami("keep-alive")),
    ] {
        let mut stream = connected(&broker).await;
        stream.write_all(begun.as_bytes()).await.unwrap();
        let answer = rest(&mut stream).await;
        assert_eq!(statuses(&answer).last(), Some(&"408"), "{begun:?}: {answer}");
        assert!(answer.contains("connection: close"), "{answer}");
    }
    assert_eq!(broker.user_names(), ["guest"], "nothing was done half");
    broker.shutdown().await;
}

#[tokio::test]
async fn a_silent_connection_is_closed_without_a_word() {
    let broker = broker(|limits| limits.http.head_timeout = SHORT).await;
    assert_eq!(rest(&mut connected(&broker).await).await, "");
    let mut stream = connected(&broker).await;
    stream.write_all(whoami("keep-alive").as_bytes()).await.unwrap();
    assert_eq!(statuses(&rest(&mut stream).await), ["200"]);
    broker.shutdown().await;
}

#[tokio::test]
async fn one_connection_too_many_is_answered_with_503() {
    let broker = broker(|limits| limits.http.connections_max = 2).await;
    let mut held = [connected(&broker).await, connected(&broker).await];
    for stream in &mut held {
        stream.write_all(whoami("keep-alive").as_bytes()).await.unwrap();
        stream.read_u8().await.unwrap();
    }
    let mut refused = connected(&broker).await;
    refused.write_all(whoami("close").as_bytes()).await.unwrap();
    let answer = rest(&mut refused).await;
    assert_eq!(statuses(&answer), ["503"]);
    assert!(answer.contains("retry-after: 1"), "{answer}");
    drop(held);
    let served = async {
        loop {
            let mut stream = connected(&broker).await;
            stream.write_all(whoami("close").as_bytes()).await.unwrap();
            if statuses(&rest(&mut stream).await) == ["200"] {
                break;
            }
        }
    };
    timeout(PATIENCE, served).await.expect("a place that is left is free again");
    broker.shutdown().await;
}

#[tokio::test]
async fn the_stop_of_the_broker_ends_every_connection() {
    let broker = broker(|limits| limits.close_timeout = SHORT).await;
    let mut idle = connected(&broker).await;
    idle.write_all(whoami("keep-alive").as_bytes()).await.unwrap();
    idle.read_u8().await.unwrap();
    let mut silent = connected(&broker).await;
    let mut half = connected(&broker).await;
    let head = format!("PUT /api/users/hazel HTTP/1.1\r\n{}content-length: 90\r\n\r\n", token());
    half.write_all(head.as_bytes()).await.unwrap();
    timeout(PATIENCE, broker.shutdown()).await.expect("the broker does not wait for them");
    for stream in [&mut idle, &mut silent, &mut half] {
        let mut answer = Vec::new();
        let ended = timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
        // One that was cut may be reset.
        ended.expect("the connection is ended").ok();
    }
}

#[tokio::test]
async fn what_is_odd_but_right_is_served() {
    let broker = broker(|_| ()).await;
    let body = "{\"password\":\"down\",\"tags\":\"\"}";
    let put = |user: &str, headers: &str, body: &str| {
        let token = token();
        format!(
            "PUT /api/users/{user} HTTP/1.1\r\n{token}connection: close\r\n{headers}\r\n\r\n{body}"
        )
    };
    let bytes = body.len();
    let chunked = format!("{bytes:x}\r\n{body}\r\n0\r\n\r\n");
    let length = format!("content-length: {bytes}");
    let two = format!("{}{}", whoami("keep-alive"), whoami("close"));
    let rows: [(String, &[&str]); 6] = [
        (put("a", &format!("{length}\r\ncontent-type: image/png"), body), &["201"]),
        (put("b", "transfer-encoding: chunked", &chunked), &["201"]),
        (put("c", &format!("{length}\r\nexpect: 100-continue"), body), &["100", "201"]),
        (put("d", &format!("{length}\r\ncontent-encoding: gzip"), &body[1..]), &["400"]),
        (put("e", "content-length: 99999999999", ""), &["413"]),
        (two, &["200", "200"]),
    ];
    for (sent, wanted) in rows {
        let mut stream = connected(&broker).await;
        stream.write_all(sent.as_bytes()).await.unwrap();
        if wanted == ["400"] {
            // One byte was taken from the body above.
            stream.write_all(b"}").await.unwrap();
        }
        let answer = rest(&mut stream).await;
        assert_eq!(statuses(&answer), wanted, "{sent:?}: {answer}");
    }
    broker.shutdown().await;
}
