//! Reports in words: where the copy of the mail begins, whom the words speak of.
//!
//! Mail systems of all ages name the failed address at the beginning of a line, or after
//! "to", and say why beside it. Keeps true: the copy's own words are never read as reasons.

use super::RECIPIENTS_MAX;
use crate::address::{addresses, is_daemon};
use crate::text::{clip, squeeze};

/// How many lines of a report are read.
const LINES_MAX: usize = 2000;
/// How much of a line is read.
const LINE_BYTES_MAX: usize = 2000;
/// How much is kept of what is said of one recipient.
const WORDS_BYTES_MAX: usize = 2048;
/// How far behind a line that announces the copy its header must begin.
const LINES_TO_HEADER: usize = 4;

/// A text of a report, cut where the copy of the mail begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Prose<'a> {
    /// What the reporter says.
    pub(super) words: &'a str,
    /// The mail that came back, or its header.
    pub(super) copy: &'a str,
}

/// Cuts a text where the copy of the mail begins.
pub(super) fn cut(text: &str) -> Prose<'_> {
    let mut at = 0;
    let mut lines = text.split_inclusive('\n').take(LINES_MAX);
    while let Some(line) = lines.next() {
        let is_announced = announces_copy(line)
            && lines
                .clone()
                .filter(|line| !line.trim().is_empty())
                .take(LINES_TO_HEADER)
                .any(is_copied_field);
        if is_announced || is_trace_field(line) {
            let (words, copy) = (text.get(..at), text.get(at..));
            return Prose { words: words.unwrap_or_default(), copy: copy.unwrap_or_default() };
        }
        at += line.len();
    }
    Prose { words: text, copy: "" }
}

/// Finds whom the copy was for.
pub(super) fn addressee(copy: &str) -> Option<String> {
    copy.lines().take(LINES_MAX).map(|line| clip(line, LINE_BYTES_MAX)).find_map(|line| {
        let (name, value) = line.trim_start().split_once(':')?;
        let is_to =
            ["to", "x-original-to", "delivered-to"].iter().any(|to| name.eq_ignore_ascii_case(to));
        if is_to { addresses(value).next().map(|(_, address)| address) } else { None }
    })
}

/// The recipients a text names, each with the words about it.
pub(super) fn recipients(words: &str, is_foreign: impl Fn(&str) -> bool) -> Vec<(String, String)> {
    let leading = spans(words, |line| leading_address(line).filter(|address| !is_foreign(address)));
    if !leading.is_empty() {
        return leading;
    }
    let announced =
        spans(words, |line| announced_address(line).filter(|address| !is_foreign(address)));
    if !announced.is_empty() {
        return announced;
    }
    spans(words, |line| {
        let mut found = addresses(line).map(|(_, address)| address);
        if names_another(line) { None } else { found.find(|address| !is_foreign(address)) }
    })
}

/// Cuts a text at the lines where a recipient is found; the words before the first belong to none.
fn spans(words: &str, find: impl Fn(&str) -> Option<String>) -> Vec<(String, String)> {
    let mut spans: Vec<(String, String)> = Vec::new();
    for line in words.lines().take(LINES_MAX).map(|line| clip(line, LINE_BYTES_MAX)) {
        if let Some(address) = find(line) {
            // The same address again adds to what was said.
            if spans.last().is_none_or(|(last, _)| *last != address) {
                if spans.len() == RECIPIENTS_MAX {
                    break;
                }
                spans.push((address, String::new()));
            }
        }
        if let Some((_, said)) = spans.last_mut()
            && said.len() < WORDS_BYTES_MAX
        {
            said.push_str(line);
            said.push('\n');
        }
    }
    let mut merged: Vec<(String, String)> = Vec::new();
    for (address, said) in spans {
        let said = squeeze(&said, WORDS_BYTES_MAX);
        match merged.iter_mut().find(|(known, _)| *known == address) {
            Some((_, known)) => *known = squeeze(&format!("{known} {said}"), WORDS_BYTES_MAX),
            None => merged.push((address, said)),
        }
    }
    merged
}

/// An address that begins a line, after signs at most.
fn leading_address(line: &str) -> Option<String> {
    let (before, address) = addresses(line).next()?;
    let is_bare = before.chars().all(|c| c.is_whitespace() || "<>\"'*-([".contains(c));
    (is_bare && !is_daemon(&address)).then_some(address)
}

/// An address that a line announces: "rcpt to:", "could not be delivered to", "recipient:" and so on.
fn announced_address(line: &str) -> Option<String> {
    addresses(line).find_map(|(before, address)| {
        let before = before.to_ascii_lowercase();
        let before = before.trim_end_matches([' ', '<', '"', '\'', ':', '(', '\t', '=']);
        let signs = [
            "rcpt to",
            "recipient",
            "recipient address",
            "delivered to",
            "addressed to",
            "message to",
            "mail to",
            "address",
            "size",
            "failed",
            "mailbox",
            "user",
            "following address",
        ];
        let is_announced =
            signs.iter().any(|sign| before.ends_with(sign)) && !before.contains("mail from");
        (is_announced && !is_daemon(&address)).then_some(address)
    })
}

/// Lines whose address is not the recipient's.
fn names_another(line: &str) -> bool {
    let line = line.trim_start().to_ascii_lowercase();
    [
        "from",
        "mail from",
        "message-id",
        "message id",
        "sender",
        "original sender",
        "original message id",
        "reply-to",
        "in-reply-to",
        ">>> mail from",
        "cc:",
        "bcc:",
    ]
    .iter()
    .any(|start| line.starts_with(start))
        || line.contains("contact ")
}

fn announces_copy(line: &str) -> bool {
    const SIGNS: [&str; 14] = [
        "copy of the",
        "copy of your",
        "original message",
        "original mail",
        "original header",
        "unsent message",
        "message header",
        "headers follow",
        "returned message",
        "returned mail",
        "message text follows",
        "header of the",
        "header follows",
        "begin message",
    ];
    let line = line.to_ascii_lowercase();
    !line.contains("was received") && SIGNS.iter().any(|sign| line.contains(sign))
}

/// The fields with which copies begin, be it a whole header or the four of a quotation.
fn is_copied_field(line: &str) -> bool {
    const NAMES: [&str; 9] = [
        "from",
        "to",
        "subject",
        "date",
        "message-id",
        "mime-version",
        "content-type",
        "reply-to",
        "return-path",
    ];
    let Some((name, _)) = line.trim_start().split_once(':') else { return false };
    is_trace_field(line)
        || NAMES.iter().any(|known| name.eq_ignore_ascii_case(known))
        || name.to_ascii_lowercase().starts_with("x-")
}

/// The fields that no reporter writes: they can only be a copy's.
fn is_trace_field(line: &str) -> bool {
    const NAMES: [&str; 8] = [
        "received",
        "return-path",
        "dkim-signature",
        "x-received",
        "arc-seal",
        "delivered-to",
        "domainkey-signature",
        "authentication-results",
    ];
    let Some((name, _)) = line.trim_start().split_once(':') else { return false };
    NAMES.iter().any(|known| name.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copy_begins_at_its_announcement_or_its_trace() {
        let prose = cut("sorry\n--- Below this line is a copy of the message.\n\nSubject: a\n\nb");
        assert_eq!(prose.words, "sorry\n");
        let prose = cut("The original message was received today\nfrom there\nReceived: by x\n");
        assert_eq!(prose.words, "The original message was received today\nfrom there\n");
        assert_eq!(cut("no copy").copy, "");
    }

    #[test]
    fn each_recipient_gets_the_words_about_it() {
        let found =
            recipients("Sorry.\n<a@example.org>:\n  550 gone\n<b@example.org>: full\n", |_| false);
        let expected = [
            ("a@example.org", "<a@example.org>: 550 gone"),
            ("b@example.org", "<b@example.org>: full"),
        ];
        assert_eq!(found, expected.map(|(address, said)| (address.to_owned(), said.to_owned())));
    }

    #[test]
    fn an_announced_address_will_do() {
        let found = recipients(
            "Mail from me@example.org\ncould not be delivered to: <a@example.org>, full",
            |_| false,
        );
        assert_eq!(found[0].0, "a@example.org");
    }

    #[test]
    fn the_addressee_of_a_copy_is_in_its_header() {
        assert_eq!(
            addressee("From: x@example.net\nTo: \"A\" <a@example.org>\n").as_deref(),
            Some("a@example.org")
        );
    }
}
