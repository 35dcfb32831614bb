//! From the bytes of a file to what it says.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use serde_json::{Map, Value};

use super::{
    error::DefinitionsError,
    item::{Item, Placed},
    thing::Thing,
};
use crate::{
    passwords::{Algorithm, PasswordHash},
    registry::{
        ApplyTo, Change, HostLimit, Metadata, NewPassword, Permission, Policy, PolicyKey,
        PolicyKind, TopicPermission, UserLimit, Where,
    },
};

type Read<T> = Result<T, DefinitionsError>;

/// What is known and says nothing that could be applied.
const HEADINGS: [&str; 12] = [
    "rabbit_version",
    "rabbitmq_version",
    "product_name",
    "product_version",
    "rabbitmq_definition_format",
    "original_cluster_name",
    "original_vhost_name",
    "explanation",
    "description",
    "metadata",
    "limits",
    "default_queue_type",
];

/// The lists that a file for one virtual host cannot have.
const OF_CLUSTER: [&str; 5] =
    ["vhosts", "users", "permissions", "topic_permissions", "global_parameters"];

const OF_HOST: [&str; 5] = ["parameters", "policies", "exchanges", "queues", "bindings"];

/// A name that each broker has for itself.
pub(super) const CLUSTER_ID: &str = "internal_cluster_id";

/// Bytes of a file, at the most.
const FILE_BYTES_MAX: u64 = 1 << 30;

/// What a file says, each part well-formed; whether the parts fit is seen by the import.
#[derive(Debug, Default)]
pub(crate) struct Definitions {
    pub(super) changes: Vec<Placed<Change>>,
    /// By virtual host, in the order in which they can be made.
    pub(super) things: BTreeMap<Arc<str>, Vec<Thing>>,
    /// What is passed over.
    pub(super) warnings: Vec<String>,
}

impl Definitions {
    /// Reads a file's content; with a virtual host given, all is for that one. Hashes passwords that
    /// stand there as they are, which is not for an async thread.
    pub(crate) fn read(bytes: &[u8], scope: Option<&str>) -> Result<Self, DefinitionsError> {
        read(bytes, scope)
    }

    /// Reads a file.
    pub(crate) fn of_file(path: &Path) -> Result<Self, DefinitionsError> {
        let unreadable = |source| DefinitionsError::Unreadable { path: path.to_owned(), source };
        let found = std::fs::metadata(path).map_err(unreadable)?;
        if found.len() > FILE_BYTES_MAX {
            let text = format!("it has {} bytes, at most {FILE_BYTES_MAX} are read", found.len());
            return Err(unreadable(std::io::Error::new(std::io::ErrorKind::FileTooLarge, text)));
        }
        Self::read(&std::fs::read(path).map_err(unreadable)?, None)
    }

    /// Whether it says who may log in.
    pub(crate) fn has_users(&self) -> bool {
        self.changes.iter().any(|change| matches!(change.what, Change::PutUser { .. }))
    }

    fn things_of(&mut self, virtual_host: &str) -> &mut Vec<Thing> {
        self.things.entry(virtual_host.into()).or_default()
    }
}

fn read(bytes: &[u8], scope: Option<&str>) -> Read<Definitions> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let document = match serde_json::from_slice(bytes) {
        Ok(Value::Object(document)) => document,
        Ok(_) => return Err(DefinitionsError::NotJson("the file is no JSON object".to_owned())),
        Err(error) => return Err(DefinitionsError::NotJson(error.to_string())),
    };
    let mut found = Definitions::default();
    for key in document.keys().map(String::as_str) {
        let is_passed_over = scope.is_some() && OF_CLUSTER.contains(&key);
        let is_known = [&HEADINGS[..], &OF_CLUSTER, &OF_HOST].concat().contains(&key);
        if is_passed_over || !is_known {
            found.warnings.push(format!("`{key}` is passed over"));
        }
    }
    if scope.is_none() {
        read_cluster(&document, &mut found)?;
    }
    let list = |key| Item::list(&document, key, scope);
    for item in list("parameters")? {
        read_parameter(&item, &mut found)?;
    }
    for item in list("policies")? {
        let (host, name) = (item.virtual_host()?.to_owned(), item.text("name")?.to_owned());
        read_policy(&item, (host, PolicyKind::User, name), &mut found)?;
    }
    for item in list("exchanges")? {
        found.things_of(item.virtual_host()?).push(Thing::exchange(&item)?);
    }
    for item in list("queues")? {
        found.things_of(item.virtual_host()?).push(Thing::queue(&item)?);
    }
    for item in list("bindings")? {
        found.things_of(item.virtual_host()?).push(Thing::binding(&item)?);
    }
    Ok(found)
}

fn read_cluster(document: &Map<String, Value>, found: &mut Definitions) -> Read<()> {
    let list = |key| Item::list(document, key, None);
    for item in list("vhosts")? {
        read_host(&item, found)?;
    }
    for item in list("users")? {
        read_user(&item, found)?;
    }
    for item in list("permissions")? {
        let (configure, write) = (item.pattern("configure")?, item.pattern("write")?);
        let permission = Permission { configure, write, read: item.pattern("read")? };
        found.changes.push(item.placed(Change::SetPermission { at: place(&item)?, permission }));
    }
    for item in list("topic_permissions")? {
        let permission =
            TopicPermission { write: item.pattern("write")?, read: item.pattern("read")? };
        let (at, exchange) = (place(&item)?, item.text("exchange")?.to_owned());
        found.changes.push(item.placed(Change::SetTopicPermission { at, exchange, permission }));
    }
    for item in list("global_parameters")? {
        let name = item.text("name")?.to_owned();
        let Some(value) = item.fields.get("value") else {
            return Err(item.error("`value` is missing"));
        };
        if name != CLUSTER_ID {
            let value = Some(value.clone());
            found.changes.push(item.placed(Change::SetGlobalParameter { name, value }));
        }
    }
    Ok(())
}

fn place(item: &Item<'_>) -> Read<Where> {
    let (user, virtual_host) = (item.text("user")?.to_owned(), item.virtual_host()?.to_owned());
    Ok(Where { user, virtual_host })
}

fn read_host(item: &Item<'_>, found: &mut Definitions) -> Read<()> {
    let name = item.text("name")?.to_owned();
    let inner = item.object("metadata")?.map(|fields| Item {
        place: format!("{}.metadata", item.place),
        fields,
        scope: None,
    });
    let says = |key: &str| item.fields.contains_key(key);
    let is_said = inner.is_some()
        || ["description", "tags", "tracing", "default_queue_type"].map(says).contains(&true);
    let source = inner.as_ref().unwrap_or(item);
    let metadata = Metadata {
        description: source.text_if_there("description")?.unwrap_or_default().to_owned(),
        tags: source.tags()?,
        default_queue_type: source
            .text_if_there("default_queue_type")?
            .or(item.text_if_there("default_queue_type")?)
            .filter(|name| *name != "undefined")
            .map(str::to_owned),
        tracing: item.flag("tracing", false)?,
    };
    let limits = item.object("limits")?;
    let put = Change::PutVirtualHost { name: name.clone(), metadata: is_said.then_some(metadata) };
    found.changes.push(item.placed(put));
    read_limits(item, limits, &name, found)
}

fn read_limits(
    item: &Item<'_>,
    limits: Option<&Map<String, Value>>,
    host: &str,
    found: &mut Definitions,
) -> Read<()> {
    for (name, value) in limits.into_iter().flatten() {
        let Some(limit) = HostLimit::named(name) else {
            return Err(item.error(format!("`{name}` is no limit of virtual hosts")));
        };
        let (virtual_host, value) = (host.to_owned(), read_bound(item, name, value)?);
        found.changes.push(item.placed(Change::SetHostLimit { virtual_host, limit, value }));
    }
    Ok(())
}

/// A negative number is no bound.
fn read_bound(item: &Item<'_>, name: &str, value: &Value) -> Read<Option<u64>> {
    let number = value.as_i64();
    let number = number.ok_or_else(|| item.error(format!("`{name}` is no whole number")))?;
    Ok(u64::try_from(number).ok())
}

fn read_user(item: &Item<'_>, found: &mut Definitions) -> Read<()> {
    let name = item.text("name")?.to_owned();
    let tags: BTreeSet<String> = item.tags()?.into_iter().collect();
    let put =
        Change::PutUser { name: name.clone(), password: read_password(item)?, tags: Some(tags) };
    found.changes.push(item.placed(put));
    for (key, value) in item.object("limits")?.into_iter().flatten() {
        let Some(limit) = UserLimit::named(key) else {
            return Err(item.error(format!("`{key}` is no limit of users")));
        };
        let (user, value) = (name.clone(), read_bound(item, key, value)?);
        found.changes.push(item.placed(Change::SetUserLimit { user, limit, value }));
    }
    Ok(())
}

fn read_password(item: &Item<'_>) -> Read<NewPassword> {
    if let Some(password) = item.text_if_there("password")?.filter(|text| !text.is_empty()) {
        let hash = PasswordHash::new(password.as_bytes());
        return hash.map(NewPassword::Hash).map_err(|error| item.error(error.to_string()));
    }
    let Some(hash) = item.text_if_there("password_hash")? else { return Ok(NewPassword::Keep) };
    if hash.is_empty() {
        return Ok(NewPassword::None);
    }
    let algorithm = match item.text_if_there("hashing_algorithm")? {
        None => Algorithm::Sha256,
        Some(name) => Algorithm::named(name).ok_or_else(|| {
            item.error(format!("`hashing_algorithm` is `{name}`, which is not known"))
        })?,
    };
    PasswordHash::imported(algorithm, hash)
        .map(NewPassword::Hash)
        .map_err(|problem| item.error(problem))
}

/// `RabbitMQ` has limits of virtual hosts and operator policies among the parameters.
fn read_parameter(item: &Item<'_>, found: &mut Definitions) -> Read<()> {
    let (component, host) = (item.text("component")?, item.virtual_host()?);
    let name = item.text("name")?;
    match component {
        "vhost-limits" => read_limits(item, item.object("value")?, host, found),
        "operator_policy" => {
            let Some(fields) = item.object("value")? else {
                return Err(item.error("`value` is no JSON object"));
            };
            let inner = Item { place: item.place.clone(), fields, scope: Some(host) };
            read_policy(&inner, (host.to_owned(), PolicyKind::Operator, name.to_owned()), found)
        }
        other => {
            let place = &item.place;
            let warning = format!("{place}: `{name}` of component `{other}` is passed over");
            found.warnings.push(warning);
            Ok(())
        }
    }
}

fn read_policy(
    item: &Item<'_>,
    (virtual_host, kind, name): (String, PolicyKind, String),
    found: &mut Definitions,
) -> Read<()> {
    let Some(definition) = item.object("definition")? else {
        return Err(item.error("`definition` is no JSON object"));
    };
    let apply_to = match item.text_if_there("apply-to")? {
        None => ApplyTo::All,
        Some(name) => ApplyTo::named(name).map_err(|problem| item.error(problem))?,
    };
    let priority = match item.fields.get("priority") {
        None | Some(Value::Null) => 0,
        Some(number) => {
            number.as_i64().ok_or_else(|| item.error("`priority` is no whole number"))?
        }
    };
    let definition = definition.clone();
    let policy = Policy { pattern: item.pattern("pattern")?, apply_to, priority, definition };
    let without_effect: Vec<&str> = policy.ignored_keys().collect();
    if !without_effect.is_empty() {
        let (place, keys) = (&item.place, without_effect.join(", "));
        let warning = format!("{place}: policy `{name}` has keys without effect here: {keys}");
        found.warnings.push(warning);
    }
    let key = PolicyKey { virtual_host, kind, name };
    found.changes.push(item.placed(Change::PutPolicy { key, policy }));
    Ok(())
}
