//! A topology as a file that people read and edit.

use std::fmt::Write as _;

use serde_json::Value;

use crate::model::{Arguments, Binding, End, Exchange, Mode, Policy, Queue, Topology};

impl Topology {
    /// The text of a topology file that says this; what is usual is left out.
    pub fn to_toml(&self) -> String {
        let mut parts = Vec::new();
        if !self.ignored.is_empty() {
            let names: Vec<_> = self.ignored.iter().map(|name| text(name)).collect();
            parts.push(format!("ignore = [{}]\n", names.join(", ")));
        }
        parts.extend(self.exchanges.iter().map(exchange));
        parts.extend(self.queues.iter().map(|queue| self.queue(queue)));
        let others = self.bindings.iter().filter(|binding| !self.is_of_queue(binding));
        parts.extend(others.map(binding));
        parts.extend(self.policies.iter().map(policy));
        parts.join("\n")
    }

    /// Whether a binding is told with its queue.
    fn is_of_queue(&self, binding: &Binding) -> bool {
        let End::Queue(name) = &binding.destination else { return false };
        self.queues.iter().any(|queue| queue.name == *name && queue.mode == binding.mode)
    }

    fn queue(&self, queue: &Queue) -> String {
        let Queue { name, kind, durable, auto_delete, arguments, mode } = queue;
        let mut part = format!("[queues.{}]\n", key(name));
        if let Some(kind) = kind {
            line(&mut part, "type", &text(kind));
        }
        flags(&mut part, *durable, *auto_delete);
        table(&mut part, "arguments", arguments);
        mode_line(&mut part, *mode);
        let own = |binding: &&Binding| {
            binding.destination == End::Queue(name.clone()) && self.is_of_queue(binding)
        };
        let items: Vec<String> = self.bindings.iter().filter(own).map(bind).collect();
        match &*items {
            [] => {}
            [one] => line(&mut part, "bind", &format!("[{one}]")),
            many => {
                line(&mut part, "bind", &format!("[\n    {},\n]", many.join(",\n    ")));
            }
        }
        part
    }
}

fn exchange(exchange: &Exchange) -> String {
    let Exchange { name, kind, durable, auto_delete, internal, arguments, mode } = exchange;
    let mut part = format!("[exchanges.{}]\n", key(name));
    line(&mut part, "type", &text(kind));
    flags(&mut part, *durable, *auto_delete);
    if *internal {
        line(&mut part, "internal", "true");
    }
    table(&mut part, "arguments", arguments);
    mode_line(&mut part, *mode);
    part
}

fn bind(binding: &Binding) -> String {
    let mut item = format!("{{ exchange = {}", text(&binding.source));
    if !binding.key.is_empty() {
        item.push_str(&format!(", key = {}", text(&binding.key)));
    }
    if !binding.arguments.is_empty() {
        item.push_str(&format!(", arguments = {}", inline(binding.arguments.iter())));
    }
    item.push_str(" }");
    item
}

fn binding(binding: &Binding) -> String {
    let Binding { source, destination, key, arguments, mode } = binding;
    let mut part = "[[bindings]]\n".to_owned();
    line(&mut part, "source", &text(source));
    line(&mut part, destination.word(), &text(destination.name()));
    if !key.is_empty() {
        line(&mut part, "key", &text(key));
    }
    table(&mut part, "arguments", arguments);
    mode_line(&mut part, *mode);
    part
}

fn policy(policy: &Policy) -> String {
    let Policy { name, pattern, apply_to, priority, definition, mode } = policy;
    let mut part = format!("[policies.{}]\n", key(name));
    line(&mut part, "pattern", &text(pattern));
    if apply_to != "all" {
        line(&mut part, "apply-to", &text(apply_to));
    }
    if *priority != 0 {
        line(&mut part, "priority", &priority.to_string());
    }
    table(&mut part, "definition", definition);
    mode_line(&mut part, *mode);
    part
}

fn line(part: &mut String, name: &str, value: &str) {
    // Writing to a text does not fail.
    writeln!(part, "{name} = {value}").ok();
}

fn flags(part: &mut String, durable: bool, auto_delete: bool) {
    if !durable {
        line(part, "durable", "false");
    }
    if auto_delete {
        line(part, "auto-delete", "true");
    }
}

fn mode_line(part: &mut String, mode: Mode) {
    match mode {
        Mode::Declare => {}
        Mode::Verify => line(part, "mode", "\"verify\""),
        Mode::Ignore => line(part, "mode", "\"ignore\""),
    }
}

fn table(part: &mut String, name: &str, arguments: &Arguments) {
    if !arguments.is_empty() {
        line(part, name, &inline(arguments.iter()));
    }
}

fn inline<'a>(fields: impl Iterator<Item = (&'a String, &'a Value)>) -> String {
    // TOML has no null; an argument without a value says nothing.
    let fields = fields.filter(|(_, value)| !value.is_null());
    let fields: Vec<_> =
        fields.map(|(name, value)| format!("{} = {}", key(name), item(value))).collect();
    if fields.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", fields.join(", ")) }
}

fn item(value: &Value) -> String {
    match value {
        Value::Null => "\"\"".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(string) => text(string),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(item).collect::<Vec<_>>().join(", "))
        }
        Value::Object(fields) => inline(fields.iter()),
    }
}

fn text(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn key(name: &str) -> String {
    let is_bare = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    if !name.is_empty() && name.chars().all(is_bare) { name.to_owned() } else { quoted(name) }
}

/// A key is quoted on one line, while a text with line feeds would get several.
fn quoted(name: &str) -> String {
    let mut quoted = "\"".to_owned();
    for letter in name.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            letter if letter.is_control() => {
                quoted.push_str(&format!("\\u{:04X}", u32::from(letter)));
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}
