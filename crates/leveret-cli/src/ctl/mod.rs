//! `leveret ctl`: what an administrator does with a running broker.

pub(crate) mod args;
pub(crate) mod call;
mod definitions;
mod password;

use std::io::{self, Write};

use serde_json::{Value, json};

use self::{
    args::{AccessVerb, CtlArgs, ObjectVerb, Verb},
    call::{Call, Server},
};
use crate::{
    Refusal,
    exit::Exit,
    table,
    web::{ADMIN_PORTS, encoded, of_flag},
};

/// Does what the verb says, over the broker's admin API.
pub(crate) fn run(args: CtlArgs) -> Result<Exit, Refusal> {
    let CtlArgs { http, trust, login, vhost, json, verb } = args;
    let site = of_flag("--http", (&http, ADMIN_PORTS), trust.file(None))?;
    let (user, password) = match (site.login(), std::env::var("LEVERET_ADMIN_PASSWORD")) {
        (Some(login), _) => login,
        (None, Ok(password)) => (login, password),
        (None, Err(_)) if login == "guest" => (login, "guest".to_owned()),
        (None, Err(_)) => {
            let password = password::read(&login)?;
            (login, password)
        }
    };
    let server = Server { site, user, password };
    let (call, columns) = match verb {
        Verb::Access(verb) => plan_of_access(verb, &vhost)?,
        Verb::Object(verb) => plan_of_objects(verb, &vhost)?,
        Verb::Definitions(verb) => return definitions::run(verb, &server, &vhost),
    };
    let answer = server.ask(&call)?;
    let text = match (&answer, json) {
        (Value::Null, _) => return Ok(Exit::Success),
        (Value::Array(items), false) => table::table(items, columns),
        (answer, false) => table::table(std::slice::from_ref(answer), columns),
        (answer, true) => format!("{answer:#}\n"),
    };
    // The shell may have closed the pipe.
    io::stdout().lock().write_all(text.as_bytes()).ok();
    Ok(Exit::Success)
}

/// What `status` tells of the overview.
const STATUS: [&str; 6] = [
    "product_name",
    "product_version",
    "object_totals.connections",
    "object_totals.channels",
    "object_totals.queues",
    "queue_totals.messages",
];

type Plan = (Call, &'static [&'static str]);

fn list(segments: &[&str], columns: &'static [&'static str]) -> Plan {
    (Call::new("GET", segments, None), columns)
}

fn put(segments: &[&str], body: Value) -> Plan {
    (Call::new("PUT", segments, Some(body)), &[])
}

fn delete(segments: &[&str]) -> Plan {
    (Call::new("DELETE", segments, None), &[])
}

/// The request that does it, and the columns of its answer.
fn plan_of_access(verb: AccessVerb, vhost: &str) -> Result<Plan, Refusal> {
    Ok(match verb {
        AccessVerb::AddUser { name, tags } => {
            let password = password::read(&name)?;
            put(&["users", &name], json!({ "password": password, "tags": tags }))
        }
        AccessVerb::ChangePassword { name } => {
            let password = password::read(&name)?;
            put(&["users", &name], json!({ "password": password }))
        }
        AccessVerb::DeleteUser { name } => delete(&["users", &name]),
        AccessVerb::SetUserTags { name, tags } => put(&["users", &name], json!({ "tags": tags })),
        AccessVerb::ListUsers => list(&["users"], &["name", "tags"]),
        AccessVerb::AddVhost { name } => put(&["vhosts", &name], json!({})),
        AccessVerb::DeleteVhost { name } => delete(&["vhosts", &name]),
        AccessVerb::ListVhosts => list(&["vhosts"], &["name", "description", "default_queue_type"]),
        AccessVerb::SetPermissions { user, configure, write, read } => {
            let body = json!({ "configure": configure, "write": write, "read": read });
            put(&["permissions", vhost, &user], body)
        }
        AccessVerb::ClearPermissions { user } => delete(&["permissions", vhost, &user]),
        AccessVerb::ListPermissions => {
            list(&["vhosts", vhost, "permissions"], &["user", "configure", "write", "read"])
        }
        AccessVerb::SetTopicPermissions { user, exchange, write, read } => {
            let body = json!({ "exchange": exchange, "write": write, "read": read });
            put(&["topic-permissions", vhost, &user], body)
        }
        AccessVerb::ClearTopicPermissions { user } => delete(&["topic-permissions", vhost, &user]),
        AccessVerb::ListTopicPermissions => {
            list(&["topic-permissions"], &["user", "vhost", "exchange", "write", "read"])
        }
        AccessVerb::SetVhostLimits { limit, value } => {
            put(&["vhost-limits", vhost, &limit], json!({ "value": value }))
        }
        AccessVerb::ListVhostLimits => list(&["vhost-limits"], &["vhost", "value"]),
        AccessVerb::SetUserLimits { user, limit, value } => {
            put(&["user-limits", &user, &limit], json!({ "value": value }))
        }
        AccessVerb::ListUserLimits => list(&["user-limits"], &["user", "value"]),
    })
}

fn plan_of_objects(verb: ObjectVerb, vhost: &str) -> Result<Plan, Refusal> {
    let policies = |operator| if operator { "operator-policies" } else { "policies" };
    Ok(match verb {
        ObjectVerb::Status => list(&["overview"], &STATUS),
        ObjectVerb::Backup { path, rate } => {
            let path = std::path::absolute(&path).unwrap_or(path);
            let body = json!({ "path": path, "bytes_per_sec": rate });
            let call = Call::new("POST", &["backup"], Some(body));
            (Call { is_long: true, ..call }, &["path", "segments", "pages", "bytes"])
        }
        ObjectVerb::SetPolicy { name, pattern, definition, priority, apply_to, operator } => {
            let definition: Value = serde_json::from_str(&definition).map_err(|error| Refusal {
                text: format!("the definition of policy `{name}` is no JSON: {error}"),
                exit: Exit::Usage,
            })?;
            let body = json!({
                "pattern": pattern, "definition": definition, "priority": priority,
                "apply-to": apply_to,
            });
            put(&[policies(operator), vhost, &name], body)
        }
        ObjectVerb::ClearPolicy { name, operator } => delete(&[policies(operator), vhost, &name]),
        ObjectVerb::ListPolicies { operator } => list(
            &[policies(operator), vhost],
            &["name", "pattern", "apply-to", "priority", "definition"],
        ),
        ObjectVerb::ListQueues => list(
            &["queues", vhost],
            &["name", "type", "messages_ready", "messages_unacknowledged", "consumers", "policy"],
        ),
        ObjectVerb::ListExchanges => {
            list(&["exchanges", vhost], &["name", "type", "durable", "policy"])
        }
        ObjectVerb::ListBindings => list(
            &["bindings", vhost],
            &["source", "destination", "destination_type", "routing_key", "arguments"],
        ),
        ObjectVerb::ListConsumers => list(
            &["consumers", vhost],
            &[
                "queue.name",
                "consumer_tag",
                "channel_details.name",
                "ack_required",
                "prefetch_count",
            ],
        ),
        ObjectVerb::ListConnections => {
            list(&["connections"], &["name", "user", "vhost", "state", "channels"])
        }
        ObjectVerb::ListChannels => list(
            &["channels"],
            &["name", "user", "vhost", "consumer_count", "messages_unacknowledged"],
        ),
        ObjectVerb::CloseConnection { name, reason } => {
            let (call, columns) = delete(&["connections", &name]);
            (Call { reason: Some(reason), ..call }, columns)
        }
        ObjectVerb::PurgeQueue { name } => delete(&["queues", vhost, &name, "contents"]),
        ObjectVerb::DeleteQueue { name, if_empty, if_unused } => {
            let path = format!(
                "/queues/{}/{}?if-empty={if_empty}&if-unused={if_unused}",
                encoded(vhost),
                encoded(&name)
            );
            (Call { path, ..Call::new("DELETE", &[], None) }, &[])
        }
    })
}
