//! One message, again and again, with the connection cut at every step of its way.

use std::collections::{BTreeMap, BTreeSet};

use super::application::TestApp;
use super::report::{Report, StepReport};
use super::sightings::Ending;
use crate::app::{App, StartError};
use crate::publish::Publish;
use crate::relay::{Cut, Log, Place, Point};

/// No message is followed further.
const STEPS_MAX: usize = 1000;

/// Outputs that are the same but for their ids: exchange, routing key, body.
type Output = (String, String, Vec<u8>);

/// How often the broker has taken each message-id.
type Ids = BTreeMap<String, usize>;

/// One message's way.
#[derive(Debug)]
struct Passage {
    steps: Vec<Point>,
    outputs: BTreeMap<Output, Ids>,
    endings: BTreeSet<(String, Ending)>,
}

/// Handles one message without trouble, then once more for each step of the protocol on its way
/// and each side of it, with the connection cut there; and compares what the broker has taken.
///
/// Each time a new application is made and runs on a broker in memory. Outputs are told apart by
/// exchange, key and body, so these must be the same each time; repeats by their message-id. What
/// comes back only after a pause is not waited for.
///
/// ```
/// use leveret::test::explore;
/// use leveret::{App, Handler, Publish, Text};
///
/// async fn greet(Text(name): Text) -> Publish {
///     Publish::to_queue("greetings").text(format!("Hello, {name}"))
/// }
///
/// async fn show(Text(_): Text) {}
///
/// fn app() -> App {
///     let greeter = Handler::new("names", greet).transaction();
///     App::new("greeter").handler(greeter).handler(Handler::new("greetings", show))
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let report = explore(app, Publish::to_queue("names").text("Hazel")).await?;
/// println!("{report}");
/// report.assert_exactly_once();
/// # Ok(())
/// # }
/// ```
pub async fn explore(app: impl Fn() -> App, message: Publish) -> Result<Report, StartError> {
    let message = match message.message_id {
        Some(_) => message,
        None => message.message_id("explored"),
    };
    let calm = pass(app(), &message, None).await?;
    let mut report = Report { steps: Vec::new() };
    for (step, point) in calm.steps.iter().copied().enumerate().take(STEPS_MAX) {
        for cut in [Cut::Before, Cut::After] {
            let passage = pass(app(), &message, Some((step, cut))).await?;
            report.steps.push(calm.compared_with(&passage, (step, point, cut)));
        }
    }
    Ok(report)
}

async fn pass(
    app: App,
    message: &Publish,
    cut: Option<(usize, Cut)>,
) -> Result<Passage, StartError> {
    let app = TestApp::options().in_memory().start(app).await?;
    let before = app.relay().read(|log| log.steps.taken().len());
    if let Some((step, cut)) = cut {
        app.relay().cut(Place::Step(before + step), cut);
    }
    let sent = app.publish(message.clone()).await;
    assert!(sent.is_ok(), "the message cannot be published: {sent:?}");
    let outputs = app.relay().read(taken);
    let endings = app.outcomes().into_iter().map(|one| (one.handler, one.ending)).collect();
    let steps = app.relay().read(|log| log.steps.taken().iter().skip(before).copied().collect());
    app.shutdown().await.ok();
    Ok(Passage { steps, outputs, endings })
}

/// What the broker has confirmed or committed, told to the application or not.
fn taken(log: &Log) -> BTreeMap<Output, Ids> {
    let mut outputs = BTreeMap::<Output, Ids>::new();
    for parcel in log.taken.iter().map(|taken| &taken.parcel) {
        let id = parcel.properties.message_id().unwrap_or_default().to_string();
        let (exchange, key) = (parcel.exchange.to_string(), parcel.routing_key.to_string());
        let output = (exchange, key, parcel.body.to_vec());
        *outputs.entry(output).or_default().entry(id).or_default() += 1;
    }
    outputs
}

impl Passage {
    /// What another passage has less, or more.
    fn compared_with(&self, other: &Self, (step, point, cut): (usize, Point, Cut)) -> StepReport {
        let (mut lost, mut repeated, mut doubled) = (Vec::new(), Vec::new(), Vec::new());
        let nothing = Ids::new();
        let mut outputs: BTreeSet<&Output> = self.outputs.keys().collect();
        outputs.extend(other.outputs.keys());
        for output in outputs {
            let wanted = self.outputs.get(output).unwrap_or(&nothing);
            let found = other.outputs.get(output).unwrap_or(&nothing);
            if found.values().sum::<usize>() < wanted.values().sum() {
                lost.push(named(output));
            } else if found.len() > wanted.len() {
                doubled.push(named(output));
            } else if found.values().sum::<usize>() > wanted.values().sum() {
                repeated.push(named(output));
            }
        }
        let undone = self.endings.difference(&other.endings);
        lost.extend(undone.map(|(handler, ending)| format!("`{handler}` {ending:?}")));
        let deliveries = other.steps.iter().filter(|point| **point == Point::Delivery).count();
        StepReport { step: step + 1, point, cut, deliveries, lost, repeated, doubled }
    }
}

fn named((exchange, key, _): &Output) -> String {
    if exchange.is_empty() { format!("`{key}`") } else { format!("`{exchange}` `{key}`") }
}
