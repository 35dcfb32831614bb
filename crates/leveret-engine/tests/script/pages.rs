//! Where a script's engine keeps its pages.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use leveret_engine::{Effect, Input, PageId};

/// Pages on their way to the disk, and those that are there. A script numbers them from 1.
#[derive(Default)]
pub(crate) struct Pages {
    known: Vec<PageId>,
    storing: BTreeMap<PageId, Bytes>,
    stored: BTreeMap<PageId, Bytes>,
}

impl Pages {
    /// Does what is asked of a page, and tells of it.
    pub(crate) fn obey(&mut self, effect: &Effect) -> Option<String> {
        match effect {
            Effect::StorePage { page, durable, content } => {
                self.known.push(*page);
                self.storing.insert(*page, content.clone());
                let durable = if *durable { " durable" } else { "" };
                Some(format!("store page {}{durable}", self.number(*page)))
            }
            Effect::LoadPage { page } => Some(format!("load page {}", self.number(*page))),
            Effect::DropPage { page } => {
                self.storing.remove(page);
                self.stored.remove(page);
                Some(format!("drop page {}", self.number(*page)))
            }
            Effect::ThinPage { page, rest } => {
                let number = self.number(*page);
                let content = self.stored.get_mut(page)?;
                let before = content.len();
                let Some(smaller) = rest.of(content.clone()) else {
                    return Some(format!("thin page {number}: it cannot be"));
                };
                *content = smaller;
                Some(format!("thin page {number}: {} bytes of {before} stay", content.len()))
            }
            Effect::PageDamaged { page, offset, problem, messages } => {
                let page = self.number(*page);
                Some(format!("page {page} is damaged at {offset}: {problem}; {messages} missing"))
            }
            _ => None,
        }
    }

    fn number(&self, page: PageId) -> usize {
        1 + self.known.iter().position(|known| *known == page).unwrap()
    }

    fn page(&self, number: u64) -> PageId {
        *self.known.get(usize::try_from(number).unwrap() - 1).unwrap()
    }

    pub(crate) fn answer(&mut self, deed: &str, number: u64) -> Input {
        let page = self.page(number);
        if deed == "stored" {
            if let Some(content) = self.storing.remove(&page) {
                self.stored.insert(page, content);
            }
            return Input::PageStored { page };
        }
        let content = self.stored.get(&page).cloned().unwrap_or_default();
        Input::PageLoaded { page, content }
    }

    pub(crate) fn spoil(&mut self, number: u64, at: usize) {
        let page = self.page(number);
        let content = self.stored.get_mut(&page).unwrap();
        let mut spoilt = content.to_vec();
        *spoilt.get_mut(at).unwrap() ^= 0x10;
        *content = spoilt.into();
    }

    /// Only what was stored is there, and of that only what is needed stays.
    pub(crate) fn restart(&mut self, needed: &BTreeSet<PageId>) -> Vec<String> {
        self.storing.clear();
        let orphans: Vec<PageId> = self
            .stored
            .extract_if(.., |page, _| !needed.contains(page))
            .map(|(page, _)| page)
            .collect();
        orphans.iter().map(|page| format!("page {} is an orphan", self.number(*page))).collect()
    }
}
