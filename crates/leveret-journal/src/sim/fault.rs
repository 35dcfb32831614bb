//! Which call fails, and how.

use std::io;

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The disk answers with an input/output error. A sync that fails so forgets what it should have synced,
    /// while readers still see it: what Linux does.
    Broken,
    /// There is no space left.
    Full,
    /// Half of the bytes are written, then there is no space left. Strikes writes only.
    ShortWrite,
    /// The power fails during the call, and every later call fails until [`crate::SimDisk::crash`].
    PowerCut,
}

/// How often a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// That call alone.
    Once,
    /// That call and all after it.
    Forever,
}

/// What is asked, as far as it matters to a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallKind {
    Write,
    Other,
}

/// What becomes of a call.
#[derive(Debug)]
pub(super) enum Verdict {
    Do,
    DoHalf(io::Error),
    DoThenFail(io::Error),
    Fail(io::Error),
}

/// The plan, and how far the calls have got.
#[derive(Debug, Default)]
pub(super) struct Faults {
    calls: u64,
    plan: Option<Plan>,
    have_struck: bool,
}

#[derive(Clone, Copy, Debug)]
struct Plan {
    kind: FaultKind,
    at: u64,
    repeat: Repeat,
}

impl Faults {
    pub(super) fn calls(&self) -> u64 {
        self.calls
    }

    pub(super) fn have_struck(&self) -> bool {
        self.have_struck
    }

    pub(super) fn plan(&mut self, kind: FaultKind, nth: u64, repeat: Repeat) {
        self.plan = Some(Plan { kind, at: self.calls.saturating_add(nth), repeat });
        self.have_struck = false;
    }

    pub(super) fn heal(&mut self) {
        self.plan = None;
    }

    /// Takes back what has struck; what is still to come, comes.
    pub(super) fn restore_power(&mut self) {
        if self.have_struck {
            self.plan = None;
        }
    }

    /// Counts a call and says what becomes of it.
    pub(super) fn judge(&mut self, call_kind: CallKind) -> Verdict {
        let call = self.calls;
        self.calls += 1;
        let Some(plan) = self.plan.filter(|plan| call >= plan.at) else { return Verdict::Do };
        if call > plan.at && plan.repeat == Repeat::Once && plan.kind != FaultKind::PowerCut {
            return Verdict::Do;
        }
        if plan.kind == FaultKind::ShortWrite && call_kind == CallKind::Other {
            return Verdict::Do;
        }
        self.have_struck = true;
        match plan.kind {
            FaultKind::Broken => Verdict::Fail(io::Error::other("input/output error")),
            FaultKind::Full => Verdict::Fail(io::ErrorKind::StorageFull.into()),
            FaultKind::ShortWrite => Verdict::DoHalf(io::ErrorKind::StorageFull.into()),
            FaultKind::PowerCut if call == plan.at => Verdict::DoThenFail(no_power()),
            FaultKind::PowerCut => Verdict::Fail(no_power()),
        }
    }
}

fn no_power() -> io::Error {
    io::Error::other("the power is off")
}
