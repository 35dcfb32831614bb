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
mod words;

use std::future::Future;

use self::{
    args::{CallArgs, ConsumeArgs, GetArgs, PublishArgs, PurgeArgs, TailArgs},
    failure::Failure,
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
    let done = match command {
        Messages::Publish(args) => block_on(publish::run(args)),
        Messages::Get(args) => block_on(take::get(args)),
        Messages::Consume(args) => block_on(take::consume(args)),
        Messages::Tail(args) => block_on(take::tail(args)),
        Messages::Call(args) => block_on(call::run(args)),
        Messages::Purge(args) => block_on(purge::run(args)),
    };
    Ok(done.map(|()| Exit::Success)?)
}

fn block_on(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().map_err(Failure::Runtime)?.block_on(work)
}
