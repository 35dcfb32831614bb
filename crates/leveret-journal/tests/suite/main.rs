//! The journal against failing disks, lost power, damaged files and a model.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "the lints know tests by their attribute, and not what stands beside them"
)]

mod arbitrary;
mod check;
mod crash;
mod damage;
mod disk;
mod faults;
mod fixture;
mod ledger;
mod model;
mod recycling;
mod run;
mod salvage;
mod script;
