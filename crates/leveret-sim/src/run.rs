//! Runs worlds: twice each, and smaller when one has failed.

use crate::{
    fault::FaultKind,
    plan::Plan,
    statistics::Statistics,
    world::{Ending, World},
};

/// What came of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What was wrong first, if anything was.
    pub violation: Option<String>,
    /// What happened, in numbers.
    pub statistics: Statistics,
    /// Equal for two runs of one plan.
    pub trace_hash: u64,
    /// The trace, if the plan keeps it.
    pub trace: Vec<String>,
}

/// Runs a plan once.
pub fn run(plan: &Plan) -> Outcome {
    let Ending { violation, statistics, hash, lines } = World::new(plan).run();
    Outcome { violation, statistics, trace_hash: hash, trace: lines }
}

/// Runs a plan twice; that the two differ is a violation too.
pub fn run_twice(plan: &Plan) -> Outcome {
    let first = run(plan);
    if first.violation.is_some() {
        return first;
    }
    let second = run(plan);
    if first.trace_hash == second.trace_hash {
        return first;
    }
    let violation = Some("the same seed gave two traces".to_owned());
    Outcome { violation, ..first }
}

/// The smallest plan found that still fails: fewer steps, fewer kinds of faults.
pub fn shrink(plan: &Plan) -> Plan {
    let fails = |plan: &Plan| run(plan).violation.is_some();
    let mut smallest = plan.clone();
    for kind in FaultKind::ALL {
        let mut smaller = smallest.clone();
        smaller.without.insert(kind);
        if fails(&smaller) {
            smallest = smaller;
        }
    }
    let mut steps = run(&smallest).statistics.steps;
    let mut cut = steps / 2;
    while cut > 0 {
        let smaller = Plan { steps: Some(steps.saturating_sub(cut)), ..smallest.clone() };
        if fails(&smaller) {
            steps = steps.saturating_sub(cut);
            cut = cut.min(steps);
            smallest = smaller;
        } else {
            cut /= 2;
        }
    }
    smallest
}
