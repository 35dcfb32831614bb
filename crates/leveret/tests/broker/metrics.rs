//! Metrics as Prometheus reads them, and readiness that tells the truth.

use std::collections::{BTreeMap, BTreeSet};

use leveret::{App, Handler, Publish};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::setup::{Arrivals, Target, on_each_broker, send};

on_each_broker! {
    metrics_count_what_happened
    readiness_is_what_the_broker_sees
}

mod bodies {
    use super::{Arrivals, Handler, Publish, Scrape, Target, send};

    pub(super) async fn metrics_count_what_happened(target: Target) {
        let (jobs, out) = (target.name("a \"quoted\\ queue"), target.name("out"));
        let to = out.clone();
        let work = move |leveret::Text(text): leveret::Text| {
            let publish = Publish::to_queue(to.as_str()).text("done");
            std::future::ready(if text == "bad" { Err("bad") } else { Ok(publish) })
        };
        let arrivals = Arrivals::default();
        let app = target.app().handler(Handler::new(jobs.as_str(), work).named("work"));
        let running = app.handler(arrivals.on(out.clone())).start().await.unwrap();
        send(&running, &jobs, &["a", "b", "bad"]).await;
        running.wait_until(|stats| stats.handler(&out).handled == 2).await;
        running.wait_until(|stats| stats.handler("work").dead_lettered == 1).await;
        let scrape = Scrape::parse(&running.metrics());
        let queue = jobs.replace('\\', "\\\\").replace('"', "\\\"");
        let own = format!("{{handler=\"work\",queue=\"{queue}\"");
        let conventional = format!(
            "{{messaging_system=\"rabbitmq\",messaging_operation_name=\"process\",messaging_destination_name=\"{queue}\",leveret_handler=\"work\""
        );
        for (series, value) in [
            (format!("messaging_client_consumed_messages_total{conventional}}}"), 3.0),
            (format!("messaging_client_sent_messages_total{conventional}}}"), 2.0),
            (format!("messaging_process_duration_seconds_count{conventional}}}"), 5.0),
            (format!("leveret_handler_messages_total{own},outcome=\"handled\"}}"), 2.0),
            (format!("leveret_handler_messages_total{own},outcome=\"dead_lettered\"}}"), 1.0),
            (format!("leveret_handler_failed_attempts_total{own}}}"), 3.0),
            (format!("leveret_handler_retries_total{own}}}"), 2.0),
            (format!("leveret_handler_message_age_seconds_count{own}}}"), 3.0),
            (format!("leveret_handler_queue_wait_seconds_count{own}}}"), 3.0),
            (format!("leveret_handler_consumers{own}}}"), 1.0),
            (format!("leveret_handler_workers{own}}}"), 1.0),
            ("leveret_reconnects_total".to_owned(), 0.0),
        ] {
            assert_eq!(scrape.0.get(&series), Some(&value), "{series} of {scrape:#?}");
        }
        running.shutdown().await.unwrap();
    }

    pub(super) async fn readiness_is_what_the_broker_sees(target: Target) {
        let jobs = target.name("jobs");
        let handler = Handler::new(jobs.as_str(), || async {}).named("work").concurrency(3);
        let running = target.app().handler(handler).start().await.unwrap();
        let monitor = running.monitor();
        running.wait_until(|_| monitor.stats().handler("work").consumers == 3).await;
        assert_eq!(monitor.readiness().await.to_string(), "ready");
        running.shutdown().await.unwrap();
        assert_eq!(monitor.readiness().await.to_string(), "the application is stopping");
        assert_eq!(monitor.stats().handler("work").consumers, 0);
    }
}

/// Series with their values, of a text that keeps every rule of the format.
#[derive(Debug)]
struct Scrape(BTreeMap<String, f64>);

impl Scrape {
    fn parse(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line is ended");
        let (mut series, mut families) = (BTreeMap::new(), BTreeSet::new());
        let mut lines = text.lines().peekable();
        while let Some(help) = lines.next() {
            let (family, words) = help.strip_prefix("# HELP ").unwrap().split_once(' ').unwrap();
            assert!(is_name(family) && !words.is_empty(), "{help}");
            assert!(families.insert(family.to_owned()), "{family} is there once");
            let kind = lines.next().unwrap().strip_prefix(&format!("# TYPE {family} ")).unwrap();
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{kind}");
            assert_eq!(kind == "counter", family.ends_with("_total"), "{family} is a {kind}");
            while let Some(line) = lines.next_if(|line| !line.starts_with('#')) {
                let (name, value) = line.rsplit_once(' ').unwrap();
                let bare = name.split('{').next().unwrap();
                let suffix = bare.strip_prefix(family).unwrap();
                assert_eq!(suffix.is_empty(), kind != "histogram", "{line}");
                assert!(["", "_bucket", "_sum", "_count"].contains(&suffix), "{line}");
                check_labels(&name[bare.len()..]);
                assert_eq!(series.insert(name.to_owned(), value.parse().unwrap()), None, "{name}");
            }
        }
        let scrape = Self(series);
        scrape.check_histograms();
        scrape
    }

    /// The buckets of each count up to its count.
    fn check_histograms(&self) {
        for (series, count) in &self.0 {
            let Some((family, labels)) = series.split_once("_count{") else { continue };
            let labels = labels.strip_suffix('}').unwrap();
            let prefix = format!("{family}_bucket{{{labels},le=\"");
            let mut buckets: Vec<(f64, f64)> = self
                .0
                .iter()
                .filter_map(|(name, value)| {
                    let bound = name.strip_prefix(&prefix)?.strip_suffix("\"}")?;
                    Some((bound.parse().unwrap(), *value))
                })
                .collect();
            buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
            assert!(buckets.is_sorted_by(|a, b| a.1 <= b.1), "{buckets:?}");
            assert_eq!(buckets.last(), Some(&(f64::INFINITY, *count)), "{series}");
        }
    }
}

fn is_name(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// `{name="value",...}` or nothing, values escaped.
fn check_labels(text: &str) {
    let Some(mut rest) = text.strip_prefix('{') else { return assert_eq!(text, "") };
    while rest != "}" {
        let (name, after) = rest.split_once("=\"").unwrap();
        assert!(is_name(name), "{text}");
        let mut is_escaped = false;
        let end = after.find(|c| {
            let is_end = c == '"' && !is_escaped;
            assert!(!is_escaped || matches!(c, '"' | '\\' | 'n'), "{text}");
            is_escaped = c == '\\' && !is_escaped;
            is_end
        });
        rest = &after[end.unwrap() + 1..];
        rest = rest.strip_prefix(',').unwrap_or(rest);
    }
}

async fn get(address: std::net::SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_are_served_from_start_to_end() {
    let handler = Handler::new("jobs", || async {}).named("work");
    let app = App::new("watched").in_memory().metrics(([127, 0, 0, 1], 0).into());
    let running = app.handler(handler).start().await.unwrap();
    let address = running.metrics_address().unwrap();
    running.wait_until(|stats| stats.handler("work").consumers == 1).await;
    let metrics = get(address, "/metrics").await;
    let (head, body) = metrics.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("text/plain; version=0.0.4"), "{head}");
    Scrape::parse(body);
    assert!(get(address, "/healthz").await.starts_with("HTTP/1.1 200"));
    let ready = get(address, "/readyz").await;
    assert!(ready.starts_with("HTTP/1.1 200") && ready.ends_with("ready\n"), "{ready}");
    running.shutdown().await.unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "it is no longer served");
}

#[tokio::test]
async fn an_address_that_is_taken_stops_the_start() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let app = App::new("watched").in_memory().metrics(taken.local_addr().unwrap());
    let error = app.start().await.unwrap_err();
    assert!(error.to_string().starts_with("cannot serve metrics at 127.0.0.1:"), "{error}");
}
