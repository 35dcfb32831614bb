//! What an application is made of: what `leveret describe` prints.
//!
//! Addresses are shown without user, password and query; settings are not shown.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use leveret_protocol::FieldValue;
use serde::Serialize;

use super::guarantee::Guarantee;
use super::settlement::HandlerPlan;
use super::{App, DEFAULT_CONNECTION, StartError};
use crate::endpoint::Endpoint;
use crate::handler::{EXCHANGE_SUFFIX, Handler, Inboxing, Mode};
use crate::spans::Span;
use crate::topology::{Binding, ExchangeKind, Presence};

/// What an application is made of: a readable text, and JSON with the fields' names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Description {
    /// Its name.
    pub app: String,
    /// Its version; empty if it has none.
    pub version: String,
    /// Whether it refuses to start where a message may be lost.
    pub no_loss: bool,
    /// Brokers by the names of the connections to them, without user names and passwords.
    pub connections: BTreeMap<String, String>,
    /// Its handlers, in the order in which they were added.
    pub handlers: Vec<HandlerDescription>,
}

/// One handler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct HandlerDescription {
    /// Its name.
    pub name: String,
    /// The queue it consumes from.
    pub queue: String,
    /// Whether it declares the queue; otherwise somebody else must have.
    pub declares_queue: bool,
    /// The queue's arguments, their values as text.
    pub arguments: BTreeMap<String, String>,
    /// Into how many queues it is divided, `<queue>.0` and so on.
    pub partitions: Option<usize>,
    /// What the queue is bound to.
    pub bindings: Vec<BindingDescription>,
    /// The name of its connection.
    pub connection: String,
    /// How many messages it handles at a time.
    pub concurrency: usize,
    /// How long one attempt may take, in words.
    pub time_limit: Option<String>,
    /// How often a message is tried, in words.
    pub retry: String,
    /// Whether an inbox drops what was handled before.
    pub inbox: bool,
    /// On whose behalf messages without a `user-id` are handled.
    pub principal: Option<String>,
    /// How outputs and acknowledgement belong together, in words.
    pub outputs: String,
    /// Where its dead letters go.
    pub dead_letters: String,
    /// How its messages are settled, where that is known without asking a broker.
    pub settlement: Option<HandlerPlan>,
}

/// One binding of a handler's queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BindingDescription {
    /// The exchange.
    pub exchange: String,
    /// Its kind.
    pub kind: String,
    /// The binding's key.
    pub key: String,
}

impl App {
    /// What the application is made of; an error if it could not start as it is. Asks no broker.
    ///
    /// ```
    /// use leveret::{App, Handler};
    ///
    /// let mut app = App::new("shop").in_memory().handler(
    ///     Handler::new("orders", || async {}).named("charge").bind("shop", "order.#").concurrency(4),
    /// );
    /// let description = app.describe()?;
    /// assert!(description.to_string().contains("handler `charge` on queue `orders`"));
    /// assert!(description.to_json().contains(r#""concurrency": 4"#));
    /// # Ok::<(), leveret::StartError>(())
    /// ```
    pub fn describe(&mut self) -> Result<Description, StartError> {
        self.check()?;
        let endpoints = self.endpoints();
        let handlers = self.handlers.iter();
        Ok(Description {
            app: self.name.clone(),
            version: self.version.clone(),
            no_loss: self.must_lose_nothing,
            handlers: handlers.map(|handler| described(handler, &endpoints)).collect(),
            connections: endpoints.iter().map(|(name, at)| (name.clone(), shown(at))).collect(),
        })
    }
}

impl Description {
    /// The same as an object of JSON, indented.
    pub fn to_json(&self) -> String {
        // Texts and numbers always have a form in JSON.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

fn described(handler: &Handler, endpoints: &BTreeMap<String, Endpoint>) -> HandlerDescription {
    let connection = handler.connection.as_deref().unwrap_or(DEFAULT_CONNECTION);
    let endpoint = endpoints.get(connection);
    let within = endpoint.filter(|endpoint| endpoint.is_embedded());
    let settlement =
        within.map(|endpoint| HandlerPlan::of(handler, Guarantee::within(handler), endpoint));
    let outputs = match (&settlement, handler.mode) {
        (Some(plan), _) => plan.outputs,
        (None, Some(Mode::Transaction)) => "in one transaction with the acknowledgement",
        (None, Some(Mode::Confirmed)) => "confirmed before the acknowledgement",
        (None, None) => "in one transaction where the broker's are atomic, else confirmed first",
    };
    let arguments = handler.queue.arguments().iter();
    HandlerDescription {
        name: handler.name.clone(),
        queue: handler.queue().to_owned(),
        declares_queue: handler.queue.presence() == Presence::Declare,
        arguments: arguments.map(|(name, value)| (name.clone(), text(value))).collect(),
        partitions: handler.partitions,
        bindings: handler.bindings.iter().map(binding).collect(),
        connection: connection.to_owned(),
        concurrency: handler.concurrency,
        time_limit: handler.time_limit.map(|limit| Span(limit).to_string()),
        retry: handler.retry.to_string(),
        inbox: handler.inbox == Inboxing::On,
        principal: handler.principal.as_ref().map(ToString::to_string),
        outputs: outputs.to_owned(),
        dead_letters: handler.dead_letter_queue(),
        settlement,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a queue's arguments are numbers and texts")]
fn text(value: &FieldValue) -> String {
    match value {
        FieldValue::LongString(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        FieldValue::Bool(value) => value.to_string(),
        FieldValue::I8(value) => value.to_string(),
        FieldValue::U8(value) => value.to_string(),
        FieldValue::I16(value) => value.to_string(),
        FieldValue::U16(value) => value.to_string(),
        FieldValue::I32(value) => value.to_string(),
        FieldValue::U32(value) => value.to_string(),
        FieldValue::I64(value) => value.to_string(),
        other => format!("{other:?}"),
    }
}

fn binding(binding: &Binding) -> BindingDescription {
    let kind = match &binding.kind {
        ExchangeKind::Direct => "direct",
        ExchangeKind::Fanout => "fanout",
        ExchangeKind::Topic => "topic",
        ExchangeKind::Headers => "headers",
        ExchangeKind::Other(name) => name,
    };
    let (exchange, key) = (binding.exchange.clone(), binding.key.clone());
    BindingDescription { exchange, kind: kind.to_owned(), key }
}

/// An address may have secrets in its query too.
fn shown(endpoint: &Endpoint) -> String {
    let shown = endpoint.to_string();
    match (endpoint, shown.split_once('?')) {
        (Endpoint::Address(_), Some((address, _))) => address.to_owned(),
        (Endpoint::Address(_) | Endpoint::Directory(_) | Endpoint::Memory, _) => shown,
    }
}

impl Display for Description {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { app, version, .. } = self;
        let space = if version.is_empty() { "" } else { " " };
        writeln!(f, "application `{app}`{space}{version}")?;
        for (name, endpoint) in &self.connections {
            writeln!(f, "  connection `{name}`: {endpoint}")?;
        }
        if self.no_loss {
            writeln!(f, "  starts only where no message may be lost")?;
        }
        self.handlers.iter().try_for_each(|handler| write!(f, "\n{handler}"))
    }
}

impl Display for HandlerDescription {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "handler `{}` on queue `{}`", self.name, self.queue)?;
        let arguments = self.arguments.iter().map(|(name, value)| format!(", {name} {value}"));
        let queue = if self.declares_queue { "durable" } else { "declared elsewhere" };
        writeln!(f, "  queue         {queue}{}", arguments.collect::<String>())?;
        if let Some(count) = self.partitions {
            let (first, last) = (format!("{}.0", self.queue), count.saturating_sub(1));
            writeln!(
                f,
                "  divided       into `{first}` to `{}.{last}` by exchange `{}{EXCHANGE_SUFFIX}`, each with one process at a time",
                self.queue, self.queue
            )?;
        }
        for BindingDescription { exchange, kind, key } in &self.bindings {
            writeln!(f, "  bound to      exchange `{exchange}` ({kind}) with key `{key}`")?;
        }
        writeln!(f, "  connection    {}", self.connection)?;
        writeln!(f, "  at a time     {}", self.concurrency)?;
        if let Some(limit) = &self.time_limit {
            writeln!(f, "  time limit    {limit}")?;
        }
        if let Some(principal) = &self.principal {
            writeln!(f, "  on behalf of  {principal}, unless the message says")?;
        }
        if self.inbox {
            writeln!(f, "  inbox         drops what was handled before")?;
        }
        if let Some(plan) = &self.settlement {
            return plan.write_lines(f);
        }
        writeln!(f, "  outputs       {}", self.outputs)?;
        writeln!(f, "  retry         {}", self.retry)?;
        writeln!(f, "  dead letters  queue `{}`", self.dead_letters)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use expect_test::expect;

    use super::*;
    use crate::OrderKey;
    use crate::topology::Queue;

    fn shop() -> App {
        let orders = Queue::new("orders").argument("x-max-length", 5_i32);
        let charge = Handler::new(orders, || async {}).named("charge").bind("shop", "order.#");
        let archive = Handler::new("old", || async {}).named("keep").on_connection("archive");
        App::new("shop")
            .version("1.2")
            .in_memory()
            .connection("archive", "amqps://ann:s3cr3t@archive:5671/%2f?password=s3cr3t")
            .handler(charge.time_limit(Duration::from_secs(30)).principal("ann"))
            .handler(archive.concurrency(4))
    }

    #[test]
    fn an_application_is_told_handler_by_handler() {
        expect![[r#"
            application `shop` 1.2
              connection `archive`: amqps://archive:5671/%2f
              connection `default`: the embedded broker in memory

            handler `charge` on queue `orders`
              queue         durable, x-max-length 5
              bound to      exchange `shop` (topic) with key `order.#`
              connection    default
              at a time     1
              time limit    30 s
              on behalf of  ann, unless the message says
              outputs       outputs and acknowledgement are one atomic transaction
              retry         3 attempts at once
              held back by  the broker's timer
              dead letters  queue `orders.dead`, confirmed before the message is acknowledged
              may lose      the broker in memory forgets all when the program ends
              may repeat    a handler that was cut off in the middle is run again

            handler `keep` on queue `old`
              queue         durable
              connection    archive
              at a time     4
              outputs       in one transaction where the broker's are atomic, else confirmed first
              retry         3 attempts at once
              dead letters  queue `old.dead`
        "#]]
        .assert_eq(&shop().describe().unwrap().to_string());
    }

    #[test]
    fn a_queue_in_parts_is_told_with_its_exchange_and_what_a_change_of_hands_may_repeat() {
        let book = Handler::new("bookings", || async {}).named("book").bind("bank", "#");
        let book = book.ordered_by(OrderKey::routing_key()).partitions(4);
        expect![[r#"
            application `bank`
              connection `default`: the embedded broker in memory

            handler `book` on queue `bookings`
              queue         durable
              divided       into `bookings.0` to `bookings.3` by exchange `bookings.partitions`, each with one process at a time
              bound to      exchange `bank` (topic) with key `#`
              connection    default
              at a time     1
              outputs       outputs and acknowledgement are one atomic transaction
              retry         3 attempts at once
              held back by  the handler, which keeps it in hand with its key
              dead letters  queue `bookings.dead`, confirmed before the message is acknowledged
              may lose      the broker in memory forgets all when the program ends
              may repeat    a handler that was cut off in the middle is run again; a process whose connection broke may still be at a message that another begins
        "#]]
        .assert_eq(&App::new("bank").in_memory().handler(book).describe().unwrap().to_string());
    }

    #[test]
    fn json_has_the_same_and_no_secret() {
        let text = shop().describe().unwrap().to_json();
        assert!(!text.contains("s3cr3t"), "{text}");
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["connections"]["archive"], "amqps://archive:5671/%2f");
        assert_eq!(json["handlers"][0]["bindings"][0]["key"], "order.#");
        assert_eq!(json["handlers"][0]["arguments"]["x-max-length"], "5");
        assert_eq!(json["handlers"][1]["settlement"], serde_json::Value::Null);
    }

    #[test]
    fn what_could_not_start_is_not_described() {
        let mut app = shop().handler(Handler::new("old", || async {}).named("charge"));
        assert!(matches!(app.describe(), Err(StartError::DuplicateName { .. })));
    }
}
