//! The steps on a message's way, and where the connection is cut.

use std::fmt::{self, Display, Formatter};

/// A step on a message's way between an application and its broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Point {
    /// The broker delivers a message to a handler.
    Delivery,
    /// The application publishes.
    Output,
    /// The broker confirms what was published.
    Confirm,
    /// The application acknowledges, refuses, or commits.
    Settlement,
    /// The broker answers a commit, as done or as refused.
    Answer,
}

impl Display for Point {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Delivery => "delivery",
            Self::Output => "output",
            Self::Confirm => "confirm",
            Self::Settlement => "settlement",
            Self::Answer => "answer to the commit",
        })
    }
}

/// On which side of a step the connection breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cut {
    /// The other side never sees it.
    Before,
    /// The other side has it, and nothing more comes through.
    After,
}

impl Display for Cut {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Before => "before",
            Self::After => "after",
        })
    }
}

/// Whether a frame may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Pass,
    CutBefore,
    CutAfter,
}

/// Where a cut is to be made; made once.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place {
    /// At this step, counted from zero.
    Step(usize),
    /// At such a step, after so many others of its kind.
    After(usize, Point),
}

/// The steps so far, and the cuts to come.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    taken: Vec<Point>,
    cuts: Vec<(Place, Cut)>,
    cuts_made: usize,
}

impl Steps {
    pub(crate) fn cut(&mut self, place: Place, cut: Cut) {
        self.cuts.push((place, cut));
    }

    pub(crate) fn taken(&self) -> &[Point] {
        &self.taken
    }

    pub(crate) fn cuts_made(&self) -> usize {
        self.cuts_made
    }

    pub(super) fn take(&mut self, point: Point) -> usize {
        self.taken.push(point);
        self.taken.len() - 1
    }

    pub(super) fn before(&mut self, step: usize) -> Verdict {
        if self.strikes(step, Cut::Before) { Verdict::CutBefore } else { Verdict::Pass }
    }

    pub(super) fn after(&mut self, step: usize) -> Verdict {
        if self.strikes(step, Cut::After) { Verdict::CutAfter } else { Verdict::Pass }
    }

    fn strikes(&mut self, step: usize, when: Cut) -> bool {
        let point = self.taken.get(step).copied();
        let is_here = |(place, cut): &mut (Place, Cut)| {
            *cut == when
                && match place {
                    Place::Step(number) => *number == step,
                    Place::After(0, wanted) => Some(*wanted) == point,
                    Place::After(others, wanted) => {
                        *others -= usize::from(Some(*wanted) == point);
                        false
                    }
                }
        };
        let Some(at) = self.cuts.iter_mut().position(is_here) else { return false };
        self.cuts.remove(at);
        self.cuts_made += 1;
        true
    }
}
