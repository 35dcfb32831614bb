//! One explanation: what it is, what shows it, what to do.

use serde::Serialize;

/// One explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// 1 is what explains most.
    pub(super) rank: usize,
    /// Its name for programs.
    pub(super) kind: &'static str,
    pub(super) what: String,
    pub(super) evidence: Vec<String>,
    /// What to do next: commands where there is one.
    pub(super) next: Vec<String>,
    /// Whether it keeps messages from being handled.
    pub(super) is_cause: bool,
    /// The larger, the more it explains.
    #[serde(skip)]
    weight: u8,
}

impl Finding {
    /// Something that keeps messages from being handled.
    pub(super) fn cause(kind: &'static str, weight: u8, what: impl Into<String>) -> Self {
        let what = what.into();
        Self { rank: 0, kind, what, evidence: Vec::new(), next: Vec::new(), is_cause: true, weight }
    }

    /// Something worth knowing.
    pub(super) fn note(kind: &'static str, weight: u8, what: impl Into<String>) -> Self {
        Self { is_cause: false, ..Self::cause(kind, weight, what) }
    }

    pub(super) fn shown_by(mut self, evidence: impl Into<String>) -> Self {
        self.evidence.push(evidence.into());
        self
    }

    pub(super) fn maybe_shown_by(self, evidence: Option<String>) -> Self {
        match evidence {
            Some(evidence) => self.shown_by(evidence),
            None => self,
        }
    }

    pub(super) fn then(mut self, next: impl Into<String>) -> Self {
        self.next.push(next.into());
        self
    }

    pub(super) fn maybe_then(self, next: Option<String>) -> Self {
        match next {
            Some(next) => self.then(next),
            None => self,
        }
    }
}

/// The findings in their order, numbered from 1.
pub(super) fn ranked(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by(|a, b| b.weight.cmp(&a.weight).then_with(|| a.what.cmp(&b.what)));
    for (number, finding) in findings.iter_mut().enumerate() {
        finding.rank = number + 1;
    }
    findings
}
