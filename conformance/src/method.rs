//! Methods as lines: `queue.declare queue=q durable` to bytes, and back.
//!
//! A method with content carries its properties and body on the same line. Reserved fields are
//! zero, fields not named are empty, and in a reply only flags that are set are shown.

use anyhow::{Context as _, Result, bail};
use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use leveret_protocol::{FieldTable, Method, Properties, ShortStr};

use crate::{
    layout::{Field, Kind, Layout, METHODS},
    literal::{Scanner, show_string, show_table},
    property,
};

/// A method to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    pub(crate) name: String,
    pub(crate) payload: Bytes,
    /// What comes with it: properties and body.
    pub(crate) content: Option<(Properties, Bytes)>,
    /// The fields as they were written, for who has to clean up or to wait.
    pub(crate) fields: Vec<(String, Given)>,
}

/// What was written for a field.
#[derive(Debug, Clone)]
pub(crate) enum Given {
    Flag(bool),
    Number(u64),
    Text(Bytes),
    Table(FieldTable),
}

impl Outgoing {
    /// Reads a line.
    pub(crate) fn parse(line: &str) -> Result<Self> {
        let mut scanner = Scanner::new(line);
        let name = scanner.name();
        let layout = METHODS.named(name).with_context(|| format!("no method `{name}`"))?;
        let mut fields: Vec<(String, Given)> = Vec::new();
        let mut content = property::Draft::default();
        while !scanner.is_done() {
            let name = scanner.name();
            let field = layout.fields.iter().find(|field| field.name.as_deref() == Some(name));
            match field {
                Some(field) => fields.push((name.to_owned(), given(field.kind, &mut scanner)?)),
                None if layout.has_content && scanner.take('=') => {
                    content.set(name, &mut scanner)?;
                }
                None => bail!("`{}` has no field `{name}`", layout.name),
            }
        }
        let payload = encode(layout, &fields);
        let content = layout.has_content.then(|| content.finish());
        Ok(Self { name: layout.name.clone(), payload, content, fields })
    }

    pub(crate) fn is_set(&self, flag: &str) -> bool {
        self.fields.iter().any(|(name, given)| name == flag && matches!(given, Given::Flag(true)))
    }

    pub(crate) fn text(&self, field: &str) -> Option<String> {
        self.fields.iter().find_map(|(name, given)| match given {
            Given::Text(bytes) if name == field => {
                Some(String::from_utf8_lossy(bytes).into_owned())
            }
            Given::Text(_) | Given::Flag(_) | Given::Number(_) | Given::Table(_) => None,
        })
    }

    /// The methods that answer it; none if nothing does.
    pub(crate) fn replies(&self) -> Vec<String> {
        if self.is_set("no_wait") {
            return Vec::new();
        }
        match self.name.as_str() {
            "basic.get" => vec!["basic.get-ok".to_owned(), "basic.get-empty".to_owned()],
            "connection.start-ok" | "connection.secure-ok" => {
                vec!["connection.tune".to_owned(), "connection.secure".to_owned()]
            }
            name => {
                let reply = format!("{name}-ok");
                METHODS.named(&reply).map(|layout| layout.name.clone()).into_iter().collect()
            }
        }
    }
}

fn given(kind: Kind, scanner: &mut Scanner<'_>) -> Result<Given> {
    if !scanner.take('=') {
        return if kind == Kind::Bit {
            Ok(Given::Flag(true))
        } else {
            bail!("a field without a value")
        };
    }
    Ok(match kind {
        Kind::Bit => Given::Flag(scanner.name() == "true"),
        Kind::Octet | Kind::Short | Kind::Long | Kind::LongLong => Given::Number(scanner.number()?),
        Kind::ShortStr | Kind::LongStr => Given::Text(scanner.string()?),
        Kind::Table => Given::Table(scanner.table()?),
    })
}

fn encode(layout: &Layout, fields: &[(String, Given)]) -> Bytes {
    let mut out = BytesMut::new();
    out.put_u16(layout.ids.0);
    out.put_u16(layout.ids.1);
    let mut bits: Option<(u8, u8)> = None;
    for field in &layout.fields {
        let given = fields.iter().rev().find(|(name, _)| Some(name) == field.name.as_ref());
        let given = given.map(|(_, given)| given);
        if field.kind == Kind::Bit {
            let (octet, at) = bits.unwrap_or_default();
            let is_set = matches!(given, Some(Given::Flag(true)));
            bits = Some((octet | (u8::from(is_set) << at), at + 1));
            continue;
        }
        if let Some((octet, _)) = bits.take() {
            out.put_u8(octet);
        }
        put(&mut out, field.kind, given);
    }
    if let Some((octet, _)) = bits {
        out.put_u8(octet);
    }
    out.freeze()
}

fn put(out: &mut BytesMut, kind: Kind, given: Option<&Given>) {
    let (number, bytes) = match given {
        Some(Given::Number(number)) => (*number, &[][..]),
        Some(Given::Text(bytes)) => (0, &**bytes),
        Some(Given::Table(table)) => (0, table.as_bytes()),
        Some(Given::Flag(_)) | None => (0, &[][..]),
    };
    match kind {
        Kind::Bit => {}
        Kind::Octet => out.put_uint(number, 1),
        Kind::Short => out.put_uint(number, 2),
        Kind::Long => out.put_uint(number, 4),
        Kind::LongLong => out.put_uint(number, 8),
        Kind::ShortStr => {
            out.put_u8(u8::try_from(bytes.len()).unwrap_or(u8::MAX));
            out.put_slice(bytes);
        }
        Kind::LongStr | Kind::Table => {
            out.put_u32(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
            out.put_slice(bytes);
        }
    }
}

/// A method's name, its line, and whether content follows. The protocol crate's own codec reads
/// the same bytes and writes them back, so that two witnesses agree on what was said.
pub(crate) fn show(payload: &Bytes) -> Result<(String, String, bool)> {
    let method = Method::decode(payload).with_context(|| format!("undecodable: {payload:?}"))?;
    let layout = METHODS
        .numbered((method.class_id(), method.method_id()))
        .with_context(|| format!("no layout of {}", method.name()))?;
    let mut input = payload.slice(4..);
    let mut line = layout.name.clone();
    let mut bit = 0;
    let mut octet = 0;
    for field in &layout.fields {
        if field.kind == Kind::Bit {
            if bit % 8 == 0 {
                octet = input.try_get_u8()?;
            }
            if let (Some(name), true) = (&field.name, octet & (1 << (bit % 8)) != 0) {
                line.push_str(&format!(" {name}"));
            }
            bit += 1;
            continue;
        }
        bit = 0;
        let value = take(field, &mut input)?;
        if let (Some(name), Some(value)) = (&field.name, value) {
            line.push_str(&format!(" {name}={value}"));
        }
    }
    Ok((layout.name.clone(), line, layout.has_content))
}

/// A field's value in words; none for an empty string or table.
fn take(field: &Field, input: &mut Bytes) -> Result<Option<String>> {
    Ok(match field.kind {
        Kind::Bit => None,
        Kind::Octet => Some(input.try_get_u8()?.to_string()),
        Kind::Short => Some(input.try_get_u16()?.to_string()),
        Kind::Long => Some(input.try_get_u32()?.to_string()),
        Kind::LongLong => Some(input.try_get_u64()?.to_string()),
        Kind::ShortStr => {
            let len = usize::from(input.try_get_u8()?);
            let text = ShortStr::new(input.split_to(len.min(input.len())))?;
            (!text.is_empty()).then(|| show_string(&text))
        }
        Kind::LongStr => {
            let text = counted(input)?;
            (!text.is_empty()).then(|| show_string(&text))
        }
        Kind::Table => {
            let table = FieldTable::from_bytes(counted(input)?)?;
            (!table.is_empty()).then(|| show_table(&table))
        }
    })
}

fn counted(input: &mut Bytes) -> Result<Bytes> {
    let len = usize::try_from(input.try_get_u32()?)?;
    Ok(input.split_to(len.min(input.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_becomes_the_method_that_the_protocol_crate_reads() {
        let line = "queue.declare queue=q durable arguments={x-max-length=5}";
        let sent = Outgoing::parse(line).unwrap();
        assert_eq!(show(&sent.payload).unwrap().1, line);
        let mut again = BytesMut::new();
        Method::decode(&sent.payload).unwrap().encode(&mut again);
        assert_eq!(sent.payload, again.freeze());
    }

    #[test]
    fn a_field_that_the_method_does_not_have_is_refused() {
        assert!(Outgoing::parse("queue.declare mandatory").is_err());
    }

    #[test]
    fn a_publish_carries_properties_and_body() {
        let line = "basic.publish routing_key=q priority=3 headers={a=1} body=hello";
        let (properties, body) = Outgoing::parse(line).unwrap().content.unwrap();
        assert_eq!(properties.priority(), Some(3));
        assert_eq!(&*body, b"hello");
        assert_eq!(property::show(&properties), " headers={a=1} priority=3");
    }
}
