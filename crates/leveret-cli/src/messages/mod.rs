//! Single messages from the shell: published, looked at, taken, called for.

pub(crate) mod args;
mod call;
mod failure;
mod input;
mod publish;
mod purge;
mod session;
mod shown;
mod take;
pub(crate) mod words;

use std::future::Future;

use std::io;

use self::args::{CallArgs, ConsumeArgs, GetArgs, PublishArgs, PurgeArgs, TailArgs};
pub(crate) use self::{
    failure::Failure,
    input::all_of_stdin,
    purge::is_wanted,
    session::{Session, options},
    shown::print,
    take::looking,
};
use crate::{Refusal, exit::Exit};

/// One of the commands.
#[derive(Debug)]
pub(crate) enum Messages {
    Publish(PublishArgs),
    Get(GetArgs),
    Consume(ConsumeArgs),
    Tail(TailArgs),
    Call(CallArgs),
    Purge(PurgeArgs),
}

/// Does it.
pub(crate) fn run(command: Messages) -> Result<Exit, Refusal> {
    let done = block_on(async {
        match command {
            Messages::Publish(args) => publish::run(args).await,
            Messages::Get(args) => take::get(args).await,
            Messages::Consume(args) => take::consume(args).await,
            Messages::Tail(args) => take::tail(args).await,
            Messages::Call(args) => call::run(args).await,
            Messages::Purge(args) => purge::run(args).await,
        }
    });
    match done.map_err(Failure::Runtime)? {
        // The reader has seen enough, as `head` does; what was not printed stays.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {}
        done => done?,
    }
    Ok(Exit::Success)
}

/// Does it on a runtime of its own.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> io::Result<T> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    Ok(runtime.enable_all().build()?.block_on(work))
}
