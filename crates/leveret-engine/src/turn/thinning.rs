//! A page with little left in it is made smaller.
//!
//! So one old message does not hold a whole page on the disk.
//!
//! What is made smaller has to be right after a crash as well: only what records on the disk say
//! is gone may be left out.

use alloc::boxed::Box;

use super::Turn;
use crate::{
    effects::Effect, identity::PageId, message::Letter, pages::Weight, record::PageRest,
    timers::Timer,
};

impl Turn<'_> {
    /// The page was read whole.
    pub(super) fn weigh_page(&mut self, id: PageId, weight: Weight) {
        let Some(page) = self.host.pages.get_mut(&id) else { return };
        page.weight = Some(weight);
        self.watch_page(id);
    }

    /// A message of the page is not needed any more.
    pub(super) fn lighten_page(&mut self, id: PageId, letter: &Letter) {
        let page = self.host.pages.get_mut(&id);
        let Some(weight) = page.and_then(|page| page.weight.as_mut()) else { return };
        weight.subtract(letter);
        self.watch_page(id);
    }

    fn watch_page(&mut self, id: PageId) {
        let host = &mut *self.host;
        let page = host.pages.get_mut(&id);
        let Some(weight) = page.and_then(|page| page.weight.as_mut()) else { return };
        if weight.due.is_none() && weight.is_thin(host.options.limits.page_waste_bytes_min) {
            let due = self.now.saturating_add(host.options.limits.page_thin_after);
            weight.due = Some(due);
            host.timers.set(due, Timer::Thin(id));
        }
    }

    /// The page has held little for some time.
    pub(super) fn thin_page(&mut self, id: PageId) {
        let Some(page) = self.host.pages.get_mut(&id) else { return };
        let (Some(kept), Some(weight)) = (&page.kept, &mut page.weight) else { return };
        weight.due = None;
        weight.shrink();
        let rest = Box::new(PageRest::new(id, page.queue, kept.ids()));
        self.page_effects.push(Effect::ThinPage { page: id, rest });
    }
}
