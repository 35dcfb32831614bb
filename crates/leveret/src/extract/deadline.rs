//! When whoever asked gives up.

use std::convert::Infallible;
use std::future::{Future, ready};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use leveret_protocol::FieldValue;

use super::FromMessage;
use crate::message::Message;
use crate::request::Request;
use crate::shared::Needs;

/// The header that says it: milliseconds since the Unix epoch.
pub(crate) const DEADLINE_HEADER: &str = "x-leveret-deadline";

/// When whoever asked gives up, by their clock; nothing if the message does not say.
///
/// A request (a message with `reply-to`) whose deadline is past is acknowledged and dropped
/// without being handled, and counted as
/// [`expired`](crate::HandlerStats::expired). A handler may look at what is left:
///
/// ```
/// use std::time::Duration;
/// use leveret::{Deadline, Reply};
///
/// async fn search(deadline: Deadline) -> Reply {
///     match deadline.left() {
///         Some(left) if left < Duration::from_millis(100) => Reply::text("the index alone"),
///         Some(_) | None => Reply::text("everything"),
///     }
/// }
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Deadline(pub Option<SystemTime>);

impl Deadline {
    /// How much time is left; zero if it is past, nothing if there is no deadline.
    pub fn left(self) -> Option<Duration> {
        let at = self.0?;
        Some(at.duration_since(SystemTime::now()).unwrap_or_default())
    }

    /// Whether nobody waits any more.
    pub fn is_past(self) -> bool {
        self.left().is_some_and(|left| left.is_zero())
    }

    pub(crate) fn of(message: &Message) -> Self {
        let Some(FieldValue::I64(millis)) = message.header(DEADLINE_HEADER) else {
            return Self(None);
        };
        let millis = u64::try_from(millis).unwrap_or_default();
        Self(UNIX_EPOCH.checked_add(Duration::from_millis(millis)))
    }
}

impl FromMessage for Deadline {
    type Rejection = Infallible;

    fn from_message(request: &Request) -> impl Future<Output = Result<Self, Infallible>> + Send {
        ready(Ok(Self::of(request.message())))
    }

    fn needs(needs: &mut Needs<'_>) {
        needs.one_message("Deadline");
    }
}

#[cfg(test)]
mod tests {
    use leveret_protocol::{FieldTable, PropertiesBuilder};

    use super::*;

    fn deadline(value: impl Into<FieldValue>) -> Deadline {
        let table = FieldTable::builder().insert(DEADLINE_HEADER, value).build();
        let properties = PropertiesBuilder::default().headers(table).build();
        Deadline::of(&Message::new("k", properties, ""))
    }

    #[test]
    fn a_deadline_is_milliseconds_since_the_epoch() {
        assert_eq!(deadline(1_500_i64).0, Some(UNIX_EPOCH + Duration::from_millis(1_500)));
        assert!(deadline(1_500_i64).is_past());
        assert!(deadline(-1_i64).is_past());
        assert!(!deadline(i64::MAX).is_past());
        assert_eq!(deadline("soon").0, None);
        assert!(!deadline("soon").is_past());
    }
}
