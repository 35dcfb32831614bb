//! Who may do what: every route, asked by a user of every tag (bad-H2).
//!
//! The routes are read from the router itself, so that one without a row here fails the test.

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{HttpLimits, api, beside};
use crate::{Broker, Secret, User};

/// What a route asks of a user, method, path, and the status for those who may. A row may depend on
/// what the rows above it made: each user goes from the first to the last. Bodies are `{}`.
///
/// `anyone` needs no login, `user` any tag, `maker` policymaker or administrator, `watcher`
/// monitoring or administrator, `admin` administrator.
const ROWS: &str = include_str!("rights.txt");

/// The virtual host that no user has permissions in but the one who keeps it.
const CLOSED: &str = "closed";

const TAGS: [&str; 5] = ["none", "management", "policymaker", "monitoring", "administrator"];

#[derive(Debug)]
struct Row {
    class: &'static str,
    method: &'static str,
    path: &'static str,
    status: u16,
    /// Where it is asked, if not at the path with the usual names in it.
    at: Option<&'static str>,
}

fn rows() -> Vec<Row> {
    let lines = ROWS.lines().filter(|line| !line.is_empty());
    let row = |line: &'static str| {
        let words: Vec<&'static str> = line.split_whitespace().collect();
        let [class, method, path, status, at @ ..] = words.as_slice() else {
            panic!("{line}: wanted class, method, path, status")
        };
        let (status, at) = (status.parse().unwrap(), at.first().copied());
        Row { class, method, path, status, at }
    };
    lines.map(row).collect()
}

/// Whether somebody with that tag may do what that class of routes does.
fn may(class: &str, tag: &str) -> bool {
    match class {
        "anyone" => true,
        "user" => tag != "none",
        "maker" => ["policymaker", "administrator"].contains(&tag),
        "watcher" => ["monitoring", "administrator"].contains(&tag),
        "admin" => tag == "administrator",
        other => panic!("`{other}` is no class"),
    }
}

/// The same in a virtual host where they have no permissions: only who sees everything looks into
/// it, settings are an administrator's, and what needs permissions nobody does.
fn may_from_outside(row: &Row, tag: &str) -> bool {
    let needs_permissions = row.path.ends_with("/aliveness-test/{vhost}");
    let allowed = match (row.method, row.class) {
        ("GET", _) if !needs_permissions => ["monitoring", "administrator"].contains(&tag),
        (_, "user") => false,
        _ => tag == "administrator",
    };
    allowed && may(row.class, tag)
}

/// The path with names in it.
fn named(row: &Row, virtual_host: &str) -> String {
    let path = row.at.unwrap_or(row.path).replace("{vhost}", virtual_host);
    let names = [
        ("{node}", "leveret@localhost"),
        ("{source}", "amq.direct"),
        ("{kind}", "q"),
        ("{properties_key}", "~"),
        ("{limit}", "max-connections"),
        ("{component}", "vhost-limits"),
        ("{port}", "1"),
        ("{protocols}", "amqp"),
        ("{within}/{unit}", "1/days"),
        ("{password}", "down"),
    ];
    let path = names.into_iter().fold(path, |path, (from, to)| path.replace(from, to));
    ["{name}", "{user}", "{destination}"]
        .into_iter()
        .fold(path, |path, from| path.replace(from, "ghost"))
}

/// The paths of a router, as it shows them to programmers.
fn paths(shown: &str) -> Vec<String> {
    let list = shown.split("paths: {").nth(1).expect("a router shows its paths");
    let list = list.split("\"}").next().unwrap();
    let quoted = list.split('"').skip(1).step_by(2);
    quoted.map(str::to_owned).collect()
}

async fn ask(broker: &Broker, user: &str, line: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(broker.admin_addr().unwrap()).await.unwrap();
    let token = STANDARD.encode(format!("{user}:down"));
    let request =
        format!("{line} HTTP/1.0\r\nauthorization: Basic {token}\r\ncontent-length: 2\r\n\r\n{{}}");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
}

async fn broker() -> Broker {
    let any = "127.0.0.1:0".parse().unwrap();
    let mut builder = Broker::builder().in_memory().listen(any).admin_listen(any);
    builder = builder.virtual_host("/").virtual_host(CLOSED);
    builder = builder.user(User::new("keeper", Secret::new("down")).virtual_hosts([CLOSED]));
    for tag in TAGS {
        let user = User::new(tag, Secret::new("down")).virtual_hosts(["/"]);
        builder = builder.user(if tag == "none" { user } else { user.tag(tag) });
    }
    builder.start().await.unwrap()
}

#[tokio::test]
async fn every_route_has_a_row() {
    let limits = HttpLimits::default();
    let below = paths(&format!("{:?}", api(&limits))).into_iter().map(|path| format!("/api{path}"));
    let all: Vec<String> = below.chain(paths(&format!("{:?}", beside()))).collect();
    assert!(all.len() > 100, "{all:?}");
    let broker = broker().await;
    let mut routes = BTreeSet::new();
    for path in &all {
        let row =
            Row { class: "anyone", method: "PATCH", path: leaked(path), status: 405, at: None };
        let (status, answer) =
            ask(&broker, "administrator", &format!("PATCH {}", named(&row, "%2F"))).await;
        assert_eq!(status, 405, "{path}: {answer}");
        let allow = answer.lines().find_map(|line| line.strip_prefix("allow: "));
        let allow = allow.unwrap_or_else(|| panic!("{path} does not say what it allows: {answer}"));
        let methods = allow.split(',').filter(|method| *method != "HEAD");
        routes.extend(methods.map(|method| format!("{method} {path}")));
    }
    let rows = rows();
    let listed: BTreeSet<String> =
        rows.iter().map(|row| format!("{} {}", row.method, row.path)).collect();
    assert_eq!(rows.len(), listed.len(), "a route has two rows");
    let without: Vec<&String> = routes.difference(&listed).collect();
    let gone: Vec<&String> = listed.difference(&routes).collect();
    assert!(without.is_empty() && gone.is_empty(), "without a row: {without:?}; gone: {gone:?}");
    broker.shutdown().await;
}

/// A test's paths live as long as it.
fn leaked(path: &str) -> &'static str {
    Box::leak(path.to_owned().into_boxed_str())
}

#[tokio::test]
async fn every_route_asks_for_its_tag() {
    let broker = broker().await;
    let mut wrong = Vec::new();
    for tag in TAGS {
        for row in &rows() {
            let line = format!("{} {}", row.method, named(row, "%2F"));
            let (status, answer) = ask(&broker, tag, &line).await;
            let wanted = if may(row.class, tag) { row.status } else { 401 };
            if status != wanted {
                let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
                wrong.push(format!("{tag} {line}: {status}, wanted {wanted}: {body}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    broker.shutdown().await;
}

#[tokio::test]
async fn a_virtual_host_is_closed_to_those_without_permissions() {
    let broker = broker().await;
    let mut wrong = Vec::new();
    for tag in TAGS {
        for row in rows().iter().filter(|row| named(row, CLOSED) != named(row, "%2F")) {
            let line = format!("{} {}", row.method, named(row, CLOSED));
            let (status, answer) = ask(&broker, tag, &line).await;
            let sees = ["monitoring", "administrator"].contains(&tag);
            let is_right = match (may_from_outside(row, tag), sees) {
                (true, _) => status != 401,
                // They are told that it is not there, or makes no sense; nothing is done.
                (false, true) => status >= 400,
                (false, false) => status == 401,
            };
            if !is_right {
                let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
                wrong.push(format!("{tag} {line}: {status} {body}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    broker.shutdown().await;
}
