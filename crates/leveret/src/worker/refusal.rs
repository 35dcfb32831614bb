//! Why the broker did not take a settlement, where the message is to blame.

use leveret_client::{ChannelError, ConnectionEnd, PublishError, Returned};
use leveret_protocol::ReplyCode;

use super::lane::LaneError;
use crate::failure::Failure;

/// Why an output can never be published as it is, though the channel goes on.
pub(super) fn unpublishable(error: &LaneError) -> Option<Failure> {
    match error {
        LaneError::Publish(PublishError::Unroutable { returned, .. }) => Some(unroutable(returned)),
        LaneError::Publish(PublishError::NotSent(error @ ChannelError::TooLarge { .. })) => {
            Some(Failure::permanent(error).named("too-large"))
        }
        LaneError::Publish(_)
        | LaneError::Channel(_)
        | LaneError::Settle(_)
        | LaneError::Undone(_)
        | LaneError::NoOutlet => None,
    }
}

pub(super) fn unroutable(returned: &Returned) -> Failure {
    let (exchange, key) = (&returned.exchange, &returned.routing_key);
    let text =
        format!("no queue takes messages from exchange `{exchange}` with routing key `{key}`");
    Failure::permanent(text).named("unroutable")
}

/// The broker's words if it closed the channel over what this message led to; or the connection, when
/// that led to a failure of its own (541): `RabbitMQ` 3.10 does that for a forged direct reply-to.
pub(super) fn refusal(error: &LaneError) -> Option<String> {
    let (code, text) = match error {
        LaneError::Channel(ChannelError::Closed { code, text })
        | LaneError::Publish(
            PublishError::ChannelClosed { code, text }
            | PublishError::NotSent(ChannelError::Closed { code, text }),
        ) => (*code, text),
        LaneError::Channel(ChannelError::ConnectionEnded(end))
        | LaneError::Publish(PublishError::ConnectionLost(end)) => failure_of_broker(end)?,
        LaneError::Channel(_)
        | LaneError::Settle(_)
        | LaneError::Publish(_)
        | LaneError::Undone(_)
        | LaneError::NoOutlet => return None,
    };
    Some(format!("the broker refused the outputs: {code} {text}"))
}

fn failure_of_broker(end: &ConnectionEnd) -> Option<(u16, &String)> {
    let ConnectionEnd::ClosedByBroker { code, text } = end else { return None };
    (*code == ReplyCode::InternalError.as_u16()).then_some((*code, text))
}
