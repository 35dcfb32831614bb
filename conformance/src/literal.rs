//! Values as the cases write them, read from text and written back.
//!
//! Strings are bare words or quoted; `"x"*300` is a repetition. A number's last letter tells its
//! type in a table: none is a signed long, `l` long-long, `b` `B` octets, `s` `u` shorts, `i`
//! unsigned long, `t` a timestamp, `d` `f` floats; `5D2` is the decimal 0.05. `[a, b]` is an
//! array, `{k=v}` a table, `x"00ff"` bytes, and `true`, `false`, `void` are themselves.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use leveret_protocol::{FieldArray, FieldTable, FieldValue, ShortStr};

/// Reads words and values off a line.
#[derive(Debug)]
pub(crate) struct Scanner<'a> {
    rest: &'a str,
}

impl<'a> Scanner<'a> {
    pub(crate) const fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    pub(crate) fn is_done(&mut self) -> bool {
        self.rest = self.rest.trim_start();
        self.rest.is_empty()
    }

    /// Takes this sign if it comes next.
    pub(crate) fn take(&mut self, sign: char) -> bool {
        let rest = self.rest.trim_start().strip_prefix(sign);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// A name up to `=`, a comma, a bracket or a blank.
    pub(crate) fn name(&mut self) -> &'a str {
        self.rest = self.rest.trim_start();
        let ends = |sign: char| sign.is_whitespace() || "=,]}".contains(sign);
        let (name, rest) = self.rest.split_at(self.rest.find(ends).unwrap_or(self.rest.len()));
        self.rest = rest;
        name
    }

    fn word(&mut self) -> &'a str {
        let ends = |sign: char| sign.is_whitespace() || ",]}".contains(sign);
        let (word, rest) = self.rest.split_at(self.rest.find(ends).unwrap_or(self.rest.len()));
        self.rest = rest;
        word
    }

    /// A string: bare, or quoted and perhaps repeated.
    pub(crate) fn string(&mut self) -> Result<Bytes> {
        if !self.rest.starts_with('"') {
            return Ok(Bytes::copy_from_slice(self.word().as_bytes()));
        }
        let once = self.quoted()?;
        let times = match self.rest.strip_prefix('*') {
            Some(rest) => {
                self.rest = rest;
                self.word().parse()?
            }
            None => 1,
        };
        Ok(once.repeat(times).into())
    }

    fn quoted(&mut self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut signs = self.rest.char_indices().skip(1);
        while let Some((at, sign)) = signs.next() {
            match sign {
                '"' => {
                    self.rest = self.rest.get(at + 1..).unwrap_or_default();
                    return Ok(bytes);
                }
                '\\' => match signs.next().context("a lone backslash")?.1 {
                    '0' => bytes.push(0),
                    'n' => bytes.push(b'\n'),
                    'x' => {
                        let hex = self.rest.get(at + 2..at + 4).context("\\x wants two digits")?;
                        bytes.push(u8::from_str_radix(hex, 16)?);
                        signs.nth(1);
                    }
                    other => bytes.extend(other.to_string().bytes()),
                },
                other => bytes.extend(other.to_string().bytes()),
            }
        }
        bail!("a string without an end: {}", self.rest)
    }

    /// A number of a method's field.
    pub(crate) fn number(&mut self) -> Result<u64> {
        let word = self.word();
        word.parse().with_context(|| format!("`{word}` is no number"))
    }

    /// `{k=v, ...}`.
    pub(crate) fn table(&mut self) -> Result<FieldTable> {
        if !self.take('{') {
            bail!("a table begins with a brace: {}", self.rest);
        }
        let mut fields = Vec::new();
        while !self.take('}') {
            let name = self.name();
            if name.is_empty() || !self.take('=') {
                bail!("a field is written name=value: {}", self.rest);
            }
            fields.push((ShortStr::try_from(name)?, self.value()?));
            self.take(',');
        }
        Ok(fields.into_iter().collect())
    }

    /// Any value of a table.
    pub(crate) fn value(&mut self) -> Result<FieldValue> {
        self.rest = self.rest.trim_start();
        if self.rest.starts_with('{') {
            return Ok(FieldValue::Table(self.table()?));
        }
        if self.take('[') {
            let mut values = Vec::new();
            while !self.take(']') {
                values.push(self.value()?);
                self.take(',');
            }
            return Ok(FieldValue::Array(values.into_iter().collect::<FieldArray>()));
        }
        if let Some(rest) = self.rest.strip_prefix("x\"") {
            let (hex, rest) = rest.split_once('"').context("bytes without an end")?;
            self.rest = rest;
            return Ok(FieldValue::Bytes(bytes_of(hex)?));
        }
        if self.rest.starts_with('"') {
            return Ok(FieldValue::LongString(self.string()?));
        }
        plain(self.word())
    }
}

/// Bytes written as hexadecimal digits.
pub(crate) fn bytes_of(hex: &str) -> Result<Bytes> {
    let digits: Vec<char> = hex.chars().filter(|sign| !sign.is_whitespace()).collect();
    let pairs =
        digits.chunks(2).map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16));
    Ok(pairs.collect::<Result<Vec<u8>, _>>()?.into())
}

fn plain(word: &str) -> Result<FieldValue> {
    let starts_number =
        word.trim_start_matches('-').starts_with(|sign: char| sign.is_ascii_digit());
    if !starts_number {
        return Ok(match word {
            "true" => FieldValue::Bool(true),
            "false" => FieldValue::Bool(false),
            "void" => FieldValue::Void,
            text => FieldValue::LongString(Bytes::copy_from_slice(text.as_bytes())),
        });
    }
    if let Some((value, scale)) = word.split_once('D') {
        return Ok(FieldValue::Decimal { value: value.parse()?, scale: scale.parse()? });
    }
    let split = word.find(|sign: char| sign.is_ascii_alphabetic()).unwrap_or(word.len());
    let (digits, kind) = word.split_at(split);
    Ok(match kind {
        "" => FieldValue::I32(digits.parse()?),
        "l" => FieldValue::I64(digits.parse()?),
        "b" => FieldValue::I8(digits.parse()?),
        "B" => FieldValue::U8(digits.parse()?),
        "s" => FieldValue::I16(digits.parse()?),
        "u" => FieldValue::U16(digits.parse()?),
        "i" => FieldValue::U32(digits.parse()?),
        "t" => FieldValue::Timestamp(digits.parse()?),
        "d" => FieldValue::F64(digits.parse()?),
        "f" => FieldValue::F32(digits.parse()?),
        _ => bail!("`{word}` is neither a number nor a word; quote it"),
    })
}

/// A string as a case would write it.
pub(crate) fn show_string(bytes: &[u8]) -> String {
    let is_plain = |sign: &u8| sign.is_ascii_alphanumeric() || b"_-./:#*".contains(sign);
    let begins = |sign: &u8| sign.is_ascii_alphabetic() || b"_#*".contains(sign);
    let is_reserved = [&b"true"[..], b"false", b"void"].contains(&bytes);
    if bytes.first().is_some_and(begins)
        && bytes.iter().all(is_plain)
        && bytes.len() < 80
        && !is_reserved
    {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    let repeated =
        bytes.first().filter(|first| bytes.len() > 40 && bytes.iter().all(|sign| sign == *first));
    let once = repeated.map_or(bytes, std::slice::from_ref);
    let mut shown = String::from("\"");
    for sign in String::from_utf8_lossy(once).chars() {
        match sign {
            '"' | '\\' => _ = write!(shown, "\\{sign}"),
            '\n' => shown.push_str("\\n"),
            sign if sign.is_control() => _ = write!(shown, "\\x{:02x}", u32::from(sign)),
            sign => shown.push(sign),
        }
    }
    shown.push('"');
    if repeated.is_some() {
        _ = write!(shown, "*{}", bytes.len());
    }
    shown
}

/// A table, its fields by name: their order on the wire is nobody's promise.
pub(crate) fn show_table(table: &FieldTable) -> String {
    let mut fields: Vec<String> =
        table.iter().map(|(name, value)| format!("{name}={}", show_value(&value))).collect();
    fields.sort();
    format!("{{{}}}", fields.join(", "))
}

/// Any value of a table, as a case would write it.
pub(crate) fn show_value(value: &FieldValue) -> String {
    match value {
        FieldValue::Bool(value) => value.to_string(),
        FieldValue::I8(value) => format!("{value}b"),
        FieldValue::U8(value) => format!("{value}B"),
        FieldValue::I16(value) => format!("{value}s"),
        FieldValue::U16(value) => format!("{value}u"),
        FieldValue::I32(value) => value.to_string(),
        FieldValue::U32(value) => format!("{value}i"),
        FieldValue::I64(value) => format!("{value}l"),
        FieldValue::F32(value) => format!("{value}f"),
        FieldValue::F64(value) => format!("{value}d"),
        FieldValue::Decimal { scale, value } => format!("{value}D{scale}"),
        FieldValue::LongString(bytes) => show_string(bytes),
        FieldValue::Array(array) => {
            let values: Vec<String> = array.iter().map(|value| show_value(&value)).collect();
            format!("[{}]", values.join(", "))
        }
        FieldValue::Timestamp(seconds) => format!("{seconds}t"),
        FieldValue::Table(table) => show_table(table),
        FieldValue::Bytes(bytes) => {
            let mut digits = String::new();
            for byte in bytes {
                _ = write!(digits, "{byte:02x}");
            }
            format!("x\"{digits}\"")
        }
        FieldValue::Void => "void".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_reads_as_it_was_written() {
        let text = r#"{a=1, b=2l, c=word, d="two words", e=[1s, true, {x=void}], f=x"00ff", g="5", h=5D2, i=1.5d}"#;
        let table = Scanner::new(text).table().unwrap();
        assert_eq!(show_table(&table), text);
    }

    #[test]
    fn a_long_string_of_one_sign_is_shown_short() {
        let bytes = Scanner::new("\"x\"*300").string().unwrap();
        assert_eq!(bytes.len(), 300);
        assert_eq!(show_string(&bytes), "\"x\"*300");
    }
}
