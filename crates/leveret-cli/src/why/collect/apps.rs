//! What applications of the framework tell of their handlers.

use std::path::Path;

use serde_json::Value;

use crate::{
    Refusal,
    handlers::{AppAddress, Desk},
    why::facts::HandlerFacts,
};

/// Applications that serve control.
pub(super) struct Apps(Vec<(String, Desk)>);

impl Apps {
    pub(super) fn of(addresses: &[String], token_file: Option<&Path>) -> Result<Self, Refusal> {
        let desk = |app: &String| {
            let token_file = token_file.map(Path::to_owned);
            Ok((app.clone(), Desk::of(&AppAddress { app: app.clone(), token_file })?))
        };
        Ok(Self(addresses.iter().map(desk).collect::<Result<_, Refusal>>()?))
    }

    /// Handlers of this queue, wherever they run.
    pub(super) fn handlers_of(&self, queue: &str, unknown: &mut Vec<String>) -> Vec<HandlerFacts> {
        let mut found = Vec::new();
        for (app, desk) in &self.0 {
            match desk.handlers() {
                Ok(handlers) => found.extend(of_queue(&handlers, queue).map(|one| shown(app, one))),
                Err(refusal) => unknown.push(refusal.text),
            }
        }
        found
    }

    /// How many messages of the queue they have handled since they started.
    pub(super) fn handled_of(&self, queue: &str) -> Option<u64> {
        let all: Vec<Value> =
            self.0.iter().filter_map(|(_, desk)| desk.handlers().ok()).flatten().collect();
        let handled = of_queue(&all, queue).filter_map(|one| one.get("handled")?.as_u64());
        handled.reduce(|a, b| a + b)
    }
}

fn of_queue<'a>(handlers: &'a [Value], queue: &'a str) -> impl Iterator<Item = &'a Value> {
    handlers.iter().filter(move |one| one.get("queue").and_then(Value::as_str) == Some(queue))
}

fn shown(app: &str, handler: &Value) -> HandlerFacts {
    let text =
        |at: &str| handler.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned();
    let number = |at: &str| handler.pointer(at).and_then(Value::as_u64).unwrap_or_default();
    let rate = |at: &str| handler.pointer(at).and_then(Value::as_f64).unwrap_or_default();
    let parked = handler.get("parked_keys").and_then(Value::as_array).into_iter().flatten();
    let parked = parked.filter_map(|parked| {
        let key = parked.get("key")?.as_str()?.to_owned();
        Some((key, parked.get("attempts")?.as_u64()?, parked.get("behind")?.as_u64()?))
    });
    HandlerFacts {
        app: app.to_owned(),
        name: text("/name"),
        state: text("/state"),
        workers: number("/workers"),
        in_hand: number("/in_hand"),
        quiet_secs: number("/quiet_secs"),
        handled_per_sec: rate("/rates/handled"),
        failed_per_sec: rate("/rates/failed"),
        last_error: error(handler),
        pause: handler.get("pause").filter(|pause| pause.is_object()).map(pause),
        parked: parked.collect(),
    }
}

fn error(handler: &Value) -> Option<String> {
    let error = handler.get("last_error").filter(|error| error.is_object())?;
    let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
    let at = error.get("at_secs").and_then(Value::as_u64).unwrap_or_default();
    let ago = now_secs().saturating_sub(at);
    Some(format!("{}: {} ({ago} s ago)", text("name"), text("text")))
}

fn pause(pause: &Value) -> String {
    let text = |name: &str| pause.get(name).and_then(Value::as_str).unwrap_or_default();
    let number = |name: &str| pause.get(name).and_then(Value::as_u64);
    let mut said = text("owner").to_owned();
    if !text("reason").is_empty() {
        said.push_str(&format!(" (\"{}\")", text("reason")));
    }
    if let Some(since) = number("since_secs") {
        said.push_str(&format!(", {} s ago", now_secs().saturating_sub(since)));
    }
    match number("until_secs") {
        Some(until) => {
            said.push_str(&format!(", for {} s more", until.saturating_sub(now_secs())));
        }
        None => said.push_str(", until somebody resumes it"),
    }
    said
}

fn now_secs() -> u64 {
    std::time::UNIX_EPOCH.elapsed().unwrap_or_default().as_secs()
}
