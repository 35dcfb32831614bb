//! One line of a script as an input.

use leveret_engine::{ConnectionId, Input};
use leveret_protocol::{
    ChannelNumber, FieldArray, FieldTable, FieldValue, Method, Properties, ShortStr, basic,
    confirm, exchange, queue, tx,
};

/// The words of a line. Plain words are taken in order, `name=value` and flags by name.
pub(crate) struct Words {
    words: Vec<String>,
}

impl Words {
    pub(crate) fn of(line: &str) -> Self {
        Self { words: line.split_whitespace().map(str::to_owned).collect() }
    }

    /// The next plain word; `""` stands for the empty one.
    pub(crate) fn next(&mut self) -> String {
        if self.words.is_empty() {
            return String::new();
        }
        let word = self.words.remove(0);
        if word == "\"\"" { String::new() } else { word }
    }

    pub(crate) fn number(&mut self) -> u64 {
        let word = self.next();
        word.parse().unwrap_or_else(|_| panic!("{word:?} is no number"))
    }

    pub(crate) fn take(&mut self, flag: &str) -> bool {
        let at = self.words.iter().position(|word| word == flag);
        at.map(|at| self.words.remove(at)).is_some()
    }

    pub(crate) fn value(&mut self, name: &str) -> Option<String> {
        let prefix = format!("{name}=");
        let at = self.words.iter().position(|word| word.starts_with(&prefix))?;
        Some(self.words.remove(at)[prefix.len()..].to_owned())
    }

    fn name(&mut self) -> ShortStr {
        name(&self.next())
    }

    /// All that is left, as `name=value` with typed values.
    fn table(&mut self) -> FieldTable {
        self.table_with('=')
    }

    /// The same with another sign between name and value: tables stand in tables.
    fn table_with(&mut self, sign: char) -> FieldTable {
        self.words
            .drain(..)
            .map(|word| {
                let (key, value) =
                    word.split_once(sign).unwrap_or_else(|| panic!("what is {word:?}?"));
                (name(key), value_of(value))
            })
            .collect()
    }

    fn finish(&self) {
        assert!(self.words.is_empty(), "what are {:?}?", self.words);
    }
}

/// `\xNN` and `\r\n` are bytes, so that names can be bad.
fn name(word: &str) -> ShortStr {
    let mut bytes = Vec::new();
    let mut rest = word.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match (first, after) {
            (b'\\', [b'n', tail @ ..]) => (bytes.push(b'\n'), rest = tail).0,
            (b'\\', [b'r', tail @ ..]) => (bytes.push(b'\r'), rest = tail).0,
            (b'\\', [b'x', high, low, tail @ ..]) => {
                let digits = [*high, *low];
                let digits = std::str::from_utf8(&digits).unwrap();
                bytes.push(u8::from_str_radix(digits, 16).unwrap());
                rest = tail;
            }
            (byte, _) => bytes.push(*byte),
        }
    }
    ShortStr::new(bytes).unwrap()
}

pub(crate) fn value_of(text: &str) -> FieldValue {
    match text.split_once(':') {
        Some(("i", number)) => FieldValue::I32(number.parse().unwrap()),
        Some(("l", number)) => FieldValue::I64(number.parse().unwrap()),
        Some(("s", number)) => FieldValue::I16(number.parse().unwrap()),
        Some(("d", number)) => FieldValue::F64(number.parse().unwrap()),
        Some(("T", number)) => FieldValue::Timestamp(number.parse().unwrap()),
        Some(("x", bytes)) => FieldValue::Bytes(bytes.to_owned().into()),
        Some(("t", value)) => FieldValue::Bool(value == "true"),
        Some(("v", _)) => FieldValue::Void,
        Some(("f", fields)) => {
            FieldValue::Table(Words::of(&fields.replace(',', " ")).table_with('~'))
        }
        Some(("a", list)) => FieldValue::Array(list.split(',').collect::<FieldArray>()),
        _ => text.into(),
    }
}

pub(crate) fn place(word: &str) -> (ConnectionId, Option<ChannelNumber>) {
    let word = word.strip_prefix('c').unwrap_or_else(|| panic!("what is {word:?}?"));
    let (connection, channel) = match word.split_once('.') {
        Some((connection, channel)) => (connection, Some(channel.parse().unwrap())),
        None => (word, None),
    };
    (ConnectionId(connection.parse().unwrap()), channel.map(ChannelNumber::new))
}

pub(crate) fn input(connection: ConnectionId, channel: ChannelNumber, words: &mut Words) -> Input {
    let method = words.next();
    if method == "publish" {
        return publish(connection, channel, words);
    }
    let method = match method.split_once('.') {
        Some(("exchange", _)) => exchange_method(&method, words),
        Some(("queue", _)) => queue_method(&method, words),
        _ => basic_method(&method, words),
    };
    words.finish();
    Input::Method { connection, channel, method }
}

fn exchange_method(method: &str, words: &mut Words) -> Method {
    let exchange = words.name();
    match method {
        "exchange.declare" => {
            let passive = words.take("passive");
            Method::ExchangeDeclare(exchange::Declare {
                exchange,
                passive,
                durable: words.take("durable"),
                auto_delete: words.take("auto_delete"),
                internal: words.take("internal"),
                no_wait: words.take("no_wait"),
                kind: if passive { ShortStr::EMPTY } else { words.name() },
                arguments: words.table(),
            })
        }
        "exchange.delete" => Method::ExchangeDelete(exchange::Delete {
            exchange,
            if_unused: words.take("if_unused"),
            no_wait: words.take("no_wait"),
        }),
        "exchange.bind" => Method::ExchangeBind(exchange::Bind {
            destination: exchange,
            source: words.name(),
            routing_key: words.name(),
            no_wait: words.take("no_wait"),
            arguments: words.table(),
        }),
        "exchange.unbind" => Method::ExchangeUnbind(exchange::Unbind {
            destination: exchange,
            source: words.name(),
            routing_key: words.name(),
            no_wait: words.take("no_wait"),
            arguments: words.table(),
        }),
        other => panic!("unknown method {other:?}"),
    }
}

fn queue_method(method: &str, words: &mut Words) -> Method {
    let queue = words.name();
    match method {
        "queue.declare" => Method::QueueDeclare(queue::Declare {
            queue,
            passive: words.take("passive"),
            durable: words.take("durable"),
            exclusive: words.take("exclusive"),
            auto_delete: words.take("auto_delete"),
            no_wait: words.take("no_wait"),
            arguments: words.table(),
        }),
        "queue.delete" => Method::QueueDelete(queue::Delete {
            queue,
            if_unused: words.take("if_unused"),
            if_empty: words.take("if_empty"),
            no_wait: words.take("no_wait"),
        }),
        "queue.purge" => Method::QueuePurge(queue::Purge { queue, no_wait: words.take("no_wait") }),
        "queue.bind" => Method::QueueBind(queue::Bind {
            queue,
            exchange: words.name(),
            routing_key: words.name(),
            no_wait: words.take("no_wait"),
            arguments: words.table(),
        }),
        "queue.unbind" => Method::QueueUnbind(queue::Unbind {
            queue,
            exchange: words.name(),
            routing_key: words.name(),
            arguments: words.table(),
        }),
        other => panic!("unknown method {other:?}"),
    }
}

fn basic_method(method: &str, words: &mut Words) -> Method {
    match method {
        "qos" => Method::BasicQos(basic::Qos {
            global: words.take("global"),
            prefetch_size: words.value("size").map_or(0, |size| size.parse().unwrap()),
            prefetch_count: u16::try_from(words.number()).unwrap(),
        }),
        "consume" => Method::BasicConsume(basic::Consume {
            no_ack: words.take("no_ack"),
            exclusive: words.take("exclusive"),
            no_wait: words.take("no_wait"),
            no_local: false,
            consumer_tag: words.value("tag").map_or(ShortStr::EMPTY, |tag| name(&tag)),
            queue: words.name(),
            arguments: words.table(),
        }),
        "cancel" => Method::BasicCancel(basic::Cancel {
            no_wait: words.take("no_wait"),
            consumer_tag: words.name(),
        }),
        "get" => Method::BasicGet(basic::Get { no_ack: words.take("no_ack"), queue: words.name() }),
        "ack" => Method::BasicAck(basic::Ack {
            multiple: words.take("multiple"),
            delivery_tag: words.number(),
        }),
        "nack" => Method::BasicNack(basic::Nack {
            multiple: words.take("multiple"),
            requeue: words.take("requeue"),
            delivery_tag: words.number(),
        }),
        "reject" => Method::BasicReject(basic::Reject {
            requeue: words.take("requeue"),
            delivery_tag: words.number(),
        }),
        "recover" => Method::BasicRecover(basic::Recover { requeue: words.take("requeue") }),
        "recover-async" => {
            Method::BasicRecoverAsync(basic::RecoverAsync { requeue: words.take("requeue") })
        }
        "confirm.select" => {
            Method::ConfirmSelect(confirm::Select { no_wait: words.take("no_wait") })
        }
        "tx.select" => Method::TxSelect(tx::Select),
        "tx.commit" => Method::TxCommit(tx::Commit),
        "tx.rollback" => Method::TxRollback(tx::Rollback),
        other => panic!("unknown method {other:?}"),
    }
}

/// `publish EXCHANGE KEY BODY`, with `""` for the default exchange.
fn publish(connection: ConnectionId, channel: ChannelNumber, words: &mut Words) -> Input {
    let publish = basic::Publish {
        mandatory: words.take("mandatory"),
        immediate: words.take("immediate"),
        exchange: words.name(),
        routing_key: words.name(),
    };
    let mut properties = Properties::builder();
    if words.take("persistent") {
        properties = properties.delivery_mode(2);
    }
    if let Some(mode) = words.value("mode") {
        properties = properties.delivery_mode(mode.parse::<u8>().unwrap());
    }
    if let Some(text) = words.value("expiration") {
        properties = properties.expiration(name(&text));
    }
    if let Some(priority) = words.value("priority") {
        properties = properties.priority(priority.parse::<u8>().unwrap());
    }
    if let Some(reply_to) = words.value("reply_to") {
        properties = properties.reply_to(name(&reply_to));
    }
    if let Some(user) = words.value("user_id") {
        properties = properties.user_id(name(&user));
    }
    let body = words.next().into_bytes().into();
    let headers = words.table();
    if !headers.is_empty() {
        properties = properties.headers(headers);
    }
    let properties = properties.build();
    Input::Publish { connection, channel, publish, properties, body }
}
