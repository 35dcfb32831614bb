//! Holds brokers against the table of cases, and ends with one line of counts.
//!
//! Without more, our broker is held against what `RabbitMQ` 3.10 and 4.0 said when they were
//! recorded: it says what both say, or the list of deviations has the case. With `AMQP_URL` (and
//! `HTTP_URL`, its HTTP API) that `RabbitMQ` is held against its recording; `UPDATE_EXPECT=1`
//! records it anew, or, without an address, what our broker does where it deviates. Words after `--` choose cases by their names; `VERBOSE=1` shows those that agree.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a test that prints its table")]

use std::{
    collections::BTreeMap,
    env,
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};

use leveret_broker::Broker;
use leveret_conformance::{
    Case, Reasons, Recording, Target, Transcript, play, read_cases, read_recording, write_recording,
};

/// How many cases run at once, each in a virtual host of its own.
const WORKERS: usize = 8;

/// The recordings that our broker is held against: an older `RabbitMQ`'s and a newer one's.
const OLDER: &str = "rabbitmq-3.10";
const NEWER: &str = "rabbitmq-4.0";

fn main() -> ExitCode {
    let cases = read_cases(&folder("cases")).unwrap();
    let words: Vec<String> = env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let is_chosen =
        |case: &Case| words.is_empty() || words.iter().any(|word| case.name().contains(word));
    let names: Vec<String> = cases.iter().map(Case::name).collect();
    let chosen: Vec<Case> = cases.into_iter().filter(is_chosen).collect();
    let is_update = env::var_os("UPDATE_EXPECT").is_some();
    let is_fine = match env::var("AMQP_URL") {
        Ok(url) => rabbitmq(&url, &chosen, is_update.then_some(&names)),
        Err(_) => ours(&chosen, is_update.then_some(&names)),
    };
    if is_fine { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// What each case said on one of these targets, or why it could not be played.
fn run(targets: &[Target], cases: &[Case]) -> BTreeMap<String, Result<Transcript, String>> {
    let said = Mutex::new(BTreeMap::new());
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for target in targets {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let transcript = play(case, target).map_err(|error| format!("{error:#}"));
                    said.lock().unwrap().insert(case.name(), transcript);
                }
            });
        }
    });
    said.into_inner().unwrap()
}

/// Holds a `RabbitMQ` against its recording, or records it.
fn rabbitmq(url: &str, cases: &[Case], update: Option<&Vec<String>>) -> bool {
    let start = Instant::now();
    let target = Target::new(url, env::var("HTTP_URL").ok().as_deref()).unwrap();
    let version = target.version().unwrap();
    let minor: Vec<&str> = version.split('.').take(2).collect();
    let column = format!("rabbitmq-{}", minor.join("."));
    let place = folder("recorded").join(&column);
    let mut recording = read_recording(&place).unwrap();
    let (mut same, mut other) = (0, 0);
    let targets = target.split(WORKERS).unwrap();
    let mut all_said = run(&targets, cases);
    // What the case before left behind may be late to go: whoever differs is asked again.
    let is_doubtful = |case: &&Case| {
        let (name, said) = (case.name(), all_said.get(&case.name()));
        said.is_none_or(|said| said.as_ref().ok() != recording.get(&name))
    };
    let doubtful: Vec<Case> = cases.iter().filter(is_doubtful).cloned().collect();
    if update.is_none() {
        all_said.extend(run(targets.get(..1).unwrap_or_default(), &doubtful));
    }
    for (name, said) in all_said {
        match said {
            Ok(said) if recording.get(&name) == Some(&said) => same += 1,
            Ok(said) => {
                other += 1;
                println!("{} {name}", if update.is_some() { "recorded" } else { "changed" });
                show(recording.get(&name), &said);
                recording.insert(name, said);
            }
            Err(error) => {
                other += 1;
                println!("error    {name}\n  {error}");
            }
        }
    }
    if let Some(names) = update {
        write_recording(&place, names, &recording).unwrap();
    }
    let secs = start.elapsed().as_secs();
    println!("{column}: {} cases, {same} as recorded, {other} not, {secs} s", same + other);
    other == 0 || update.is_some()
}

/// Holds our broker against both recordings and the lists of what differs.
fn ours(cases: &[Case], update: Option<&Vec<String>>) -> bool {
    let start = Instant::now();
    let read = |column: &str| read_recording(&folder("recorded").join(column)).unwrap();
    let mut table = Table {
        older: read(OLDER),
        newer: read(NEWER),
        own: read("leveret"),
        deviations: Reasons::read(&folder("deviations.txt")).unwrap(),
        pending: Reasons::read(&folder("pending.txt")).unwrap(),
    };
    let said = play_on_ours(cases);
    if let Some(names) = update {
        table.record(&said, names);
    }
    let mut verdicts: BTreeMap<Verdict, usize> = BTreeMap::new();
    let mut agreements: BTreeMap<Agreement, usize> = BTreeMap::new();
    for (name, said) in &said {
        let verdict = table.judge(name, said);
        *verdicts.entry(verdict).or_default() += 1;
        let agreement =
            said.as_ref().map_or(Agreement::Neither, |said| table.agreement(name, said));
        *agreements.entry(agreement).or_default() += 1;
        if verdict != Verdict::Agrees || env::var_os("VERBOSE").is_some() {
            println!("{} {name} ({})", verdict.word(), agreement.words());
        }
        match said {
            Err(error) => println!("  {error}"),
            Ok(said) if verdict.is_unexpected() || env::var_os("VERBOSE").is_some() => {
                show(table.older.get(name), said);
            }
            Ok(_) => {}
        }
    }
    let count = |verdict| verdicts.get(&verdict).copied().unwrap_or_default();
    let unexpected: usize = verdicts
        .iter()
        .filter(|(verdict, _)| verdict.is_unexpected())
        .map(|(_, count)| count)
        .sum();
    println!(
        "conformance: {} cases, {} agree, {} deviate as listed, {} pending, {unexpected} unexpected ({} s)",
        said.len(),
        count(Verdict::Agrees) + count(Verdict::Arrived),
        count(Verdict::DeviatesAsListed),
        count(Verdict::Pending),
        start.elapsed().as_secs(),
    );
    let counts: Vec<String> = agreements
        .iter()
        .map(|(agreement, count)| format!("{count} {}", agreement.words()))
        .collect();
    println!("{OLDER} and {NEWER}: {}", counts.join(", "));
    unexpected == 0
}

fn play_on_ours(cases: &[Case]) -> BTreeMap<String, Result<Transcript, String>> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let broker = Broker::builder().in_memory().listen(any).admin_listen(any);
    let broker = runtime.block_on(broker.start()).unwrap();
    let address = broker.local_addrs().first().unwrap().to_string();
    let http = format!("http://{}", broker.admin_addr().unwrap());
    let target = Target::new(&format!("amqp://guest:guest@{address}/%2f"), Some(&http)).unwrap();
    let said = run(&target.split(WORKERS).unwrap(), cases);
    runtime.block_on(broker.shutdown());
    said
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Agrees,
    DeviatesAsListed,
    Pending,
    /// Was pending, and agrees: whoever comes next takes it off the list.
    Arrived,
    /// Differs from one of the two, and no list says so; or differs otherwise than was recorded.
    Deviates,
    /// The list says it differs, but it agrees with both.
    Stale,
    /// `RabbitMQ` was never asked.
    NotRecorded,
    Error,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Agrees => "agree   ",
            Self::DeviatesAsListed => "listed  ",
            Self::Pending => "pending ",
            Self::Arrived => "arrived ",
            Self::Deviates => "DEVIATE ",
            Self::Stale => "STALE   ",
            Self::NotRecorded => "UNKNOWN ",
            Self::Error => "ERROR   ",
        }
    }

    fn is_unexpected(self) -> bool {
        match self {
            Self::Agrees | Self::DeviatesAsListed | Self::Pending | Self::Arrived => false,
            Self::Deviates | Self::Stale | Self::NotRecorded | Self::Error => true,
        }
    }
}

/// Which of the two a case agrees with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Agreement {
    Both,
    Older,
    Newer,
    Neither,
}

impl Agreement {
    fn words(self) -> &'static str {
        match self {
            Self::Both => "as both",
            Self::Older => "as 3.10 alone",
            Self::Newer => "as 4.0 alone",
            Self::Neither => "as neither",
        }
    }
}

/// What was recorded, and what is known to differ.
struct Table {
    older: Recording,
    newer: Recording,
    own: Recording,
    deviations: Reasons,
    pending: Reasons,
}

impl Table {
    fn agreement(&self, name: &str, said: &Transcript) -> Agreement {
        match (self.older.get(name) == Some(said), self.newer.get(name) == Some(said)) {
            (true, true) => Agreement::Both,
            (true, false) => Agreement::Older,
            (false, true) => Agreement::Newer,
            (false, false) => Agreement::Neither,
        }
    }

    fn judge(&self, name: &str, said: &Result<Transcript, String>) -> Verdict {
        let (is_pending, is_listed) = (self.pending.contains(name), self.deviations.contains(name));
        let Ok(said) = said else {
            return if is_pending { Verdict::Pending } else { Verdict::Error };
        };
        if !self.older.contains_key(name) || !self.newer.contains_key(name) {
            return Verdict::NotRecorded;
        }
        match self.agreement(name, said) {
            Agreement::Both if is_pending => Verdict::Arrived,
            Agreement::Both if is_listed => Verdict::Stale,
            Agreement::Both => Verdict::Agrees,
            Agreement::Older | Agreement::Newer | Agreement::Neither => {
                let is_known = is_listed && self.own.get(name) == Some(said);
                match (is_pending, is_known) {
                    (true, _) => Verdict::Pending,
                    (false, true) => Verdict::DeviatesAsListed,
                    (false, false) => Verdict::Deviates,
                }
            }
        }
    }

    /// Keeps what our broker says where it deviates.
    fn record(&mut self, said: &BTreeMap<String, Result<Transcript, String>>, names: &[String]) {
        let deviations = &self.deviations;
        self.own.retain(|name, _| deviations.contains(name));
        for (name, said) in said {
            if let (true, Ok(said)) = (deviations.contains(name), said) {
                self.own.insert(name.clone(), said.clone());
            }
        }
        write_recording(&folder("recorded").join("leveret"), names, &self.own).unwrap();
    }
}

/// The transcript, with the expected lines in place of which it stands.
fn show(expected: Option<&Transcript>, said: &Transcript) {
    let empty = Transcript::new();
    let expected = expected.unwrap_or(&empty);
    let same = expected.iter().zip(said).take_while(|(a, b)| a == b).count();
    for (at, line) in said.iter().enumerate() {
        println!("  {} {line}", if at < same { ' ' } else { '+' });
    }
    for line in expected.iter().skip(same) {
        println!("  - {line}");
    }
}
