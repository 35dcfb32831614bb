//! What an engine holds, found by asking, against what it must and may hold.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    ledger::Ledger,
    letter::{Letter, LetterId},
    token::{Acceptance, Span, Token, TokenEnd, TokenKey},
    view::{Group, HostView},
};
use crate::topology::{QueueIndex, QueuePlan, Topology};

/// When an engine was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// It has replayed what a crash left.
    Restart,
    /// It has replayed what a power loss at this moment would leave.
    Rehearsal,
    /// Nobody uses it any more; it has not crashed.
    Rest,
}

/// All that was found in one virtual host.
#[derive(Debug)]
pub(crate) struct Survey {
    pub(crate) occasion: Occasion,
    /// The last record that was replayed.
    pub(crate) last: u64,
    /// The messages of each queue that is there, in order.
    pub(crate) queues: BTreeMap<QueueIndex, Vec<Found>>,
}

/// A message that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    /// Which it is, if its body tells.
    pub(crate) id: Option<LetterId>,
    /// Whether it is marked as perhaps seen before.
    pub(crate) redelivered: bool,
}

impl Occasion {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Restart => "after a restart",
            Self::Rehearsal => "if the power had gone",
            Self::Rest => "in the end",
        }
    }

    const fn is_from_disk(self) -> bool {
        match self {
            Self::Restart | Self::Rehearsal => true,
            Self::Rest => false,
        }
    }
}

impl Survey {
    fn holds(&self, key: TokenKey) -> bool {
        self.found(key).is_some()
    }

    /// Whether a message is where it would be dead-lettered from to there.
    fn holds_before(&self, (id, dead): TokenKey, topology: &Topology) -> bool {
        let leads_there = |from: &QueueIndex| {
            topology.queue(*from).is_some_and(|plan| plan.dead_letters_to == Some(dead))
        };
        topology.indices().filter(leads_there).any(|from| self.holds((id, from)))
    }

    fn found(&self, key: TokenKey) -> Option<&Found> {
        self.queues.get(&key.1)?.iter().find(|found| found.id == Some(key.0))
    }
}

pub(super) fn check(
    survey: &Survey,
    view: &HostView,
    letters: &[Letter],
    topology: &Topology,
) -> Result<(), String> {
    if survey.occasion.is_from_disk() && survey.last < view.synced {
        return Err(format!("{} records were synced, {} are there", view.synced, survey.last));
    }
    let examiner = Examiner { survey, view, letters, topology };
    for queue in topology.indices() {
        examiner.check_queue(queue)?;
    }
    for (key, token) in &view.tokens {
        examiner.check_token(*key, token)?;
    }
    if survey.occasion.is_from_disk() {
        for group in view.groups.values() {
            examiner.check_group(group)?;
        }
    } else {
        // In the end all have had their time.
        for key in &view.appointments {
            if !view.tokens.contains_key(key) && !survey.holds(*key) {
                return Err(format!("{key:?} was to come, and never did"));
            }
        }
    }
    Ok(())
}

struct Examiner<'a> {
    survey: &'a Survey,
    view: &'a HostView,
    letters: &'a [Letter],
    topology: &'a Topology,
}

impl Examiner<'_> {
    /// What is found was published and may be there, once, in its order.
    fn check_queue(&self, queue: QueueIndex) -> Result<(), String> {
        let Some(found) = self.survey.queues.get(&queue) else {
            return if self.topology.is_strict(queue) {
                Err(format!("{queue:?} is gone"))
            } else {
                Ok(())
            };
        };
        let is_ordered = self.topology.is_ordered(queue);
        let (mut seen, mut last) = (BTreeSet::new(), None);
        for Found { id, redelivered } in found {
            let id = id.ok_or_else(|| format!("a body that nobody wrote in {queue:?}"))?;
            let letter = self.letters.get(id.0);
            let letter = letter.ok_or_else(|| format!("{id:?} in {queue:?} is of nobody"))?;
            if !seen.insert(id) && !letter.route.may_come_twice(queue, self.topology) {
                return Err(format!("{id:?} is in {queue:?} twice"));
            }
            let order = letter.order;
            if order.is_none() || !letter.route.may_reach(queue, self.topology) {
                return Err(format!(
                    "{id:?} is in {queue:?} and has no business there: {letter:?}"
                ));
            }
            if !redelivered
                && self.survey.occasion.is_from_disk()
                && !self.may_be_new(letter, queue)
            {
                return Err(format!("{id:?} is in {queue:?} and not marked as redelivered"));
            }
            if is_ordered && order <= last {
                return Err(format!("{id:?} is in {queue:?} out of its order"));
            }
            last = order;
        }
        Ok(())
    }

    /// Whether it can have come there after the restart: another queue was over its length.
    fn may_be_new(&self, letter: &Letter, queue: QueueIndex) -> bool {
        self.topology.indices().any(|from| {
            let gives_up =
                |plan: &QueuePlan| plan.is_bounded() && plan.dead_letters_to == Some(queue);
            self.topology.queue(from).is_some_and(gives_up) && letter.route.may_come(from)
        })
    }

    fn survives(&self, key: TokenKey) -> bool {
        self.letters.get(key.0.0).is_some_and(|letter| letter.persistent)
            && self.topology.queue(key.1).is_some_and(|plan| plan.durable)
    }

    fn check_token(&self, key: TokenKey, token: &Token) -> Result<(), String> {
        let is_there = self.survey.holds(key);
        let is_from_disk = self.survey.occasion.is_from_disk();
        let replayed = self.survey.last;
        if is_from_disk && !self.survives(key) {
            return if is_there {
                Err(format!("{key:?} is not to survive, but did"))
            } else {
                Ok(())
            };
        }
        let must_be_gone = match token.end {
            TokenEnd::Gone => true,
            TokenEnd::Leaving { gone, is_proven, .. } => {
                is_proven && (!is_from_disk || gone.last <= replayed)
            }
            TokenEnd::Here => false,
        };
        if is_there && must_be_gone {
            return Err(format!("{key:?} was settled and is there again: {token:?}"));
        }
        let must_be_there = if is_from_disk {
            let is_kept = match token.end {
                TokenEnd::Here => true,
                TokenEnd::Leaving { gone, .. } => gone.first > replayed,
                TokenEnd::Gone => false,
            };
            let is_written =
                token.acceptance == Acceptance::Promised || token.came.last <= replayed;
            token.is_certain && token.acceptance != Acceptance::Unknown && is_kept && is_written
        } else {
            token.must_be_held()
        };
        if must_be_there && !is_there {
            return Err(format!("{key:?} is lost: {token:?}, up to {replayed} was replayed"));
        }
        self.check_death(key, token, is_there)
    }

    /// A message on its way to the dead-letter queue is in one of the two.
    fn check_death(&self, key: TokenKey, token: &Token, is_there: bool) -> Result<(), String> {
        let TokenEnd::Leaving { is_dead: true, .. } = token.end else { return Ok(()) };
        let Some(dead) = self.topology.queue(key.1).and_then(|plan| plan.dead_letters_to) else {
            return Ok(());
        };
        let after = (key.0, dead);
        let untouched =
            self.view.tokens.get(&after).is_some_and(|token| token.end == TokenEnd::Here);
        let came = token.acceptance == Acceptance::Promised;
        if untouched && came && self.survey.holds(after) == is_there {
            let places = if is_there { "both" } else { "neither" };
            return Err(format!("{key:?} was dead-lettered and is in {places}"));
        }
        Ok(())
    }

    /// A transaction is whole or never was.
    fn check_group(&self, group: &Group) -> Result<(), String> {
        let here = |key: &&TokenKey| {
            let token = self.view.tokens.get(*key);
            self.survives(**key) && token.is_some_and(|token| token.end == TokenEnd::Here)
        };
        let settled = |key: &&TokenKey| {
            let token = self.view.tokens.get(*key);
            self.survives(**key)
                && token.is_some_and(|token| {
                    token.is_certain && token.acceptance == Acceptance::Promised
                })
        };
        let came = group.came.iter().filter(here).map(|key| self.survey.holds(*key));
        let left = group.left.iter().filter(settled).map(|key| !self.survey.holds(*key));
        let done: Vec<bool> = came.chain(left).collect();
        if done.contains(&true) && done.contains(&false) {
            return Err(format!("a transaction is torn: {done:?} of {group:?}"));
        }
        Ok(())
    }
}

/// From now on, what was found is what is there.
pub(super) fn adopt(survey: &Survey, view: &mut HostView, letters: &[Letter], topology: &Topology) {
    let is_bounded = |queue| topology.queue(queue).is_some_and(QueuePlan::is_bounded);
    view.tokens.retain(|key, token| {
        token.out = None;
        token.came = Span::BEFORE_ALL;
        match survey.found(*key) {
            Some(found) if found.redelivered => {
                token.end = TokenEnd::Here;
                token.seen = true;
                token.is_certain = topology.is_strict(key.1);
                token.acceptance = Acceptance::Promised;
            }
            // What a queue gave up after the restart is where it was, until that is on the disk.
            Some(_) => return false,
            None if is_bounded(key.1) => return false,
            // It did not die, and may yet.
            None if token.is_death && survey.holds_before(*key, topology) => return false,
            None => token.end = TokenEnd::Gone,
        }
        true
    });
    for (queue, found) in &survey.queues {
        for id in found.iter().filter(|found| found.redelivered).filter_map(|found| found.id) {
            let letter = letters.get(id.0);
            if letter.is_some_and(|letter| letter.route.may_come_twice(*queue, topology)) {
                continue;
            }
            view.tokens.entry((id, *queue)).or_insert_with(|| Token {
                seen: true,
                acceptance: Acceptance::Promised,
                ..Token::new(topology.is_strict(*queue), Span::BEFORE_ALL)
            });
        }
    }
    view.openings.clear();
    view.slots.clear();
    view.credits.clear();
    view.forbidden.clear();
    view.askers.clear();
    view.doubts.clear();
    view.groups.clear();
    view.ledger = Ledger::replayed(survey.last);
    view.synced = survey.last;
}
