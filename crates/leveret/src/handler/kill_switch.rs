//! When a handler stops pulling by itself.

use std::time::Duration;

use crate::spans::Span;

/// When a handler stops pulling because what it depends on fails, instead of failing message
/// after message.
///
/// While it is stopped its messages stay in their queue. After the pause one worker tries one
/// message: if that succeeds all go on, if it fails the pause is doubled, up to five minutes. See
/// [`Handler::kill_switch`](crate::Handler::kill_switch).
///
/// ```
/// use std::time::Duration;
/// use leveret::{Handler, KillSwitch};
///
/// let handler = Handler::new("orders", || async {})
///     .kill_switch(KillSwitch { pause: Duration::from_secs(5), ..KillSwitch::default() });
/// # let _ = handler;
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KillSwitch {
    /// The time over which attempts are counted; 1 min by default.
    pub window: Duration,
    /// With fewer attempts than this in the window it never stops; 10 by default.
    pub minimum: u32,
    /// It stops when this part of them has failed, above 0 and up to 1; 0.5 by default.
    pub ratio: f64,
    /// How long it stops before it tries again; 30 s by default.
    pub pause: Duration,
}

impl Default for KillSwitch {
    fn default() -> Self {
        Self {
            window: Duration::from_mins(1),
            minimum: 10,
            ratio: 0.5,
            pause: Duration::from_secs(30),
        }
    }
}

/// A number that makes no sense: what it is, what was found, what may be.
pub(crate) type Misfit = (&'static str, String, &'static str);

impl KillSwitch {
    pub(crate) fn misfit(&self) -> Option<Misfit> {
        let is_part = self.ratio > 0.0 && self.ratio <= 1.0;
        if !is_part {
            return Some(("kill switch ratio", self.ratio.to_string(), "above 0 and up to 1"));
        }
        if self.minimum == 0 {
            return Some(("kill switch minimum", "0".to_owned(), "1 or more"));
        }
        let spans = [("kill switch window", self.window), ("kill switch pause", self.pause)];
        let (what, zero) = spans.into_iter().find(|(_, span)| span.is_zero())?;
        Some((what, Span(zero).to_string(), "longer than nothing"))
    }
}
