//! Exchanges, queues, bindings and policies, as a file and as they are.
//!
//! A [`Topology`] is read from a TOML file or from `RabbitMQ`'s `definitions.json`, and written as
//! either. A [`Plan`] says what has to be done to a broker so that it has what the file says. Nothing
//! here speaks to a broker: what is there comes in as [`Live`], and who called does what is planned.
//!
//! ```
//! use leveret_topology::{Live, Plan, Snapshot, Topology};
//!
//! let file = "[queues.orders]\ntype = \"quorum\"\nbind = [{ exchange = \"amq.topic\", key = \"order.*\" }]\n";
//! let wanted = Topology::from_toml("topology.toml".as_ref(), file)?;
//! let plan = Plan::of(&wanted, &Live::Whole(Snapshot::default()));
//! let text = plan.to_string();
//! assert!(text.starts_with("  + queue orders (durable, quorum)\n"));
//! assert!(text.ends_with("Plan: 2 to add, 0 to change, 0 to destroy.\n"));
//! # Ok::<(), leveret_topology::TopologyError>(())
//! ```

mod arguments;
mod definitions;
mod error;
mod file;
mod live;
mod model;
mod plan;
mod printed;

pub use self::{
    definitions::DefinitionsError,
    error::{Problem, TopologyError},
    live::{Finding, Live, Probe, QueueState, Snapshot},
    model::{Arguments, Binding, End, Exchange, Mode, Object, Policy, Queue, Topology},
    plan::{Deed, Difference, Drift, Plan, Step},
};
