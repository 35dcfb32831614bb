//! What others feel while a long queue is filled and drained.
//!
//! A client of its own publishes one message after another and waits for each confirm: in quiet,
//! under the same load on a queue that stays empty, while the backlog grows, and while it is drained.
//! What the backlog costs others is the third and the fourth beside the second.

use std::path::{Path, PathBuf};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::Args;
use leveret_client::{Connection, Properties, Publish, QueueDeclare, QueueDelete, ShortStr};
use tokio::time::{MissedTickBehavior, interval};

use super::{
    load::on_processor,
    process::{Process, command},
};

const QUEUE: ShortStr = ShortStr::from_static("bench.probe");

const BODY: [u8; 100] = [b'x'; 100];

/// From one round trip's beginning to the next one's.
const PACE: Duration = Duration::from_millis(5);

/// Another connection's confirms while a backlog is filled and drained.
#[derive(Debug, Args)]
pub(crate) struct BacklogArgs {
    /// How many persistent messages of 1 KiB wait in the end; 5,000,000 for the project's own figure.
    #[arg(long, default_value_t = 200_000)]
    messages: u64,
    /// How long the quiet before is measured.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// How many messages a second are published; without it as many as can be.
    #[arg(long)]
    rate: Option<u32>,
    /// Where the data directory is made; on the disk to be measured.
    #[arg(long, default_value = "target/bench")]
    folder: PathBuf,
}

pub(crate) fn run(args: &BacklogArgs) -> anyhow::Result<()> {
    std::fs::create_dir_all(&args.folder).with_context(|| args.folder.display().to_string())?;
    let leveret = command()?;
    let process = Process::start(&leveret, &args.folder)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(measure(args, &leveret, &process))
}

async fn measure(args: &BacklogArgs, leveret: &Path, process: &Process) -> anyhow::Result<()> {
    let quiet = Duration::from_secs(args.seconds);
    let before = beside(&process.url, async move {
        tokio::time::sleep(quiet).await;
        Ok(())
    });
    let before = before.await?;
    println!("in quiet: {before}");
    let count = args.messages.to_string();
    let rate = args.rate.map(|rate| rate.to_string());
    let rate: Vec<&str> = rate.iter().flat_map(|rate| ["--rate", rate]).collect();
    let consume = ["--ack", "100", "--prefetch", "2000"];
    let through = [["--messages", &count, "--window", "1000"].as_slice(), &consume, &rate].concat();
    let load = during(leveret, &process.url, &through).await?;
    println!("while {count} x 1 KiB go through an empty queue: {load}");
    let fill = [&["--consumers", "0", "--window", "1000", "--keep"], rate.as_slice()].concat();
    let drain = [["--producers", "0"].as_slice(), &consume].concat();
    for (phase, work) in [("filled", fill), ("drained", drain)] {
        let work = [work.as_slice(), &["--messages", &count]].concat();
        let now = during(leveret, &process.url, &work).await?;
        let of = |other: Confirms| now.p99.as_secs_f64() / other.p99.as_secs_f64();
        println!(
            "while {count} x 1 KiB are {phase}: {now}, p99 {:.2} x of the empty queue's (reach 1.5 x), {:.2} x of quiet",
            of(load),
            of(before)
        );
    }
    Ok(())
}

/// Others' confirms while this load lasts.
async fn during(leveret: &Path, url: &str, load: &[&str]) -> anyhow::Result<Confirms> {
    let mut command = on_processor(1, leveret);
    command.args(["bench", "--url", url, "--persistent", "--size", "1024"]).args(load);
    let work = async move {
        let output = tokio::task::spawn_blocking(move || command.output()).await??;
        if !output.status.success() {
            bail!("the load failed: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(())
    };
    beside(url, work).await
}

/// Round trips from publish to confirm.
#[derive(Debug, Clone, Copy)]
struct Confirms {
    count: usize,
    p50: Duration,
    p99: Duration,
}

impl std::fmt::Display for Confirms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let millis = |time: Duration| time.as_secs_f64() * 1e3;
        let (p50, p99) = (millis(self.p50), millis(self.p99));
        write!(f, "{} confirms, p50 {p50:.2} ms, p99 {p99:.2} ms", self.count)
    }
}

/// Measures confirms for as long as the work goes on.
async fn beside(
    url: &str,
    work: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<Confirms> {
    let is_over = Arc::new(AtomicBool::new(false));
    let probe = tokio::spawn(probe(url.to_owned(), is_over.clone()));
    let worked = work.await;
    is_over.store(true, Ordering::Relaxed);
    let mut times = probe.await??;
    worked?;
    times.sort();
    let at = |index: usize| times.get(index).copied().unwrap_or_default();
    let count = times.len();
    Ok(Confirms { count, p50: at(count / 2), p99: at(count * 99 / 100) })
}

async fn probe(url: String, is_over: Arc<AtomicBool>) -> anyhow::Result<Vec<Duration>> {
    let connection = Connection::open(&url).await?;
    let channel = connection.channel().await?;
    channel.queue_declare(&QueueDeclare { name: QUEUE, ..QueueDeclare::default() }).await?;
    channel.confirm_select().await?;
    let mut pace = interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut times = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        pace.tick().await;
        let publish = Publish {
            routing_key: QUEUE,
            properties: Properties::builder().persistent().build(),
            body: bytes::Bytes::from_static(&BODY),
            ..Publish::default()
        };
        let start = Instant::now();
        channel.publish(publish).await?.await?;
        times.push(start.elapsed());
    }
    channel.queue_delete(&QueueDelete { name: QUEUE, ..QueueDelete::default() }).await?;
    connection.close().await;
    Ok(times)
}
