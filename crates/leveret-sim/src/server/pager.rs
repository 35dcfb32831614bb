//! Stores and reads pages, one after the other, beside the log.

use std::{collections::VecDeque, io};

use bytes::Bytes;
use leveret_engine::{Effect, Input, PageRest};
use leveret_journal::{Disk as _, SimDisk};

use crate::{
    event::Event,
    pages::{self, Keeping, PagePlace},
    place::{HostIndex, Life},
    scene::Scene,
};

#[derive(Debug)]
pub(super) struct Pager {
    life: Life,
    disk: SimDisk,
    jobs: VecDeque<Job>,
    is_planned: bool,
}

#[derive(Debug)]
enum Job {
    Store {
        place: PagePlace,
        content: Bytes,
        keeping: Keeping,
    },
    Load {
        place: PagePlace,
    },
    Drop {
        place: PagePlace,
    },
    /// A smaller page is written beside the page.
    Thin {
        place: PagePlace,
        rest: PageRest,
    },
    /// It takes the page's place.
    Replace {
        place: PagePlace,
    },
    /// That is made to last.
    SyncNames {
        place: PagePlace,
    },
}

impl Pager {
    pub(super) fn new(life: Life, disk: SimDisk) -> Self {
        Self { life, disk, jobs: VecDeque::new(), is_planned: false }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.jobs.is_empty()
    }

    /// Takes an effect that is about a page.
    pub(super) fn push(&mut self, scene: &mut Scene, host: HostIndex, effect: Effect) {
        let job = match effect {
            Effect::StorePage { page, durable, content } => {
                let keeping = if durable { Keeping::Durable } else { Keeping::Transient };
                Job::Store { place: PagePlace { host, page }, content, keeping }
            }
            Effect::LoadPage { page } => Job::Load { place: PagePlace { host, page } },
            Effect::DropPage { page } => {
                let place = PagePlace { host, page };
                self.jobs.retain(|job| job.place() != place || job.ends_thinning());
                Job::Drop { place }
            }
            Effect::ThinPage { page, rest } => {
                Job::Thin { place: PagePlace { host, page }, rest: *rest }
            }
            Effect::PageDamaged { .. }
            | Effect::Append { .. }
            | Effect::Relocated { .. }
            | Effect::ConnectionClosed { .. }
            | Effect::Send { .. }
            | Effect::Content { .. }
            | Effect::ChannelClosed { .. }
            | Effect::FailChannel { .. }
            | Effect::FailConnection { .. } => return,
        };
        scene.statistics.pages += 1;
        self.jobs.push_back(job);
        self.go_on(scene);
    }

    fn go_on(&mut self, scene: &mut Scene) {
        if !self.is_planned && !self.jobs.is_empty() {
            self.is_planned = true;
            let micros = scene.about(scene.conditions.disk_micros);
            scene.plan(micros, Event::Page { life: self.life });
        }
    }

    /// Does the next job; an engine may be waiting to hear of it.
    pub(super) fn work(&mut self, scene: &mut Scene) -> io::Result<Option<(HostIndex, Input)>> {
        self.is_planned = false;
        let job = self.jobs.pop_front();
        self.go_on(scene);
        Ok(match job {
            None => None,
            Some(Job::Store { place, content, keeping }) => {
                pages::store(&mut self.disk, place, &content, keeping)?;
                Some((place.host, Input::PageStored { page: place.page }))
            }
            Some(Job::Load { place }) => {
                let content = pages::load(&mut self.disk, place)?;
                Some((place.host, Input::PageLoaded { page: place.page, content }))
            }
            Some(Job::Drop { place }) => {
                pages::remove(&mut self.disk, place)?;
                None
            }
            // Each step is an event of its own: a crash may come between any two.
            Some(Job::Thin { place, rest }) => {
                pages::write_rest(&mut self.disk, place, &rest)?;
                self.jobs.push_front(Job::Replace { place });
                self.go_on(scene);
                None
            }
            Some(Job::Replace { place }) => {
                pages::replace(&mut self.disk, place)?;
                self.jobs.push_front(Job::SyncNames { place });
                self.go_on(scene);
                None
            }
            Some(Job::SyncNames { .. }) => {
                self.disk.sync_dir()?;
                scene.statistics.pages_thinned += 1;
                None
            }
        })
    }
}

impl Job {
    const fn place(&self) -> PagePlace {
        match self {
            Self::Store { place, .. }
            | Self::Load { place }
            | Self::Drop { place }
            | Self::Thin { place, .. }
            | Self::Replace { place }
            | Self::SyncNames { place } => *place,
        }
    }

    /// Whether it goes on with what is begun.
    const fn ends_thinning(&self) -> bool {
        match self {
            Self::Replace { .. } | Self::SyncNames { .. } => true,
            Self::Store { .. } | Self::Load { .. } | Self::Drop { .. } | Self::Thin { .. } => false,
        }
    }
}
