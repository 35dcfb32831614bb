//! `leveret move`: messages from queue to queue and from broker to broker.

pub(crate) mod args;
mod failure;
mod parcel;
mod route;
mod sink;
mod source;
mod whole;

use std::io::{self, Write as _};

use leveret_client::{ConnectOptions, ShortStr};
use serde_json::{Value, json};

use self::{
    args::MoveArgs,
    failure::MoveFailure,
    route::{Manner, Moved, Route},
    whole::Whole,
};
use crate::{
    Refusal,
    exit::Exit,
    interruption::interruption,
    messages::{self, Failure, args::BrokerAddress},
    printable,
};

/// Moves what is asked for.
pub(crate) fn run(args: MoveArgs) -> Result<Exit, Refusal> {
    let done = messages::block_on(answer(args));
    Ok(done.map_err(|error| Refusal::from(Failure::Runtime(error)))??)
}

async fn answer(args: MoveArgs) -> Result<Exit, MoveFailure> {
    let from = messages::options(&BrokerAddress { url: args.from.clone() })?;
    let to = match &args.to {
        Some(url) => ConnectOptions::from_uri(url).map_err(Failure::from)?,
        None => from.clone(),
    };
    let manner = Manner { copy: args.copy, count: args.count, rate: args.rate };
    let interrupted = interruption();
    let Some(queue) = args.queue.clone() else {
        let whole = Whole { from, to, manner, dry_run: args.dry_run, json: args.json };
        return whole.travel(&args, &interrupted).await;
    };
    let target = args.name.clone().unwrap_or_else(|| queue.clone());
    let route = Route { from, to, queue, target };
    if args.dry_run {
        let ready = route.ready().await?;
        let said = format!("{ready} messages would be {} {}", said(manner), path_of(&route));
        tell(&args, &said, &json!({ "would_move": ready }));
        return Ok(Exit::Success);
    }
    let moved = route.clone().travel(manner, &interrupted).await;
    if let (Err(failure), true) = (&moved, args.json)
        && failure.is_partial()
    {
        tell(&args, "", &stopped(failure, &route));
    }
    let moved = moved?;
    tell(&args, &summary(&moved, manner), &moved.to_json());
    Ok(Exit::Success)
}

fn tell(args: &MoveArgs, text: &str, json: &Value) {
    let text = if args.json { format!("{json:#}") } else { printable::text(text) };
    // The shell may have closed the pipe.
    writeln!(io::stdout(), "{text}").ok();
}

const fn said(manner: Manner) -> &'static str {
    if manner.copy { "copied" } else { "moved" }
}

fn path_of(route: &Route) -> String {
    let name = ShortStr::to_string_lossy;
    let (queue, target) = (name(&route.queue), name(&route.target));
    if route.is_within() {
        return format!("from queue {queue} to queue {target}");
    }
    format!(
        "from queue {queue} at {} to queue {target} at {}",
        route.from.authority(),
        route.to.authority()
    )
}

/// For programs: what was moved, and why not the rest.
fn stopped(failure: &MoveFailure, route: &Route) -> Value {
    let progress = failure.progress().unwrap_or_default();
    json!({
        "queue": route.queue.to_string_lossy(), "target": route.target.to_string_lossy(),
        "from": route.from.authority(), "to": route.to.authority(),
        "moved": progress.moved, "maybe_on_both_sides": progress.unsure,
        "stopped": failure.to_string(),
    })
}

fn summary(moved: &Moved, manner: Manner) -> String {
    let mut text = format!("{} {} {}", moved.count, said(manner), path_of(&moved.route));
    if moved.anonymous > 0 {
        text.push_str(&format!("; {} user-ids taken off", moved.anonymous));
    }
    if !moved.keys_kept && moved.count > 0 {
        text.push_str("; routing keys are the queue's name now, since no exchange could be made");
    }
    text
}
