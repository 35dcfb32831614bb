//! Reads the method table: classes, methods and their fields in wire order.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};

/// One class of methods.
#[derive(Debug)]
pub(crate) struct Class {
    pub(crate) id: u16,
    pub(crate) name: String,
    pub(crate) methods: Vec<Method>,
}

/// One method.
#[derive(Debug)]
pub(crate) struct Method {
    pub(crate) id: u16,
    /// As in the specification, with hyphens.
    pub(crate) name: String,
    pub(crate) sender: Sender,
    pub(crate) has_content: bool,
    pub(crate) doc: String,
    pub(crate) fields: Vec<Field>,
}

/// Who may send a method.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Sender {
    Client,
    Server,
    Both,
}

/// One argument of a method.
#[derive(Debug)]
pub(crate) struct Field {
    /// None for a reserved field.
    pub(crate) name: Option<String>,
    pub(crate) kind: Kind,
    pub(crate) doc: String,
}

/// The wire types of arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Bit,
    Octet,
    Short,
    Long,
    LongLong,
    ShortStr,
    LongStr,
    /// A long string that `Debug` does not show.
    Secret,
    Table,
}

/// Parses the whole table.
pub(crate) fn parse(text: &str) -> Result<Vec<Class>> {
    let mut classes: Vec<Class> = Vec::new();
    let mut docs = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        parse_line(line, &mut classes, &mut docs)
            .with_context(|| format!("methods.txt:{}", index + 1))?;
    }
    Ok(classes)
}

fn parse_line(
    line: &str,
    classes: &mut Vec<Class>,
    docs: &mut BTreeMap<String, String>,
) -> Result<()> {
    let (head, doc) = line.split_once(" : ").unwrap_or((line, ""));
    let words: Vec<&str> = head.split_whitespace().collect();
    match *words.as_slice() {
        [] => {}
        [word, ..] if word.starts_with('#') => {}
        ["field", name, ref doc @ ..] => {
            docs.insert(name.to_owned(), doc.join(" "));
        }
        ["class", id, name] => {
            classes.push(Class { id: id.parse()?, name: name.to_owned(), methods: Vec::new() });
        }
        ["method", id, name, sender, ref flags @ ..] => {
            let class = classes.last_mut().context("a method before any class")?;
            class.methods.push(Method {
                id: id.parse()?,
                name: name.to_owned(),
                sender: parse_sender(sender)?,
                has_content: flags.contains(&"content"),
                doc: doc.to_owned(),
                fields: Vec::new(),
            });
        }
        [name, kind] => {
            let method = classes.last_mut().and_then(|class| class.methods.last_mut());
            let doc = match (doc, docs.get(name)) {
                ("", Some(common)) => common.clone(),
                ("", None) if name != "-" => bail!("field {name} has no description"),
                (own, _) => own.to_owned(),
            };
            let name = (name != "-").then(|| name.to_owned());
            let fields = &mut method.context("a field before any method")?.fields;
            fields.push(Field { name, kind: parse_kind(kind)?, doc });
        }
        _ => bail!("cannot read '{line}'"),
    }
    Ok(())
}

fn parse_sender(word: &str) -> Result<Sender> {
    Ok(match word {
        "client" => Sender::Client,
        "server" => Sender::Server,
        "both" => Sender::Both,
        other => bail!("no sender '{other}'"),
    })
}

fn parse_kind(word: &str) -> Result<Kind> {
    Ok(match word {
        "bit" => Kind::Bit,
        "octet" => Kind::Octet,
        "short" => Kind::Short,
        "long" => Kind::Long,
        "longlong" => Kind::LongLong,
        "shortstr" => Kind::ShortStr,
        "longstr" => Kind::LongStr,
        "secret" => Kind::Secret,
        "table" => Kind::Table,
        other => bail!("no type '{other}'"),
    })
}
