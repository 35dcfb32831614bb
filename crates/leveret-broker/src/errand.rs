//! One method done in the name of a user, with the permissions of that user.

use leveret_engine::{Capabilities, Effect, Input};
use leveret_protocol::{AmqpError, ChannelNumber, Method, ReplyCode, ShortStr};

use crate::{host::OutboundSender, shared::Shared};

/// The channel that an errand is run on.
const CHANNEL: ChannelNumber = ChannelNumber::new(1);

/// Does a method that is answered without content, and gives back the answer.
pub(crate) async fn run_errand(
    shared: &Shared,
    virtual_host: &ShortStr,
    user: &str,
    method: Method,
) -> Result<Method, AmqpError> {
    let gone = || AmqpError::new(ReplyCode::NotFound, format!("vhost {virtual_host} not found"));
    let ingress = shared.hosts.ingress(virtual_host).ok_or_else(gone)?;
    let connection = shared.next_connection();
    let (sender, mut outbound) = OutboundSender::new();
    let inlet = ingress.join(connection, sender);
    let authority = shared.registry.authority(user, virtual_host);
    let (user, capabilities) = (ShortStr::truncated(user), Capabilities::default());
    let inputs = vec![
        Input::Connect { connection, user, capabilities, authority },
        Input::OpenChannel { connection, channel: CHANNEL },
        Input::Method { connection, channel: CHANNEL, method },
    ];
    if let Some(room) = inlet.room(inputs.len(), 0).await {
        inlet.submit(inputs, room);
    }
    let mut answer = None;
    while answer.is_none() {
        let Some(effects) = outbound.recv().await else { break };
        answer = effects.into_iter().find_map(answer_of);
    }
    if let Some(room) = inlet.room(1, 0).await {
        inlet.submit(vec![Input::Disconnect { connection }], room);
    }
    answer.unwrap_or_else(|| Err(gone()))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the others answer nothing")]
fn answer_of(effect: Effect) -> Option<Result<Method, AmqpError>> {
    match effect {
        Effect::Send { method, .. } => Some(Ok(*method)),
        Effect::FailChannel { error, .. } | Effect::FailConnection { error, .. } => {
            Some(Err(*error))
        }
        _ => None,
    }
}
