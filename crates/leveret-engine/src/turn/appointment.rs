//! What a publish's headers ask for: not now, or not at all any more.

use leveret_protocol::{FieldTable, FieldValue, Properties, ShortStr, Timestamp};

use crate::{
    error::{PublishError, integer},
    schedule::Appointment,
};

/// When to route the message: milliseconds since the Unix epoch, or a timestamp.
const PUBLISH_AT: &str = "x-leveret-publish-at";
/// After how many milliseconds to route the message.
const DELAY: &str = "x-leveret-delay";
/// The publisher's name for the message while it waits.
const NAME: &str = "x-leveret-schedule-id";
/// The name of the message that is not to be routed after all.
const CANCEL: &str = "x-leveret-cancel";

/// The longest time ahead: ten years.
const AHEAD_MILLIS_MAX: u64 = 10 * 365 * 24 * 60 * 60 * 1000;

/// What a publisher asks for.
#[derive(Debug)]
pub(super) enum Request {
    /// Route it now.
    Route,
    /// Route it later, or now if that time has come.
    Schedule(Appointment),
    /// Do not route the one of this name; this message itself says nothing more.
    Cancel(ShortStr),
}

impl Request {
    /// Reads a message's headers.
    pub(super) fn read(headers: &FieldTable, now: Timestamp) -> Result<Self, PublishError> {
        let times = (headers.get(PUBLISH_AT), headers.get(DELAY));
        if let Some(found) = headers.get(CANCEL) {
            return match times {
                (None, None) => Ok(Self::Cancel(name(CANCEL, found)?)),
                (Some(_), _) | (None, Some(_)) => Err(PublishError::ScheduleConflict),
            };
        }
        let due = match times {
            (None, None) => return Ok(Self::Route),
            (Some(_), Some(_)) => return Err(PublishError::ScheduleConflict),
            (Some(FieldValue::Timestamp(seconds)), None) => {
                Timestamp::from_millis(seconds.saturating_mul(1000))
            }
            (Some(found), None) => Timestamp::from_millis(millis(PUBLISH_AT, &found)?),
            (None, Some(found)) => {
                let ahead = millis(DELAY, &found)?;
                Timestamp::from_millis(now.as_millis().saturating_add(ahead))
            }
        };
        let ahead = due.as_millis().saturating_sub(now.as_millis());
        if ahead > AHEAD_MILLIS_MAX {
            return Err(PublishError::ScheduleTooFar { ahead, max: AHEAD_MILLIS_MAX });
        }
        let name = headers.get(NAME).map(|found| name(NAME, found)).transpose()?;
        Ok(Self::Schedule(Appointment { due, name }))
    }
}

/// The properties without what has been read: it is not to be read again by who passes the
/// message on. Its name stays.
pub(super) fn without_time(properties: &Properties) -> Properties {
    let headers = properties.headers().unwrap_or_default();
    let is_kept = |name: &ShortStr| *name != PUBLISH_AT && *name != DELAY;
    let kept: FieldTable = headers.iter().filter(|(name, _)| is_kept(name)).collect();
    properties.to_builder().headers(kept).build()
}

fn millis(header: &'static str, found: &FieldValue) -> Result<u64, PublishError> {
    let number =
        integer(found).ok_or_else(|| PublishError::HeaderType { header, found: found.clone() })?;
    u64::try_from(number).map_err(|_| PublishError::ScheduleNegative { header, number })
}

fn name(header: &'static str, found: FieldValue) -> Result<ShortStr, PublishError> {
    let FieldValue::LongString(text) = found else {
        return Err(PublishError::HeaderType { header, found });
    };
    let bytes = text.len();
    let name = ShortStr::new(text).ok().filter(|name| !name.is_empty());
    name.ok_or(PublishError::ScheduleName { header, bytes })
}
