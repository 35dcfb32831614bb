//! Automatic answers: vacation notices by RFC 3834, receipts by RFC 8098.
//!
//! Mail systems mark bounces as automatic too, so the plain mark weighs less than words.

use crate::mail::{Mail, PartKind};
use crate::text::has_sign;

/// How sure it is that a mail is an automatic answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Likeness {
    /// Nothing says so.
    None,
    /// A machine sent it: an answer, unless it is a bounce.
    Automatic,
    /// The subject or a header says that it is an answer.
    Answer,
}

/// Weighs the signs of an automatic answer.
pub(super) fn likeness(mail: &Mail) -> Likeness {
    let subject = mail.subject().to_lowercase();
    let has = |name: &str| mail.field(name).is_some();
    let says = |name: &str, wanted: &[&str]| {
        let value = mail.field(name).unwrap_or_default().to_ascii_lowercase();
        wanted.iter().any(|word| value.starts_with(word))
    };
    if has_sign(include_str!("signs/answer-subjects.txt"), |sign| subject.starts_with(sign))
        || says("precedence", &["auto_reply", "auto-reply"])
        || says("x-apple-action", &["vacation"])
        || ["x-autoreply", "x-autorespond", "x-autoreply-from", "x-auto-reply-from"]
            .iter()
            .any(|name| has(name))
    {
        return Likeness::Answer;
    }
    // RFC 3834, 5: "no" says that a person sent it.
    let marked = says("auto-submitted", &["auto-replied", "auto-generated", "auto-notified"]);
    if marked || has("x-auto-response-suppress") { Likeness::Automatic } else { Likeness::None }
}

/// Says whether a mail is a receipt: shown, deleted, or the like.
pub(super) fn is_receipt(mail: &Mail) -> bool {
    let declared = mail.field("content-type").unwrap_or_default().to_ascii_lowercase();
    declared.contains("disposition-notification")
        || mail.parts().iter().any(|part| part.kind == PartKind::Disposition)
}
