//! What became of a message at each cut.

use std::fmt::{self, Display, Formatter};

use crate::relay::{Cut, Point};

/// What became of a message when the connection was cut at one step.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StepReport {
    /// The step, counted from one.
    pub step: usize,
    /// Which it is.
    pub point: Point,
    /// On which side of it the connection was cut.
    pub cut: Cut,
    /// How often messages were delivered to handlers.
    pub deliveries: usize,
    /// Effects that are missing: outputs, and handlers that should have been done.
    pub lost: Vec<String>,
    /// Outputs that were taken again under the same message-id: an inbox drops the second.
    pub repeated: Vec<String>,
    /// Outputs that were taken again under another message-id: nobody can tell them apart.
    pub doubled: Vec<String>,
}

/// What became of a message at every cut: a table, when shown.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Report {
    /// A line for each cut.
    pub steps: Vec<StepReport>,
}

impl Report {
    /// Every effect is there once, wherever the connection was cut.
    #[track_caller]
    pub fn assert_exactly_once(&self) {
        let is_once = |step: &StepReport| step.outcome() == Outcome::Once;
        assert!(self.steps.iter().all(is_once), "not exactly once:\n{self}");
    }

    /// Every effect is there, and if it is repeated, under the same message-id.
    #[track_caller]
    pub fn assert_at_least_once(&self) {
        let is_there = |step: &StepReport| step.outcome() <= Outcome::Repeated;
        assert!(self.steps.iter().all(is_there), "not at least once:\n{self}");
    }
}

/// The worst that happened, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Once,
    Repeated,
    Doubled,
    Lost,
}

impl StepReport {
    fn outcome(&self) -> Outcome {
        if !self.lost.is_empty() {
            Outcome::Lost
        } else if !self.doubled.is_empty() {
            Outcome::Doubled
        } else if !self.repeated.is_empty() {
            Outcome::Repeated
        } else {
            Outcome::Once
        }
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "step  cut     at                    deliveries  outcome")?;
        for step in &self.steps {
            let StepReport { step: number, cut, point, deliveries, .. } = step;
            write!(f, "{number:>4}  {cut:<6}  {point:<20}  {deliveries:>10}  ")?;
            let (word, what) = match step.outcome() {
                Outcome::Once => ("once", &[][..]),
                Outcome::Repeated => ("repeated, same id: ", &step.repeated[..]),
                Outcome::Doubled => ("repeated, other id: ", &step.doubled[..]),
                Outcome::Lost => ("LOST: ", &step.lost[..]),
            };
            writeln!(f, "{word}{}", what.join(", "))?;
        }
        Ok(())
    }
}
