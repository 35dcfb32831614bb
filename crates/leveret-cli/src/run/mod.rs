//! `leveret run` and `leveret config`: handlers from a file.

pub(crate) mod args;
pub(crate) mod config;
mod log;
mod reload;

use std::io::{self, Write as _};

use leveret_runner::{Plan, Running, StartError, StopError};
use tokio::signal::unix::{SignalKind, signal};

use self::{args::RunArgs, log::Log, reload::Attendant};
use crate::{
    Refusal,
    broker::{self, Signals},
    exit::Exit,
    supervisor::Supervisor,
};

/// Runs the file until a signal or a failure ends it.
pub(crate) fn run(args: RunArgs) -> Result<Exit, Refusal> {
    let plan = config::checked(&args.input)?;
    let log = Log::start(plan.log_level(), plan.log_format());
    let attendant = Attendant { input: args.input, log };
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime =
        runtime.enable_all().thread_name(plan.name()).build().map_err(broker::internal)?;
    runtime.block_on(serve(plan, attendant))
}

async fn serve(plan: Plan, attendant: Attendant) -> Result<Exit, Refusal> {
    let supervisor = Supervisor::from_env();
    supervisor.status("starting");
    let mut signals = Signals::new().map_err(broker::internal)?;
    let mut hangup = signal(SignalKind::hangup()).map_err(broker::internal)?;
    let name = plan.name().to_owned();
    let mut running = tokio::select! {
        running = plan.start() => running.map_err(not_started)?,
        () = signals.next() => return Ok(Exit::Success),
    };
    announce(&name, &running);
    supervisor.ready("ready");
    let failure = loop {
        tokio::select! {
            () = signals.next() => break None,
            failure = running.failed() => break Some(failure),
            Some(()) = hangup.recv() => {
                supervisor.reloading();
                supervisor.ready(&attendant.reload(&mut running));
            }
        }
    };
    supervisor.stopping();
    let stopped = tokio::select! {
        stopped = running.shutdown() => stopped,
        () = signals.next() => return Ok(Exit::Forced),
    };
    match (failure, stopped) {
        (None, Ok(())) => Ok(Exit::Success),
        (Some(error), _) | (None, Err(error)) => Err(cut_off(&error)),
    }
}

/// The block that tells a person what runs, and how safe it is.
fn announce(name: &str, running: &Running) {
    let addresses: Vec<_> = running.addresses().iter().map(ToString::to_string).collect();
    let mut text = format!("leveret run: {name} is ready\n");
    if !addresses.is_empty() {
        text.push_str(&format!("listening on {}\n", addresses.join(", ")));
    }
    if let Some(address) = running.metrics_address() {
        text.push_str(&format!("metrics at {address}\n"));
    }
    if let Some(address) = running.control_address() {
        text.push_str(&format!("control at {address}\n"));
    }
    text.push_str(&running.settlement_plan().to_string());
    let mut output = io::stdout().lock();
    // Nobody may read it.
    output.write_all(text.as_bytes()).and_then(|()| output.flush()).ok();
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the enums may grow")]
fn not_started(error: StartError) -> Refusal {
    let error = match error {
        StartError::Broker(error) => return broker::not_started(error),
        StartError::App(error) => error,
        other => return Refusal { text: other.to_string(), exit: Exit::Failed },
    };
    let exit = match &error {
        leveret_runner::AppStartError::Broker(_) => Exit::CannotCreate,
        leveret_runner::AppStartError::Metrics { .. } => Exit::Temporary,
        leveret_runner::AppStartError::Connect { .. }
        | leveret_runner::AppStartError::Declare { .. } => Exit::Unavailable,
        leveret_runner::AppStartError::Control(_) if error.exit_code() == 1 => Exit::Temporary,
        other if other.exit_code() == leveret_runner::EXIT_CONFIG => Exit::Config,
        _ => Exit::Failed,
    };
    Refusal { text: with_causes(&error), exit }
}

fn cut_off(error: &StopError) -> Refusal {
    Refusal { text: with_causes(error), exit: Exit::Failed }
}

/// The error and what is behind it, in one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| {
        let cause = cause.to_string();
        if text.ends_with(&cause) { text } else { format!("{text}: {cause}") }
    })
}
