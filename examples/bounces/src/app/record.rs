//! The result of one mail, as it travels and as its file holds it.

use bounces::{Class, Verdict};
use serde::{Deserialize, Serialize};

/// A kind of feedback longer than this gets no routing key of its own.
const WORD_BYTES_MAX: usize = 40;

/// Which mail, and what it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct MailResult {
    /// The message-id, derived from the path.
    pub(crate) id: String,
    /// The path relative to the directory.
    pub(crate) file: String,
    /// What the mail is.
    #[serde(flatten)]
    pub(crate) verdict: Verdict,
}

/// An address that should get no more mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Suppressed {
    /// The address.
    pub(crate) address: String,
}

impl MailResult {
    /// The topic under which the result is published.
    pub(crate) fn routing_key(&self) -> String {
        match self.verdict.class {
            Class::HardBounce => "bounce.hard".to_owned(),
            Class::SoftBounce => "bounce.soft".to_owned(),
            Class::Complaint => {
                format!("complaint.{}", word(self.verdict.feedback_type.as_deref()))
            }
            Class::AutoReply => "auto-reply".to_owned(),
            Class::Unknown => "unknown".to_owned(),
        }
    }
}

/// One word of a routing key; what a stranger wrote must not become several.
fn word(text: Option<&str>) -> &str {
    let is_plain = |text: &&str| {
        (1..=WORD_BYTES_MAX).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    text.filter(is_plain).unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feedback_type_is_one_word_of_the_key() {
        assert_eq!(word(Some("opt-out")), "opt-out");
        assert_eq!(word(Some("a.b")), "other");
        assert_eq!(word(Some("#")), "other");
        assert_eq!(word(None), "other");
    }

    #[test]
    fn a_result_survives_its_file() {
        let mail = b"From: mailer-daemon@example.org\nSubject: failure notice\n\n<a@example.com>: 550 5.1.1 gone\n";
        let verdict = bounces::classify(mail).unwrap();
        let result = MailResult { id: "1".to_owned(), file: "a.eml".to_owned(), verdict };
        let text = serde_json::to_string(&result).unwrap();
        let read: MailResult = serde_json::from_str(&text).unwrap();
        assert_eq!(read.verdict, result.verdict);
        assert_eq!(read.routing_key(), "bounce.hard");
    }
}
