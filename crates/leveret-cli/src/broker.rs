//! `leveret broker`: settings, start, signals, stop.

use std::{
    io::{self, Write},
    path::PathBuf,
    time::Duration,
};

use leveret_broker::{
    Broker, Config, ConfigError, DirectoryError, Failure, LogError, RawConfig, Reloaded, Setting,
    StartError, Store,
};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::{
    Refusal,
    args::{BrokerArgs, BrokerCommand, ConfigCommand},
    exit::Exit,
    logging,
    supervisor::Supervisor,
};

/// Turns of tasks between two looks for what the sockets have. A turn can be 64 KiB of publishes;
/// with the runtime's 61 of them, the acknowledgements of others would wait for tens of milliseconds.
const TURNS_PER_POLL: u32 = 4;

/// Runs the broker until a signal or a failure ends it.
pub(crate) fn run(args: BrokerArgs) -> Result<Exit, Refusal> {
    let raw = settings(&args)?;
    if let Some(BrokerCommand::Config(ConfigCommand::Show { sources })) = args.command {
        return show(&raw, sources);
    }
    let config = raw.resolve().map_err(misconfigured)?;
    logging::start();
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.enable_all().event_interval(TURNS_PER_POLL).build().map_err(internal)?;
    runtime.block_on(serve(config, &args))
}

/// Flags over environment over file over defaults.
fn settings(args: &BrokerArgs) -> Result<RawConfig, Refusal> {
    let variable = |name: &str| std::env::var(name).ok();
    let from_environment = variable("LEVERET_BROKER_CONFIG").filter(|path| !path.is_empty());
    let file = args.config.clone().or_else(|| from_environment.map(PathBuf::from));
    let in_file = file
        .map_or_else(|| Ok(RawConfig::default()), RawConfig::from_file)
        .map_err(misconfigured)?;
    let in_environment = RawConfig::from_env(variable).map_err(misconfigured)?;
    let mut in_flags = RawConfig::default();
    in_flags.admin_listen = args.admin_listen;
    in_flags.listen = Some(args.listen.clone()).filter(|addresses| !addresses.is_empty());
    in_flags.data_dir.clone_from(&args.data_dir);
    in_flags.in_memory = args.in_memory.then_some(true);
    Ok(in_file.overlay(in_environment).overlay(in_flags.from_flags()))
}

/// Prints the settings, each with its source if that is asked for.
fn show(raw: &RawConfig, sources: bool) -> Result<Exit, Refusal> {
    let settings = raw.settings().map_err(misconfigured)?;
    let line = |Setting { name, value, origin, .. }: &Setting| {
        let setting = format!("{name} = {value}");
        if sources { format!("{setting:<50} # {origin}\n") } else { format!("{setting}\n") }
    };
    let text: String = settings.iter().map(line).collect();
    // The reader may have closed the pipe; there is nobody left to tell.
    io::stdout().lock().write_all(text.as_bytes()).ok();
    Ok(Exit::Success)
}

async fn serve(config: Config, args: &BrokerArgs) -> Result<Exit, Refusal> {
    let supervisor = Supervisor::from_env();
    supervisor.status("reading the log");
    // Signals are caught before the recovery, which may take a while.
    let mut signals = Signals::new().map_err(internal)?;
    let mut hangup = signal(SignalKind::hangup()).map_err(internal)?;
    let store = config.store.clone();
    let starting = Broker::builder().config(config).start();
    let broker = tokio::select! {
        broker = starting => broker.map_err(not_started)?,
        () = signals.next() => return Ok(Exit::Success),
    };
    announce(&broker, &store);
    supervisor.ready("ready");
    tokio::select! {
        () = signals.next() => tracing::info!("stopping"),
        failure = broker.failed() => tracing::error!(%failure, "stopping after a failure"),
        () = attend(&broker, &supervisor, &mut hangup, args) => {}
    }
    supervisor.stopping();
    tokio::select! {
        failure = broker.shutdown() => Ok(failure.as_ref().map_or(Exit::Success, exit_of)),
        () = signals.next() => Ok(Exit::Forced),
    }
}

/// Reloads whenever it is asked to, and tells the supervisor that all is well. Never ends.
async fn attend(broker: &Broker, supervisor: &Supervisor, hangup: &mut Signal, args: &BrokerArgs) {
    let pulse = supervisor.watchdog();
    let mut pulses = tokio::time::interval(pulse.unwrap_or(Duration::from_hours(1)));
    loop {
        tokio::select! {
            Some(()) = hangup.recv() => {
                supervisor.reloading();
                supervisor.ready(reload(broker, args));
            }
            _ = pulses.tick() => supervisor.alive(),
        }
    }
}

/// Reads the settings again; what is wrong with them is shown as at a start, and changes nothing.
fn reload(broker: &Broker, args: &BrokerArgs) -> &'static str {
    let config = settings(args).and_then(|raw| raw.resolve().map_err(misconfigured));
    let refusal = match config.map(|config| broker.reload(&config)) {
        Ok(Ok(Reloaded { applied, waiting, .. })) => {
            if !waiting.is_empty() {
                tracing::warn!("these settings wait for a restart: {}", waiting.join(", "));
            }
            tracing::info!("configuration reloaded, changed: {}", applied.join(", "));
            return "ready";
        }
        Ok(Err(error)) => error.to_string(),
        Err(refusal) => {
            broker.refuse_reload();
            refusal.text
        }
    };
    writeln!(io::stderr(), "{refusal}").ok();
    tracing::error!("the configuration is not taken; the one before holds on");
    "ready, with the configuration before the last reload"
}

/// The block that tells a person where things are.
fn announce(broker: &Broker, store: &Store) {
    let addresses: Vec<_> = broker.local_addrs().iter().map(ToString::to_string).collect();
    let kept = match store {
        Store::Directory(path) => path.display().to_string(),
        Store::Memory => "in memory only: gone when the broker stops".to_owned(),
    };
    let recovered = broker.recovered();
    let text = format!(
        "leveret broker {version} is ready\n  \
           listening on  {addresses}\n  \
           admin api     {admin}\n  \
           messages in   {kept}\n  \
           recovered     {records} records in {took} ms\n  \
           users         {users}\n",
        version = env!("CARGO_PKG_VERSION"),
        admin = broker.admin_addr().map_or_else(|| "off".to_owned(), |address| address.to_string()),
        addresses = addresses.join(", "),
        records = recovered.records,
        took = recovered.took.as_millis(),
        users = broker.user_names().join(", "),
    );
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes()).and_then(|()| output.flush()).ok();
}

/// SIGINT and SIGTERM.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    pub(crate) fn new() -> io::Result<Self> {
        let interrupt = signal(SignalKind::interrupt())?;
        let terminate = signal(SignalKind::terminate())?;
        Ok(Self { interrupt, terminate })
    }

    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

pub(crate) fn internal(error: io::Error) -> Refusal {
    Refusal { text: format!("cannot start: {error}"), exit: Exit::Internal }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "both enums may grow")]
fn misconfigured(error: ConfigError) -> Refusal {
    let exit = match &error {
        ConfigError::Unreadable { source, .. } => match source.kind() {
            io::ErrorKind::NotFound => Exit::NoInput,
            io::ErrorKind::PermissionDenied => Exit::Permission,
            _ => Exit::Config,
        },
        _ => Exit::Config,
    };
    Refusal { text: error.to_string(), exit }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "both enums may grow")]
pub(crate) fn not_started(error: StartError) -> Refusal {
    let exit = match &error {
        StartError::Config(_) | StartError::Tls(_) | StartError::Definitions(_) => Exit::Config,
        StartError::Directory(error) => exit_of_directory(error),
        StartError::Listen { source, .. } => match source.kind() {
            io::ErrorKind::PermissionDenied => Exit::Permission,
            io::ErrorKind::AddrInUse => Exit::Temporary,
            _ => Exit::Config,
        },
        StartError::Log { error } => exit_of_log(error),
        _ => Exit::Internal,
    };
    Refusal { text: error.to_string(), exit }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the enum may grow")]
fn exit_of_directory(error: &DirectoryError) -> Exit {
    match error {
        DirectoryError::Newer { .. } | DirectoryError::Damaged { .. } => Exit::Data,
        DirectoryError::Denied { .. } => Exit::Permission,
        DirectoryError::Io { .. } => Exit::Disk,
        _ => Exit::CannotCreate,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the enum may grow")]
fn exit_of_log(error: &LogError) -> Exit {
    match error {
        LogError::Denied { .. } => Exit::Permission,
        LogError::Missing { .. } | LogError::NotADirectory { .. } | LogError::DiskFull { .. } => {
            Exit::CannotCreate
        }
        LogError::NewerVersion { .. } | LogError::Damage { .. } | LogError::Refused { .. } => {
            Exit::Data
        }
        _ => Exit::Disk,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the enum may grow")]
fn exit_of(failure: &Failure) -> Exit {
    match failure {
        Failure::Disk { .. } => Exit::Disk,
        _ => Exit::Internal,
    }
}
