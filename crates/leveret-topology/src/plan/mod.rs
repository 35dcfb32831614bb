//! What has to be done so that a broker has what a file says.
//!
//! Keeps true: done in its order nothing meets what is not there yet, and nothing of mode `verify` or
//! `ignore` is touched.

mod difference;
mod json;
mod making;
mod shown;
mod step;
#[cfg(test)]
mod tests;

use self::making::Making;
pub use self::{
    difference::Difference,
    step::{Deed, Drift, Plan, Step},
};
use crate::{live::Live, model::Topology};

impl Plan {
    /// What has to be added and changed; what the file does not know stays.
    pub fn of(wanted: &Topology, live: &Live) -> Self {
        let mut making = Making::new(wanted, live);
        making.add_and_change();
        making.done()
    }

    /// The same, and what the file does not know is deleted. Over AMQP such things are not seen.
    pub fn pruning(wanted: &Topology, live: &Live) -> Self {
        let mut making = Making::new(wanted, live);
        making.add_and_change();
        making.prune();
        making.done()
    }

    /// All that the file declares is deleted.
    pub fn deletion(wanted: &Topology, live: &Live) -> Self {
        let mut making = Making::new(wanted, live);
        making.delete();
        making.done()
    }
}
