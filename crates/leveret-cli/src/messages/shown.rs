//! A message as it is printed.

use std::io::{self, Write};

use leveret_client::{Delivery, Properties};
use leveret_json::Payload;
use serde_json::{Value, json};

use super::args::Form;
use crate::printable;

/// Characters of a body that are printed for people; programs get all of it.
const SHOWN_MAX: usize = 2_000;

/// Prints one message; it is out when this returns.
pub(crate) fn print(
    out: &mut impl Write,
    form: Form,
    number: u64,
    delivery: &Delivery,
) -> io::Result<()> {
    match form {
        Form::Text => text(out, number, delivery)?,
        Form::Json => writeln!(out, "{}", object(delivery))?,
        Form::Raw => {
            out.write_all(&delivery.body)?;
            out.write_all(b"\n")?;
        }
    }
    out.flush()
}

fn object(delivery: &Delivery) -> Value {
    let payload = Payload::of(&delivery.body);
    json!({
        "exchange": delivery.exchange.to_string_lossy(),
        "routing_key": delivery.routing_key.to_string_lossy(),
        "redelivered": delivery.redelivered,
        "properties": leveret_json::properties(&delivery.properties),
        "payload_bytes": delivery.body.len(),
        "payload": payload.text,
        "payload_encoding": payload.encoding.name(),
    })
}

fn text(out: &mut impl Write, number: u64, delivery: &Delivery) -> io::Result<()> {
    let (exchange, key) =
        (delivery.exchange.to_string_lossy(), delivery.routing_key.to_string_lossy());
    let exchange = if exchange.is_empty() { "(default)" } else { &exchange };
    let redelivered = if delivery.redelivered { ", redelivered" } else { "" };
    let bytes = delivery.body.len();
    let unit = if bytes == 1 { "byte" } else { "bytes" };
    writeln!(
        out,
        "#{number}  exchange {}, key {}, {bytes} {unit}{redelivered}",
        printable::line(exchange),
        printable::line(&key)
    )?;
    for (name, value) in fields(&delivery.properties) {
        writeln!(out, "  {}: {}", printable::line(&name), printable::line(&value))?;
    }
    writeln!(out, "{}", body(&delivery.body))
}

fn fields(properties: &Properties) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    if let Value::Object(object) = leveret_json::properties(properties) {
        let plain = object.into_iter().filter(|(name, _)| name != "headers");
        fields.extend(plain.map(|(name, value)| (name, said(&value))));
    }
    if let Some(headers) = properties.headers() {
        fields.extend(headers.iter().map(|(name, value)| {
            let name = format!("header {}", name.to_string_lossy());
            (name, said(&leveret_json::value(&value)))
        }));
    }
    fields
}

fn said(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn body(body: &[u8]) -> String {
    let Ok(text) = str::from_utf8(body) else {
        return format!("({} bytes that are no text; --json or --raw gives them)", body.len());
    };
    let Some((cut, _)) = text.char_indices().nth(SHOWN_MAX) else { return printable::text(text) };
    let (shown, rest) = text.split_at_checked(cut).unwrap_or((text, ""));
    format!("{}\n({} bytes more; --json or --raw gives them)", printable::text(shown), rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_cannot_move_the_cursor() {
        assert_eq!(printable::line("a\r\n\u{1b}[2J"), "a\\r\\n\\u{1b}[2J");
        assert_eq!(body(b"one\n\x1b]0;x\x07"), "one\n\\u{1b}]0;x\\u{7}");
    }

    #[test]
    fn a_long_body_is_cut_and_says_so() {
        let shown = body("ä".repeat(SHOWN_MAX + 1).as_bytes());
        assert!(shown.ends_with("ä\n(2 bytes more; --json or --raw gives them)"));
        assert_eq!(body(&[0xff]), "(1 bytes that are no text; --json or --raw gives them)");
    }
}
