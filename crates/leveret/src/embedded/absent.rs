//! No broker inside the program: the feature `embedded` is off.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::path::Path;

use leveret_client::{ConnectError, ConnectOptions, Connection};

/// There is none.
#[derive(Debug, Clone)]
pub(crate) struct Embedded(Infallible);

/// It is not built in.
#[derive(Debug, thiserror::Error)]
#[error("it is not built in: give an address, or turn on the feature `embedded`")]
pub(crate) struct EmbeddedError;

impl Embedded {
    pub(crate) fn start(_: Option<&Path>) -> Ready<Result<Self, EmbeddedError>> {
        ready(Err(EmbeddedError))
    }

    pub(crate) fn connect(&self, _: &ConnectOptions) -> Ready<Result<Connection, ConnectError>> {
        match self.0 {}
    }

    pub(crate) fn failed(&self) -> Ready<String> {
        match self.0 {}
    }

    pub(crate) fn stop(self) -> Ready<()> {
        match self.0 {}
    }
}
