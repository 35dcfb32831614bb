//! The broker inside the program, or its absence if it was not built in.

#[cfg(not(feature = "embedded"))]
mod absent;
#[cfg(feature = "embedded")]
mod present;

#[cfg(not(feature = "embedded"))]
pub(crate) use absent::Embedded;
#[cfg(feature = "embedded")]
pub(crate) use present::Embedded;
