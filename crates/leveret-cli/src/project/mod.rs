//! `leveret new` and `leveret dev`: a program from nothing, then at each change.

pub(crate) mod args;
mod build;
mod dev;
mod failure;
mod scaffold;
mod sources;

use self::args::{DevArgs, NewArgs};
use crate::{Refusal, exit::Exit};

/// Writes a new project.
pub(crate) fn new(args: &NewArgs) -> Result<Exit, Refusal> {
    Ok(scaffold::write(args).map(|()| Exit::Success)?)
}

/// Runs a project and its broker, and again at each change.
pub(crate) fn dev(args: DevArgs) -> Result<Exit, Refusal> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(failure::Failure::Runtime)?;
    Ok(runtime.block_on(dev::run(args)).map(|()| Exit::Success)?)
}
