//! `basic.publish`: checked, routed, handed to queues or to the transaction.

use alloc::vec::Vec;

use bytes::Bytes;
use leveret_protocol::{FieldTable, FieldValue, Method, Properties, ReplyCode, ShortStr, basic};

use super::{Turn, authorise::Access};
use crate::{
    channel::{ChannelKey, Mode, PendingPublish},
    copies::{Copies, keys_in},
    effects::Effect,
    error::{MethodError, PublishError, ResourceError, ResourceKind},
    exchange::{Entrance, Keys},
    identity::{OpeningId, QueueId},
    message::{Letter, Origin, detached_name},
};

/// The class and method of `basic.publish`.
const PUBLISH: (u16, u16) = (60, 40);

/// What a channel does with a publish.
enum Handling {
    Plain,
    Confirm { opening: OpeningId, tag: u64 },
    Transaction,
}

impl Turn<'_> {
    pub(super) fn publish(
        &mut self,
        at: ChannelKey,
        publish: basic::Publish,
        properties: Properties,
        body: Bytes,
    ) {
        if self.host.channel_mut(at).is_none() {
            return;
        }
        if let Err(error) = self.try_publish(at, publish, properties, body) {
            self.refuse(at, &error, PUBLISH);
        }
    }

    fn try_publish(
        &mut self,
        at: ChannelKey,
        publish: basic::Publish,
        properties: Properties,
        body: Bytes,
    ) -> Result<(), MethodError> {
        let (entrance, exchange) = self.entrance(at, &publish)?;
        let persistent = self.check_properties(at, &properties)?;
        let headers = properties.headers();
        let max = self.host.options.limits.extra_routing_keys_max;
        let (extra, copies) = headers
            .as_ref()
            .map_or_else(|| Ok(Default::default()), |headers| extra_keys(headers, max))?;
        let properties = match headers {
            Some(headers) if headers.get("BCC").is_some() => without_bcc(&properties, &headers),
            Some(_) | None => properties,
        };
        let mut queues = core::mem::take(&mut self.host.routed);
        let keys = Keys { own: &publish.routing_key, extra: &extra };
        self.host.route(entrance, (keys, &properties), &mut queues);
        let letter = Letter {
            exchange,
            routing_key: publish.routing_key,
            copies,
            properties,
            body,
            origin: Origin::Client,
            persistent,
        };
        let letter = if queues.is_empty() { letter } else { letter.detached() };
        let outcome = match self.handling(at) {
            Handling::Transaction => {
                let queues = queues.clone();
                let pending = PendingPublish { letter, queues, mandatory: publish.mandatory };
                self.hold_publish(at, pending)
            }
            Handling::Plain => {
                self.post_or_return(at, letter, &queues, publish.mandatory);
                Ok(())
            }
            Handling::Confirm { opening, tag } => {
                let recorded = self.post_or_return(at, letter, &queues, publish.mandatory);
                self.confirm(at, opening, tag, recorded);
                Ok(())
            }
        };
        queues.clear();
        self.host.routed = queues;
        outcome
    }

    /// Puts the message into its queues; gives it back to the client if there are none and it
    /// is mandatory.
    pub(super) fn post_or_return(
        &mut self,
        at: ChannelKey,
        letter: Letter,
        queues: &[QueueId],
        mandatory: bool,
    ) -> super::post::Posted {
        if queues.is_empty() {
            if mandatory {
                self.send_return(at, letter);
            }
            return super::post::Posted::InMemory;
        }
        self.post(letter, queues)
    }

    fn send_return(&mut self, at: ChannelKey, letter: Letter) {
        let method = Method::BasicReturn(basic::Return {
            reply_code: ReplyCode::NoRoute.as_u16(),
            reply_text: ShortStr::from_static("NO_ROUTE"),
            exchange: letter.exchange,
            routing_key: letter.routing_key,
        });
        let (connection, channel) = (at.connection, at.channel);
        let (properties, body) = (letter.properties, letter.body);
        let effect = Effect::Content { connection, channel, method, properties, body };
        self.host.outbox.send(at, effect, self.effects);
    }

    fn handling(&mut self, at: ChannelKey) -> Handling {
        let Some(channel) = self.host.channel_mut(at) else { return Handling::Plain };
        match &mut channel.mode {
            Mode::Plain => Handling::Plain,
            Mode::Confirm { published } => {
                *published += 1;
                Handling::Confirm { opening: channel.opening, tag: *published }
            }
            Mode::Transaction(_) => Handling::Transaction,
        }
    }

    /// Where the message is handed in, and the exchange's name in a buffer of the engine's.
    fn entrance(
        &self,
        at: ChannelKey,
        publish: &basic::Publish,
    ) -> Result<(Entrance, ShortStr), MethodError> {
        if publish.immediate {
            return Err(PublishError::Immediate.into());
        }
        self.authorise(at, Access::Write, ResourceKind::Exchange, &publish.exchange)?;
        if publish.exchange.is_empty() {
            return Ok((Entrance::Default, ShortStr::EMPTY));
        }
        let Some(exchange) = self.host.exchanges.named(&publish.exchange) else {
            let resource = self.host.exchange_resource(&publish.exchange);
            return Err(ResourceError::NotFound { resource }.into());
        };
        if exchange.spec.internal {
            let resource = self.host.exchange_resource(&publish.exchange);
            return Err(PublishError::Internal { resource }.into());
        }
        self.authorise_topic(at, Access::Write, exchange.id, &publish.routing_key)?;
        Ok((Entrance::Exchange(exchange.id), exchange.spec.name.clone()))
    }

    /// Whether the message is persistent, if its properties are legal.
    fn check_properties(
        &self,
        at: ChannelKey,
        properties: &Properties,
    ) -> Result<bool, PublishError> {
        if let (Some(claimed), Some(connection)) =
            (properties.user_id(), self.host.connections.get(&at.connection))
            && !Self::may_publish_as(connection, &claimed)
        {
            return Err(PublishError::UserId { claimed, user: connection.user.clone() });
        }
        if let Some(expiration) = properties.expiration() {
            PublishError::parse_expiration(&expiration)?;
        }
        match properties.delivery_mode() {
            None | Some(1) => Ok(false),
            Some(2) => Ok(true),
            Some(mode) => Err(PublishError::DeliveryMode { mode }),
        }
    }
}

/// The routing keys of the CC and BCC headers, and what of them is kept beside the headers.
fn extra_keys(headers: &FieldTable, max: usize) -> Result<(Vec<ShortStr>, Copies), PublishError> {
    let (mut keys, mut shown) = (Vec::new(), 0);
    for header in ["CC", "BCC"] {
        shown = keys.len();
        match headers.get(header) {
            None => {}
            Some(FieldValue::Array(values)) => keys.extend(keys_in(&values)),
            Some(found) => return Err(PublishError::HeaderType { header, found }),
        }
        if keys.len() > max {
            return Err(PublishError::ExtraKeys { found: keys.len(), max });
        }
    }
    let hidden = keys.get(shown..).unwrap_or_default().iter().map(detached_name).collect();
    let copies = Copies::with_hidden(hidden);
    Ok((keys, copies))
}

fn without_bcc(properties: &Properties, headers: &FieldTable) -> Properties {
    let kept: FieldTable = headers.iter().filter(|(name, _)| *name != "BCC").collect();
    properties.to_builder().headers(kept).build()
}
