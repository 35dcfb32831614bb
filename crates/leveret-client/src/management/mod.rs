//! Whether a consumer lives, by the word of the broker's management API.
//!
//! One request each, over a connection of its own: this is asked now and then, not often.

mod error;
mod listing;
mod options;
mod request;

use self::listing::Listed;
pub use self::{error::ManagementError, options::ManagementOptions};
use crate::{channel::Consumer, liveness::Liveness};

impl Consumer {
    /// Asks the broker's management API whether this very consumer runs: one of its queue, its tag and
    /// its channel's number.
    ///
    /// That is more than [`verify_live`](Self::verify_live) can know of a queue with several consumers.
    /// `RabbitMQ` lists what its statistics say, which is seconds old: a consumer that has just started is
    /// [unlisted](Liveness::Unlisted), and one that has just gone may still be listed.
    pub async fn verify_listed(
        &self,
        management: &ManagementOptions,
    ) -> Result<Liveness, ManagementError> {
        if let Some(end) = self.end() {
            return Ok(Liveness::Ended(end));
        }
        if self.queue().is_empty() {
            return Ok(Liveness::Unnamed);
        }
        let body = request::consumers(management).await?;
        let Listed { consumers, own } =
            Listed::read(&body, (self.queue(), self.tag(), self.channel().number()))?;
        // It may have ended while the broker was asked.
        if let Some(end) = self.end() {
            return Ok(Liveness::Ended(end));
        }
        Ok(match own {
            Some(is_active) => Liveness::Listed { consumers, is_active },
            None => Liveness::Unlisted { consumers },
        })
    }
}
