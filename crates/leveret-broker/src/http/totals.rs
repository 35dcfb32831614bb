//! What was counted of all that a caller sees.

use std::sync::Arc;

use leveret_engine::{Counts, Page, Sought};
use leveret_protocol::ShortStr;
use serde_json::Value;

use super::{listing::Query, login::Caller, stats::Rates};
use crate::{
    samples::{Change, Waiting},
    shared::Shared,
};

/// `message_stats`, and how fast queues grow as more fields beside their totals.
pub(super) async fn overall(
    caller: &Caller,
    shared: &Arc<Shared>,
    query: &Query,
) -> (Value, Value) {
    let (mut now, mut seen, mut span) = (Counts::default(), Change::<Counts>::default(), None);
    let mut waiting = Change::<Waiting>::default();
    for host in caller.state.virtual_hosts.keys().filter(|host| caller.sees(host)) {
        let Some(ingress) = shared.hosts.ingress(&ShortStr::truncated(host)) else { continue };
        if let Some(Page::Totals(totals)) = ingress.seek(Sought::Totals, 1).await {
            now = now.plus(totals.channels);
        }
        let samples = shared.samples.host(host);
        let Change { before, last } = samples.totals;
        seen = Change { before: seen.before.plus(before), last: seen.last.plus(last) };
        let Change { before, last } = samples.waiting;
        waiting = Change { before: waiting.before.plus(before), last: waiting.last.plus(last) };
        span = samples.span.or(span);
    }
    let rates = Rates::of(query, span);
    (rates.of_channel(&now, Some(&seen)), rates.of_waiting(waiting))
}
