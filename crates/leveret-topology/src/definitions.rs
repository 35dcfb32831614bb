//! `RabbitMQ`'s JSON: `definitions.json`, and the management API's lists.
//!
//! Both have the same items. Only one virtual host is read or written; users and permissions are not looked at.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{
    live::{QueueState, Snapshot},
    model::{Arguments, Binding, End, Exchange, Mode, Policy, Queue, Topology, is_reserved},
};

/// JSON that holds no definitions, with all that is wrong in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", problems.join("\n"))]
pub struct DefinitionsError {
    /// What is wrong and where, such as ``queues[3]: `name` is missing``; never empty.
    pub problems: Vec<String>,
}

impl Snapshot {
    /// Reads an object of the lists `exchanges`, `queues`, `bindings` and `policies`, in which items of
    /// other virtual hosts may be: a `definitions.json`, or answers of the management API.
    ///
    /// ```
    /// use leveret_topology::Snapshot;
    /// use serde_json::json;
    ///
    /// let lists = json!({ "queues": [{ "name": "jobs", "vhost": "/", "durable": true, "messages": 7 }] });
    /// let snapshot = Snapshot::from_json(&lists, "/")?;
    /// assert_eq!(snapshot.topology.queues[0].name, "jobs");
    /// assert_eq!(snapshot.states["jobs"].messages, 7);
    /// # Ok::<(), leveret_topology::DefinitionsError>(())
    /// ```
    pub fn from_json(lists: &Value, virtual_host: &str) -> Result<Self, DefinitionsError> {
        let mut reading = Reading { virtual_host, problems: Vec::new() };
        let snapshot = reading.snapshot(lists);
        if reading.problems.is_empty() {
            return Ok(snapshot);
        }
        Err(DefinitionsError { problems: reading.problems })
    }
}

impl Topology {
    /// A `definitions.json` with this in it, all of one virtual host.
    pub fn to_definitions(&self, virtual_host: &str) -> Value {
        let exchanges = self.exchanges.iter().map(|exchange| {
            json!({
                "name": exchange.name, "vhost": virtual_host, "type": exchange.kind,
                "durable": exchange.durable, "auto_delete": exchange.auto_delete,
                "internal": exchange.internal, "arguments": exchange.arguments,
            })
        });
        let queues = self.queues.iter().map(|queue| {
            json!({
                "name": queue.name, "vhost": virtual_host, "durable": queue.durable,
                "auto_delete": queue.auto_delete, "arguments": queue.declared_arguments(),
            })
        });
        let bindings = self.bindings.iter().map(|binding| {
            json!({
                "source": binding.source, "vhost": virtual_host,
                "destination": binding.destination.name(),
                "destination_type": binding.destination.word(), "routing_key": binding.key,
                "arguments": binding.arguments,
            })
        });
        let policies = self.policies.iter().map(|policy| policy.to_json(virtual_host));
        json!({
            "exchanges": exchanges.collect::<Value>(), "queues": queues.collect::<Value>(),
            "bindings": bindings.collect::<Value>(), "policies": policies.collect::<Value>(),
        })
    }
}

impl Policy {
    /// As `definitions.json` and the management API have it.
    pub fn to_json(&self, virtual_host: &str) -> Value {
        json!({
            "vhost": virtual_host, "name": self.name, "pattern": self.pattern,
            "apply-to": self.apply_to, "priority": self.priority, "definition": self.definition,
        })
    }
}

/// The lists while they are read.
struct Reading<'a> {
    virtual_host: &'a str,
    problems: Vec<String>,
}

/// An item and where it is.
struct Item<'a> {
    fields: &'a Map<String, Value>,
    place: String,
}

impl Reading<'_> {
    fn snapshot(&mut self, lists: &Value) -> Snapshot {
        let mut snapshot = Snapshot::default();
        if !lists.is_object() {
            self.problems.push("the whole is no JSON object".to_owned());
        }
        for item in self.items(lists, "exchanges") {
            let exchange = self.exchange(&item);
            if !is_reserved(&exchange.name) {
                snapshot.topology.exchanges.push(exchange);
            }
        }
        let mut private = Vec::new();
        for item in self.items(lists, "queues") {
            let queue = self.queue(&item);
            if self.flag(&item, "exclusive") || is_reserved(&queue.name) {
                private.push(queue.name);
                continue;
            }
            let count = |name| item.fields.get(name).and_then(Value::as_u64);
            if let Some(messages) = count("messages") {
                let state = QueueState { messages, consumers: count("consumers").unwrap_or(0) };
                snapshot.states.insert(queue.name.clone(), state);
            }
            snapshot.topology.queues.push(queue);
        }
        for item in self.items(lists, "bindings") {
            let binding = self.binding(&item);
            let is_private =
                matches!(&binding.destination, End::Queue(name) if private.contains(name));
            if !binding.source.is_empty() && !is_private {
                snapshot.topology.bindings.push(binding);
            }
        }
        for item in self.items(lists, "policies") {
            let policy = self.policy(&item);
            snapshot.topology.policies.push(policy);
        }
        snapshot.topology.sort();
        snapshot
    }

    /// The items of this virtual host.
    fn items<'v>(&mut self, lists: &'v Value, list: &str) -> Vec<Item<'v>> {
        let items = match lists.get(list) {
            None => return Vec::new(),
            Some(Value::Array(items)) => items,
            Some(_) => {
                self.problems.push(format!("`{list}` is no list"));
                return Vec::new();
            }
        };
        let mut found = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let place = format!("{list}[{index}]");
            let Some(fields) = item.as_object() else {
                self.problems.push(format!("{place} is no object"));
                continue;
            };
            let host = fields.get("vhost").and_then(Value::as_str);
            if host.is_none_or(|host| host == self.virtual_host) {
                found.push(Item { fields, place });
            }
        }
        found
    }

    fn text(&mut self, item: &Item<'_>, name: &str) -> String {
        match item.fields.get(name) {
            Some(Value::String(text)) => return text.clone(),
            Some(found) => {
                self.problems.push(format!("{}: `{name}` is {found}, wanted a text", item.place));
            }
            None => self.problems.push(format!("{}: `{name}` is missing", item.place)),
        }
        String::new()
    }

    /// A text that may be missing.
    fn word(&mut self, item: &Item<'_>, name: &str) -> Option<String> {
        item.fields.get(name).filter(|value| !value.is_null())?;
        Some(self.text(item, name))
    }

    fn flag(&mut self, item: &Item<'_>, name: &str) -> bool {
        match item.fields.get(name) {
            None | Some(Value::Null) => false,
            Some(Value::Bool(flag)) => *flag,
            Some(found) => {
                let text = format!("{}: `{name}` is {found}, wanted true or false", item.place);
                self.problems.push(text);
                false
            }
        }
    }

    fn arguments(&mut self, item: &Item<'_>, name: &str) -> Arguments {
        match item.fields.get(name) {
            Some(Value::Object(fields)) => fields.clone().into_iter().collect(),
            // Some brokers write no fields as an empty list.
            Some(Value::Array(items)) if items.is_empty() => BTreeMap::new(),
            None | Some(Value::Null) => BTreeMap::new(),
            Some(found) => {
                let text = format!("{}: `{name}` is {found}, wanted an object", item.place);
                self.problems.push(text);
                BTreeMap::new()
            }
        }
    }

    fn exchange(&mut self, item: &Item<'_>) -> Exchange {
        Exchange {
            name: self.text(item, "name"),
            kind: self.text(item, "type"),
            durable: self.flag(item, "durable"),
            auto_delete: self.flag(item, "auto_delete"),
            internal: self.flag(item, "internal"),
            arguments: self.arguments(item, "arguments"),
            mode: Mode::Declare,
        }
    }

    fn queue(&mut self, item: &Item<'_>) -> Queue {
        let mut arguments = self.arguments(item, "arguments");
        let argument = arguments.remove("x-queue-type");
        let argument = argument.and_then(|kind| kind.as_str().map(ToOwned::to_owned));
        // Whether a classic queue was declared with its type matters to those who declare it again.
        let kind = self.word(item, "type").filter(|kind| kind != "classic");
        Queue {
            name: self.text(item, "name"),
            kind: argument.or(kind),
            durable: self.flag(item, "durable"),
            auto_delete: self.flag(item, "auto_delete"),
            arguments,
            mode: Mode::Declare,
        }
    }

    fn binding(&mut self, item: &Item<'_>) -> Binding {
        let name = self.text(item, "destination");
        let destination = match self.text(item, "destination_type").as_str() {
            "exchange" => End::Exchange(name),
            _ => End::Queue(name),
        };
        Binding {
            source: self.text(item, "source"),
            destination,
            key: self.word(item, "routing_key").unwrap_or_default(),
            arguments: self.arguments(item, "arguments"),
            mode: Mode::Declare,
        }
    }

    fn policy(&mut self, item: &Item<'_>) -> Policy {
        Policy {
            name: self.text(item, "name"),
            pattern: self.text(item, "pattern"),
            apply_to: self.word(item, "apply-to").unwrap_or_else(|| "all".to_owned()),
            priority: item.fields.get("priority").and_then(Value::as_i64).unwrap_or(0),
            definition: self.arguments(item, "definition"),
            mode: Mode::Declare,
        }
    }
}

impl Topology {
    /// By name, so that a file is the same each time.
    fn sort(&mut self) {
        self.exchanges.sort_by(|one, other| one.name.cmp(&other.name));
        self.queues.sort_by(|one, other| one.name.cmp(&other.name));
        self.policies.sort_by(|one, other| one.name.cmp(&other.name));
        let order = |one: &Binding| (one.destination.clone(), one.source.clone(), one.key.clone());
        self.bindings.sort_by_cached_key(order);
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn definitions_come_back_as_they_went() {
        let lists = json!({
            "exchanges": [
                { "name": "x", "vhost": "/", "type": "topic", "durable": true, "auto_delete": false,
                  "internal": false, "arguments": {} },
                { "name": "amq.topic", "vhost": "/", "type": "topic", "durable": true },
                { "name": "y", "vhost": "other", "type": "topic" },
            ],
            "queues": [
                { "name": "q", "vhost": "/", "durable": true, "auto_delete": false, "messages": 3,
                  "arguments": { "x-queue-type": "quorum", "x-max-length": 5 }, "type": "quorum" },
                { "name": "mine", "vhost": "/", "exclusive": true },
            ],
            "bindings": [
                { "source": "", "vhost": "/", "destination": "q", "destination_type": "queue",
                  "routing_key": "q", "arguments": {} },
                { "source": "x", "vhost": "/", "destination": "q", "destination_type": "queue",
                  "routing_key": "a.#", "arguments": [] },
                { "source": "x", "vhost": "/", "destination": "mine", "destination_type": "queue",
                  "routing_key": "a.#", "arguments": {} },
            ],
            "policies": [{ "vhost": "/", "name": "p", "pattern": "^q", "definition": { "expires": 1 } }],
        });
        let snapshot = Snapshot::from_json(&lists, "/").unwrap();
        assert_eq!(snapshot.states["q"].messages, 3);
        expect![[r#"
            [exchanges.x]
            type = "topic"

            [queues.q]
            type = "quorum"
            arguments = { x-max-length = 5 }
            bind = [{ exchange = "x", key = "a.#" }]

            [policies.p]
            pattern = "^q"
            definition = { expires = 1 }
        "#]]
        .assert_eq(&snapshot.topology.to_toml());
        let again = snapshot.topology.to_definitions("/");
        assert_eq!(Snapshot::from_json(&again, "/").unwrap().topology, snapshot.topology);
    }

    #[test]
    fn all_that_is_wrong_is_named() {
        let lists = json!({
            "exchanges": {}, "queues": [1, { "vhost": "/", "durable": "yes", "arguments": 5 }],
            "bindings": [{ "source": 1 }],
        });
        let error = Snapshot::from_json(&lists, "/").unwrap_err();
        expect![[r#"
            `exchanges` is no list
            queues[0] is no object
            queues[1]: `arguments` is 5, wanted an object
            queues[1]: `name` is missing
            queues[1]: `durable` is "yes", wanted true or false
            bindings[0]: `destination` is missing
            bindings[0]: `destination_type` is missing
            bindings[0]: `source` is 1, wanted a text"#]]
        .assert_eq(&error.to_string());
    }
}
