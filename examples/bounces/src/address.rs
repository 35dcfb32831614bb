//! E-mail addresses found in free text.
//!
//! Checks no more than a report needs: a local part, an at sign, a domain. Keeps true: an
//! address is at most 320 bytes, and its domain is in lower case.

use crate::text::clip;

/// The longest address, in bytes: local part, at sign and domain of RFC 5321, 4.5.3.1.
const ADDRESS_BYTES_MAX: usize = 64 + 1 + 255;

/// Finds the addresses in a line, in order, each with the text before it.
pub(crate) fn addresses(line: &str) -> impl Iterator<Item = (&str, String)> {
    line.match_indices('@').filter_map(move |(at, _)| {
        let (head, tail) = (line.get(..at)?, line.get(at + 1..)?);
        let local = local_part(head)?;
        let start = at - local.len();
        let domain = tail.get(..tail.find(|c| !is_domain(c)).unwrap_or(tail.len()))?;
        let domain = domain.trim_end_matches(['.', '-']);
        if local.is_empty() || domain.is_empty() || local.len() + domain.len() >= ADDRESS_BYTES_MAX
        {
            return None;
        }
        Some((line.get(..start)?, format!("{local}@{}", domain.to_ascii_lowercase())))
    })
}

/// Takes the address of a field such as `rfc822; <user@example.org>`, or, if there is no at
/// sign, whatever it names.
pub(crate) fn address_of_field(value: &str) -> Option<String> {
    let value = value.split_once(';').map_or(value, |(_, address)| address);
    if let Some((_, address)) = addresses(value).next() {
        return Some(address);
    }
    let name = value.trim().trim_matches(['<', '>', '"', '\'']);
    let name = clip(name, ADDRESS_BYTES_MAX).trim();
    (!name.is_empty() && !name.contains(char::is_whitespace)).then(|| name.to_owned())
}

/// Says whether an address belongs to a mail system rather than to a reader.
pub(crate) fn is_daemon(address: &str) -> bool {
    let local = address.split('@').next().unwrap_or_default().to_ascii_lowercase();
    let local = local.replace(['-', '_', '.'], "");
    local.starts_with("mailerdaemon")
        || local.starts_with("maildaemon")
        || local.starts_with("postmaster")
        || local.starts_with("poostmaster")
}

/// The local part at the end of a text: quoted, or a run of the characters allowed.
fn local_part(head: &str) -> Option<&str> {
    if let Some(quoted) = head.strip_suffix('"') {
        return head.get(quoted.rfind('"')?..);
    }
    let start = head.rfind(|c| !is_local(c)).map_or(0, |i| i + head.get(i..).map_or(1, first_len));
    Some(head.get(start..)?.trim_start_matches(['.', '\'']))
}

fn first_len(text: &str) -> usize {
    text.chars().next().map_or(1, char::len_utf8)
}

fn is_local(c: char) -> bool {
    c.is_ascii_alphanumeric() || ".!#$%&'*+-/=?^_`{|}~".contains(c)
}

fn is_domain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_with_what_stands_before_them() {
        let found: Vec<_> = addresses("to <Ann.O@Example.ORG>, b@example.net: gone @ @x").collect();
        assert_eq!(
            found,
            [
                ("to <", "Ann.O@example.org".to_owned()),
                ("to <Ann.O@Example.ORG>, ", "b@example.net".to_owned())
            ]
        );
    }

    #[test]
    fn a_local_part_may_be_quoted() {
        let found: Vec<_> =
            addresses("<\"a..b\"@example.org>").map(|(_, address)| address).collect();
        assert_eq!(found, ["\"a..b\"@example.org"]);
    }

    #[test]
    fn a_field_may_name_a_mailbox_without_a_domain() {
        assert_eq!(address_of_field("RFC822; <a@example.com>").as_deref(), Some("a@example.com"));
        assert_eq!(address_of_field("local;ann").as_deref(), Some("ann"));
        assert_eq!(address_of_field("rfc822;"), None);
    }
}
