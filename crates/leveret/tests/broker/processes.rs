//! Whole programs that are asked to stop, by real signals, while they work.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use leveret::{App, Handler, Publish, RunningApp, Text};
use leveret_broker::Broker;

use crate::setup::Arrivals;

/// What the program is told: its broker, where it writes what it has begun, how many workers.
const BROKER: &str = "LEVERET_STOPPED_BROKER";
const BEGUN: &str = "LEVERET_STOPPED_BEGUN";
const WORKERS: &str = "LEVERET_STOPPED_WORKERS";
const WORK_MS: &str = "LEVERET_STOPPED_WORK_MS";
const GRACE_MS: &str = "LEVERET_STOPPED_GRACE_MS";

/// How long it gets, in all but the tests that need less.
const GRACE: Duration = Duration::from_secs(10);

/// The program that is stopped: this test, run by the others. Run by itself it does nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn program() {
    let told = |name| std::env::var(name).ok();
    let (Some(broker), Some(begun)) = (told(BROKER), told(BEGUN)) else { return };
    let number = |name| told(name).unwrap().parse::<u64>().unwrap();
    let pause = Duration::from_millis(number(WORK_MS));
    let work = move |Text(text): Text| {
        // One write of one line: whole, however many programs write.
        let mut file = OpenOptions::new().create(true).append(true).open(&begun).unwrap();
        file.write_all(format!("{text}\n").as_bytes()).unwrap();
        async move {
            tokio::time::timeout(pause, std::future::pending::<()>()).await.unwrap_err();
            Publish::to_queue("results").text(text)
        }
    };
    let handler = Handler::new("jobs", work).named("work");
    let handler = handler.concurrency(usize::try_from(number(WORKERS)).unwrap());
    let app = App::new("stopped").connect(broker).handler(handler);
    let ended = app.grace(Duration::from_millis(number(GRACE_MS))).run().await;
    std::process::exit(ended.map_or_else(|error| i32::from(error.exit_code()), |()| 0));
}

/// A program that runs; killed when it is dropped.
struct Program {
    child: Child,
    begun: PathBuf,
}

impl Program {
    fn start(broker: &str, begun: &Path, workers: u32, work: Duration, grace: Duration) -> Self {
        let millis = |time: Duration| time.as_millis().to_string();
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "processes::program", "--nocapture"])
            .env(BROKER, broker)
            .env(BEGUN, begun)
            .env(WORKERS, workers.to_string())
            .env(WORK_MS, millis(work))
            .env(GRACE_MS, millis(grace))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, begun: begun.to_owned() }
    }

    /// The messages that it, or another, has begun.
    fn begun(&self) -> Vec<String> {
        let text = std::fs::read_to_string(&self.begun).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    async fn has_begun(&self, messages: usize) {
        while self.begun().len() < messages {
            tokio::task::yield_now().await;
        }
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// What it exits with, and how long it took.
    async fn ended(&mut self) -> (Option<i32>, Duration) {
        let asked_at = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status.code(), asked_at.elapsed());
            }
            tokio::task::yield_now().await;
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

struct World {
    broker: Broker,
    url: String,
    witness: RunningApp,
    results: Arrivals,
    folder: tempfile::TempDir,
}

impl World {
    /// A broker with this many jobs, and somebody who reads the results.
    async fn with_jobs(jobs: usize) -> Self {
        let broker = Broker::builder().in_memory().listen("127.0.0.1:0".parse().unwrap());
        let broker = broker.start().await.unwrap();
        let url = format!("amqp://guest:guest@{}/%2f", broker.local_addrs()[0]);
        let results = Arrivals::default();
        let witness = App::new("witness").connect(url.as_str());
        // Declares the queue of jobs as its worker would; it takes none of them.
        let jobs_queue = Handler::new("jobs", || async {}).named("declare");
        let declaring = App::new("declare").connect(url.as_str()).handler(jobs_queue);
        declaring.start().await.unwrap().shutdown().await.unwrap();
        let witness = witness.handler(results.on("results".to_owned())).start().await.unwrap();
        let publisher = witness.publisher();
        let sending = (0..jobs)
            .map(|number| publisher.publish(Publish::to_queue("jobs").text(number.to_string())));
        futures_util::future::try_join_all(sending).await.unwrap();
        Self { broker, url, witness, results, folder: tempfile::tempdir().unwrap() }
    }

    fn begun(&self) -> PathBuf {
        self.folder.path().join("begun")
    }

    async fn end(self) {
        self.witness.shutdown().await.unwrap();
        self.broker.shutdown().await;
    }
}

/// Stops a program with so many workers under load, lets another finish, and tells how long the
/// stop took.
async fn stop_under_load(workers: u32, work: Duration, jobs: usize) -> Duration {
    let world = World::with_jobs(jobs).await;
    let mut first = Program::start(&world.url, &world.begun(), workers, work, GRACE);
    first.has_begun(jobs / 3).await;
    first.signal("TERM");
    let (code, took) = first.ended().await;
    assert_eq!(code, Some(0), "a stop in time is a success");
    assert!(first.begun().len() < jobs, "it had ended before it was stopped");
    let mut second = Program::start(&world.url, &world.begun(), workers, work, GRACE);
    world.witness.wait_until(|stats| stats.handler("results").handled >= jobs as u64).await;
    second.signal("INT");
    assert_eq!(second.ended().await.0, Some(0));
    let begun = second.begun();
    let distinct: BTreeSet<&String> = begun.iter().collect();
    assert_eq!((begun.len(), distinct.len()), (jobs, jobs), "begun once each");
    let results: BTreeSet<String> = world.results.bodies().into_iter().collect();
    assert_eq!((world.results.all().len(), results.len()), (jobs, jobs), "one result each");
    world.end().await;
    took
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_under_load_hands_nothing_out_twice() {
    let work = Duration::from_millis(100);
    let of_one = stop_under_load(1, work, 15).await;
    let of_fifty = stop_under_load(50, work, 1500).await;
    assert!(of_fifty < GRACE, "{of_fifty:?}");
    // All finish what they have at the same time, so that fifty take no longer than one.
    assert!(of_fifty < of_one + Duration::from_secs(2), "{of_fifty:?} of 50, {of_one:?} of 1");
}

/// Longer than any test.
const FOR_EVER: Duration = Duration::from_hours(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_ends_it_at_once() {
    let world = World::with_jobs(1).await;
    let mut program = Program::start(&world.url, &world.begun(), 1, FOR_EVER, FOR_EVER);
    program.has_begun(1).await;
    program.signal("TERM");
    // It goes on with what it has until it is asked once more.
    let pass = tokio::time::timeout(Duration::from_millis(300), program.ended());
    pass.await.unwrap_err();
    program.signal("TERM");
    assert_eq!(program.ended().await.0, Some(1));
    while world.witness.messages_ready("jobs").await != Some(1) {}
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_finished_in_time_goes_back() {
    let world = World::with_jobs(2).await;
    let grace = Duration::from_millis(200);
    let mut program = Program::start(&world.url, &world.begun(), 1, FOR_EVER, grace);
    program.has_begun(1).await;
    program.signal("TERM");
    let (code, took) = program.ended().await;
    assert_eq!(code, Some(1), "messages were still in hand");
    assert!(took < Duration::from_secs(5), "{took:?}");
    while world.witness.messages_ready("jobs").await != Some(2) {}
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_program_leaves_its_messages_to_others() {
    let world = World::with_jobs(3).await;
    let mut program = Program::start(&world.url, &world.begun(), 2, FOR_EVER, GRACE);
    program.has_begun(2).await;
    program.signal("KILL");
    assert_eq!(program.ended().await.0, None);
    let _next = Program::start(&world.url, &world.begun(), 3, Duration::ZERO, GRACE);
    world.witness.wait_until(|stats| stats.handler("results").handled == 3).await;
    world.end().await;
}
