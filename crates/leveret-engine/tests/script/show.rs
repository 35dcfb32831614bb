//! Effects as a line of text each.

use leveret_engine::Effect;
use leveret_protocol::{AmqpError, FieldArray, FieldTable, FieldValue, Method, Properties};

pub(crate) fn effect(effect: &Effect) -> String {
    match effect {
        Effect::Send { connection, channel, method } => {
            format!("c{}.{channel} {}", connection.0, shown(method))
        }
        Effect::Content { connection, channel, content } => {
            let body = String::from_utf8_lossy(content.body());
            let more = described(content.properties());
            format!("c{}.{channel} {} {body}{more}", connection.0, shown(&content.method()))
        }
        Effect::ChannelClosed { connection, channel } => {
            format!("c{}.{channel} is closed", connection.0)
        }
        Effect::ConnectionClosed { connection } => format!("c{} is closed", connection.0),
        Effect::FailChannel { connection, channel, error } => {
            format!("c{}.{channel} fails: {}", connection.0, failed(error))
        }
        Effect::FailConnection { connection, error } => {
            format!("c{} fails: {}", connection.0, failed(error))
        }
        Effect::StorePage { .. }
        | Effect::LoadPage { .. }
        | Effect::DropPage { .. }
        | Effect::ThinPage { .. }
        | Effect::PageDamaged { .. } => panic!("pages are shown by their own numbers"),
        Effect::Append { lsn, .. } => format!("append {lsn}"),
        Effect::Relocated { upto, through } => format!("relocated {upto} through {through}"),
    }
}

fn failed(error: &AmqpError) -> String {
    let (class, method) = (error.class_id, error.method_id);
    // A name in it may hold line ends; a line of the script is a line.
    let text = error.reply_text().to_string().replace('\r', "\\r").replace('\n', "\\n");
    format!("{} {text} ({class}.{method})", error.code.as_u16())
}

fn flag(is_set: bool, name: &str) -> String {
    if is_set { format!(" {name}") } else { String::new() }
}

fn shown(method: &Method) -> String {
    let name = method.name();
    match method {
        Method::QueueDeclareOk(ok) => {
            let (queue, messages, consumers) = (&ok.queue, ok.message_count, ok.consumer_count);
            format!("{name} {queue} messages={messages} consumers={consumers}")
        }
        Method::QueueDeleteOk(ok) => format!("{name} messages={}", ok.message_count),
        Method::QueuePurgeOk(ok) => format!("{name} messages={}", ok.message_count),
        Method::BasicConsumeOk(ok) => format!("{name} {}", ok.consumer_tag),
        Method::BasicCancelOk(ok) => format!("{name} {}", ok.consumer_tag),
        Method::BasicCancel(cancel) => format!("{name} {}", cancel.consumer_tag),
        Method::BasicAck(ack) => {
            format!("{name} {}{}", ack.delivery_tag, flag(ack.multiple, "multiple"))
        }
        Method::BasicNack(nack) => {
            format!("{name} {}{}", nack.delivery_tag, flag(nack.multiple, "multiple"))
        }
        Method::BasicDeliver(deliver) => format!(
            "{name} to={} {}{} exchange={} key={}",
            deliver.consumer_tag,
            deliver.delivery_tag,
            flag(deliver.redelivered, "redelivered"),
            deliver.exchange,
            deliver.routing_key
        ),
        Method::BasicGetOk(ok) => format!(
            "{name} {}{} exchange={} key={} left={}",
            ok.delivery_tag,
            flag(ok.redelivered, "redelivered"),
            ok.exchange,
            ok.routing_key,
            ok.message_count
        ),
        Method::BasicReturn(returned) => format!(
            "{name} {} {} exchange={} key={}",
            returned.reply_code, returned.reply_text, returned.exchange, returned.routing_key
        ),
        _ => name.to_owned(),
    }
}

fn described(properties: &Properties) -> String {
    let headers = properties.headers().map(|headers| format!(" headers={}", table(&headers)));
    let expiration = properties.expiration().map(|text| format!(" expiration={text}"));
    let reply_to = properties.reply_to().map(|name| format!(" reply_to={name}"));
    [headers, expiration, reply_to].into_iter().flatten().collect()
}

fn table(table: &FieldTable) -> String {
    let fields: Vec<String> =
        table.iter().map(|(name, found)| format!("{name}={}", value(&found))).collect();
    format!("{{{}}}", fields.join(" "))
}

fn array(array: &FieldArray) -> String {
    let values: Vec<String> = array.iter().map(|found| value(&found)).collect();
    format!("[{}]", values.join(" "))
}

fn value(found: &FieldValue) -> String {
    match found {
        FieldValue::LongString(text) => String::from_utf8_lossy(text).into_owned(),
        FieldValue::Table(fields) => table(fields),
        FieldValue::Array(values) => array(values),
        FieldValue::I64(number) => number.to_string(),
        FieldValue::Timestamp(seconds) => format!("@{seconds}"),
        other => format!("{other:?}"),
    }
}
