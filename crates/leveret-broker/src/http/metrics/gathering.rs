//! Everything that is counted, at about one moment.

use std::sync::Arc;

use leveret_engine::{Churn, Counts, Listing, Page, QueueView, Sought};
use leveret_protocol::{ShortStr, Timestamp};

use crate::{
    host::{Ingress, Vitals},
    shared::Shared,
};

/// Queues asked for at a time.
const PAGE_ITEMS: usize = 500;

/// Queues of one virtual host; more are not shown one by one, nor counted up.
const QUEUES_MAX: usize = 100_000;

/// One virtual host.
#[derive(Debug)]
pub(super) struct HostGathering {
    pub(super) name: String,
    pub(super) queues: Vec<QueueView>,
}

/// The whole broker.
#[derive(Debug)]
pub(super) struct Gathering {
    pub(super) hosts: Vec<HostGathering>,
    pub(super) counts: Counts,
    pub(super) churn: Churn,
    /// Channels on which something was published.
    pub(super) publishers: u64,
    /// When the delivery went out that is unacknowledged for the longest time.
    pub(super) oldest_unacked: Option<Timestamp>,
}

impl Gathering {
    pub(super) async fn of(shared: &Arc<Shared>) -> Self {
        // Of virtual hosts that are gone: what was counted once counts for good.
        let (counts, churn) = shared.hosts.retired();
        let mut all =
            Self { hosts: Vec::new(), counts, churn, publishers: 0, oldest_unacked: None };
        let state = shared.registry.state();
        for name in state.virtual_hosts.keys() {
            let Some(ingress) = shared.hosts.ingress(&ShortStr::truncated(name)) else { continue };
            let (mut queues, mut after) = (Vec::new(), 0);
            while queues.len() < QUEUES_MAX {
                let page = ingress.page(Listing::Queues, after, PAGE_ITEMS).await;
                let Some((Page::Queues(page), next)) = page else { break };
                queues.extend(page);
                let Some(cursor) = next else { break };
                after = cursor;
            }
            all.publishers += publishers(&ingress).await;
            if let Some(Page::Totals(totals)) = ingress.seek(Sought::Totals, 1).await {
                all.counts = all.counts.plus(totals.channels);
            }
            if let Some(Vitals { churn, oldest_unacked }) = ingress.vitals().await {
                all.churn = all.churn.plus(churn);
                let known = all.oldest_unacked.into_iter().chain(oldest_unacked);
                all.oldest_unacked = known.min();
            }
            all.hosts.push(HostGathering { name: name.clone(), queues });
        }
        all
    }

    /// The sum of something over all queues.
    pub(super) fn sum(&self, of: impl Fn(&QueueView) -> u64) -> u64 {
        self.hosts.iter().flat_map(|host| &host.queues).map(of).sum()
    }
}

async fn publishers(ingress: &Ingress) -> u64 {
    let (mut count, mut after) = (0, 0);
    while let Some((Page::Channels(page), next)) =
        ingress.page(Listing::Channels, after, PAGE_ITEMS).await
    {
        count += page.iter().filter(|channel| channel.counts.publish > 0).count() as u64;
        let Some(cursor) = next else { break };
        after = cursor;
    }
    count
}
