//! `leveret handlers`: an operator steers the handlers of a running application.

pub(crate) mod args;
mod desk;

use std::{
    io::{self, Write},
    time::Duration,
};

use serde_json::{Value, json};

use self::args::{HandlersArgs, Verb, Who, Why};
use self::desk::Done;
pub(crate) use self::{args::AppAddress, desk::Desk};
use crate::{Refusal, exit::Exit, table, web::PATIENCE};

/// What people are shown of a handler.
const COLUMNS: [&str; 8] =
    ["handler", "queue", "state", "workers", "in hand", "handled/s", "last error", "paused by"];

/// Does what the verb says.
pub(crate) fn run(args: HandlersArgs) -> Result<Exit, Refusal> {
    let HandlersArgs { address, json, verb } = args;
    let desk = Desk::of(&address)?;
    let (done, answer) = match verb {
        Verb::Ls => {
            let handlers = desk.handlers()?;
            let text = if json {
                format!("{:#}\n", Value::Array(handlers))
            } else {
                table::table(&handlers.iter().map(row).collect::<Vec<_>>(), &COLUMNS)
            };
            print(&text);
            return Ok(Exit::Success);
        }
        Verb::Pause { name, why } => desk.act((&name, "pause"), &why.body(), PATIENCE)?,
        Verb::Resume { name, who } => {
            desk.act((&name, "resume"), &json!({ "owner": who.name() }), PATIENCE)?
        }
        Verb::Concurrency { name, workers, who } => {
            let body = json!({ "owner": who.name(), "concurrency": workers });
            desk.act((&name, "concurrency"), &body, PATIENCE)?
        }
        Verb::Drain { name, why, wait } => {
            let mut body = why.body();
            set(&mut body, "wait_secs", json!(wait.as_secs()));
            desk.act((&name, "drain"), &body, wait.saturating_add(PATIENCE))?
        }
    };
    let text = if json { format!("{answer:#}\n") } else { table::table(&[row(&answer)], &COLUMNS) };
    print(&text);
    Ok(if done == Done::NotYet { Exit::Temporary } else { Exit::Success })
}

impl Who {
    fn name(&self) -> String {
        let shell = || std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).ok();
        self.owner.clone().or_else(shell).unwrap_or_else(|| "leveret handlers".to_owned())
    }
}

impl Why {
    fn body(&self) -> Value {
        let mut body = json!({ "owner": self.who.name() });
        if let Some(reason) = &self.reason {
            set(&mut body, "reason", json!(reason));
        }
        if let Some(expiry) = self.expiry {
            // Shorter than a second is a second.
            set(&mut body, "expires_secs", json!(expiry.as_secs().max(1)));
        }
        body
    }
}

fn set(body: &mut Value, name: &str, value: Value) {
    if let Some(object) = body.as_object_mut() {
        object.insert(name.to_owned(), value);
    }
}

fn row(handler: &Value) -> Value {
    let number = |name: &str| handler.get(name).and_then(Value::as_u64).unwrap_or_default();
    let text = |pointer: &str| handler.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let (workers, most) = (number("workers"), number("workers_max"));
    let workers = if most > workers { format!("{workers} of {most}") } else { workers.to_string() };
    let rate = handler.pointer("/rates/handled").and_then(Value::as_f64).unwrap_or_default();
    json!({
        "handler": text("/name"),
        "queue": text("/queue"),
        "state": text("/state").replace('_', " "),
        "workers": workers,
        "in hand": number("in_hand"),
        "handled/s": format!("{rate:.1}"),
        "last error": shortened(text("/last_error/text")),
        "paused by": paused_by(handler.get("pause")),
    })
}

/// As much of a text as a table has room for.
fn shortened(text: &str) -> String {
    const SHOWN: usize = 40;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or(text)),
        None => text.to_owned(),
    }
}

fn paused_by(pause: Option<&Value>) -> String {
    let Some(pause) = pause.filter(|pause| pause.is_object()) else { return String::new() };
    let text = |name: &str| pause.get(name).and_then(Value::as_str).unwrap_or_default();
    let mut said = text("owner").to_owned();
    if !text("reason").is_empty() {
        said.push_str(&format!(": {}", shortened(text("reason"))));
    }
    if let Some(until) = pause.get("until_secs").and_then(Value::as_u64) {
        let now = std::time::UNIX_EPOCH.elapsed().unwrap_or(Duration::ZERO).as_secs();
        said.push_str(&format!(", {} s more", until.saturating_sub(now)));
    }
    said
}

fn print(text: &str) {
    // The shell may have closed the pipe.
    io::stdout().lock().write_all(text.as_bytes()).ok();
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn handlers_are_a_table() {
        let handlers = [
            json!({
                "name": "charge", "queue": "orders", "state": "breaker_open", "workers": 2,
                "workers_max": 8, "in_hand": 1, "rates": { "handled": 12.345 },
                "last_error": { "text": "the bank does not answer, and has not for a long while now" },
            }),
            json!({
                "name": "mail", "queue": "mails", "state": "paused", "workers": 1, "workers_max": 1,
                "in_hand": 0, "pause": { "owner": "ann", "reason": "the host moves", "until_secs": 0 },
            }),
        ];
        expect![[r#"
            handler  queue   state         workers  in hand  handled/s  last error                                   paused by
            charge   orders  breaker open  2 of 8   1        12.3       the bank does not answer, and has not fo...
            mail     mails   paused        1        0        0.0                                                     ann: the host moves, 0 s more
        "#]]
        .assert_eq(&table::table(&handlers.map(|handler| row(&handler)), &COLUMNS));
    }
}
