//! A topology file: TOML with a table for each exchange, queue and policy.
//!
//! Does not ask a broker: whether an exchange is there that the file only names shows in the plan.

mod reader;
#[cfg(test)]
mod tests;

use std::path::Path;

use serde_json::Value;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use self::reader::{Fields, Reader, find};
use crate::{
    arguments::{self, Wrong},
    error::TopologyError,
    model::{Arguments, Binding, End, Exchange, Mode, Policy, Queue, Topology, is_reserved},
};

const KINDS: [&str; 4] = ["direct", "fanout", "topic", "headers"];
const QUEUE_KINDS: [&str; 3] = ["classic", "quorum", "stream"];
const MODES: [&str; 3] = ["declare", "verify", "ignore"];
const TARGETS: [&str; 6] =
    ["all", "queues", "exchanges", "classic_queues", "quorum_queues", "streams"];

impl Topology {
    /// Reads a topology file; an error tells all that is wrong, and names `file`.
    ///
    /// ```
    /// use leveret_topology::Topology;
    ///
    /// let text = "[queues.orders]\ntype = \"qourum\"\n";
    /// let error = Topology::from_toml("topology.toml".as_ref(), text).unwrap_err();
    /// assert!(error.to_string().contains("did you mean `quorum`?"));
    /// ```
    pub fn from_toml(file: &Path, text: &str) -> Result<Self, TopologyError> {
        let mut reader = Reader::new(file, text);
        let (document, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let message = error.message().lines().collect::<Vec<_>>().join(", ");
            reader.refuse(error.span().unwrap_or(0..0), message, None);
        }
        let span = document.span();
        let document = Spanned::new(span, DeValue::Table(document.into_inner()));
        let mut problems = Vec::new();
        let topology = reader.topology(&document);
        problems.append(&mut reader.problems);
        if problems.is_empty() {
            return Ok(topology);
        }
        problems.sort_by_key(super::error::Problem::place);
        Err(TopologyError { problems })
    }
}

impl<'t> Reader<'t> {
    fn topology(&mut self, document: &'t Spanned<DeValue<'t>>) -> Topology {
        let mut topology = Topology::default();
        let known = ["ignore", "exchanges", "queues", "bindings", "policies"];
        let Some(fields) = self.fields(document, &known) else { return topology };
        for item in self.list(fields, "ignore") {
            match item.get_ref().as_str() {
                Some(pattern) => topology.ignored.push(pattern.to_owned()),
                None => self.refuse(item.span(), "a name is a text".to_owned(), None),
            }
        }
        for (name, value) in self.entries(fields, "exchanges") {
            let exchange = self.exchange(name, value);
            topology.exchanges.extend(exchange);
        }
        for (name, value) in self.entries(fields, "queues") {
            let Some((queue, bindings)) = self.queue(name, value) else { continue };
            topology.queues.push(queue);
            topology.bindings.extend(bindings);
        }
        for value in self.list(fields, "bindings") {
            let binding = self.binding(value);
            self.add(&mut topology.bindings, binding, value.span());
        }
        for (name, value) in self.entries(fields, "policies") {
            let policy = self.policy(name, value);
            topology.policies.extend(policy);
        }
        topology
    }

    fn add(
        &mut self,
        bindings: &mut Vec<Binding>,
        binding: Option<Binding>,
        span: std::ops::Range<usize>,
    ) {
        let Some(binding) = binding else { return };
        if bindings.iter().any(|other| other.is_same(&binding)) {
            self.refuse(span, "this binding is in the file already".to_owned(), None);
        }
        bindings.push(binding);
    }

    /// The tables in a table of named ones.
    fn entries(
        &mut self,
        fields: Fields<'t>,
        name: &str,
    ) -> Vec<(String, &'t Spanned<DeValue<'t>>)> {
        let Some(value) = find(fields.table, name) else { return Vec::new() };
        let Some(table) = value.get_ref().as_table() else {
            let found = value.get_ref().type_str();
            let text =
                format!("`{name}` is of type {found}, wanted tables such as [{name}.orders]");
            self.refuse(value.span(), text, None);
            return Vec::new();
        };
        let mut entries = Vec::new();
        for (key, value) in table {
            self.short(key.get_ref(), key.span());
            if is_reserved(key.get_ref()) && name != "policies" {
                let text =
                    format!("`{}` is a name that brokers keep for themselves", key.get_ref());
                let advice = "it is there without being declared; bindings may name it";
                self.refuse(key.span(), text, Some(advice.to_owned()));
            }
            entries.push((key.get_ref().clone().into_owned(), value));
        }
        entries
    }

    fn mode(&mut self, fields: Fields<'t>) -> Mode {
        match self.word(fields, "mode", &MODES).as_ref().map(|(word, _)| word.as_str()) {
            Some("verify") => Mode::Verify,
            Some("ignore") => Mode::Ignore,
            Some(_) | None => Mode::Declare,
        }
    }

    fn exchange(&mut self, name: String, value: &'t Spanned<DeValue<'t>>) -> Option<Exchange> {
        let known = ["type", "durable", "auto-delete", "internal", "arguments", "mode"];
        let fields = self.fields(value, &known)?;
        let kind = match self.text(fields, "type") {
            Some((kind, _)) if kind.starts_with("x-") => kind,
            Some(_) => self.word(fields, "type", &KINDS)?.0,
            None => {
                if find(fields.table, "type").is_none() {
                    let text = format!("exchange `{name}` has no `type`");
                    self.refuse(
                        value.span(),
                        text,
                        Some(format!("known are {}", KINDS.join(", "))),
                    );
                }
                String::new()
            }
        };
        Some(Exchange {
            name,
            kind,
            durable: self.flag(fields, "durable").unwrap_or(true),
            auto_delete: self.flag(fields, "auto-delete").unwrap_or(false),
            internal: self.flag(fields, "internal").unwrap_or(false),
            arguments: self.known_arguments(fields, arguments::of_exchange),
            mode: self.mode(fields),
        })
    }

    fn queue(
        &mut self,
        name: String,
        value: &'t Spanned<DeValue<'t>>,
    ) -> Option<(Queue, Vec<Binding>)> {
        let known = ["type", "durable", "auto-delete", "arguments", "mode", "bind"];
        let fields = self.fields(value, &known)?;
        let kind = self.word(fields, "type", &QUEUE_KINDS).map(|(kind, _)| kind);
        let durable = self.flag(fields, "durable").unwrap_or(true);
        let auto_delete = self.flag(fields, "auto-delete").unwrap_or(false);
        if kind.as_deref().is_some_and(|kind| kind != "classic") && (!durable || auto_delete) {
            let kind = kind.as_deref().unwrap_or_default();
            let text = format!("a {kind} queue is durable and not deleted by itself");
            self.refuse(value.span(), text, None);
        }
        let mode = self.mode(fields);
        let mut bindings = Vec::new();
        for item in self.list(fields, "bind") {
            for binding in self.bind(&name, mode, item) {
                self.add(&mut bindings, Some(binding), item.span());
            }
        }
        let arguments = self.known_arguments(fields, arguments::of_queue);
        Some((Queue { name, kind, durable, auto_delete, arguments, mode }, bindings))
    }

    /// Arguments, of which slips are found.
    fn known_arguments(
        &mut self,
        fields: Fields<'t>,
        look: impl Fn(&str, &Value) -> Option<Wrong>,
    ) -> Arguments {
        let mut arguments = Arguments::new();
        for (name, value, span) in self.arguments(fields, "arguments") {
            if name == "x-queue-type" {
                let advice = format!("write `type = {value}` beside `arguments`");
                self.refuse(
                    span,
                    "the type of a queue is no argument here".to_owned(),
                    Some(advice),
                );
                continue;
            }
            match look(&name, &value) {
                None => {}
                Some(Wrong::Shape(wanted)) => {
                    self.refuse(span, format!("`{name}` is {value}, wanted {wanted}"), None);
                }
                Some(Wrong::Name(near)) => {
                    let advice = Some(format!("did you mean `{near}`?"));
                    self.refuse(span, format!("no broker knows the argument `{name}`"), advice);
                }
            }
            arguments.insert(name, value);
        }
        arguments
    }

    /// A queue's own bindings to one exchange.
    fn bind(&mut self, queue: &str, mode: Mode, value: &'t Spanned<DeValue<'t>>) -> Vec<Binding> {
        let known = ["exchange", "key", "keys", "arguments"];
        let Some(fields) = self.fields(value, &known) else { return Vec::new() };
        let source = self.name(fields, "exchange").unwrap_or_default();
        let mut keys: Vec<String> =
            self.text(fields, "key").map(|(key, _)| key).into_iter().collect();
        for item in self.list(fields, "keys") {
            match item.get_ref().as_str() {
                Some(key) => keys.push(key.to_owned()),
                None => self.refuse(item.span(), "a key is a text".to_owned(), None),
            }
        }
        if keys.is_empty() {
            keys.push(String::new());
        }
        let arguments = self.plain_arguments(fields, "arguments");
        let bound = |key: String| {
            self.short(&key, value.span());
            Binding {
                source: source.clone(),
                destination: End::Queue(queue.to_owned()),
                key,
                arguments: arguments.clone(),
                mode,
            }
        };
        keys.into_iter().map(bound).collect()
    }

    fn binding(&mut self, value: &'t Spanned<DeValue<'t>>) -> Option<Binding> {
        let known = ["source", "queue", "exchange", "key", "arguments", "mode"];
        let fields = self.fields(value, &known)?;
        let source = self.name(fields, "source").unwrap_or_default();
        let queue = self.text(fields, "queue").map(|(name, _)| End::Queue(name));
        let exchange = self.text(fields, "exchange").map(|(name, _)| End::Exchange(name));
        let key = self.text(fields, "key").map(|(key, _)| key).unwrap_or_default();
        let arguments = self.plain_arguments(fields, "arguments");
        let mode = self.mode(fields);
        let ((Some(destination), None) | (None, Some(destination))) = (queue, exchange) else {
            let text = "a binding leads to one `queue` or one `exchange`";
            self.refuse(value.span(), text.to_owned(), None);
            return None;
        };
        self.short(destination.name(), value.span());
        self.short(&key, value.span());
        Some(Binding { source, destination, key, arguments, mode })
    }

    fn policy(&mut self, name: String, value: &'t Spanned<DeValue<'t>>) -> Option<Policy> {
        let known = ["pattern", "apply-to", "priority", "definition", "mode"];
        let fields = self.fields(value, &known)?;
        if find(fields.table, "pattern").is_none() {
            self.refuse(value.span(), format!("policy `{name}` has no `pattern`"), None);
        }
        let pattern = self.text(fields, "pattern").map(|(pattern, _)| pattern);
        let apply_to = self.word(fields, "apply-to", &TARGETS);
        Some(Policy {
            name,
            pattern: pattern.unwrap_or_default(),
            apply_to: apply_to.map_or_else(|| "all".to_owned(), |(word, _)| word),
            priority: self.whole(fields, "priority").unwrap_or(0),
            definition: self.plain_arguments(fields, "definition"),
            mode: self.mode(fields),
        })
    }
}
