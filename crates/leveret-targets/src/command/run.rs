//! One run of a program for one message.

use std::io;
use std::pin::pin;
use std::process::ExitStatus;
use std::time::Duration;

use bytes::Bytes;
use command_fds::{CommandFdExt as _, FdMapping};
use leveret::{Effects, Failure, Reply};
use tokio::io::{AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::unix::pipe;
use tokio::process::ChildStdout;
use tokio::time::timeout;

use super::exit::ExitRules;
use super::target::CommandTarget;
use crate::delivery::Delivery;
use crate::error::TargetError;
use crate::metadata::{environment, metadata};
use crate::output::Output;
use crate::process::{Pipes, Program, ProgramParts, Running};
use crate::voice::{LastLine, listen};

/// The descriptor on which a program finds what is known of its message.
const METADATA_FD: i32 = 3;

/// How long pipes may stay open when the program has ended and something else holds them.
const LINGER: Duration = Duration::from_secs(2);

/// How long a handler stops when its program cannot be started.
const START_PAUSE: Duration = Duration::from_secs(5);

/// The most that may be asked for of standard output, in bytes.
const STDOUT_BYTES_MAX: usize = 128 * 1024 * 1024;

/// A program, and how it is run.
pub(super) struct Runs {
    handler: String,
    queue: String,
    program: Program,
    time_limit: Duration,
    grace: Duration,
    stdout_bytes_max: usize,
    content_type: Option<String>,
    output: Option<Output>,
    rules: ExitRules,
}

/// What a program has written; nothing if that was too much.
struct Said {
    stdout: io::Result<Option<Bytes>>,
}

impl Runs {
    pub(super) fn new(target: CommandTarget, name: &str, queue: &str) -> Result<Self, TargetError> {
        let wrong = |field| move |problem: String| TargetError::value(name, field, problem);
        let max = target.stdout_bytes_max;
        if !(1..=STDOUT_BYTES_MAX).contains(&max) {
            let problem = format!("1 to {STDOUT_BYTES_MAX} bytes, found {max}");
            return Err(wrong("command.stdout-bytes-max")(problem));
        }
        let program = Program::find(ProgramParts {
            argv: target.argv,
            working_dir: target.working_dir,
            variables: target.env,
            inherits: target.inherit_env,
        });
        let rules = ExitRules::new(&target.exit_codes, target.strict_exit_codes);
        Ok(Self {
            handler: name.to_owned(),
            queue: queue.to_owned(),
            program: program.map_err(wrong("command.argv"))?,
            time_limit: target.time_limit.0,
            grace: target.grace.0,
            stdout_bytes_max: max,
            content_type: target.content_type,
            output: target.output.map(|output| output.resolve(name)).transpose()?,
            rules: rules.map_err(wrong("command.exit-codes"))?,
        })
    }

    pub(super) async fn handle(&self, delivery: &Delivery) -> Effects {
        Effects::of(self.run(delivery).await)
    }

    async fn run(&self, delivery: &Delivery) -> Result<Effects, Failure> {
        let (mut running, pipes, told) = self.start(delivery).map_err(|error| {
            let text = format!("{} cannot be started: {error}", self.program.told());
            Failure::pause(START_PAUSE, text).named("command-start")
        })?;
        let last = LastLine::default();
        let talk = self.talk(delivery, pipes, told, &last);
        let ended = timeout(self.time_limit, until_end(&mut running, talk)).await;
        let Ok(ended) = ended else {
            running.stop().await;
            let secs = self.time_limit.as_secs_f64();
            let text = format!("still running after {secs} s{}", last.told());
            return Err(Failure::transient(text).named("command-time-limit"));
        };
        let broken = |error: io::Error| Failure::transient(error).named("command-broken");
        let (status, said) = ended.map_err(broken)?;
        let stdout = said.stdout.map_err(broken)?.ok_or_else(|| {
            let text = format!("more than {} bytes on standard output", self.stdout_bytes_max);
            Failure::permanent(text).named("command-output")
        })?;
        match self.rules.verdict(status, &last.told()) {
            Ok(()) => self.effects(delivery, stdout),
            Err(effects) => Ok(effects),
        }
    }

    fn start(&self, delivery: &Delivery) -> io::Result<(Running, Pipes, pipe::Sender)> {
        let mut command = self.program.command();
        command.envs(environment(delivery, &self.queue));
        let (sender, receiver) = pipe::pipe()?;
        let mapping = FdMapping { parent_fd: receiver.into_blocking_fd()?, child_fd: METADATA_FD };
        command.fd_mappings(vec![mapping]).map_err(io::Error::other)?;
        let (running, pipes) = Running::start(command, self.grace)?;
        Ok((running, pipes, sender))
    }

    /// All pipes at once, as the program may fill one while we fill another.
    async fn talk(
        &self,
        delivery: &Delivery,
        pipes: Pipes,
        told: pipe::Sender,
        last: &LastLine,
    ) -> Said {
        let metadata = metadata(delivery, &self.queue).to_string();
        let ((), (), stdout, ()) = tokio::join!(
            feed(pipes.stdin, delivery.message().body()),
            feed(told, metadata.as_bytes()),
            read(pipes.stdout, self.stdout_bytes_max),
            listen(pipes.stderr, &self.handler, last),
        );
        Said { stdout }
    }

    fn effects(&self, delivery: &Delivery, stdout: Bytes) -> Result<Effects, Failure> {
        let mut effects = Effects::default();
        let content_type = self.content_type.as_deref();
        if let Some(output) = self.output.as_ref().filter(|_| !stdout.is_empty()) {
            effects = effects.and(output.publish(delivery, stdout.clone(), content_type)?);
        }
        if delivery.wants_reply() {
            let reply = Reply::bytes(stdout);
            effects = effects.and(match content_type {
                Some(content_type) => reply.content_type(content_type),
                None => reply,
            });
        }
        Ok(effects)
    }
}

/// Until the program has ended and its pipes are closed. What it has left behind may keep them
/// open for a while; then that is ended.
async fn until_end(
    running: &mut Running,
    talk: impl Future<Output = Said>,
) -> io::Result<(ExitStatus, Said)> {
    let mut talk = pin!(talk);
    let mut said = None;
    let status = loop {
        tokio::select! {
            status = running.ended() => break status?,
            words = &mut talk, if said.is_none() => said = Some(words),
        }
    };
    if let Some(said) = said {
        return Ok((status, said));
    }
    if let Ok(said) = timeout(LINGER, &mut talk).await {
        return Ok((status, said));
    }
    running.end_rest();
    match timeout(LINGER, &mut talk).await {
        Ok(said) => Ok((status, said)),
        Err(_) => Err(io::Error::other("something that the program started keeps its output open")),
    }
}

/// A program that does not read to the end is not at fault.
async fn feed(mut pipe: impl AsyncWrite + Unpin, bytes: &[u8]) {
    if let Err(error) = pipe.write_all(bytes).await {
        tracing::debug!(%error, "a program has not read all it was given");
    }
    // Pipes close when they are dropped; a shutdown has nothing more to do.
    drop(pipe);
}

/// All of it; nothing if that is more than it may be.
async fn read(stdout: ChildStdout, bytes_max: usize) -> io::Result<Option<Bytes>> {
    let mut bytes = Vec::new();
    let room = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    stdout.take(room).read_to_end(&mut bytes).await?;
    Ok((bytes.len() <= bytes_max).then(|| bytes.into()))
}
