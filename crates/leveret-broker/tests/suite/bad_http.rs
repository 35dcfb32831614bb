//! Requests that make no sense, byte for byte: each gets its status.
//!
//! Which rows those are says [`crate::bad_rows`].

use base64::{Engine as _, engine::general_purpose::STANDARD};
use leveret_broker::Broker;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A body that is larger than any may be.
const HUGE_BYTES: usize = (1 << 20) + 1;

/// What is sent, but for the line `Host` and the end of the head; and the status that comes back.
struct Row {
    line: String,
    headers: String,
    body: Vec<u8>,
    status: u16,
}

fn row(line: &str, headers: String, body: impl Into<Vec<u8>>, status: u16) -> Row {
    Row { line: line.to_owned(), headers, body: body.into(), status }
}

fn login(text: &[u8]) -> String {
    format!("authorization: Basic {}\r\n", STANDARD.encode(text))
}

fn guest() -> String {
    login(b"guest:guest")
}

/// Who asks is not known.
fn strangers() -> Vec<Row> {
    let overview = "GET /api/overview";
    let tokens = [
        String::new(),
        "authorization: Basic\r\n".to_owned(),
        "authorization: Basic ***\r\n".to_owned(),
        "authorization: Bearer Z3Vlc3Q6Z3Vlc3Q=\r\n".to_owned(),
        "authorization: Basic \u{e9}\r\n".to_owned(),
        login(b"guest"),
        login(b""),
        login(b":"),
        login(b"guest:gues"),
        login(b"guest:guest\0"),
        login(b"nobody:guest"),
        login(b"\xff\xfe:guest"),
        login(&[b'x'; 4_000]),
    ];
    tokens.into_iter().map(|headers| row(overview, headers, "", 401)).collect()
}

/// Paths and methods.
fn places() -> Vec<Row> {
    let lines = [
        ("GET /api/nothing", 404),
        ("GET /../../etc/passwd", 404),
        ("GET /api/queues/..%2f..%2fetc/passwd", 404),
        ("GET /api/queues/%252F/q", 404),
        ("GET /api/queues/%2F/%00", 404),
        ("GET /api/queues/%2F/%zz", 404),
        ("GET /api/queues/%2F/%FF", 400),
        ("GET /api/vhosts/%2f", 200),
        ("PATCH /api/users/guest", 405),
        ("POST /api/users/guest", 405),
        ("DELETE /api/overview", 405),
        ("NONSENSE /api/overview", 405),
        ("GET /api/queues?page=-1", 400),
        ("GET /api/queues?page=1&page_size=501", 400),
        ("GET /api/queues?page=99999999999999999999999", 400),
    ];
    lines.into_iter().map(|(line, status)| row(line, guest(), "", status)).collect()
}

/// Bodies of a request that makes a user.
fn bodies() -> Vec<Row> {
    let put = "PUT /api/users/hazel";
    let huge = vec![b' '; HUGE_BYTES];
    let deep = format!("{{\"tags\":{}", "[".repeat(10_000));
    let bodies: [(&[u8], u16); 17] = [
        (b"{", 400),
        (b"[]", 400),
        (b"null", 400),
        (b"{} {}", 400),
        (b"{\"tags\":\"\",\"tags\":\"administrator\"}", 400),
        (b"{\"password_hash\":\"***\",\"tags\":\"\"}", 400),
        (b"{\"password\":\"p\",\"tags\":\"\",\"x\":[{\"y\":1,\"y\":2}]}", 400),
        (b"{\"password\":\"\\ud800\",\"tags\":\"\"}", 400),
        (b"{\"password\":\"\xff\",\"tags\":\"\"}", 400),
        (b"\xef\xbb\xbf{\"password\":\"p\",\"tags\":\"\"}", 400),
        (b"{\"password\":1e400,\"tags\":\"\"}", 400),
        (b"{\"password\":7,\"tags\":\"\"}", 400),
        (b"{\"password\":\"p\"}", 400),
        (b"{\"password\":\"p\",\"tags\":7}", 400),
        (b"{\"password_hash\":\"AAAA\",\"tags\":\"\"}", 400),
        (deep.as_bytes(), 400),
        (&huge, 413),
    ];
    bodies.into_iter().map(|(body, status)| row(put, guest(), body, status)).collect()
}

/// Sends a row and gives back all that comes until the end of the connection.
async fn ask(broker: &Broker, row: &Row) -> String {
    let Row { line, headers, body, .. } = row;
    let bytes = body.len();
    let head = format!(
        "{line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {bytes}\r\n{headers}\r\n"
    );
    raw(broker, &[head.as_bytes(), body].concat()).await
}

pub(crate) async fn raw(broker: &Broker, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(broker.admin_addr().unwrap()).await.unwrap();
    let (mut reader, mut writer) = stream.split();
    let mut answer = Vec::new();
    // A peer that is refused early may not take all of it.
    let (_, _) = tokio::join!(writer.write_all(bytes), reader.read_to_end(&mut answer));
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn every_request_gets_its_status_and_the_next_is_served() {
    let any = "127.0.0.1:0".parse().unwrap();
    let broker = Broker::builder().in_memory().admin_listen(any).start().await.unwrap();
    let rows = strangers().into_iter().chain(places()).chain(bodies()).collect::<Vec<Row>>();
    for row in &rows {
        let answer = ask(&broker, row).await;
        let status = answer.split(' ').nth(1).unwrap_or("nothing");
        let shown: String = row.headers.chars().take(60).collect();
        let body = String::from_utf8_lossy(row.body.get(..60).unwrap_or(&row.body));
        assert_eq!(status, row.status.to_string(), "{} {shown:?} {body}: {answer}", row.line);
        if row.status == 401 {
            assert!(answer.contains("www-authenticate: Basic"), "{answer}");
        }
    }
    broker.shutdown().await;
}

#[tokio::test]
async fn what_is_no_http_is_closed() {
    let any = "127.0.0.1:0".parse().unwrap();
    let broker = Broker::builder().in_memory().admin_listen(any).start().await.unwrap();
    let many = "x: y\r\n".repeat(200);
    let long = format!("x: {}\r\n", "y".repeat(1 << 20));
    for (bytes, status) in [
        ("AMQP\0\0\x09\x01".to_owned(), "400"),
        ("GET\r\n\r\n".to_owned(), "400"),
        ("GET /api/overview HTTP/9.9\r\n\r\n".to_owned(), "400"),
        (format!("GET /api/overview HTTP/1.1\r\n{many}\r\n"), "431"),
        (format!("GET /api/overview HTTP/1.1\r\n{long}\r\n"), "431"),
        (format!("GET /api/overview HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(64_000)), "431"),
        ("PUT /api/users/x HTTP/1.1\r\ncontent-length: -1\r\n\r\n".to_owned(), "400"),
        (
            "PUT /api/users/x HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n"
                .to_owned(),
            "400",
        ),
    ] {
        let answer = raw(&broker, bytes.as_bytes()).await;
        let shown: String = bytes.chars().take(60).collect();
        assert_eq!(answer.split(' ').nth(1), Some(status), "{shown:?}: {answer}");
    }
    let row = row("GET /api/overview", guest(), "", 200);
    assert!(ask(&broker, &row).await.starts_with("HTTP/1.1 200"));
    broker.shutdown().await;
}

#[tokio::test]
async fn a_page_of_another_site_can_change_nothing_here() {
    let any = "127.0.0.1:0".parse().unwrap();
    let broker = Broker::builder().in_memory().admin_listen(any).start().await.unwrap();
    let (put, get) = ("PUT /api/queues/%2F/q", "GET /api/queues");
    for (line, host, more, status) in [
        (put, "localhost:15672", "origin: http://evil.example\r\n", "403"),
        (put, "localhost:15672", "origin: null\r\n", "403"),
        (put, "localhost:15672", "sec-fetch-site: cross-site\r\n", "403"),
        (put, "localhost:15672", "origin: http://localhost:8000\r\n", "403"),
        (put, "localhost:15672", "origin: http://localhost:15672\r\n", "201"),
        (get, "localhost:15672", "origin: http://evil.example\r\n", "200"),
        (get, "evil.example:15672", "", "403"),
        (get, "localhost.evil.example", "", "403"),
        (get, "127.0.0.1:15672", "", "200"),
        (get, "[::1]:15672", "", "200"),
        (get, "burrow.localhost", "", "200"),
        (
            "POST /api/exchanges/%2F/amq.direct/publish",
            "localhost",
            "origin: null\r\ncontent-type: text/plain\r\n",
            "403",
        ),
    ] {
        let login = guest();
        let request = format!(
            "{line} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{more}{login}content-length: 2\r\n\r\n{{}}"
        );
        let answer = raw(&broker, request.as_bytes()).await;
        assert_eq!(answer.split(' ').nth(1), Some(status), "{line} {host} {more}: {answer}");
    }
    broker.shutdown().await;
}
