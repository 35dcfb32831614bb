//! A plan: what is done with which object, in an order in which it can be done.

use super::difference::Difference;
use crate::model::Object;

/// Steps towards what a file says, in their order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// What to do.
    pub steps: Vec<Step>,
    /// What keeps the file from being had: an object that has to be there and is not, a binding to
    /// nowhere.
    pub problems: Vec<String>,
    /// What whoever reads the plan has to know.
    pub notes: Vec<String>,
}

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What is done.
    pub deed: Deed,
    /// With which object: as it shall be, or as it is before it goes.
    pub object: Object,
    /// Messages in a queue that is to go.
    pub messages: Option<u64>,
}

/// What is done with an object.
#[derive(Debug, Clone, PartialEq)]
pub enum Deed {
    /// It is made.
    Add,
    /// A binding is made again, since an end of it is made anew.
    AddAgain,
    /// A binding may be there or not, which cannot be seen over AMQP; making it does no harm.
    AddUnseen,
    /// It is changed in its place.
    Change(Vec<Difference>),
    /// It is deleted and made anew, since no broker changes it in its place.
    Recreate(Vec<Difference>),
    /// It is deleted.
    Remove,
}

impl Plan {
    /// Whether something is to be done, as far as it can be seen.
    pub fn has_changes(&self) -> bool {
        self.steps.iter().any(|step| !matches!(step.deed, Deed::AddUnseen))
    }

    /// The steps that delete something, for a question.
    pub fn deleting(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| matches!(step.deed, Deed::Remove | Deed::Recreate(_)))
    }

    pub(super) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for step in &self.steps {
            match step.deed {
                Deed::Add | Deed::AddAgain => counts.add += 1,
                Deed::AddUnseen => counts.unseen += 1,
                Deed::Change(_) => counts.change += 1,
                Deed::Remove => counts.destroy += 1,
                Deed::Recreate(_) => {
                    counts.add += 1;
                    counts.destroy += 1;
                }
            }
        }
        counts
    }
}

/// A plan read the other way: how a broker has drifted from a file.
#[derive(Debug, Clone, Copy)]
pub struct Drift<'a>(pub &'a Plan);

/// How much of what.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) add: usize,
    pub(super) change: usize,
    pub(super) destroy: usize,
    pub(super) unseen: usize,
}
