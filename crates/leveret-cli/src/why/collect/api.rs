//! What the HTTP API tells. What it lacks is not known.

use std::{collections::BTreeSet, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use leveret_client::ConnectOptions;
use regex::Regex;
use serde_json::Value;

use crate::{
    Refusal,
    web::{ADMIN_PORTS, Ask, Site, TrustArgs, admin_login, encoded, of_flag},
    why::facts::{Facts, Holder, Listed, Route},
};

/// How long the API may be silent.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where it is, and as whom to ask.
pub(crate) struct Api {
    site: Site,
    login: String,
}

/// The numbers of a queue.
pub(super) struct Stats {
    pub(super) listed: Listed,
    /// Messages that are gone because somebody took them.
    pub(super) taken: Option<u64>,
    /// The same a second, as the broker has measured it.
    pub(super) taken_rate: Option<f64>,
    pub(super) published_rate: Option<f64>,
}

impl Api {
    /// At this address, or at the usual port of the broker's host; an empty one is none.
    pub(crate) fn new(
        options: &ConnectOptions,
        http: Option<&str>,
        trust: &TrustArgs,
    ) -> Result<Self, Refusal> {
        let ca_file = trust.file(Some(options));
        let site = match http.filter(|http| !http.is_empty()) {
            Some(http) => of_flag("--http", (http, ADMIN_PORTS), ca_file)?,
            None => Site::beside(options, ca_file),
        };
        let (user, password) = site.login().unwrap_or_else(|| admin_login(options));
        Ok(Self { site, login: STANDARD.encode(format!("{user}:{password}")) })
    }

    pub(crate) fn site(&self) -> &Site {
        &self.site
    }

    /// The answer to a question, or why there is none.
    pub(crate) fn get(&self, path: &str) -> Result<Value, String> {
        let heard = self.ask(path)?;
        match (heard.status, heard.json()) {
            (200, Some(answer)) => Ok(answer),
            (status, answer) => {
                let reason = answer.as_ref().and_then(|answer| answer.get("reason")?.as_str());
                Err(format!("{path}: {status} {}", reason.unwrap_or_default()))
            }
        }
    }

    pub(crate) fn ask(&self, path: &str) -> Result<crate::web::Heard, String> {
        let ask = Ask {
            site: &self.site,
            method: "GET",
            path: &format!("/api{path}"),
            headers: vec![("authorization", format!("Basic {}", self.login))],
            body: None,
            patience: Some(PATIENCE),
        };
        ask.send().map_err(|error| format!("the HTTP API at {}: {error}", self.site))
    }

    /// A list, without what it is not known for.
    fn list(&self, path: &str, unknown: &mut Vec<String>) -> Option<Vec<Value>> {
        match self.get(path) {
            Ok(Value::Array(items)) => Some(items),
            // Pages are asked for by nobody here.
            Ok(_) => None,
            Err(why) => {
                unknown.push(why);
                None
            }
        }
    }

    /// The queue's numbers.
    pub(super) fn queue(&self, facts: &mut Facts) -> Option<Stats> {
        let path = format!("/queues/{}/{}", encoded(&facts.virtual_host), encoded(&facts.queue));
        match self.get(&path) {
            Ok(queue) => Some(stats(&queue)),
            Err(why) => {
                facts.unknown.push(why);
                None
            }
        }
    }

    /// One queue as it is shown.
    pub(super) fn queue_shown(&self, host: &str, name: &str) -> Option<Value> {
        self.get(&format!("/queues/{}/{}", encoded(host), encoded(name))).ok()
    }

    /// All bindings of the virtual host, with their destinations.
    pub(super) fn bindings(&self, host: &str) -> Option<Vec<(Route, String)>> {
        let Ok(Value::Array(items)) = self.get(&format!("/bindings/{}", encoded(host))) else {
            return None;
        };
        let of = |item: &Value| {
            let text = |name: &str| item.get(name).and_then(Value::as_str).map(str::to_owned);
            let route = Route { exchange: text("source")?, key: text("routing_key")? };
            let is_to_queue = text("destination_type")? == "queue";
            (is_to_queue && !route.exchange.is_empty()).then_some((route, text("destination")?))
        };
        Some(items.iter().filter_map(of).collect())
    }

    pub(super) fn kind_of(&self, host: &str, exchange: &str) -> Option<String> {
        let name = if exchange.is_empty() { "amq.default" } else { exchange };
        let shown = self.get(&format!("/exchanges/{}/{}", encoded(host), encoded(name))).ok()?;
        Some(shown.get("type")?.as_str()?.to_owned())
    }

    /// What is not counted twice.
    pub(super) fn fill(&self, facts: &mut Facts) {
        if facts.listed.is_none() && facts.unknown.iter().any(|why| why.starts_with("the HTTP API"))
        {
            // It is not there, and says so once.
            return;
        }
        let bindings = self.bindings(&facts.virtual_host);
        facts.bindings = bindings.map(|all| {
            let here = all.into_iter().filter(|(_, queue)| *queue == facts.queue);
            here.map(|(route, _)| route).collect()
        });
        facts.consumers = self.consumers(facts);
        let nodes = self.list("/nodes", &mut facts.unknown).unwrap_or_default();
        facts.alarms.extend(nodes.iter().flat_map(alarms));
        facts.shut_out = self.shut_out(facts);
    }

    fn consumers(&self, facts: &mut Facts) -> Option<Vec<Holder>> {
        let path = format!("/consumers/{}", encoded(&facts.virtual_host));
        let all = self.list(&path, &mut facts.unknown)?;
        let here = all
            .iter()
            .filter(|one| one.pointer("/queue/name").and_then(Value::as_str) == Some(&facts.queue));
        let channels = self.list("/channels", &mut facts.unknown).unwrap_or_default();
        Some(here.map(|consumer| holder(consumer, &channels)).collect())
    }

    /// Users who are connected or consume, and may not read the queue.
    fn shut_out(&self, facts: &mut Facts) -> Vec<(String, String)> {
        let text = |item: &Value, name: &str| item.get(name)?.as_str().map(str::to_owned);
        let is_here = |item: &&Value| text(item, "vhost").as_ref() == Some(&facts.virtual_host);
        let connections = self.list("/connections", &mut facts.unknown).unwrap_or_default();
        let users: BTreeSet<String> =
            connections.iter().filter(is_here).filter_map(|one| text(one, "user")).collect();
        let Some(all) = self.list("/permissions", &mut facts.unknown) else { return Vec::new() };
        let permissions = all.iter().filter(is_here);
        let found = permissions.filter_map(|one| Some((text(one, "user")?, text(one, "read")?)));
        found.filter(|(user, read)| users.contains(user) && !may(read, &facts.queue)).collect()
    }
}

/// Whether a permission's pattern covers a name; an empty one covers none.
fn may(pattern: &str, name: &str) -> bool {
    // What this reads no pattern in is not held against the user.
    !pattern.is_empty() && Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(name))
}

fn stats(queue: &Value) -> Stats {
    let number = |at: &str| queue.pointer(at).and_then(Value::as_u64);
    let rate = |name: &str| {
        queue.pointer(&format!("/message_stats/{name}_details/rate")).and_then(Value::as_f64)
    };
    // RabbitMQ leaves out what never happened, and all of it where it does not count.
    let counts = queue.get("message_stats").and_then(Value::as_object);
    let stat = |name: &str| {
        let counts = counts.filter(|counts| !counts.is_empty())?;
        Some(counts.get(name).and_then(Value::as_u64).unwrap_or_default())
    };
    let sum = |names: &[&str]| names.iter().filter_map(|name| stat(name)).reduce(|a, b| a + b);
    let taking = ["ack", "deliver_no_ack", "get_no_ack"];
    let owner = queue.pointer("/owner_pid_details/name").and_then(Value::as_str);
    Stats {
        listed: Listed {
            ready: number("/messages_ready"),
            unacked: number("/messages_unacknowledged"),
            consumers: number("/consumers"),
            state: queue.get("state").and_then(Value::as_str).map(str::to_owned),
            owner: owner.map(str::to_owned),
            ttl_ms: number("/arguments/x-message-ttl")
                .into_iter()
                .chain(number("/effective_policy_definition/message-ttl"))
                .min(),
            published: stat("publish"),
            delivered: stat("deliver_get"),
        },
        taken: sum(&taking),
        taken_rate: taking.iter().filter_map(|name| rate(name)).reduce(|a, b| a + b),
        published_rate: rate("publish"),
    }
}

fn holder(consumer: &Value, channels: &[Value]) -> Holder {
    let text =
        |at: &str| consumer.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned();
    let channel = text("/channel_details/name");
    let is_its = |one: &&Value| one.get("name").and_then(Value::as_str) == Some(&channel);
    let unacked = channels.iter().find(is_its);
    Holder {
        connection: text("/channel_details/connection_name"),
        tag: text("/consumer_tag"),
        prefetch: consumer.get("prefetch_count").and_then(Value::as_u64),
        unacked: unacked.and_then(|channel| channel.get("messages_unacknowledged")?.as_u64()),
        is_exclusive: consumer.get("exclusive").and_then(Value::as_bool).unwrap_or_default(),
    }
}

/// A node's alarms, in words.
pub(crate) fn alarms(node: &Value) -> Vec<String> {
    let is_on = |name: &str| node.get(name).and_then(Value::as_bool) == Some(true);
    let name = node.get("name").and_then(Value::as_str).unwrap_or("?");
    let number = |name: &str| {
        node.get(name).and_then(Value::as_u64).map_or_else(|| "?".to_owned(), |it| it.to_string())
    };
    let memory = is_on("mem_alarm").then(|| {
        let (used, limit) = (number("mem_used"), number("mem_limit"));
        format!("node {name}: memory alarm, {used} bytes used, {limit} allowed")
    });
    let disk = is_on("disk_free_alarm").then(|| {
        let (free, limit) = (number("disk_free"), number("disk_free_limit"));
        format!("node {name}: disk alarm, {free} bytes free, {limit} wanted")
    });
    memory.into_iter().chain(disk).collect()
}
