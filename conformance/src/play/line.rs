//! What a line says: who is meant, a field, a greeting.

use super::Who;

/// Splits `b2: basic.get` into who and what.
pub(super) fn who(step: &str) -> (Who, &str) {
    let parsed = step.split_once(": ").and_then(|(who, command)| {
        let digits = who.trim_start_matches(|sign: char| sign.is_ascii_lowercase());
        let letters = who.len() - digits.len();
        let letter = who.chars().next().filter(|_| letters == 1).unwrap_or('a');
        let channel = if digits.is_empty() { 1 } else { digits.parse().ok()? };
        (letters <= 1 && !who.is_empty()).then_some(((letter, channel), command))
    });
    parsed.unwrap_or((('a', 1), step))
}

/// A field's value on a line, without its quotes.
pub(super) fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(&format!(" {name}="))?;
    match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => rest.split(' ').next(),
    }
}

/// Of what a server says of itself, what a client acts on.
pub(super) fn greeting(line: &str) -> String {
    let between = |from: &str, to: &str| {
        let rest = line.split_once(from).map_or("", |(_, rest)| rest);
        rest.split(to).next().unwrap_or_default().to_owned()
    };
    let mechanisms = between("mechanisms=", " locales");
    let mut words: Vec<&str> = mechanisms.trim_matches('"').split(' ').collect();
    words.sort_unstable();
    let major = between("version_major=", " ");
    let minor = between("version_minor=", " ");
    // Own extensions, and how they are named, stand in docs/protocol.md; no one else has them.
    let capabilities = between("capabilities={", "}");
    let capabilities: Vec<&str> =
        capabilities.split(", ").filter(|name| !name.starts_with("leveret.")).collect();
    let capabilities = capabilities.join(", ");
    let words = words.join(" ");
    format!("connection.start {major}-{minor} capabilities={{{capabilities}}} mechanisms={words}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_may_name_its_connection_and_channel() {
        assert_eq!(who("basic.qos"), (('a', 1), "basic.qos"));
        assert_eq!(who("2: basic.qos"), (('a', 2), "basic.qos"));
        assert_eq!(who("b: basic.qos"), (('b', 1), "basic.qos"));
        assert_eq!(who("b0: receive 1"), (('b', 0), "receive 1"));
        assert_eq!(who("until get-ok: basic.get"), (('a', 1), "until get-ok: basic.get"));
    }

    #[test]
    fn a_field_is_found_with_and_without_quotes() {
        assert_eq!(field("queue.declare-ok queue=q message_count=0", "queue"), Some("q"));
        assert_eq!(field("basic.deliver reply_to=\"a b\"", "reply_to"), Some("a b"));
    }
}
