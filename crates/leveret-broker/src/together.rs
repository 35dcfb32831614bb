//! Declarations that are made together, by the broker itself.

use leveret_engine::{Authority, Capabilities, Effect, Input};
use leveret_protocol::{AmqpError, ChannelNumber, Method, ShortStr};

use crate::{host::OutboundSender, registry::AdminError, shared::Shared};

/// The channel that all is declared on.
const CHANNEL: ChannelNumber = ChannelNumber::new(1);

/// Declares and binds, with every permission, in one transaction of the log; gives back why some of
/// it was refused, once the rest is durable.
#[expect(clippy::wildcard_enum_match_arm, reason = "the other effects are no answers")]
pub(crate) async fn run_together(
    shared: &Shared,
    virtual_host: &ShortStr,
    methods: Vec<Method>,
) -> Result<Vec<AmqpError>, AdminError> {
    let gone = || AdminError::NotFound { what: "virtual host", name: virtual_host.to_string() };
    let ingress = shared.hosts.ingress(virtual_host).ok_or_else(gone)?;
    let connection = shared.next_connection();
    let (sender, mut outbound) = OutboundSender::new();
    let inlet = ingress.join(connection, sender);
    let (user, capabilities) = (ShortStr::EMPTY, Capabilities::default());
    let count = methods.len();
    let inputs = vec![
        Input::Connect { connection, user, capabilities, authority: Authority::full() },
        Input::OpenChannel { connection, channel: CHANNEL },
        Input::Together { connection, channel: CHANNEL, methods },
    ];
    let room = inlet.room(count, 0).await.ok_or(AdminError::Stopping)?;
    inlet.submit(inputs, room);
    let (mut refused, mut is_done) = (Vec::new(), false);
    while !is_done {
        for effect in outbound.recv().await.ok_or(AdminError::Stopping)? {
            match effect {
                Effect::Send { .. } => is_done = true,
                Effect::FailChannel { error, .. } | Effect::FailConnection { error, .. } => {
                    refused.push(*error);
                }
                _ => {}
            }
        }
    }
    ingress.brief(Input::Disconnect { connection });
    Ok(refused)
}
