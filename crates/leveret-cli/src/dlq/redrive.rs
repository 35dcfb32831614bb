//! Dead letters on their way back.

use std::{
    io::{self, IsTerminal as _, Write as _},
    time::Duration,
};

use bytes::Bytes;
use leveret_client::{FieldTable, FieldValue, Publish, ShortStr};
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::{
    args::{Sending, Which},
    failure::DlqFailure,
    letter::Record,
    scan::{Found, Taker},
};
use crate::{messages::Session, printable};

/// How often it was sent back.
const REDRIVES: &str = "x-leveret-redrives";
/// Zero, so that a handler counts anew and sees the exchange and key of the first publish.
const ATTEMPT: &str = "x-leveret-attempt";

/// What of a message is changed on its way.
#[derive(Debug, Default)]
pub(super) struct Edit {
    pub(super) body: Option<Bytes>,
    pub(super) headers: Vec<(ShortStr, FieldValue)>,
}

/// Sends back all that are meant; gives back how many.
pub(super) async fn redrive(
    session: &Session,
    which: &Which,
    sending: &Sending,
    edit: &Edit,
) -> Result<u64, DlqFailure> {
    session.channel.confirm_select().await.map_err(crate::messages::Failure::from)?;
    let mut taker = Taker::new(session, which).await?;
    let mut pace = sending.rate.map(pace);
    let mut sent = 0;
    while let Some(found) = taker.next().await? {
        let publish = returned(&found, sending.to.as_ref(), edit)?;
        if sending.dry_run {
            told(&found, &publish.routing_key);
            sent += 1;
            continue;
        }
        tokio::select! {
            () = wait(pace.as_mut()) => {}
            Ok(()) = tokio::signal::ctrl_c() => break,
        }
        let to = publish.routing_key.clone();
        session.channel.publish_and_confirm(publish).await.map_err(|source| DlqFailure::Send {
            to,
            sent,
            source: Box::new(source),
        })?;
        session.channel.ack(&found.delivery).map_err(crate::messages::Failure::from)?;
        sent += 1;
        if sent % 100 == 0 && io::stderr().is_terminal() {
            write!(io::stderr(), "\r{sent} sent back").ok();
        }
    }
    Ok(sent)
}

fn pace(rate: u32) -> Interval {
    let mut interval = interval(Duration::from_secs(1) / rate);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

async fn wait(pace: Option<&mut Interval>) {
    if let Some(pace) = pace {
        pace.tick().await;
    }
}

fn told(found: &Found, to: &ShortStr) {
    let id = found.delivery.properties.message_id().unwrap_or_default();
    let (id, to) = (id.to_string_lossy(), to.to_string_lossy());
    let id = if id.is_empty() { "(no id)" } else { &id };
    // The shell may have closed the pipe.
    writeln!(
        io::stdout(),
        "would send {} to {}: {}",
        printable::line(id),
        printable::line(&to),
        printable::line(&found.record.class)
    )
    .ok();
}

/// The message as it was, for the queue it failed in.
pub(super) fn returned(
    found: &Found,
    to: Option<&ShortStr>,
    edit: &Edit,
) -> Result<Publish, DlqFailure> {
    let Found { delivery, record } = found;
    let routing_key = to.or(record.queue.as_ref()).cloned();
    let routing_key = routing_key.ok_or_else(|| DlqFailure::NoOrigin(id_of(found)))?;
    let old = delivery.properties.headers().unwrap_or_default();
    let is_edited = |name: &ShortStr| edit.headers.iter().any(|(edited, _)| edited == name);
    let kept = old.iter().filter(|(name, _)| !is_record(name) && !is_edited(name));
    let redrives = match old.get(REDRIVES) {
        Some(FieldValue::I64(redrives)) => redrives,
        Some(_) | None => 0,
    };
    let mut marks =
        vec![(ShortStr::from_static(REDRIVES), FieldValue::I64(redrives.saturating_add(1)))];
    marks.extend(first_publish(&old, record));
    let headers: FieldTable = kept.chain(edit.headers.iter().cloned()).chain(marks).collect();
    Ok(Publish {
        exchange: ShortStr::EMPTY,
        routing_key,
        mandatory: true,
        // The broker lets only the named user use it, which is seldom who repairs.
        properties: delivery.properties.to_builder().headers(headers).user_id(None).build(),
        body: edit.body.clone().unwrap_or_else(|| delivery.body.clone()),
    })
}

fn id_of(found: &Found) -> String {
    let id = found.delivery.properties.message_id().unwrap_or_default();
    id.to_string_lossy().into_owned()
}

/// Which exchange and key it was published with, for handlers that read them.
fn first_publish(old: &FieldTable, record: &Record) -> Vec<(ShortStr, FieldValue)> {
    let named =
        |name: &'static str| old.get(name).map(|value| (ShortStr::from_static(name), value));
    let was_handled_by_us = !record.handler.is_empty();
    if !was_handled_by_us {
        return Vec::new();
    }
    let attempt = Some((ShortStr::from_static(ATTEMPT), FieldValue::I64(0)));
    [attempt, named("x-leveret-exchange"), named("x-leveret-routing-key")]
        .into_iter()
        .flatten()
        .collect()
}

/// Headers that tell of the failure, which is over: ours and the broker's.
fn is_record(name: &ShortStr) -> bool {
    let name = name.as_bytes();
    [&b"x-leveret-"[..], b"x-death", b"x-first-death-", b"x-last-death-", b"x-delivery-count"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}
