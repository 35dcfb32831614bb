//! `leveret bench`: load on a broker, and what it took.
#![expect(clippy::print_stdout, reason = "a command line talks to its user")]

pub(crate) mod args;
mod consumer;
mod failure;
mod process;
mod producer;
mod report;
mod tally;
mod topology;

use std::{
    io::{self, IsTerminal as _, Write as _},
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use leveret_client::{Channel, Connection};
use tokio::task::JoinSet;

use self::{
    args::BenchArgs,
    failure::Failure,
    producer::Producer,
    report::{Percentiles, Report, Used},
    tally::{Counts, Latencies, Tally},
    topology::Topology,
};
use crate::{Refusal, exit::Exit};

/// Turns of tasks between two looks for what the sockets have: a producer's turn is long, and
/// acknowledgements are not to wait for sixty of them.
const TURNS_PER_POLL: u32 = 4;

/// Runs one measurement and prints it.
pub(crate) fn run(args: BenchArgs) -> Result<Exit, Refusal> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().event_interval(TURNS_PER_POLL).build();
    let runtime = runtime.map_err(|error| refusal(Exit::Internal, &error))?;
    let report = runtime.block_on(measure(&args)).map_err(|failure| {
        let exit = match &failure {
            Failure::Address(_) | Failure::Name(_) => Exit::Usage,
            Failure::Process { .. } | Failure::Task(_) => Exit::Internal,
            Failure::Connect(_)
            | Failure::Channel(_)
            | Failure::Publish(_)
            | Failure::Settle(_)
            | Failure::ConsumerEnded(_) => Exit::Unavailable,
        };
        refusal(exit, &failure)
    })?;
    if args.json {
        let json = serde_json::to_string(&report);
        println!("{}", json.map_err(|error| refusal(Exit::Internal, &error))?);
    } else {
        println!("{report}");
    }
    Ok(Exit::Success)
}

fn refusal(exit: Exit, error: &dyn std::error::Error) -> Refusal {
    Refusal { text: format!("cannot measure: {error}"), exit }
}

/// The tasks that put the load on, and the latencies of those that have ended.
#[derive(Debug)]
struct Load {
    tasks: JoinSet<Result<(Side, Latencies), Failure>>,
    delivery: Latencies,
    confirm: Latencies,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Producer,
    Consumer,
}

impl Load {
    fn new() -> Self {
        let (delivery, confirm) = (Latencies::new(), Latencies::new());
        Self { tasks: JoinSet::new(), delivery, confirm }
    }

    /// Waits for a task to end, if there is one. The failure of one ends the measurement.
    async fn one_ended(&mut self) -> Result<(), Failure> {
        let Some(ended) = self.tasks.join_next().await else { return Ok(()) };
        let (side, latencies) = ended??;
        match side {
            Side::Producer => self.confirm.add(&latencies),
            Side::Consumer => self.delivery.add(&latencies),
        }
        Ok(())
    }
}

async fn measure(args: &BenchArgs) -> Result<Report, Failure> {
    let topology = Arc::new(Topology::plan(args)?);
    let tally = Arc::new(Tally::limited_to(args.messages));
    let control = channel(args).await?;
    topology.declare(&control, args).await?;
    let mut idle = Vec::new();
    for _ in 0..args.idle {
        idle.push(channel(args).await?);
    }
    let mut load = Load::new();
    start_consumers(args, &topology, &tally, &mut load).await?;
    let (counts, used) = if let Some(messages) = args.messages {
        let start = Start::now(args, &tally)?;
        start_producers(args, &topology, &tally, &mut load).await?;
        until_done(args, messages, &tally, &mut load).await?;
        start.end(args, &tally)?
    } else {
        start_producers(args, &topology, &tally, &mut load).await?;
        pass(Duration::from_secs(args.warmup), &mut load).await?;
        let start = Start::now(args, &tally)?;
        for_seconds(args.seconds, &tally, &mut load).await?;
        start.end(args, &tally)?
    };
    tally.end();
    while !load.tasks.is_empty() {
        load.one_ended().await?;
    }
    if !args.keep {
        topology.delete(&control).await?;
    }
    let mut report = Report::new(counts, used);
    report.delivery_latency = Percentiles::of(&load.delivery);
    report.confirm_latency = Percentiles::of(&load.confirm);
    Ok(report)
}

async fn channel(args: &BenchArgs) -> Result<Channel, Failure> {
    let connection = Connection::open(&args.url).await?;
    Ok(connection.channel().await?)
}

async fn start_consumers(
    args: &BenchArgs,
    topology: &Topology,
    tally: &Arc<Tally>,
    load: &mut Load,
) -> Result<(), Failure> {
    for queue in &topology.queues {
        for _ in 0..args.consumers {
            let channel = channel(args).await?;
            let tally = Arc::clone(tally);
            let consumer = consumer::Load::start(channel, queue.clone(), tally, args).await?;
            load.tasks.spawn(async move { Ok((Side::Consumer, consumer.run().await?)) });
        }
    }
    Ok(())
}

async fn start_producers(
    args: &BenchArgs,
    topology: &Arc<Topology>,
    tally: &Arc<Tally>,
    load: &mut Load,
) -> Result<(), Failure> {
    for number in 0..args.producers {
        let (topology, tally) = (Arc::clone(topology), Arc::clone(tally));
        let producer = Producer::new(channel(args).await?, topology, tally, args).await?;
        load.tasks.spawn(async move { Ok((Side::Producer, producer.run(number).await?)) });
    }
    Ok(())
}

async fn for_seconds(seconds: u64, tally: &Tally, load: &mut Load) -> Result<(), Failure> {
    for second in 1..=seconds {
        let last = tally.counts();
        pass(Duration::from_secs(1), load).await?;
        show_progress(second, seconds, tally.counts().since(last));
    }
    Ok(())
}

/// Lets time pass; a failure of the load ends it.
async fn pass(time: Duration, load: &mut Load) -> Result<(), Failure> {
    let end = tokio::time::Instant::now() + time;
    loop {
        tokio::select! {
            () = tokio::time::sleep_until(end) => return Ok(()),
            ended = load.one_ended(), if !load.tasks.is_empty() => ended?,
        }
    }
}

/// Waits until all that was asked for is published, confirmed and consumed.
async fn until_done(
    args: &BenchArgs,
    messages: u64,
    tally: &Tally,
    load: &mut Load,
) -> Result<(), Failure> {
    let copies = match args.pattern {
        args::Pattern::Queue | args::Pattern::Topic => 1,
        args::Pattern::Fanout => u64::try_from(args.queues).unwrap_or(u64::MAX),
    };
    let is_done = |counts: Counts| {
        (args.producers == 0 || counts.published >= messages)
            && (args.producers == 0 || args.window == 0 || counts.confirmed >= messages)
            && (args.consumers == 0 || counts.consumed >= messages.saturating_mul(copies))
    };
    while !is_done(tally.counts()) {
        pass(Duration::from_millis(1), load).await?;
    }
    Ok(())
}

/// One line that is written over, for a person who waits.
fn show_progress(second: u64, seconds: u64, last: Counts) {
    let mut out = io::stderr();
    if out.is_terminal() {
        let Counts { published, confirmed, consumed } = last;
        let end = if second == seconds { "\n" } else { "" };
        // Nobody is there to be told if the terminal is gone.
        write!(
            out,
            "\r{second:>3} of {seconds} s: {published:>9} published, {confirmed:>9} confirmed, \
             {consumed:>9} consumed{end}"
        )
        .ok();
    }
}

/// Where the measurement began.
#[derive(Debug)]
struct Start {
    counts: Counts,
    mark: Mark,
}

impl Start {
    fn now(args: &BenchArgs, tally: &Tally) -> Result<Self, Failure> {
        tally.is_measuring.store(true, Ordering::Relaxed);
        Ok(Self { counts: tally.counts(), mark: Mark::now(args)? })
    }

    /// What was counted and used since.
    fn end(self, args: &BenchArgs, tally: &Tally) -> Result<(Counts, Used), Failure> {
        let used = Mark::now(args)?.since(self.mark);
        Ok((tally.counts().since(self.counts), used))
    }
}

/// What was used until one moment.
#[derive(Debug, Clone, Copy)]
struct Mark {
    at: Instant,
    client: Duration,
    broker: Option<(Duration, u64)>,
}

impl Mark {
    fn now(args: &BenchArgs) -> Result<Self, Failure> {
        let read = |pid: u32| -> io::Result<(Duration, u64)> {
            let process = pid.to_string();
            Ok((process::processor_time(&process)?, process::resident_bytes(&process)?))
        };
        let broker = args
            .broker_pid
            .map(|pid| read(pid).map_err(|source| Failure::Process { pid, source }))
            .transpose()?;
        let client = process::processor_time("self").unwrap_or_default();
        Ok(Self { at: Instant::now(), client, broker })
    }

    fn since(self, start: Self) -> Used {
        let broker = self.broker.zip(start.broker);
        Used {
            wall: self.at - start.at,
            client: self.client.saturating_sub(start.client),
            broker: broker
                .map(|((time, resident), (before, _))| (time.saturating_sub(before), resident)),
        }
    }
}
