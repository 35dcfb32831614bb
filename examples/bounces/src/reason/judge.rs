//! From codes, words and circumstances to one reason.
//!
//! Knows nothing of mail formats: `report` has laid the case out. Keeps true: a case in which
//! nothing is said still gets a reason, `unexplained`.

use super::{Reason, reason_in};
use crate::code::{EnhancedStatus, ReplyCode};
use crate::text::squeeze;

/// How much of a text is searched for phrases.
const SEARCHED_BYTES_MAX: usize = 16 * 1024;

/// What is known of one failed delivery.
#[derive(Debug, Default)]
pub(crate) struct Case<'a> {
    /// What the server said to this recipient, or the nearest thing to it.
    pub(crate) diagnostic: &'a str,
    /// The report's own status code, where it has a field for it.
    pub(crate) status: Option<EnhancedStatus>,
    /// Everything else the report says.
    pub(crate) context: &'a str,
    /// Delivery is still being tried.
    pub(crate) is_delayed: bool,
}

/// A reason, and the codes that came with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Why the delivery failed.
    pub(crate) reason: Reason,
    /// What the server replied.
    pub(crate) reply: Option<ReplyCode>,
    /// The enhanced code, the server's own before the report's.
    pub(crate) status: Option<EnhancedStatus>,
}

/// Finds the reason of a failure.
pub(crate) fn judge(case: &Case<'_>) -> Finding {
    let reply = ReplyCode::first_in(case.diagnostic).or_else(|| ReplyCode::first_in(case.context));
    let status = best_status(case);
    Finding { reason: reason(case, reply, status), reply, status }
}

/// The server's specific code, then the report's, then the generic ones in that order.
fn best_status(case: &Case<'_>) -> Option<EnhancedStatus> {
    let said = EnhancedStatus::best_in(case.diagnostic);
    let specific = |code: &EnhancedStatus| !code.is_generic();
    said.filter(specific)
        .or_else(|| case.status.filter(specific))
        .or(case.status)
        .or(said)
        .or_else(|| EnhancedStatus::best_in(case.context))
}

fn reason(case: &Case<'_>, reply: Option<ReplyCode>, status: Option<EnhancedStatus>) -> Reason {
    if case.is_delayed {
        return Reason::Delayed;
    }
    let diagnostic = squeeze(case.diagnostic, SEARCHED_BYTES_MAX).to_lowercase();
    let context = squeeze(case.context, SEARCHED_BYTES_MAX).to_lowercase();
    // Where the server's own reply is known, the report's common phrases add nothing to it.
    let context_reason =
        || if ReplyCode::first_in(&diagnostic).is_some() { None } else { reason_in(&context) };
    let found = reason_in(&diagnostic).or_else(|| status.and_then(strong)).or_else(context_reason);
    if is_transient(reply, status, found) {
        // Whatever is said of a passing failure, the address may work tomorrow.
        return found.filter(|reason| !reason.is_hard()).unwrap_or(Reason::Transient);
    }
    let stage = Stage::of(&diagnostic).or_else(|| Stage::of(&context));
    if let Some(reason) = found.or_else(|| status.and_then(weak)) {
        // Who refuses before hearing of a recipient objects to the sender.
        return if reason.is_hard() && stage == Some(Stage::Sender) {
            Reason::Policy
        } else {
            reason
        };
    }
    let is_permanent = status.is_some()
        || reply.is_some()
        || says_permanent(&context)
        || says_permanent(&diagnostic);
    match (is_permanent, stage) {
        (true, Some(Stage::Sender)) => Reason::Policy,
        // Who has taken the recipient and then refuses the content objects to the content.
        (true, Some(Stage::Content)) => Reason::Content,
        (true, None) => Reason::Refused,
        (false, _) => Reason::Unexplained,
    }
}

fn is_transient(
    reply: Option<ReplyCode>,
    status: Option<EnhancedStatus>,
    found: Option<Reason>,
) -> bool {
    match (status, reply) {
        (Some(status), _) if !status.is_generic() => status.is_transient(),
        (_, Some(reply)) => reply.is_transient(),
        // A bare 4.0.0 is often put on failures that will stay, such as a domain that does not exist.
        (Some(status), None) => status.is_transient() && !found.is_some_and(Reason::is_hard),
        (None, None) => false,
    }
}

/// How far an SMTP session came, where the report tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Before any recipient was named.
    Sender,
    /// After all recipients were taken.
    Content,
}

impl Stage {
    fn of(text: &str) -> Option<Self> {
        const SENDER: [&str; 8] = [
            "in reply to mail from",
            "in reply to helo",
            "in reply to ehlo",
            "after mail from",
            "after initial connection",
            "sender was rejected",
            "my name was rejected",
            "[mail_from]",
        ];
        const CONTENT: [&str; 5] = [
            "end of data",
            "after i sent the message",
            "text command",
            "after data",
            "data command",
        ];
        if let Some(command) = refused_command(text) {
            return match command.split([' ', ':']).next() {
                Some("mail" | "helo" | "ehlo") => Some(Self::Sender),
                Some("data") => Some(Self::Content),
                _ => None,
            };
        }
        let tells = |signs: &[&str]| signs.iter().any(|sign| text.contains(sign));
        if tells(&SENDER) {
            Some(Self::Sender)
        } else if tells(&CONTENT) {
            Some(Self::Content)
        } else {
            None
        }
    }
}

/// The command of a transcript (">>> command", "<<< reply") whose reply is the first refusal.
fn refused_command(text: &str) -> Option<&str> {
    let before = text.split("<<< 5").next().filter(|before| before.len() < text.len())?;
    before.rsplit_once(">>> ").map(|(_, command)| command)
}

/// The codes that servers use for nothing else.
fn strong(code: EnhancedStatus) -> Option<Reason> {
    match (code.subject, code.detail) {
        (1, 1 | 3 | 4) => Some(Reason::UnknownUser),
        (1, 2 | 10) | (4, 4 | 310) => Some(Reason::UnknownDomain),
        (1, 6) => Some(Reason::Moved),
        (1, 7 | 8) => Some(Reason::Policy),
        (2, 1) | (7, 13) => Some(Reason::Disabled),
        (2, 2) => Some(Reason::MailboxFull),
        (2 | 3, 3 | 4) => Some(Reason::TooLarge),
        (4, 6) => Some(Reason::System),
        (4, 7) => Some(Reason::Expired),
        (6, _) => Some(Reason::Content),
        _ => None,
    }
}

/// The codes that servers use for many things, so that any word outweighs them.
fn weak(code: EnhancedStatus) -> Option<Reason> {
    match code.subject {
        3 | 5 => Some(Reason::System),
        4 => Some(Reason::Network),
        7 => Some(Reason::Policy),
        _ => None,
    }
}

fn says_permanent(text: &str) -> bool {
    ["permanent", "fatal error", "unrecoverable"].iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(diagnostic: &str, status: &str, context: &str) -> Reason {
        judge(&Case {
            diagnostic,
            status: EnhancedStatus::best_in(status),
            context,
            is_delayed: false,
        })
        .reason
    }

    #[test]
    fn words_go_before_codes() {
        assert_eq!(check("550 5.7.1 user unknown", "5.7.1", ""), Reason::UnknownUser);
        assert_eq!(check("550 5.1.1 too many messages", "5.1.1", ""), Reason::RateLimit);
    }

    #[test]
    fn a_passing_failure_is_never_hard() {
        assert_eq!(check("450 4.1.1 user unknown", "4.1.1", ""), Reason::Transient);
        assert_eq!(check("421 tulips", "", ""), Reason::Transient);
        assert_eq!(check("no such domain", "4.0.0", ""), Reason::UnknownDomain);
        assert_eq!(check("no such domain", "4.4.3", ""), Reason::Transient);
    }

    #[test]
    fn who_refuses_the_sender_says_nothing_of_the_recipient() {
        assert_eq!(check("550 tulips", "", "(in reply to MAIL FROM command)"), Reason::Policy);
        assert_eq!(
            check("550 does not exist (in reply to MAIL FROM command)", "5.1.1", ""),
            Reason::Policy
        );
    }

    #[test]
    fn codes_alone_decide_where_nothing_is_said() {
        assert_eq!(check("550 5.1.1 tulips", "", ""), Reason::UnknownUser);
        assert_eq!(check("550 5.7.9 tulips", "", ""), Reason::Policy);
        assert_eq!(check("550 tulips", "", ""), Reason::Refused);
        assert_eq!(check("550 tulips", "", "(in reply to end of DATA command)"), Reason::Content);
        assert_eq!(check("tulips", "", "a permanent error"), Reason::Refused);
        assert_eq!(check("tulips", "", "sorry"), Reason::Unexplained);
    }
}
