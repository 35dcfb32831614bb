//! A line of TOML or INI, as far as credentials files go.

/// What a line says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// Nothing, or a comment.
    Blank,
    /// A table begins.
    Table(&'a str),
    /// A key and its value without quotes.
    Pair(&'a str, String),
}

/// What is wrong with a line, without a word of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed(pub(super) &'static str);

impl<'a> Line<'a> {
    pub(super) fn read(line: &'a str) -> Result<Self, Malformed> {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            return Ok(Self::Blank);
        }
        if let Some(rest) = line.strip_prefix('[') {
            let (name, rest) =
                rest.split_once(']').ok_or(Malformed("a table's name ends with `]`"))?;
            check_rest(rest)?;
            let name = name.trim();
            return Ok(Self::Table(
                unquoted(name, '"').or_else(|| unquoted(name, '\'')).unwrap_or(name),
            ));
        }
        let (key, value) =
            line.split_once('=').ok_or(Malformed("wanted `[node]` or `key = value`"))?;
        Ok(Self::Pair(key.trim(), read_value(value.trim())?))
    }
}

fn read_value(value: &str) -> Result<String, Malformed> {
    if let Some(rest) = value.strip_prefix('\'') {
        let (text, rest) = rest.split_once('\'').ok_or(Malformed("a text ends with `'`"))?;
        check_rest(rest)?;
        return Ok(text.to_owned());
    }
    match value.strip_prefix('"') {
        Some(rest) => read_escaped(rest),
        None => Ok(bare(value).to_owned()),
    }
}

/// An INI value or a TOML number: a comment begins with a space.
fn bare(value: &str) -> &str {
    let end = [" #", " ;", "\t#"].iter().filter_map(|mark| value.find(mark)).min();
    value.get(..end.unwrap_or(value.len())).unwrap_or(value).trim_end()
}

/// What follows an opening `"`.
fn read_escaped(rest: &str) -> Result<String, Malformed> {
    const UNKNOWN: Malformed = Malformed("a `\\` that begins no escape; write `\\\\` for `\\`");
    let mut text = String::new();
    let mut chars = rest.chars();
    while let Some(char) = chars.next() {
        match char {
            '"' => {
                check_rest(chars.as_str())?;
                return Ok(text);
            }
            '\\' => text.push(match chars.next().ok_or(UNKNOWN)? {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                'u' => read_hex(&mut chars, 4).ok_or(UNKNOWN)?,
                'U' => read_hex(&mut chars, 8).ok_or(UNKNOWN)?,
                char @ ('"' | '\\') => char,
                _ => return Err(UNKNOWN),
            }),
            char => text.push(char),
        }
    }
    Err(Malformed("a text ends with `\"`"))
}

fn read_hex(chars: &mut std::str::Chars<'_>, digits: usize) -> Option<char> {
    let mut value = 0;
    for _ in 0..digits {
        value = value * 16 + chars.next()?.to_digit(16)?;
    }
    char::from_u32(value)
}

fn check_rest(rest: &str) -> Result<(), Malformed> {
    let rest = rest.trim_start();
    if rest.is_empty() || rest.starts_with(['#', ';']) {
        return Ok(());
    }
    Err(Malformed("nothing but a comment may follow on the line"))
}

fn unquoted(text: &str, mark: char) -> Option<&str> {
    text.strip_prefix(mark)?.strip_suffix(mark)
}
