//! Checks definitions as a whole, then applies them as a whole.

use std::sync::Arc;

use leveret_engine::{DefaultQueueType, Listing};
use leveret_protocol::ShortStr;

use super::{
    document::Definitions, error::DefinitionsError, item::Placed, rehearsal::Rehearsal,
    thing::Thing, views::Views,
};
use crate::{
    registry::{AdminError, Change, State},
    shared::Shared,
    together::run_together,
};

/// What an import has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Imported {
    /// Users, permissions, policies and so on that were put.
    pub(crate) settings: usize,
    /// Exchanges, queues and bindings that were declared.
    pub(crate) things: usize,
    /// Exchanges and queues that were there, and stay as they are.
    pub(crate) kept: usize,
}

/// The things of one virtual host that are to be made.
struct Plan {
    host: Arc<str>,
    things: Vec<Thing>,
}

/// Applies definitions to a running broker; with anything wrong in them, nothing is applied.
///
/// What is not in them stays. What is, and is there already: settings are replaced, queues and
/// exchanges stay as they are. What becomes of one virtual host is one record of its log; between
/// that and the settings, and between two virtual hosts, a crash can come; then it is imported again.
pub(crate) async fn import(
    shared: &Arc<Shared>,
    definitions: Definitions,
) -> Result<Imported, DefinitionsError> {
    let Definitions { changes, things, warnings } = definitions;
    let next = next_state(shared, &changes)?;
    let mut imported = Imported { settings: changes.len(), ..Imported::default() };
    let mut plans = Vec::new();
    for (host, things) in things {
        let count = things.len();
        let plan = rehearse(shared, &next, (host, things)).await?;
        imported.kept += count - plan.things.len();
        imported.things += plan.things.len();
        plans.push(plan);
    }
    for warning in warnings {
        tracing::warn!("definitions: {warning}");
    }
    shared.registry.change(changes.into_iter().map(|change| change.what).collect()).await?;
    for Plan { host, things } in plans {
        let methods = things.into_iter().map(|thing| thing.method).collect();
        let refused = run_together(shared, &ShortStr::truncated(&host), methods).await?;
        for error in refused {
            // Somebody else has made or deleted something since the check.
            tracing::warn!(host = &*host, reason = %error.reply_text(), "definitions: passed over");
        }
    }
    Ok(imported)
}

/// The settings as they will be.
fn next_state(shared: &Shared, changes: &[Placed<Change>]) -> Result<Arc<State>, DefinitionsError> {
    let mut next = State::clone(&shared.registry.state());
    for Placed { place, what } in changes {
        next.apply(what.clone())
            .map_err(|error| DefinitionsError::invalid(place, error.to_string()))?;
    }
    Ok(Arc::new(next))
}

/// Tries all that is to be made in one virtual host, and leaves out what is there.
async fn rehearse(
    shared: &Arc<Shared>,
    next: &Arc<State>,
    (host, mut things): (Arc<str>, Vec<Thing>),
) -> Result<Plan, DefinitionsError> {
    let Ok(settings) = next.virtual_host(&host).cloned() else {
        let place = things.first().map_or("vhost", |thing| &thing.place);
        let problem = format!("no_such_vhost: virtual host `{host}` does not exist");
        return Err(DefinitionsError::invalid(place, problem));
    };
    let views = match shared.hosts.ingress(&ShortStr::truncated(&host)) {
        Some(ingress) => {
            let listings = [Listing::Exchanges, Listing::Queues, Listing::Bindings];
            Views::of(&ingress, &listings).await.ok_or(AdminError::Stopping)?
        }
        None => Views::default(),
    };
    let limits = shared.limits().of_engine_in_memory();
    let work = move || {
        let is_classic = settings.metadata.default_queue_type() == DefaultQueueType::Classic;
        for thing in &mut things {
            thing.settle_type(is_classic);
        }
        let room = limits.bindings_max.saturating_sub(views.bindings.len());
        let mut rehearsal = Rehearsal::new(&host, limits, &views, &settings);
        try_all(&mut rehearsal, &views, things, room).map(|things| Plan { host, things })
    };
    tokio::task::spawn_blocking(work).await.map_err(|_| AdminError::Stopping)?
}

fn try_all(
    rehearsal: &mut Rehearsal,
    views: &Views,
    things: Vec<Thing>,
    bindings_max: usize,
) -> Result<Vec<Thing>, DefinitionsError> {
    let mut exchanges: Vec<ShortStr> =
        views.exchanges.iter().map(|view| view.name.clone()).collect();
    let mut queues: Vec<ShortStr> = views.queues.iter().map(|view| view.name.clone()).collect();
    exchanges.sort_unstable();
    queues.sort_unstable();
    let mut made = Vec::with_capacity(things.len());
    let mut bindings = 0;
    for thing in things {
        if thing.is_among(&exchanges, &queues) {
            continue;
        }
        bindings += usize::from(thing.is_binding());
        if bindings > bindings_max {
            let problem = "there would be too many bindings in the virtual host";
            return Err(DefinitionsError::invalid(&thing.place, problem));
        }
        let refused = |error: leveret_protocol::AmqpError| {
            DefinitionsError::invalid(&thing.place, error.reply_text().to_string())
        };
        rehearsal.run(thing.method.clone()).map_err(refused)?;
        made.push(thing);
    }
    Ok(made)
}
