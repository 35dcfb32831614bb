//! `basic.publish`: checked, routed, handed to queues or to the transaction.

use alloc::vec::Vec;

use bytes::Bytes;
use leveret_protocol::{FieldTable, FieldValue, Properties, ShortStr, basic};

use super::{
    Turn,
    appointment::{Request, without_time},
    authorise::Access,
    replies::Reply,
};
use crate::{
    channel::{ChannelKey, Deed, Mode, PendingPublish},
    copies::{Copies, keys_in},
    error::{MethodError, PublishError, ResourceError, ResourceKind},
    exchange::{Entrance, Keys},
    identity::OpeningId,
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
        let properties = self.with_reply_to(at, properties)?;
        let persistent = self.check_properties(at, &properties)?;
        let headers = properties.headers();
        let (mut extra, mut copies, mut request) = (Vec::new(), Copies::Shown, Request::Route);
        if let Some(headers) = &headers {
            let max = self.host.options.limits.extra_routing_keys_max;
            (extra, copies) = extra_keys(headers, max)?;
            request = Request::read(headers, self.now)?;
        }
        let properties = match headers {
            Some(headers) if headers.get("BCC").is_some() => without_bcc(&properties, &headers),
            Some(_) | None => properties,
        };
        let letter = Letter {
            exchange,
            routing_key: publish.routing_key,
            copies,
            properties,
            body,
            origin: Origin::Client,
            persistent,
        };
        self.host.churn.note_size(letter.body.len());
        let publish = self.plan((at, entrance), (letter, &extra), request, publish.mandatory)?;
        match self.handling(at) {
            Handling::Transaction => self.hold_publish(at, publish)?,
            Handling::Plain => {
                self.carry_out(at, publish, Reply::Now);
            }
            Handling::Confirm { opening, tag } => {
                self.host.churn.published_to_confirm += 1;
                let posted = self.carry_out(at, publish, Reply::Now);
                self.confirm(at, opening, tag, posted);
            }
        }
        Ok(())
    }

    /// Finds out what is to be done with a message.
    fn plan(
        &mut self,
        (at, entrance): (ChannelKey, Entrance),
        (mut letter, extra): (Letter, &[ShortStr]),
        request: Request,
        mandatory: bool,
    ) -> Result<PendingPublish, PublishError> {
        let appointment = match request {
            Request::Cancel(name) => {
                return Ok(PendingPublish { letter, deed: Deed::Cancel(name), mandatory });
            }
            Request::Schedule(appointment) => {
                letter.properties = without_time(&letter.properties);
                Some(appointment).filter(|appointment| appointment.due > self.now)
            }
            Request::Route => None,
        };
        let mut routed = core::mem::take(&mut self.host.routed);
        let keys = Keys { own: &letter.routing_key, extra };
        self.host.route(entrance, (keys, &letter.properties), &mut routed);
        self.host.exchanges.count(entrance, routed.queues.len());
        if self.host.is_traced {
            self.trace_publish(at, (&letter, extra), &routed);
        }
        let deed = match appointment {
            // What would go nowhere now goes back now: later there may be nobody to tell.
            Some(appointment) if !mandatory || !routed.is_nowhere() || !routed.held.is_empty() => {
                routed.clear();
                self.host.routed = routed;
                self.check_schedule(letter.content_bytes())?;
                letter = letter.detached();
                Deed::Schedule(appointment)
            }
            Some(_) => {
                routed.clear();
                Deed::Route(routed)
            }
            None => {
                if !routed.held.is_empty() {
                    self.check_schedule(letter.content_bytes())?;
                }
                if !routed.queues.is_empty() {
                    letter = letter.detached();
                }
                Deed::Route(routed)
            }
        };
        Ok(PendingPublish { letter, deed, mandatory })
    }

    fn handling(&mut self, at: ChannelKey) -> Handling {
        let Some(channel) = self.host.channel_mut(at) else { return Handling::Plain };
        channel.counts.publish += 1;
        match &mut channel.mode {
            Mode::Plain => Handling::Plain,
            Mode::Confirm { published, .. } => {
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
