//! What mail servers say, in words, and the reason it stands for.
//!
//! Servers word freely, and their codes are often wrong: "550 5.7.1 user unknown" is no
//! policy. So words go before codes. The lists in `phrases.txt` are tried from the top,
//! because a narrow phrase must win over a broad one: "sender address rejected: domain not
//! found" speaks of the sender. A `*` stands for any few words between.

use std::sync::LazyLock;

use super::Reason;
use crate::text::has_phrase;

/// The lists, each with its reason, in order.
static TABLE: LazyLock<Vec<(Reason, Vec<&str>)>> =
    LazyLock::new(|| sections(include_str!("phrases.txt")));

/// Finds the reason that a text gives; the text is lower case and squeezed.
pub(crate) fn reason_in(text: &str) -> Option<Reason> {
    let mut lists = TABLE.iter();
    lists
        .find(|(_, phrases)| phrases.iter().any(|phrase| has_phrase(text, phrase)))
        .map(|(reason, _)| *reason)
}

/// Reads the sections; one of an unknown name is left out.
fn sections(list: &'static str) -> Vec<(Reason, Vec<&'static str>)> {
    let mut sections: Vec<(Reason, Vec<&str>)> = Vec::new();
    for section in list.split("\n[").skip(1) {
        let Some((name, phrases)) = section.split_once("]\n") else { continue };
        let Some(reason) = Reason::ALL.into_iter().find(|reason| reason.name() == name) else {
            continue;
        };
        let phrases = phrases.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        sections.push((reason, phrases.collect()));
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_is_read() {
        let list = include_str!("phrases.txt");
        assert_eq!(TABLE.len(), list.lines().filter(|line| line.starts_with('[')).count());
        let is_plain =
            |phrase: &&str| **phrase == phrase.to_lowercase() && phrase.trim() == *phrase;
        assert!(
            TABLE.iter().all(|(_, phrases)| !phrases.is_empty() && phrases.iter().all(is_plain))
        );
    }

    #[test]
    fn narrow_phrases_win_over_broad_ones() {
        let reason = |text: &str| reason_in(text);
        assert_eq!(reason("sender address rejected: domain not found"), Some(Reason::Policy));
        assert_eq!(reason("domain not found"), Some(Reason::UnknownDomain));
        assert_eq!(reason("5.7.1 user unknown"), Some(Reason::UnknownUser));
        assert_eq!(reason("the mailbox <a@example.org> is full"), Some(Reason::MailboxFull));
        assert_eq!(reason("rejected for spam"), Some(Reason::Content));
        assert_eq!(reason("tulips"), None);
    }
}
