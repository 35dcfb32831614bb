//! Many clients, engines and a journal on virtual time, network and disk.
//!
//! A [`Plan`] is a seed; [`run`] builds the world that the seed stands for, lets clients and faults
//! loose in it, and tells what a reference model objects to. The same plan gives the same trace.
//!
//! ```
//! use leveret_sim::{Plan, run};
//!
//! let outcome = run(&Plan { steps: Some(40), ..Plan::new(1) });
//! assert_eq!(outcome.violation, None);
//! assert!(outcome.statistics.published > 0);
//! ```

mod agenda;
mod audit;
mod chance;
mod client;
mod event;
mod fault;
mod moment;
mod network;
mod oracle;
mod pages;
mod place;
mod plan;
mod recovery;
mod rules;
mod run;
mod scene;
mod server;
mod statistics;
mod topology;
mod trace;
mod world;

pub use self::{
    fault::FaultKind,
    plan::{Plan, Sabotage},
    run::{Outcome, run, run_twice, shrink},
    statistics::Statistics,
};
