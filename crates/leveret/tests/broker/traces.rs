//! A trace that a message carries goes on to what its handler publishes.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use leveret::{App, Batch, Handler, Propagator, Publish, Text, TraceContext};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Metadata, Span, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt as _};

use crate::setup::{Arrivals, heard_by, on_each_broker};

on_each_broker! {
    a_trace_goes_on_to_the_outputs
    a_broken_trace_is_no_reason_to_fail
}

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

mod bodies {
    use leveret::{Handler, Publish, RunningApp, TraceContext};

    use super::PARENT;
    use crate::setup::{Arrivals, MODES, Target, in_mode};

    async fn passed_on(target: &Target, handler: Handler, out: &str, input: Publish) -> Arrivals {
        let arrivals = Arrivals::default();
        let app = target.app().handler(handler.named("pass")).handler(arrivals.on(out.to_owned()));
        let running: RunningApp = app.start().await.unwrap();
        running.publisher().publish(input).await.unwrap();
        running.wait_until(|stats| stats.handler(out).handled == 1).await;
        running.shutdown().await.unwrap();
        arrivals
    }

    pub(super) async fn a_trace_goes_on_to_the_outputs(target: Target) {
        for mode in MODES {
            let (jobs, out) = (target.name("jobs"), target.name("out"));
            let to = out.clone();
            let pass = move |trace: TraceContext| {
                assert_eq!(trace.to_string(), PARENT);
                std::future::ready(Publish::to_queue(to.as_str()))
            };
            let input = Publish::to_queue(jobs.as_str())
                .header("traceparent", PARENT)
                .header("tracestate", "vendor=1");
            let handler = in_mode(Handler::new(jobs.as_str(), pass), mode);
            let output = passed_on(&target, handler, &out, input).await.one();
            assert_eq!(output.header_text("traceparent").as_deref(), Some(PARENT));
            assert_eq!(output.header_text("tracestate").as_deref(), Some("vendor=1"));
        }
    }

    pub(super) async fn a_broken_trace_is_no_reason_to_fail(target: Target) {
        let (jobs, out) = (target.name("jobs"), target.name("out"));
        let to = out.clone();
        let pass = move |trace: Option<TraceContext>| {
            assert_eq!(trace, None);
            std::future::ready(Publish::to_queue(to.as_str()))
        };
        let upper = PARENT.to_uppercase();
        let input = Publish::to_queue(jobs.as_str()).header("traceparent", upper);
        let handler = Handler::new(jobs.as_str(), pass);
        let output = passed_on(&target, handler, &out, input).await.one();
        assert_eq!(output.header_text("traceparent"), None);
    }
}

type Texts = BTreeMap<String, String>;

/// Keeps every span's fields, by the id it had at the time.
#[derive(Debug, Clone, Default)]
struct Spans(Arc<Mutex<Vec<(Id, Texts)>>>);

impl Spans {
    fn of(&self, name: &str) -> Texts {
        let spans = self.0.lock().unwrap();
        let found = spans.iter().find(|(_, span)| span["otel.name"] == name);
        found.unwrap_or_else(|| panic!("no {name}: {spans:#?}")).1.clone()
    }

    fn subscriber(&self) -> impl Subscriber + Send + Sync + 'static {
        tracing_subscriber::registry().with(self.clone())
    }
}

impl<S: Subscriber> Layer<S> for Spans {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        metadata.is_span() && metadata.target().starts_with("leveret::trace")
    }

    fn on_new_span(&self, span: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        let mut fields = Fields(BTreeMap::new());
        span.record(&mut fields);
        self.0.lock().unwrap().push((id.clone(), fields.0));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let mut fields = Fields(BTreeMap::new());
        values.record(&mut fields);
        let mut spans = self.0.lock().unwrap();
        let span = spans.iter_mut().rfind(|(known, _)| known == id).unwrap();
        span.1.extend(fields.0);
    }
}

struct Fields(Texts);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

/// A tracing system of one span.
#[derive(Clone, Default)]
struct OneSpan(Arc<Mutex<Vec<String>>>);

impl Propagator for OneSpan {
    fn received(&self, _: &Span, parent: &TraceContext) {
        self.0.lock().unwrap().push(parent.to_string());
    }

    fn linked(&self, _: &Span, link: &TraceContext) {
        self.0.lock().unwrap().push(format!("link {link}"));
    }

    fn context(&self, _: &Span) -> Option<TraceContext> {
        TraceContext::new([1; 16], [2; 8], true)
    }
}

async fn pass() -> Publish {
    Publish::new("amq.topic", "out.eu").text("four")
}

// One thread, so that the subscriber of this thread sees all.
#[tokio::test]
async fn spans_have_the_attributes_of_the_conventions() {
    let (spans, propagator, arrivals) = (Spans::default(), OneSpan::default(), Arrivals::default());
    let guard = heard_by(spans.subscriber());
    let handler = Handler::new("jobs", pass).bind("amq.topic", "job.#");
    let app = App::new("traced").in_memory().propagator(propagator.clone());
    let out = arrivals.on("out".to_owned()).bind("amq.topic", "out.#");
    let running = app.handler(handler).handler(out).start().await.unwrap();
    let job = Publish::new("amq.topic", "job.eu").text("body").message_id("j1");
    let job = job.trace(&PARENT.parse().unwrap());
    running.publisher().publish(job).await.unwrap();
    running.wait_until(|stats| stats.handler("out").handled == 1).await;
    running.shutdown().await.unwrap();
    drop(guard);

    let processed = spans.of("process jobs");
    for (field, value) in [
        ("otel.kind", "consumer"),
        ("messaging.system", "rabbitmq"),
        ("messaging.operation.name", "process"),
        ("messaging.operation.type", "process"),
        ("messaging.destination.name", "amq.topic:job.eu:jobs"),
        ("messaging.rabbitmq.destination.routing_key", "job.eu"),
        ("messaging.message.id", "j1"),
        ("messaging.message.body.size", "4"),
        ("leveret.handler", "pass"),
        ("leveret.attempts", "1"),
        ("leveret.outcome", "handled"),
        ("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"),
    ] {
        assert_eq!(processed.get(field).map(String::as_str), Some(value), "{field}");
    }
    let published = spans.of("publish amq.topic");
    assert_eq!(published["otel.kind"], "producer");
    assert_eq!(published["messaging.operation.type"], "send");

    let output = arrivals.one();
    let own = TraceContext::new([1; 16], [2; 8], true).unwrap().to_string();
    assert_eq!(output.header_text("traceparent"), Some(own.clone()));
    assert_eq!(*propagator.0.lock().unwrap(), [PARENT.to_owned(), own]);
}

#[tokio::test]
async fn a_batch_has_one_span_with_links_to_the_traces_of_its_messages() {
    let (spans, propagator) = (Spans::default(), OneSpan::default());
    let guard = heard_by(spans.subscriber());
    let store = |batch: Batch<Text>| async move {
        drop(batch);
        Publish::to_queue("stored")
    };
    let rows = Handler::batch("rows", store).named("store").size(3).window(Duration::from_mins(1));
    let arrivals = Arrivals::default();
    let app = App::new("traced").in_memory().propagator(propagator.clone());
    let app = app.handler(rows).handler(arrivals.on("stored".to_owned()));
    let running = app.start().await.unwrap();
    // From another program, so that they carry what their publishers gave them.
    for id in ["1", "2"] {
        let trace = PARENT.replace("4bf9", &format!("{id}b99"));
        let row =
            Publish::to_queue("rows").text(id).header("traceparent", trace).seal("other").unwrap();
        running.publisher().publish_sealed(row).await.unwrap();
    }
    let bare = Publish::to_queue("rows").text("3").seal("other").unwrap();
    running.publisher().publish_sealed(bare).await.unwrap();
    running.wait_until(|stats| stats.handler("stored").handled == 1).await;
    running.shutdown().await.unwrap();
    drop(guard);
    let processed = spans.of("process rows");
    for (field, value) in [
        ("otel.kind", "consumer"),
        ("messaging.batch.message_count", "3"),
        ("messaging.destination.name", "rows"),
        ("leveret.handler", "store"),
        ("leveret.outcome", "handled"),
    ] {
        assert_eq!(processed.get(field).map(String::as_str), Some(value), "{field}");
    }
    let links = propagator.0.lock().unwrap().clone();
    let links: Vec<&String> = links.iter().filter(|told| told.starts_with("link")).collect();
    let wanted =
        ["1", "2"].map(|id| format!("link {}", PARENT.replace("4bf9", &format!("{id}b99"))));
    assert_eq!(links, wanted.iter().collect::<Vec<_>>());
    // What the call publishes belongs to its span.
    let own = TraceContext::new([1; 16], [2; 8], true).unwrap().to_string();
    assert_eq!(arrivals.one().header_text("traceparent"), Some(own));
}

#[tokio::test]
async fn a_failure_has_its_class_and_its_outcome() {
    let spans = Spans::default();
    let guard = heard_by(spans.subscriber());
    let handler = Handler::new("jobs", || async { Err::<(), _>("no") }).named("fail");
    let running = App::new("traced").in_memory().handler(handler).start().await.unwrap();
    running.publisher().publish(Publish::to_queue("jobs")).await.unwrap();
    running.wait_until(|stats| stats.handler("fail").dead_lettered == 1).await;
    running.shutdown().await.unwrap();
    drop(guard);
    let processed = spans.of("process jobs");
    assert_eq!(processed["leveret.outcome"], "dead_lettered");
    assert_eq!(processed["leveret.attempts"], "3");
    assert!(processed.contains_key("error.type"), "{processed:#?}");
}
