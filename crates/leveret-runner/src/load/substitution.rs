//! `${NAME}` in texts: the environment's word, or `${NAME:-another}`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use leveret::ConfigText;
use toml::Spanned;
use toml::de::DeValue;

use crate::problems::Problems;

/// Replaces them in all texts of the value. Names of the environment are in capitals; any other
/// `${..}` is somebody else's, and `$${` is what stands for itself.
pub(super) fn substitute(
    text: &ConfigText,
    environment: &BTreeMap<String, String>,
    value: &mut Spanned<DeValue<'_>>,
    problems: &mut Problems,
) {
    let span = value.span();
    match value.get_mut() {
        DeValue::String(written) if written.contains("${") => match filled(environment, written) {
            Ok(filled) => *written = Cow::Owned(filled),
            Err(missing) => {
                let hint =
                    format!("set it, or write `${{{missing}:-..}}` with what holds otherwise");
                let message = format!("the environment has no `{missing}`");
                problems.add(text, span, message, Some(hint));
            }
        },
        DeValue::Array(list) => {
            for item in list.iter_mut() {
                substitute(text, environment, item, problems);
            }
        }
        DeValue::Table(table) => {
            for (_, value) in table.iter_mut() {
                substitute(text, environment, value, problems);
            }
        }
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_) => {}
    }
}

/// The text with its names filled in, or the first name that is missing.
fn filled(environment: &BTreeMap<String, String>, written: &str) -> Result<String, String> {
    let mut out = String::with_capacity(written.len());
    let mut rest = written;
    while let Some((before, after)) = rest.split_once("${") {
        let named = after.split_once('}').filter(|_| !before.ends_with('$'));
        let (name, default) = match named.map(|(inner, _)| inner) {
            Some(inner) => inner.split_once(":-").map_or((inner, None), |(n, d)| (n, Some(d))),
            None => ("", None),
        };
        let (Some((_, behind)), true) = (named, is_name(name)) else {
            out.push_str(before.strip_suffix('$').unwrap_or(before));
            out.push_str("${");
            rest = after;
            continue;
        };
        out.push_str(before);
        let value = environment.get(name).map(String::as_str).filter(|value| !value.is_empty());
        out.push_str(value.or(default).ok_or_else(|| name.to_owned())?);
        rest = behind;
    }
    out.push_str(rest);
    Ok(out)
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_capitals_are_filled_in_and_others_stay() {
        let environment = BTreeMap::from(
            [("HOST", "here"), ("EMPTY", "")].map(|(n, v)| (n.to_owned(), v.to_owned())),
        );
        let filled = |text| filled(&environment, text);
        assert_eq!(filled("amqp://${HOST}:${PORT:-5672}/").unwrap(), "amqp://here:5672/");
        assert_eq!(
            filled("${site}-${date}/$${HOST} $5 ${").unwrap(),
            "${site}-${date}/${HOST} $5 ${"
        );
        assert_eq!(filled("${EMPTY:-as unset}").unwrap(), "as unset");
        assert_eq!(filled("${EMPTY}").unwrap_err(), "EMPTY");
        assert_eq!(filled("${HOST} ${NOT_THERE}").unwrap_err(), "NOT_THERE");
    }
}
