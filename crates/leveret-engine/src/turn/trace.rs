//! The firehose: copies of all that is published and delivered, to be watched.
//!
//! While a virtual host is traced, the exchange `amq.rabbitmq.trace` gets a copy of each publish
//! under the key `publish.` and the exchange's name, and of each delivery under `deliver.` and
//! the queue's name. Headers say what is known of it. Copies themselves are not traced.

use leveret_protocol::{
    FieldArray, FieldTable, FieldTableBuilder, FieldValue, Properties, ShortStr,
};

use super::{Turn, replies::Reply};
use crate::{
    channel::ChannelKey,
    copies::Copies,
    exchange::{Exchanges, Keys, Routed},
    identity::QueueId,
    message::{Letter, Origin},
};

impl Turn<'_> {
    /// Copies a publish, if the virtual host is traced.
    pub(super) fn trace_publish(
        &mut self,
        at: ChannelKey,
        (letter, extra): (&Letter, &[ShortStr]),
        routed: &Routed,
    ) {
        let keys = Keys { own: &letter.routing_key, extra };
        let names = routed.queues.iter().filter_map(|id| self.host.queues.get(*id));
        let queues: FieldArray = names.map(|queue| queue.spec.name.clone()).collect();
        let headers = self.describe_origin(at, describe_message(letter, &keys));
        let headers = headers.insert("routed_queues", queues).build();
        self.publish_trace(&traced_key("publish.", &letter.exchange), letter, headers);
    }

    /// Copies a delivery, if the virtual host is traced.
    pub(super) fn trace_delivery(
        &mut self,
        at: ChannelKey,
        (queue, redelivered): (QueueId, bool),
        letter: &Letter,
    ) {
        if !self.host.is_traced || letter.exchange == Exchanges::TRACE {
            return;
        }
        let Some(queue) = self.host.queues.get(queue) else { return };
        let key = traced_key("deliver.", &queue.spec.name);
        let extra = letter.copied_keys().all();
        let keys = Keys { own: &letter.routing_key, extra: &extra };
        let headers = self.describe_origin(at, describe_message(letter, &keys));
        let headers = headers.insert("redelivered", i32::from(redelivered)).build();
        self.publish_trace(&key, letter, headers);
    }

    fn describe_origin(&self, at: ChannelKey, headers: FieldTableBuilder) -> FieldTableBuilder {
        let connection = self.host.connections.get(&at.connection);
        let (name, user) = connection.map_or((ShortStr::EMPTY, ShortStr::EMPTY), |connection| {
            (connection.name.clone(), connection.user.clone())
        });
        headers
            .insert("node", self.host.options.node.clone())
            .insert("vhost", self.host.options.virtual_host.clone())
            .insert("connection", name)
            .insert("channel", i32::from(at.channel.as_u16()))
            .insert("user", user)
    }

    fn publish_trace(&mut self, key: &ShortStr, letter: &Letter, headers: FieldTable) {
        let exchange = ShortStr::from_static(Exchanges::TRACE);
        let Some(entrance) = self.host.exchanges.entrance(&exchange) else { return };
        let properties = Properties::builder().headers(headers).build();
        let mut routed = Routed::default();
        let keys = Keys { own: key, extra: &[] };
        self.host.route(entrance, (keys, &properties), &mut routed);
        if routed.is_nowhere() {
            return;
        }
        let copy = Letter {
            exchange,
            routing_key: key.clone(),
            copies: Copies::Shown,
            properties,
            body: letter.body.clone(),
            origin: Origin::Client,
            persistent: false,
        };
        self.dispatch(copy.detached(), &routed, Reply::Now);
    }
}

fn traced_key(prefix: &str, name: &ShortStr) -> ShortStr {
    ShortStr::truncated(&alloc::format!("{prefix}{}", name.to_string_lossy()))
}

fn describe_message(letter: &Letter, keys: &Keys<'_>) -> FieldTableBuilder {
    let keys: FieldArray = keys.iter().cloned().collect();
    FieldTable::builder()
        .insert("exchange_name", letter.exchange.clone())
        .insert("routing_keys", keys)
        .insert("properties", describe(&letter.properties))
}

/// The properties as a table, as RabbitMQ writes it.
fn describe(properties: &Properties) -> FieldTable {
    let number = |value: u8| FieldValue::I32(value.into());
    let seconds = |value: u64| {
        i32::try_from(value)
            .map_or_else(|_| FieldValue::I64(value.try_into().unwrap_or(i64::MAX)), FieldValue::I32)
    };
    let fields: [(&'static str, Option<FieldValue>); 14] = [
        ("content_type", properties.content_type().map(Into::into)),
        ("content_encoding", properties.content_encoding().map(Into::into)),
        ("headers", properties.headers().map(FieldValue::Table)),
        ("delivery_mode", properties.delivery_mode().map(number)),
        ("priority", properties.priority().map(number)),
        ("correlation_id", properties.correlation_id().map(Into::into)),
        ("reply_to", properties.reply_to().map(Into::into)),
        ("expiration", properties.expiration().map(Into::into)),
        ("message_id", properties.message_id().map(Into::into)),
        ("timestamp", properties.timestamp().map(seconds)),
        ("type", properties.kind().map(Into::into)),
        ("user_id", properties.user_id().map(Into::into)),
        ("app_id", properties.app_id().map(Into::into)),
        ("cluster_id", properties.cluster_id().map(Into::into)),
    ];
    let given = fields.into_iter().filter_map(|(name, value)| Some((name, value?)));
    given.fold(FieldTable::builder(), |table, (name, value)| table.insert(name, value)).build()
}
