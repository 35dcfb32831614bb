//! The `tracestate` of W3C Trace Context: what vendors add, checked and bounded.

/// The most entries.
const ENTRIES_MAX: usize = 32;

/// The most bytes that are carried on.
const BYTES_MAX: usize = 512;

const KEY_BYTES_MAX: usize = 256;

const VALUE_BYTES_MAX: usize = 256;

/// The list without blanks and empty entries; the last ones are dropped where it is too long.
/// Nothing if it is not well-formed.
pub(super) fn checked(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut keys = Vec::new();
    let entries = text.split(',').map(|entry| entry.trim_matches([' ', '\t']));
    for entry in entries.filter(|entry| !entry.is_empty()) {
        let (key, value) = entry.split_once('=')?;
        if !is_key(key) || !is_value(value) || keys.contains(&key) || keys.len() == ENTRIES_MAX {
            return None;
        }
        keys.push(key);
        let comma = if out.is_empty() { "" } else { "," };
        if out.len() + comma.len() + entry.len() <= BYTES_MAX {
            out.push_str(comma);
            out.push_str(entry);
        }
    }
    (!out.is_empty()).then_some(out)
}

fn is_key(key: &str) -> bool {
    let is_legal = |c: u8| {
        c.is_ascii_lowercase()
            || c.is_ascii_digit()
            || matches!(c, b'_' | b'-' | b'*' | b'/' | b'@')
    };
    let first = key.as_bytes().first();
    key.len() <= KEY_BYTES_MAX
        && first.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        && key.bytes().all(is_legal)
}

fn is_value(value: &str) -> bool {
    let is_legal = |c: u8| matches!(c, b' '..=b'~') && c != b',' && c != b'=';
    (1..=VALUE_BYTES_MAX).contains(&value.len()) && value.bytes().all(is_legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_carried_on_and_a_broken_one_is_not() {
        assert_eq!(checked("a=1, b@c=x y ,,").as_deref(), Some("a=1,b@c=x y"));
        for broken in ["", " , ", "a", "A=1", "a=", "a=1=2", "a=1,a=2", "a=\u{e9}", "a=1\n", "=1"] {
            assert_eq!(checked(broken), None, "{broken:?}");
        }
        let many: Vec<String> = (0..33).map(|number| format!("k{number}=v")).collect();
        assert_eq!(checked(&many.join(",")), None);
    }

    #[test]
    fn a_long_list_loses_whole_entries() {
        let long = "v".repeat(250);
        let list = format!("a={long},b={long},c={long},d=1");
        assert_eq!(checked(&list), Some(format!("a={long},b={long},d=1")));
        assert_eq!(checked(&format!("a={}", "v".repeat(257))), None);
    }
}
