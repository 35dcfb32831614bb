//! One run in a process of its own: what it costs is that process's time.

use std::sync::Arc;

use clap::{Args, ValueEnum};
use leveret_broker::Broker;
use tracing_subscriber::layer::SubscriberExt as _;

use super::progress::Progress;
use super::queue::fill;
use super::{bare, handled};
use crate::client::runtime;

/// Who consumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Who {
    /// A loop by hand.
    Bare,
    /// The framework; nobody wants its spans.
    Framework,
    /// The framework; its spans are kept, as a telemetry layer would have them.
    Spans,
    /// The framework; its spans are kept with all fields as text.
    Fields,
}

#[derive(Debug, Args)]
pub(crate) struct DriverArgs {
    #[arg(long)]
    pub(super) who: Who,
    #[arg(long)]
    pub(super) url: String,
    #[arg(long)]
    pub(super) messages: u64,
    #[arg(long)]
    pub(super) workers: usize,
}

/// Serves in memory until it is killed; prints where.
pub(super) fn serve() -> anyhow::Result<()> {
    runtime(1)?.block_on(async {
        let listening = Broker::builder().in_memory().listen("127.0.0.1:0".parse()?);
        let broker = listening.start().await?;
        for address in broker.local_addrs() {
            println!("{address}");
        }
        std::future::pending().await
    })
}

/// Fills the queue, handles all of it, and prints what that cost as JSON.
pub(super) fn run(args: &DriverArgs) -> anyhow::Result<()> {
    match args.who {
        Who::Bare | Who::Framework => {}
        Who::Spans => {
            let kept = tracing_subscriber::registry().with(Level);
            tracing::subscriber::set_global_default(kept)?;
        }
        Who::Fields => tracing_subscriber::fmt().with_writer(std::io::sink).init(),
    }
    let sample = runtime(1)?.block_on(async {
        fill(&args.url, args.messages).await?;
        let progress = Arc::new(Progress::new(args.messages));
        match args.who {
            Who::Bare => bare::consume(&args.url, args.workers, progress).await,
            Who::Framework | Who::Spans | Who::Fields => {
                handled::consume(&args.url, args.workers, progress).await
            }
        }
    })?;
    println!("{}", serde_json::to_string(&sample)?);
    Ok(())
}

/// Wants what is at info.
struct Level;

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Level {
    fn enabled(
        &self,
        metadata: &tracing::Metadata<'_>,
        _: tracing_subscriber::layer::Context<'_, S>,
    ) -> bool {
        *metadata.level() <= tracing::Level::INFO
    }
}
