//! Our client beside lapin and amqprs: what a message costs its process.
//!
//! Each run of each client is a process of its own, against a sink that is one too, or against
//! a broker.

mod child;
mod contender;
mod drive;
mod job;
mod names;
mod pingpong;
mod prepared;
mod responder;
mod row;
mod runtime;
mod sample;
mod sink;
mod table;

use clap::{Args, Subcommand};

use self::{
    contender::Contender,
    prepared::Prepared,
    row::{PING_PONG, ROWS, Row, Work},
    table::{Runs, Table},
};
pub(crate) use child::Helper;
pub(crate) use runtime::runtime;
pub(crate) use sample::{Sample, cpu};

/// Our client beside lapin and amqprs; with them, build with `--features peers`.
///
/// Without `--url` against a sink that discards, confirms and delivers at next to no cost, so
/// that the client is what limits.
#[derive(Debug, Args)]
pub(crate) struct ClientArgs {
    /// How many runs; the table shows medians.
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Only rows with this in their title.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Only these clients.
    #[arg(long, value_delimiter = ',')]
    clients: Vec<Contender>,
    /// A broker to work on instead of the sink.
    #[arg(long)]
    url: Option<String>,
    /// Another broker to do the same work on, in the same run.
    #[arg(long, value_name = "URL", requires = "url")]
    peer: Option<String>,
    /// Prints the table as JSON, and what is being run on the error stream.
    #[arg(long)]
    json: bool,
    /// Threads of the client's runtime; 1 is the runtime of one thread.
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

/// Parts of a run, each a process.
#[derive(Debug, Subcommand)]
pub(crate) enum Part {
    /// A client that does one row's work and prints what it cost
    #[command(name = "client-driver", hide = true)]
    Driver(drive::DriverArgs),
    /// A peer that costs next to nothing
    #[command(name = "client-sink", hide = true)]
    Sink {
        #[arg(long)]
        messages: u64,
    },
    /// Who answers calls on a broker
    #[command(name = "client-responder", hide = true)]
    Responder {
        #[arg(long)]
        url: String,
    },
    /// The other end of the ping-pong
    #[command(name = "client-echo", hide = true)]
    Echo,
}

pub(crate) fn play(part: &Part) -> anyhow::Result<()> {
    match part {
        Part::Driver(args) => drive::run(args),
        Part::Sink { messages } => sink::serve(*messages),
        Part::Responder { url } => runtime(1)?.block_on(responder::serve(url)),
        Part::Echo => runtime(1)?.block_on(pingpong::echo()),
    }
}

pub(crate) fn run(args: &ClientArgs) -> anyhow::Result<()> {
    let url = args.url.as_deref();
    let mut targets = vec![(url, table(args, url.map_or("a sink", |_| "a broker")))];
    if let Some(peer) = args.peer.as_deref() {
        targets.push((Some(peer), table(args, "its peer")));
    }
    for run in 1..=args.runs {
        for (url, table) in &mut targets {
            run_once(args, run, *url, table)?;
        }
    }
    if args.json {
        let tables: Vec<_> = targets.iter().map(|(_, table)| table.to_json()).collect();
        println!("{}", serde_json::json!({ "tables": tables }));
    } else {
        for (_, table) in &targets {
            println!("\n{table}");
        }
    }
    Ok(())
}

fn table(args: &ClientArgs, peer: &'static str) -> Table {
    let wanted = args.only.as_deref().unwrap_or_default();
    Table {
        contenders: contenders(args),
        threads: args.threads,
        peer,
        rows: ROWS.iter().filter(|row| row.title.contains(wanted)).map(Runs::new).collect(),
        ping_pongs: Vec::new(),
    }
}

/// Each row of a table once by each client.
fn run_once(
    args: &ClientArgs,
    run: usize,
    url: Option<&str>,
    table: &mut Table,
) -> anyhow::Result<()> {
    if table.rows.iter().any(|runs| runs.row.work == Work::Call) {
        table.ping_pongs.push(ping_pong(args)?);
    }
    for runs in &mut table.rows {
        for contender in table.contenders.iter().filter(|who| who.does(runs.row.work)) {
            let (title, who) = (runs.row.title, contender.title());
            eprintln!("run {run} of {} against {}: {title}, {who}", args.runs, table.peer);
            runs.samples.push((*contender, measure(args, url, *contender, runs.row)?));
        }
    }
    Ok(())
}

fn contenders(args: &ClientArgs) -> Vec<Contender> {
    let wanted = |who: &&Contender| args.clients.is_empty() || args.clients.contains(who);
    Contender::all().iter().filter(wanted).copied().collect()
}

fn ping_pong(args: &ClientArgs) -> anyhow::Result<Sample> {
    let echo = Helper::start(&["client-echo"])?;
    child::drive(Contender::Leveret, &PING_PONG, &echo.line, args.threads)
}

fn measure(
    args: &ClientArgs,
    url: Option<&str>,
    contender: Contender,
    row: &Row,
) -> anyhow::Result<Sample> {
    let messages = child::messages(contender, row);
    if let Some(url) = url {
        let runtime = runtime(1)?;
        let prepared = runtime.block_on(Prepared::new(url, row.work, messages))?;
        let _responder = Helper::start(&["client-responder", "--url", url])?;
        let sample = child::drive(contender, row, url, args.threads)?;
        runtime.block_on(prepared.clear())?;
        return Ok(sample);
    }
    let sink = Helper::start(&["client-sink", "--messages", &messages.to_string()])?;
    let url = format!("amqp://guest:guest@{}/%2F", sink.line);
    child::drive(contender, row, &url, args.threads)
}
