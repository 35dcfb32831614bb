//! Runs seeds, and says of a bad one how to repeat it.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line talks to its user")]

use std::{
    num::NonZero,
    process::ExitCode,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use clap::{Parser, ValueEnum};
use indicatif::ProgressBar;
use leveret_sim::{FaultKind, Plan, Sabotage, Statistics, run, run_twice, shrink};

/// Worlds of clients, brokers and disks that fail, each from one number.
#[derive(Debug, Parser)]
struct Args {
    /// Run only this seed, and show what happened if it fails.
    #[arg(long)]
    seed: Option<u64>,
    /// Run so many seeds.
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// Begin with this one; each is run twice and must give the same trace.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Stop after this time: 90s, 3m, 2h.
    #[arg(long = "for", value_parser = duration)]
    limit: Option<Duration>,
    /// Let clients do so many things, instead of what the seed says.
    #[arg(long)]
    steps: Option<u64>,
    /// Leave out kinds of faults.
    #[arg(long, value_delimiter = ',', value_parser = fault)]
    without: Vec<FaultKind>,
    /// Show every event of the seed.
    #[arg(long, requires = "seed")]
    trace: bool,
    /// Break something on purpose: the seeds must fail.
    #[arg(long, value_enum, default_value_t = Broken::Nothing)]
    broken: Broken,
    /// Run each seed once only, and not look whether it gives the same trace again.
    #[arg(long)]
    once: bool,
    /// Go on after a seed that fails, and name each.
    #[arg(long)]
    keep_going: bool,
    /// Seeds at the same time; by default one for each core.
    #[arg(long)]
    jobs: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Broken {
    Nothing,
    /// Syncs succeed and do nothing.
    Syncs,
    /// The engine hears of durability before the sync, and only a crash can show it.
    Order,
    /// The engine hears of durability before the sync.
    Haste,
    /// Dead letters go nowhere.
    Deaths,
    /// What is settled in later turns never reaches the disk.
    Slices,
    /// Dead letters that come again are not marked.
    Marks,
    /// What is settled never reaches the disk.
    Acks,
    /// Messages that wait for their time are forgotten.
    Appointments,
    /// A connection whose permissions are taken away keeps them.
    Rights,
    /// Direct replies go to another channel of the connection.
    Replies,
}

fn main() -> ExitCode {
    let args = Args::parse();
    match args.seed {
        Some(seed) => one(&args.plan(seed)),
        None => many(&args),
    }
}

/// One seed, told at length.
fn one(plan: &Plan) -> ExitCode {
    let outcome = run_twice(plan);
    for line in &outcome.trace {
        println!("{line}");
    }
    println!("{:?}", outcome.statistics);
    println!("trace {:016x}", outcome.trace_hash);
    match &outcome.violation {
        None => {
            println!("seed {}: passed", plan.seed);
            ExitCode::SUCCESS
        }
        Some(violation) => {
            println!("seed {}: {violation}", plan.seed);
            ExitCode::FAILURE
        }
    }
}

/// Many seeds, until one fails or the time is over.
fn many(args: &Args) -> ExitCode {
    let started = Instant::now();
    let end = args.from.saturating_add(args.seeds);
    let next = AtomicU64::new(args.from);
    let total = Mutex::new((0_u64, Statistics::default()));
    let failed = Mutex::new(None::<(u64, String)>);
    let bar = ProgressBar::new(args.seeds);
    let is_over = || args.limit.is_some_and(|limit| started.elapsed() >= limit);
    let work = || {
        while !is_over() && (args.keep_going || lock(&failed).is_none()) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                break;
            }
            let plan = args.plan(seed);
            let outcome = if args.once { run(&plan) } else { run_twice(&plan) };
            let mut total = lock(&total);
            total.0 += 1;
            total.1 += outcome.statistics;
            bar.inc(1);
            if let Some(violation) = outcome.violation {
                if args.keep_going {
                    println!("seed {seed}: {violation}");
                }
                let mut failed = lock(&failed);
                if failed.as_ref().is_none_or(|(first, _)| seed < *first) {
                    *failed = Some((seed, violation));
                }
            }
        }
    };
    let jobs = args.jobs.or_else(|| thread::available_parallelism().ok().map(NonZero::get));
    thread::scope(|scope| {
        for _ in 0..jobs.unwrap_or(1) {
            scope.spawn(work);
        }
    });
    bar.finish_and_clear();
    let (seeds, statistics) = *lock(&total);
    let times = if args.once { "once" } else { "twice" };
    summarise((seeds, times), &statistics, started.elapsed());
    let failed = lock(&failed).take();
    match failed {
        None => ExitCode::SUCCESS,
        Some((seed, violation)) => {
            println!("seed {seed}: {violation}");
            println!("repeat: {}", command(&args.plan(seed)));
            let smallest = shrink(&args.plan(seed));
            println!("smaller: {}", command(&smallest));
            println!("         {}", run(&smallest).violation.unwrap_or_default());
            ExitCode::FAILURE
        }
    }
}

fn summarise((seeds, times): (u64, &str), statistics: &Statistics, took: Duration) {
    let secs = took.as_secs().max(1);
    println!(
        "{seeds} seeds {times} in {} s ({} a second): {} faults, {} ends of the process, {} audits, \
         {} messages published, {} promised, {} delivered, {} segments dropped, {} page jobs, {} pages made smaller, {} events",
        took.as_secs(),
        seeds / secs,
        statistics.faults,
        statistics.crashes,
        statistics.audits,
        statistics.published,
        statistics.confirmed,
        statistics.delivered,
        statistics.segments_dropped,
        statistics.pages,
        statistics.pages_thinned,
        statistics.events,
    );
    if seeds == 0 {
        eprintln!("no seed was run");
    }
}

fn command(plan: &Plan) -> String {
    let mut command = format!("cargo run --release -p leveret-sim -- --seed {}", plan.seed);
    if let Some(steps) = plan.steps {
        command += &format!(" --steps {steps}");
    }
    if !plan.without.is_empty() {
        let names: Vec<&str> = plan.without.iter().map(|kind| kind.name()).collect();
        command += &format!(" --without {}", names.join(","));
    }
    match plan.sabotage {
        Sabotage::None => {}
        Sabotage::LyingSyncs => command += " --broken syncs",
        Sabotage::EarlyDurable => command += " --broken order",
        Sabotage::Haste => command += " --broken haste",
        Sabotage::LostDeaths => command += " --broken deaths",
        Sabotage::LostSlices => command += " --broken slices",
        Sabotage::LostMarks => command += " --broken marks",
        Sabotage::LostAcks => command += " --broken acks",
        Sabotage::LostAppointments => command += " --broken appointments",
        Sabotage::LastingRights => command += " --broken rights",
        Sabotage::StrayReplies => command += " --broken replies",
    }
    command + " --trace"
}

impl Args {
    fn plan(&self, seed: u64) -> Plan {
        let sabotage = match self.broken {
            Broken::Nothing => Sabotage::None,
            Broken::Syncs => Sabotage::LyingSyncs,
            Broken::Order => Sabotage::EarlyDurable,
            Broken::Haste => Sabotage::Haste,
            Broken::Deaths => Sabotage::LostDeaths,
            Broken::Slices => Sabotage::LostSlices,
            Broken::Marks => Sabotage::LostMarks,
            Broken::Acks => Sabotage::LostAcks,
            Broken::Appointments => Sabotage::LostAppointments,
            Broken::Rights => Sabotage::LastingRights,
            Broken::Replies => Sabotage::StrayReplies,
        };
        let without = self.without.iter().copied().collect();
        Plan { seed, steps: self.steps, without, sabotage, keeps_trace: self.trace }
    }
}

fn fault(name: &str) -> Result<FaultKind, String> {
    FaultKind::named(name).ok_or_else(|| {
        let names = FaultKind::ALL.map(FaultKind::name);
        format!("no such fault; there are {}", names.join(", "))
    })
}

fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = text.split_at(text.len().saturating_sub(1));
    let number: u64 = number.parse().map_err(|_| "write 90s, 3m or 2h".to_owned())?;
    match unit {
        "s" => Ok(Duration::from_secs(number)),
        "m" => Ok(Duration::from_secs(number * 60)),
        "h" => Ok(Duration::from_secs(number * 3_600)),
        _ => Err("write 90s, 3m or 2h".to_owned()),
    }
}

/// A panic of one world ends the whole run, so a poisoned value is as good as another.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
