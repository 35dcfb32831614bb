//! Direct reply-to: replies that go to the calls that wait for them.

use std::sync::Arc;

use leveret_protocol::{ShortStr, basic};

use crate::{
    channel::Channel,
    error::ChannelError,
    link::Waiting,
    state::{Aftermath, Calls, Recipient},
};

/// The pseudo-queue of replies; in `reply-to` the broker puts the real address in its place.
pub(crate) const REPLY_TO: ShortStr = ShortStr::from_static("amq.rabbitmq.reply-to");

impl Channel {
    /// Gives replies, and requests that come back, to these calls from now on.
    ///
    /// The channel must be new.
    pub(crate) async fn serve_calls(&self, calls: Arc<Calls>) -> Result<(), ChannelError> {
        let consume = basic::Consume { queue: REPLY_TO, no_ack: true, ..basic::Consume::default() };
        let start = Aftermath::Start(Recipient::Calls(calls));
        self.ask(&consume.into(), start).await.map(drop)
    }

    /// Someone waits for a reply until they drop what this gives: consumers whose buffers are
    /// full do not hold it up.
    pub(crate) fn wait_for_reply(&self) -> Waiting {
        self.core().gate.wait()
    }
}
