//! An operator's pause: who, why, for how long.

use std::time::Duration;

use tokio::time::Instant;

use super::ControlError;
use crate::gate::Halt;
use crate::lineage::now_secs;
use crate::spans::Span;

/// No pause that ends by itself is longer.
pub const PAUSE_MAX: Duration = Duration::from_hours(30 * 24);

/// Bytes of an owner's name, and of a reason.
pub const WORDS_MAX: usize = 500;

/// Whose pauses are that the configuration asks for.
pub const CONFIG_OWNER: &str = "configuration";

/// A pause to be: see [`Control::pause`](crate::Control::pause).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    owner: String,
    reason: String,
    pub(super) expiry: Option<Duration>,
}

impl Pause {
    /// Until somebody ends it; `owner` is whom to ask about it.
    pub fn by(owner: impl Into<String>) -> Self {
        Self { owner: owner.into(), reason: String::new(), expiry: None }
    }

    /// Why; shown wherever the handler is.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = reason.into();
        self
    }

    /// It ends by itself after this time, up to [`PAUSE_MAX`].
    #[must_use]
    pub fn ends_after(mut self, expiry: Duration) -> Self {
        self.expiry = Some(expiry);
        self
    }

    pub(super) fn checked(&self, handler: &str) -> Result<Halt, ControlError> {
        let out_of_range = |what, found, wanted| {
            let handler = handler.to_owned();
            Err(ControlError::OutOfRange { handler, what, found, wanted })
        };
        for (what, text) in [("pause's owner", &self.owner), ("pause's reason", &self.reason)] {
            if text.len() > WORDS_MAX {
                let found = format!("{} bytes", text.len());
                return out_of_range(what, found, format!("up to {WORDS_MAX} bytes"));
            }
        }
        if let Some(expiry) = self.expiry
            && (expiry.is_zero() || expiry > PAUSE_MAX)
        {
            let wanted = format!("above nothing and up to {}", Span(PAUSE_MAX));
            return out_of_range("pause", Span(expiry).to_string(), wanted);
        }
        Ok(Halt {
            reason: self.reason.clone(),
            owner: self.owner.clone(),
            since_secs: now_secs(),
            until: self.expiry.map(|expiry| Instant::now() + expiry),
        })
    }
}
