//! What was counted of all that a caller sees.

use std::sync::Arc;

use leveret_engine::{Churn, Counts, Page, Sought};
use leveret_protocol::ShortStr;
use serde_json::{Value, json};

use super::{fields::put, listing::Query, login::Caller, stats::Rates};
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
    let mut sum = Sum::default();
    for host in caller.state.virtual_hosts.keys().filter(|host| caller.sees(host)) {
        sum.add(shared, host).await;
    }
    let rates = Rates::of(query, shared.samples.machine().span);
    (rates.of_channel(&sum.now, Some(&sum.seen)), rates.of_waiting(sum.waiting))
}

/// What a virtual host has in it, as of the last look, and what was counted there.
pub(super) async fn of_host(shared: &Arc<Shared>, host: &str, query: &Query) -> Value {
    let mut sum = Sum::default();
    sum.add(shared, host).await;
    let rates = Rates::of(query, shared.samples.host(host).span);
    let Waiting { ready, unacked } = sum.waiting.last;
    let mut shown = json!({
        "messages": ready.saturating_add(unacked), "messages_ready": ready,
        "messages_unacknowledged": unacked,
        "message_stats": rates.of_channel(&sum.now, Some(&sum.seen)),
    });
    put(&mut shown, rates.of_waiting(sum.waiting));
    shown
}

/// How much has come and gone, and how fast.
pub(super) async fn churn(caller: &Caller, shared: &Arc<Shared>, query: &Query) -> Value {
    let (mut now, mut seen) = (Churn::default(), Change::<Churn>::default());
    if caller.monitors() {
        // Of virtual hosts that are gone.
        (_, now) = shared.hosts.retired();
    }
    for host in caller.state.virtual_hosts.keys().filter(|host| caller.sees(host)) {
        let Some(ingress) = shared.hosts.ingress(&ShortStr::truncated(host)) else { continue };
        if let Some(vitals) = ingress.vitals().await {
            now = now.plus(vitals.churn);
        }
        let Change { before, last } = shared.samples.host(host).churn;
        seen = Change { before: seen.before.plus(before), last: seen.last.plus(last) };
    }
    let machine = shared.samples.machine();
    let rates = Rates::of(query, machine.span);
    let Change { before, last } = machine.looks;
    let turnover = Change { before: before.turnover, last: last.turnover };
    let mut shown = rates.of_turnover(&shared.presence.turnover(), &turnover);
    put(&mut shown, rates.of_churn(&now, &seen));
    shown
}

/// What was counted in some virtual hosts: now, and at the last looks.
#[derive(Default)]
struct Sum {
    now: Counts,
    seen: Change<Counts>,
    waiting: Change<Waiting>,
}

impl Sum {
    async fn add(&mut self, shared: &Arc<Shared>, host: &str) {
        let Some(ingress) = shared.hosts.ingress(&ShortStr::truncated(host)) else { return };
        if let Some(Page::Totals(totals)) = ingress.seek(Sought::Totals, 1).await {
            self.now = self.now.plus(totals.channels);
        }
        let samples = shared.samples.host(host);
        let Change { before, last } = samples.totals;
        self.seen =
            Change { before: self.seen.before.plus(before), last: self.seen.last.plus(last) };
        let Change { before, last } = samples.waiting;
        self.waiting =
            Change { before: self.waiting.before.plus(before), last: self.waiting.last.plus(last) };
    }
}
