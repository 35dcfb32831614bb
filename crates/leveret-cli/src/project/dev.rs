//! `leveret dev`: a broker, a program on it, and a new one at each change.

use std::{
    io::{self, Write as _},
    path::Path,
    process::ExitStatus,
    time::Duration,
};

use leveret_broker::Broker;
use rustix::process::{Pid, Signal as PosixSignal, kill_process};
use tokio::{
    process::{Child, Command},
    signal::unix::{Signal, SignalKind, signal},
    time::{MissedTickBehavior, interval, timeout},
};

use super::{args::DevArgs, build::build, failure::Failure, sources::Sources};

/// Between two looks at the files.
const LOOK: Duration = Duration::from_millis(300);
/// How long a program may take to stop.
const GRACE: Duration = Duration::from_secs(10);

pub(super) async fn run(args: DevArgs) -> Result<(), Failure> {
    if !args.folder.join("Cargo.toml").is_file() {
        return Err(Failure::NoProject(args.folder));
    }
    let interrupts = signal(SignalKind::interrupt()).map_err(Failure::Signals)?;
    let ends = signal(SignalKind::terminate()).map_err(Failure::Signals)?;
    let broker = broker(&args).await?;
    let address = broker.local_addrs().first().copied().unwrap_or(args.listen);
    let address = format!("amqp://guest:guest@{address}/%2f");
    tell(&format!("broker at {address}"));
    let mut workshop = Workshop { args: &args, address, running: None };
    let ended = workshop.attend(&broker, Stop { interrupts, ends }).await;
    workshop.stop().await;
    broker.shutdown().await;
    ended
}

async fn broker(args: &DevArgs) -> Result<Broker, Failure> {
    let builder = Broker::builder().listen(args.listen);
    let builder = match &args.data_dir {
        Some(folder) => builder.data_dir(folder),
        None => builder.in_memory(),
    };
    let builder = match args.admin_listen {
        Some(address) => builder.admin_listen(address),
        None => builder,
    };
    Ok(builder.start().await?)
}

/// What asks this command to end.
struct Stop {
    interrupts: Signal,
    ends: Signal,
}

impl Stop {
    async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupts.recv() => {}
            _ = self.ends.recv() => {}
        }
    }
}

/// The project as it is built and run.
struct Workshop<'a> {
    args: &'a DevArgs,
    address: String,
    running: Option<Child>,
}

impl Workshop<'_> {
    async fn attend(&mut self, broker: &Broker, mut stop: Stop) -> Result<(), Failure> {
        let mut seen = Sources::of(&self.args.folder);
        tokio::select! {
            made = self.make() => made?,
            () = stop.asked() => return Ok(()),
        }
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.asked() => return Ok(()),
                failure = broker.failed() => return Err(Failure::BrokerFailed(failure.to_string())),
                status = ended(self.running.as_mut()) => {
                    self.running = None;
                    tell(&format!("the program ended ({}); waiting for a change", shown(status)));
                }
                _ = looks.tick() => {
                    let now = Sources::of(&self.args.folder);
                    let Some(changed) = seen.changed(&now) else { continue };
                    tell(&format!("{} changed", shorter(changed, &self.args.folder).display()));
                    seen = now;
                    tokio::select! {
                        made = self.make() => made?,
                        () = stop.asked() => return Ok(()),
                    }
                }
            }
        }
    }

    /// Builds; if that succeeds, the new program takes the place of the old one.
    async fn make(&mut self) -> Result<(), Failure> {
        let built = build(&self.args.folder, self.args.bin.as_deref()).await?;
        let Some(path) = built else {
            let old = if self.running.is_some() { "; the old program goes on" } else { "" };
            tell(&format!("not built{old}"));
            return Ok(());
        };
        self.stop().await;
        let mut command = Command::new(&path);
        command.args(&self.args.arguments).current_dir(&self.args.folder);
        command.env("AMQP_URL", &self.address).kill_on_drop(true);
        self.running = Some(command.spawn().map_err(|source| Failure::Run { path, source })?);
        tell("running");
        Ok(())
    }

    /// Asks the program to stop, and insists after a while.
    async fn stop(&mut self) {
        let Some(mut child) = self.running.take() else { return };
        let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(id) = id {
            // It may have ended by itself meanwhile.
            kill_process(id, PosixSignal::TERM).ok();
        }
        if timeout(GRACE, child.wait()).await.is_err() {
            tell("the program does not stop; it is killed");
            child.kill().await.ok();
        }
    }
}

/// When the program ends; never if none runs.
async fn ended(running: Option<&mut Child>) -> io::Result<ExitStatus> {
    match running {
        Some(child) => child.wait().await,
        None => std::future::pending().await,
    }
}

fn shown(status: io::Result<ExitStatus>) -> String {
    status.map_or_else(|error| error.to_string(), |status| status.to_string())
}

fn shorter<'a>(path: &'a Path, folder: &Path) -> &'a Path {
    path.strip_prefix(folder).unwrap_or(path)
}

/// To people; the program's own output stays as it is.
fn tell(text: &str) {
    writeln!(io::stderr(), "leveret dev: {text}").ok();
}
