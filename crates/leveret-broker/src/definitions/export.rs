//! What there is as a file that can be imported, here or in `RabbitMQ`.

use std::sync::Arc;

use leveret_engine::{BindingView, ExchangeView, Listing, QueueView};
use leveret_protocol::ShortStr;
use serde_json::{Map, Value, json};

use super::{document::CLUSTER_ID, thing::with_type, views::Views};
use crate::{
    passwords::PasswordHash,
    product,
    registry::{Account, AdminError, Password, Policy, PolicyKind, State, VirtualHost},
    shared::Shared,
};

/// What begins so is there without being declared.
const BUILT_IN: &[u8] = b"amq.";

/// The definitions of the broker, or of one virtual host.
///
/// Only what was declared and survives a restart is in them. It is no moment's picture: what changes
/// during the export is in it or not.
pub(crate) async fn export(shared: &Arc<Shared>, scope: Option<&str>) -> Result<Value, AdminError> {
    let state = shared.registry.state();
    if let Some(name) = scope {
        state.virtual_host(name)?;
    }
    let (mut exchanges, mut queues, mut bindings) = (Vec::new(), Vec::new(), Vec::new());
    let hosts =
        state.virtual_hosts.iter().filter(|(name, _)| scope.is_none_or(|only| only == *name));
    for (host, settings) in hosts.clone() {
        let Some(ingress) = shared.hosts.ingress(&ShortStr::truncated(host)) else { continue };
        let listings = [Listing::Exchanges, Listing::Queues, Listing::Bindings];
        // What is gone meanwhile is not in the file.
        let Some(views) = Views::of(&ingress, &listings).await else { continue };
        let place = Place { host, is_alone: scope.is_some() };
        let kept = Kept::of(&views);
        let shown = views.exchanges.iter().filter(|view| is_declared(view));
        exchanges.extend(shown.map(|view| place.exchange(view)));
        let shown = views.queues.iter().filter(|view| is_kept(view));
        queues.extend(shown.map(|view| place.queue(view, settings)));
        let shown = views.bindings.iter().filter(|view| kept.has(view));
        bindings.extend(shown.map(|view| place.binding(view)));
    }
    let mut document = match scope {
        None => of_cluster(&state)?,
        Some(name) => of_host(name, state.virtual_host(name)?),
    };
    let places =
        hosts.map(|(host, settings)| (Place { host, is_alone: scope.is_some() }, settings));
    let places: Vec<(Place<'_>, &VirtualHost)> = places.collect();
    let parameters = places.iter().flat_map(|(place, host)| place.parameters(host)).collect();
    let policies = places.iter().flat_map(|(place, host)| place.policies(host)).collect();
    for (key, list) in [
        ("parameters", parameters),
        ("policies", policies),
        ("exchanges", exchanges),
        ("queues", queues),
        ("bindings", bindings),
    ] {
        document.insert(key.to_owned(), Value::Array(list));
    }
    Ok(Value::Object(document))
}

fn heading(format: &str) -> Map<String, Value> {
    let mut document = Map::new();
    for (key, value) in [
        ("rabbit_version", product::RABBITMQ_VERSION),
        ("rabbitmq_version", product::RABBITMQ_VERSION),
        ("product_name", product::NAME),
        ("product_version", product::VERSION),
        ("rabbitmq_definition_format", format),
    ] {
        document.insert(key.to_owned(), value.into());
    }
    document
}

fn of_host(name: &str, host: &VirtualHost) -> Map<String, Value> {
    let mut document = heading("single_virtual_host");
    document.insert("original_vhost_name".to_owned(), name.into());
    document
        .insert("explanation".to_owned(), format!("Definitions of virtual host '{name}'").into());
    document.insert("metadata".to_owned(), metadata(host));
    document.insert("description".to_owned(), host.metadata.description.clone().into());
    document.insert("limits".to_owned(), json!(host.limits));
    document
}

fn of_cluster(state: &State) -> Result<Map<String, Value>, AdminError> {
    let mut document = heading("cluster");
    let name = state.cluster_name().unwrap_or(product::NODE);
    document.insert("original_cluster_name".to_owned(), name.into());
    document.insert("explanation".to_owned(), format!("Definitions of cluster '{name}'").into());
    let users: Result<Vec<Value>, AdminError> =
        state.users.iter().map(|(name, account)| user(name, account)).collect();
    document.insert("users".to_owned(), users?.into());
    let hosts = state.virtual_hosts.iter().map(|(name, host)| {
        json!({
            "name": name, "description": host.metadata.description, "tags": host.metadata.tags,
            "default_queue_type": default_type(host), "metadata": metadata(host),
            "limits": host.limits,
        })
    });
    document.insert("vhosts".to_owned(), hosts.collect());
    let permissions = state.users.iter().flat_map(|(user, account)| {
        account.permissions.iter().map(move |(host, held)| {
            json!({
                "user": user, "vhost": host, "configure": held.configure, "write": held.write,
                "read": held.read,
            })
        })
    });
    document.insert("permissions".to_owned(), permissions.collect());
    let topics = state.users.iter().flat_map(|(user, account)| {
        account.topic_permissions.iter().flat_map(move |(host, topics)| {
            topics.iter().map(move |(exchange, topic)| {
                json!({
                    "user": user, "vhost": host, "exchange": exchange, "write": topic.write,
                    "read": topic.read,
                })
            })
        })
    });
    document.insert("topic_permissions".to_owned(), topics.collect());
    let id = (CLUSTER_ID, json!(state.cluster_id));
    let globals =
        state.global_parameters.iter().map(|(name, value)| (name.as_str(), value.clone()));
    let globals = globals.chain([id]).map(|(name, value)| json!({ "name": name, "value": value }));
    document.insert("global_parameters".to_owned(), globals.collect());
    Ok(document)
}

/// A password that is known here goes out as a hash that `RabbitMQ` can verify, too.
fn user(name: &str, account: &Account) -> Result<Value, AdminError> {
    let hash = match &account.password {
        Password::None => None,
        Password::Hash(hash) => Some(Ok(hash.clone())),
        Password::WellKnown => Some(PasswordHash::of_rabbitmq(name.as_bytes())),
        Password::Configured(secret) => Some(secret.expose(PasswordHash::of_rabbitmq)),
    };
    let hash = hash.transpose().map_err(|error| AdminError::NotKept(error.to_string()))?;
    let (text, algorithm) = hash
        .as_ref()
        .map_or((String::new(), None), |hash| (hash.exported(), Some(hash.algorithm().name())));
    let algorithm = algorithm.unwrap_or("rabbit_password_hashing_sha256");
    Ok(json!({
        "name": name, "password_hash": text, "hashing_algorithm": algorithm,
        "tags": account.tags, "limits": account.limits,
    }))
}

fn default_type(host: &VirtualHost) -> &str {
    host.metadata.default_queue_type.as_deref().unwrap_or("undefined")
}

/// `RabbitMQ` 3.10 fails at a type of queues in here; it stands beside.
fn metadata(host: &VirtualHost) -> Value {
    json!({ "description": host.metadata.description, "tags": host.metadata.tags })
}

fn is_declared(view: &ExchangeView) -> bool {
    view.durable && !view.name.is_empty() && !view.name.starts_with(BUILT_IN)
}

fn is_kept(view: &QueueView) -> bool {
    view.durable && view.owner.is_none()
}

/// The names that are found again after a restart.
struct Kept {
    exchanges: Vec<ShortStr>,
    queues: Vec<ShortStr>,
}

impl Kept {
    fn of(views: &Views) -> Self {
        let exchanges = views.exchanges.iter().filter(|view| view.durable);
        let queues = views.queues.iter().filter(|view| is_kept(view));
        let mut kept = Self {
            exchanges: exchanges.map(|view| view.name.clone()).collect(),
            queues: queues.map(|view| view.name.clone()).collect(),
        };
        kept.exchanges.sort_unstable();
        kept.queues.sort_unstable();
        kept
    }

    fn has(&self, view: &BindingView) -> bool {
        let ends = if view.is_to_queue { &self.queues } else { &self.exchanges };
        ends.binary_search(&view.destination).is_ok()
            && self.exchanges.binary_search(&view.source).is_ok()
    }
}

/// The virtual host that something is in; alone in a file, it goes without saying.
#[derive(Debug, Clone, Copy)]
struct Place<'a> {
    host: &'a str,
    is_alone: bool,
}

impl Place<'_> {
    fn in_it(&self, mut item: Value) -> Value {
        if let (Value::Object(fields), false) = (&mut item, self.is_alone) {
            fields.insert("vhost".to_owned(), self.host.into());
        }
        item
    }

    fn exchange(&self, view: &ExchangeView) -> Value {
        self.in_it(json!({
            "name": view.name.to_string_lossy(), "type": view.kind, "durable": view.durable,
            "auto_delete": view.auto_delete, "internal": view.internal,
            "arguments": leveret_json::table(&view.arguments),
        }))
    }

    /// Where another type is the default, the type is among the arguments.
    fn queue(&self, view: &QueueView, host: &VirtualHost) -> Value {
        let is_typed = view.arguments.get("x-queue-type").is_some();
        let is_plain = view.queue_type == "classic" && host.metadata.default_queue_type.is_none();
        let arguments = if is_typed || is_plain {
            view.arguments.clone()
        } else {
            with_type(&view.arguments, view.queue_type)
        };
        self.in_it(json!({
            "name": view.name.to_string_lossy(), "type": view.queue_type, "durable": view.durable,
            "auto_delete": view.auto_delete, "arguments": leveret_json::table(&arguments),
        }))
    }

    fn binding(&self, view: &BindingView) -> Value {
        self.in_it(json!({
            "source": view.source.to_string_lossy(),
            "destination": view.destination.to_string_lossy(),
            "destination_type": if view.is_to_queue { "queue" } else { "exchange" },
            "routing_key": view.routing_key.to_string_lossy(),
            "arguments": leveret_json::table(&view.arguments),
        }))
    }

    fn policies(&self, host: &VirtualHost) -> Vec<Value> {
        let policies = host.policies(PolicyKind::User).iter();
        policies.map(|(name, policy)| self.in_it(named(name, policy_value(policy)))).collect()
    }

    /// Limits and operator policies are parameters, as in `RabbitMQ`.
    fn parameters(&self, host: &VirtualHost) -> Vec<Value> {
        let operator = host.policies(PolicyKind::Operator).iter().map(|(name, policy)| {
            json!({ "component": "operator_policy", "name": name, "value": policy_value(policy) })
        });
        let limits = Some(json!(host.limits)).filter(|limits| *limits != json!({}));
        let limits = limits
            .map(|value| json!({ "component": "vhost-limits", "name": "limits", "value": value }));
        operator.chain(limits).map(|item| self.in_it(item)).collect()
    }
}

fn policy_value(policy: &Policy) -> Value {
    json!({
        "pattern": policy.pattern, "apply-to": policy.apply_to.name(),
        "priority": policy.priority, "definition": policy.definition,
    })
}

fn named(name: &str, mut item: Value) -> Value {
    if let Value::Object(fields) = &mut item {
        fields.insert("name".to_owned(), name.into());
    }
    item
}
