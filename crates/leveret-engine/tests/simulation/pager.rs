//! Where pages are kept, and what is still to be done with them.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use leveret_engine::{Input, PageId, PageRest};

use super::{Simulation, Unit};

/// Does one thing after the other, each when it is told to.
#[derive(Debug)]
pub(crate) struct Pager {
    pub(crate) pace: Pace,
    jobs: VecDeque<Job>,
    pub(crate) stored: BTreeMap<PageId, Bytes>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// All is done at once.
    Prompt,
    /// It is done when an operation says so.
    Slow,
}

#[derive(Debug)]
enum Job {
    Store(PageId, Bytes),
    Load(PageId),
}

impl Pager {
    pub(crate) fn new(pace: Pace) -> Self {
        Self { pace, jobs: VecDeque::new(), stored: BTreeMap::new() }
    }

    pub(crate) fn store(&mut self, page: PageId, content: &Bytes) {
        self.jobs.push_back(Job::Store(page, content.clone()));
    }

    pub(crate) fn load(&mut self, page: PageId) {
        assert!(self.stored.contains_key(&page), "only what is stored is read");
        self.jobs.push_back(Job::Load(page));
    }

    pub(crate) fn drop(&mut self, page: PageId) {
        self.stored.remove(&page);
        self.jobs.retain(|job| match job {
            Job::Store(of, _) | Job::Load(of) => *of != page,
        });
    }

    pub(crate) fn thin(&mut self, page: PageId, rest: &PageRest) {
        let whole = self.stored.get_mut(&page).expect("only what is stored is made smaller");
        *whole = rest.of(whole.clone()).expect("what is needed of it is there");
    }

    pub(crate) fn work(&mut self) -> Option<Input> {
        match self.jobs.pop_front()? {
            Job::Store(page, content) => {
                self.stored.insert(page, content);
                Some(Input::PageStored { page })
            }
            Job::Load(page) => {
                let content = self.stored[&page].clone();
                Some(Input::PageLoaded { page, content })
            }
        }
    }
}

impl Simulation {
    /// One thing is done with pages, if there is something to do.
    pub(crate) fn page(&mut self) -> bool {
        let Some(input) = self.pager.work() else { return false };
        self.input(input);
        self.end_unit(Unit::Operation);
        true
    }
}
