//! Where facts come from. Nothing is changed by looking.

mod api;
mod apps;
mod letters;
mod link;

use std::time::{Duration, Instant};

pub(crate) use self::api::{Api, alarms};
use self::{api::Stats, apps::Apps, link::Link};
use super::{
    args::WhyArgs,
    facts::{AskedRoute, Declared, Facts, Flow},
};
use crate::{
    Refusal,
    messages::{self, Failure},
};

/// What is counted twice, to see it move.
struct Counts {
    at: Instant,
    waiting: Option<u64>,
    stats: Option<Stats>,
    handled: Option<u64>,
}

/// All that can be found out in a little more than the time to watch.
pub(super) fn facts(args: &WhyArgs) -> Result<Facts, Refusal> {
    messages::block_on(collect(args)).map_err(Failure::Runtime)?
}

async fn collect(args: &WhyArgs) -> Result<Facts, Refusal> {
    let options = messages::options(&args.broker)?;
    let api = Api::new(&options, args.http.as_deref(), &args.trust)?;
    let apps = Apps::of(&args.apps, args.token_file.as_deref())?;
    let mut facts = Facts {
        queue: args.queue.to_string_lossy().into_owned(),
        virtual_host: options.virtual_host.to_string_lossy().into_owned(),
        stuck_after: args.stuck_after,
        ..Facts::default()
    };
    let link = Link::open(&options).await;
    let before = counts(&mut facts, &link, &api, &apps).await;
    tokio::time::sleep(args.watch).await;
    // What was not known before may be known now.
    facts.unknown.clear();
    let after = counts(&mut facts, &link, &api, &apps).await;
    facts.flow = flow(&facts, &before, &after);
    facts.alarms.extend(link.blocked());
    api.fill(&mut facts);
    if let Some(exchange) = &args.exchange {
        let kind = match api.kind_of(&facts.virtual_host, exchange) {
            Some(kind) => Some(kind),
            None => link.has_exchange(exchange).await.then(|| "unknown".to_owned()),
        };
        facts.asked = Some(AskedRoute { exchange: exchange.clone(), key: args.key.clone(), kind });
    }
    if matches!(facts.declared, Declared::Found { .. }) {
        letters::fill(&mut facts, &link, &api, &options.user).await;
    }
    link.close().await;
    Ok(facts)
}

async fn counts(facts: &mut Facts, link: &Link, api: &Api, apps: &Apps) -> Counts {
    facts.declared = link.declared(&facts.queue).await;
    let stats = api.queue(facts);
    facts.handlers = apps.handlers_of(&facts.queue, &mut facts.unknown);
    let total = |stats: &Stats| Some(stats.listed.ready? + stats.listed.unacked?);
    let waiting = stats.as_ref().and_then(total).or_else(|| facts.ready());
    facts.listed = stats.as_ref().map(|stats| stats.listed.clone());
    let handled = apps.handled_of(&facts.queue);
    Counts { at: Instant::now(), waiting, stats, handled }
}

fn flow(facts: &Facts, before: &Counts, after: &Counts) -> Flow {
    let elapsed = after.at.duration_since(before.at).max(Duration::from_millis(1));
    let seconds = elapsed.as_secs_f64();
    let per_sec = |now: Option<u64>, then: Option<u64>| {
        let grown = now?.saturating_sub(then?);
        Some(f64::from(u32::try_from(grown).unwrap_or(u32::MAX)) / seconds)
    };
    let of =
        |counts: &Counts, number: fn(&Stats) -> Option<u64>| counts.stats.as_ref().and_then(number);
    let counted = |number| per_sec(of(after, number), of(before, number));
    let shown = |rate: fn(&Stats) -> Option<f64>| after.stats.as_ref().and_then(rate);
    let handled = per_sec(after.handled, before.handled);
    let known = [counted(|stats| stats.taken), shown(|stats| stats.taken_rate), handled];
    let known = known.into_iter().flatten().reduce(f64::max);
    // Without numbers of the broker's: what waits grows fewer, and not by itself.
    let fewer = || {
        let has_consumers = facts.consumer_count().unwrap_or_default() > 0;
        let fewer = per_sec(before.waiting, after.waiting)?;
        Some(if has_consumers { fewer } else { 0.0 })
    };
    let more = || per_sec(after.waiting, before.waiting);
    let arrived = [counted(|stats| stats.listed.published), shown(|stats| stats.published_rate)];
    Flow {
        seconds,
        taken_per_sec: known.or_else(fewer),
        arrived_per_sec: arrived.into_iter().flatten().reduce(f64::max).or_else(more),
    }
}
