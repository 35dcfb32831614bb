//! All that a virtual host has, page by page: its engine works on between.

use leveret_engine::{BindingView, ExchangeView, Listing, Page, QueueView};

use crate::host::Ingress;

/// Items asked for at a time.
const PAGE_ITEMS: usize = 500;

/// What is in a virtual host; what comes or goes meanwhile is seen or not.
#[derive(Debug, Default)]
pub(super) struct Views {
    pub(super) exchanges: Vec<ExchangeView>,
    pub(super) queues: Vec<QueueView>,
    pub(super) bindings: Vec<BindingView>,
}

impl Views {
    /// Nothing, if the virtual host is gone.
    pub(super) async fn of(ingress: &Ingress, listings: &[Listing]) -> Option<Self> {
        let mut all = Self::default();
        for listing in listings {
            let mut after = 0;
            loop {
                let (page, next) = ingress.page(*listing, after, PAGE_ITEMS).await?;
                match page {
                    Page::Exchanges(page) => all.exchanges.extend(page),
                    Page::Queues(page) => all.queues.extend(page),
                    Page::Bindings(page) => all.bindings.extend(page),
                    Page::Consumers(_) | Page::Channels(_) | Page::Totals(_) => {}
                }
                let Some(cursor) = next else { break };
                after = cursor;
            }
        }
        Some(all)
    }
}
