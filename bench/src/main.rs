//! Measures Leveret beside its peers, in one run.
//!
//! `cargo run --release -p leveret-bench -- --help` tells how.
//!
//! Rates depend on the machine and on its other tenants, so each table carries the cost of a bare
//! `fdatasync` of the same minute, medians of several runs, and CPU time per message.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line talks to its user")]

mod broker;
mod client;
mod disk;
mod framework;
mod loopback;
mod transactions;

use clap::{Parser, Subcommand};

/// Measures Leveret beside its peers, in one run.
#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The broker as a process, under the load of `leveret bench`
    Broker(broker::BrokerArgs),
    /// Our client beside lapin and amqprs
    Client(client::ClientArgs),
    /// Another connection's confirms while a backlog is filled and drained
    Backlog(broker::BacklogArgs),
    /// From publish to delivery inside one program
    Loopback(loopback::LoopbackArgs),
    /// The framework beside a loop by hand, and the predecessors' benchmark
    Framework(framework::FrameworkArgs),
    /// The framework in transaction mode on the broker inside the program
    Transactions(transactions::TransactionsArgs),
    #[command(flatten)]
    Part(client::Part),
    #[command(flatten)]
    FrameworkPart(framework::Part),
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().what {
        What::Broker(args) => broker::run(&args),
        What::Client(args) => client::run(&args),
        What::Part(part) => client::play(&part),
        What::Backlog(args) => broker::run_backlog(&args),
        What::Loopback(args) => loopback::run(&args),
        What::Framework(args) => framework::run(&args),
        What::FrameworkPart(part) => framework::play(&part),
        What::Transactions(args) => transactions::run(&args),
    }
}
