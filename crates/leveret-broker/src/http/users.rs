//! Users, permissions and topic permissions, and the limits of users.

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    routing::get,
};
use serde_json::{Map, Value, json};

use super::{
    fields::{object, text},
    listing::{Query, answer},
    login::Caller,
    refusal::Refusal,
};
use crate::{
    admin::hashed,
    passwords::{Algorithm, PasswordHash},
    registry::{
        Account, Change, NewPassword, Password, Pattern, Permission, Put, TopicPermission,
        UserLimit, Where,
    },
    secret::Secret,
    shared::Shared,
};

type Shares = State<Arc<Shared>>;
type Answer<T> = Result<T, Refusal>;

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/users", get(list))
        .route("/users/bulk-delete", axum::routing::post(delete_many))
        .route("/users/without-permissions", get(without_permissions))
        .route("/users/{user}/topic-permissions", get(topic_permissions_of))
        .route("/users/{user}", get(show).put(put).delete(delete))
        .route("/users/{user}/permissions", get(permissions_of))
        .route("/permissions", get(permissions))
        .route(
            "/permissions/{vhost}/{user}",
            get(permission).put(set_permission).delete(clear_permission),
        )
        .route("/topic-permissions", get(topic_permissions))
        .route(
            "/topic-permissions/{vhost}/{user}",
            get(topic_permissions_at).put(set_topic).delete(clear_topics),
        )
        .route("/user-limits", get(limits))
        .route("/user-limits/{user}", get(limits_of))
        .route("/user-limits/{user}/{limit}", axum::routing::put(set_limit).delete(clear_limit))
}

/// 201 for what is new, 204 for what was there.
pub(super) fn put_status(put: Put) -> StatusCode {
    match put {
        Put::Made => StatusCode::CREATED,
        Put::Changed => StatusCode::NO_CONTENT,
    }
}

/// What a limit is set to: a negative number is no limit.
pub(super) fn limit_value(body: &Bytes) -> Answer<Option<u64>> {
    let value = object(body)?.get("value").and_then(Value::as_i64);
    let value = value.ok_or_else(|| Refusal::bad_request("`value` is no whole number"))?;
    Ok(u64::try_from(value).ok())
}

fn shown(name: &str, account: &Account) -> Value {
    let algorithm = match &account.password {
        Password::Hash(hash) => hash.algorithm(),
        Password::None | Password::WellKnown | Password::Configured(_) => Algorithm::Sha256,
    };
    // Tools want the key; a hash is told to nobody.
    json!({
        "name": name, "password_hash": "", "hashing_algorithm": algorithm.name(),
        "tags": account.tags, "limits": account.limits,
    })
}

async fn list(caller: Caller, query: Query) -> Answer<Json<Value>> {
    caller.administers()?;
    answer(query, caller.state.users.iter().map(|(name, account)| shown(name, account)).collect())
}

async fn show(caller: Caller, Path(user): Path<String>) -> Answer<Json<Value>> {
    caller.administers()?;
    Ok(Json(shown(&user, caller.state.user(&user)?)))
}

async fn put(
    caller: Caller,
    State(shared): Shares,
    Path(name): Path<String>,
    body: Bytes,
) -> Answer<StatusCode> {
    caller.administers()?;
    let body = object(&body)?;
    let tags = match body.get("tags") {
        None => None,
        Some(tags) => Some(read_tags(tags)?),
    };
    if tags.is_none() && caller.state.user(&name).is_err() {
        return Err(Refusal::bad_request("tags_not_present: `tags` is missing"));
    }
    let password = read_password(&body).await?;
    let change = Change::PutUser { name, password, tags };
    Ok(put_status(shared.registry.change(vec![change]).await?))
}

fn read_tags(tags: &Value) -> Answer<BTreeSet<String>> {
    let wrong = || Refusal::bad_request("`tags` is neither a text nor a list of texts");
    let list: Vec<&str> = match tags {
        Value::String(text) => text.split(',').map(str::trim).collect(),
        Value::Array(list) => {
            list.iter().map(|tag| tag.as_str().ok_or_else(wrong)).collect::<Result<_, _>>()?
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => return Err(wrong()),
    };
    Ok(list.into_iter().filter(|tag| !tag.is_empty()).map(str::to_owned).collect())
}

async fn read_password(body: &Map<String, Value>) -> Answer<NewPassword> {
    // What is there but no text is a mistake; a user that cannot log in would come of it.
    let text = |key| match body.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(Refusal::bad_request(format!("`{key}` is no string"))),
    };
    let (password, hash) = (text("password")?, text("password_hash")?);
    if let Some(password) = password {
        return Ok(NewPassword::Hash(hashed(Secret::new(password)).await?));
    }
    let Some(hash) = hash else { return Ok(NewPassword::Keep) };
    if hash.is_empty() {
        return Ok(NewPassword::None);
    }
    let algorithm = match body.get("hashing_algorithm") {
        None | Some(Value::Null) => Algorithm::Sha256,
        Some(name) => name.as_str().and_then(Algorithm::named).ok_or_else(|| {
            Refusal::bad_request(format!("`hashing_algorithm` is {name}, which is not known"))
        })?,
    };
    PasswordHash::parse(algorithm, hash).map(NewPassword::Hash).map_err(Refusal::bad_request)
}

async fn delete(
    caller: Caller,
    State(shared): Shares,
    Path(name): Path<String>,
) -> Answer<StatusCode> {
    caller.administers()?;
    shared.registry.change(vec![Change::DeleteUser { name }]).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// All of them or none.
async fn delete_many(caller: Caller, State(shared): Shares, body: Bytes) -> Answer<StatusCode> {
    caller.administers()?;
    let body = object(&body)?;
    let Some(Value::Array(users)) = body.get("users") else {
        return Err(Refusal::bad_request("`users` is no list"));
    };
    let delete = |name: &Value| match name.as_str() {
        Some(name) => Ok(Change::DeleteUser { name: name.to_owned() }),
        None => Err(Refusal::bad_request("`users` is no list of names")),
    };
    let changes: Answer<Vec<Change>> = users.iter().map(delete).collect();
    shared.registry.change(changes?).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn without_permissions(caller: Caller, query: Query) -> Answer<Json<Value>> {
    caller.administers()?;
    let users = caller.state.users.iter().filter(|(_, account)| account.permissions.is_empty());
    answer(query, users.map(|(name, account)| shown(name, account)).collect())
}

async fn topic_permissions_of(
    caller: Caller,
    Path(user): Path<String>,
    query: Query,
) -> Answer<Json<Value>> {
    caller.administers()?;
    answer(query, topics_shown(&user, caller.state.user(&user)?))
}

fn permission_shown(user: &str, virtual_host: &str, permission: &Permission) -> Value {
    json!({
        "user": user, "vhost": virtual_host, "configure": permission.configure,
        "write": permission.write, "read": permission.read,
    })
}

async fn permissions(caller: Caller, query: Query) -> Answer<Json<Value>> {
    caller.administers()?;
    let all = caller.state.users.iter().flat_map(|(user, account)| {
        account.permissions.iter().map(move |(host, held)| permission_shown(user, host, held))
    });
    answer(query, all.collect())
}

async fn permissions_of(
    caller: Caller,
    Path(user): Path<String>,
    query: Query,
) -> Answer<Json<Value>> {
    caller.administers()?;
    let account = caller.state.user(&user)?;
    let all = account.permissions.iter().map(|(host, held)| permission_shown(&user, host, held));
    answer(query, all.collect())
}

async fn permission(
    caller: Caller,
    Path((host, user)): Path<(String, String)>,
) -> Answer<Json<Value>> {
    caller.administers()?;
    let held = permission_at(&caller, (&host, &user))?;
    Ok(Json(permission_shown(&user, &host, held)))
}

fn permission_at<'a>(caller: &'a Caller, (host, user): (&str, &str)) -> Answer<&'a Permission> {
    caller.state.virtual_host(host)?;
    caller.state.user(user)?.permissions.get(host).ok_or_else(|| {
        Refusal::not_found(format!("user `{user}` has no permissions in virtual host `{host}`"))
    })
}

fn pattern(body: &Map<String, Value>, key: &str) -> Answer<Pattern> {
    Pattern::parse(text(body, key)?)
        .map_err(|reason| Refusal::bad_request(format!("`{key}`: {reason}")))
}

async fn set_permission(
    caller: Caller,
    State(shared): Shares,
    Path((virtual_host, user)): Path<(String, String)>,
    body: Bytes,
) -> Answer<StatusCode> {
    caller.administers()?;
    let body = object(&body)?;
    let (configure, write) = (pattern(&body, "configure")?, pattern(&body, "write")?);
    let permission = Permission { configure, write, read: pattern(&body, "read")? };
    let change = Change::SetPermission { at: Where { user, virtual_host }, permission };
    Ok(put_status(shared.registry.change(vec![change]).await?))
}

async fn clear_permission(
    caller: Caller,
    State(shared): Shares,
    Path((virtual_host, user)): Path<(String, String)>,
) -> Answer<StatusCode> {
    caller.administers()?;
    permission_at(&caller, (&virtual_host, &user))?;
    let change = Change::ClearPermission { at: Where { user, virtual_host } };
    shared.registry.change(vec![change]).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) fn topics_shown(user: &str, account: &Account) -> Vec<Value> {
    let all = account.topic_permissions.iter().flat_map(|(host, topics)| {
        topics.iter().map(move |(exchange, topic)| {
            json!({
                "user": user, "vhost": host, "exchange": exchange,
                "write": topic.write, "read": topic.read,
            })
        })
    });
    all.collect()
}

async fn topic_permissions(caller: Caller, query: Query) -> Answer<Json<Value>> {
    caller.administers()?;
    let users = caller.state.users.iter();
    answer(query, users.flat_map(|(user, account)| topics_shown(user, account)).collect())
}

async fn topic_permissions_at(
    caller: Caller,
    Path((host, user)): Path<(String, String)>,
    query: Query,
) -> Answer<Json<Value>> {
    caller.administers()?;
    let topics = topics_at(&caller, (&host, &user))?;
    answer(query, topics)
}

/// What a user may do with topics in a virtual host; as with `RabbitMQ`, having nothing is 404.
fn topics_at(caller: &Caller, (host, user): (&str, &str)) -> Answer<Vec<Value>> {
    caller.state.virtual_host(host)?;
    let mut topics = topics_shown(user, caller.state.user(user)?);
    topics.retain(|topic| topic.get("vhost").and_then(Value::as_str) == Some(host));
    if topics.is_empty() {
        return Err(Refusal::not_found(format!(
            "user `{user}` has no topic permissions in virtual host `{host}`"
        )));
    }
    Ok(topics)
}

async fn set_topic(
    caller: Caller,
    State(shared): Shares,
    Path((virtual_host, user)): Path<(String, String)>,
    body: Bytes,
) -> Answer<StatusCode> {
    caller.administers()?;
    let body = object(&body)?;
    let exchange = text(&body, "exchange")?.to_owned();
    let permission =
        TopicPermission { write: pattern(&body, "write")?, read: pattern(&body, "read")? };
    let at = Where { user, virtual_host };
    let change = Change::SetTopicPermission { at, exchange, permission };
    Ok(put_status(shared.registry.change(vec![change]).await?))
}

async fn clear_topics(
    caller: Caller,
    State(shared): Shares,
    Path((virtual_host, user)): Path<(String, String)>,
) -> Answer<StatusCode> {
    caller.administers()?;
    topics_at(&caller, (&virtual_host, &user))?;
    let change = Change::ClearTopicPermissions { at: Where { user, virtual_host }, exchange: None };
    shared.registry.change(vec![change]).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn limits(caller: Caller, query: Query) -> Answer<Json<Value>> {
    caller.administers()?;
    let all = caller.state.users.iter();
    answer(query, all.filter_map(|(user, account)| limits_shown(user, account)).collect())
}

async fn limits_of(caller: Caller, Path(user): Path<String>, query: Query) -> Answer<Json<Value>> {
    caller.administers()?;
    let account = caller.state.user(&user)?;
    answer(query, limits_shown(&user, account).into_iter().collect())
}

fn limits_shown(user: &str, account: &Account) -> Option<Value> {
    let value = json!(account.limits);
    (value != json!({})).then(|| json!({ "user": user, "value": value }))
}

fn named(limit: &str) -> Answer<UserLimit> {
    UserLimit::named(limit).ok_or_else(|| {
        Refusal::bad_request(format!(
            "`{limit}` is no limit of users, known are max-connections, max-channels"
        ))
    })
}

async fn set_limit(
    caller: Caller,
    State(shared): Shares,
    Path((user, limit)): Path<(String, String)>,
    body: Bytes,
) -> Answer<StatusCode> {
    caller.administers()?;
    let (limit, value) = (named(&limit)?, limit_value(&body)?);
    shared.registry.change(vec![Change::SetUserLimit { user, limit, value }]).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn clear_limit(
    caller: Caller,
    State(shared): Shares,
    Path((user, limit)): Path<(String, String)>,
) -> Answer<StatusCode> {
    caller.administers()?;
    let limit = named(&limit)?;
    shared.registry.change(vec![Change::SetUserLimit { user, limit, value: None }]).await?;
    Ok(StatusCode::NO_CONTENT)
}
