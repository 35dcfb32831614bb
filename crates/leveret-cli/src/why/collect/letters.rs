//! Where dead letters go, and what messages say of where they were.

use std::collections::BTreeSet;

use leveret_client::Delivery;
use serde_json::Value;

use super::{
    api::Api,
    link::{Link, Peeked},
};
use crate::why::facts::{Facts, Head, Route};

/// Dead letters are followed over at most as many queues.
const HOPS_MAX: usize = 16;

/// One place where a message was a dead letter.
struct Death {
    queue: String,
    reason: String,
    count: u64,
}

pub(super) async fn fill(facts: &mut Facts, link: &Link, api: &Api, user: &str) {
    match link.peek(&facts.queue).await {
        Peeked::Message(delivery) => facts.head = Some(head(&delivery, &facts.queue)),
        Peeked::Refused if facts.shut_out.is_empty() => {
            facts.shut_out.push((user.to_owned(), "not known here".to_owned()));
        }
        Peeked::Refused | Peeked::Nothing => {}
    }
    let Some(bindings) = api.bindings(&facts.virtual_host) else { return };
    let ways = Ways { api, host: facts.virtual_host.clone(), bindings };
    facts.dead_letter_loop = ways.circle(&facts.queue);
    for letters in ways.after(&facts.queue) {
        let Peeked::Message(delivery) = link.peek(&letters).await else { continue };
        let newest = deaths(&delivery).into_iter().next();
        if newest.is_some_and(|death| death.queue == facts.queue && death.reason == "expired") {
            facts.expired_into = Some(letters);
        }
    }
}

fn head(delivery: &Delivery, queue: &str) -> Head {
    let properties = leveret_json::properties(&delivery.properties);
    let deaths = deaths(delivery).into_iter().filter(|death| death.queue == queue);
    let deliveries = properties.pointer("/headers/x-delivery-count").and_then(Value::as_u64);
    let id = properties.get("message_id").and_then(Value::as_str).unwrap_or_default();
    Head {
        id: id.to_owned(),
        deaths_here: deaths.map(|death| death.count).sum(),
        deliveries: deliveries.unwrap_or_default(),
    }
}

/// The newest first, as brokers write them.
fn deaths(delivery: &Delivery) -> Vec<Death> {
    let properties = leveret_json::properties(&delivery.properties);
    let all = properties.pointer("/headers/x-death").and_then(Value::as_array);
    let of = |death: &Value| {
        let text = |name: &str| death.get(name).and_then(Value::as_str).map(str::to_owned);
        let count = death.get("count").and_then(Value::as_u64).unwrap_or(1);
        Some(Death { queue: text("queue")?, reason: text("reason")?, count })
    };
    all.into_iter().flatten().filter_map(of).collect()
}

/// How dead letters travel in a virtual host.
struct Ways<'a> {
    api: &'a Api,
    host: String,
    bindings: Vec<(Route, String)>,
}

impl Ways<'_> {
    /// The queues that a queue's dead letters may come to.
    fn after(&self, queue: &str) -> Vec<String> {
        let Some(shown) = self.api.queue_shown(&self.host, queue) else { return Vec::new() };
        let said = |argument: &str, rule: &str| {
            let own = shown.pointer(&format!("/arguments/{argument}"));
            let by_policy = || shown.pointer(&format!("/effective_policy_definition/{rule}"));
            own.or_else(by_policy).and_then(Value::as_str).map(str::to_owned)
        };
        let Some(exchange) = said("x-dead-letter-exchange", "dead-letter-exchange") else {
            return Vec::new();
        };
        let key = said("x-dead-letter-routing-key", "dead-letter-routing-key");
        if exchange.is_empty() {
            return key.into_iter().collect();
        }
        let kind = self.api.kind_of(&self.host, &exchange);
        let is_taken = |route: &Route| match (kind.as_deref(), &key) {
            (Some("direct"), Some(key)) => route.key == *key,
            _ => true,
        };
        let taken = self.bindings.iter().filter(|(route, _)| route.exchange == exchange);
        taken.filter(|(route, _)| is_taken(route)).map(|(_, queue)| queue.clone()).collect()
    }

    /// A way from a queue back to it, without its end; empty if there is none.
    fn circle(&self, start: &str) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let mut ways = vec![vec![start.to_owned()]];
        while let Some(way) = ways.pop() {
            let Some(last) = way.last() else { continue };
            if way.len() > HOPS_MAX || !seen.insert(last.clone()) {
                continue;
            }
            for next in self.after(last) {
                if next == start {
                    return way;
                }
                ways.push(way.iter().cloned().chain([next]).collect());
            }
        }
        Vec::new()
    }
}
