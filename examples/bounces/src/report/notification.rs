//! Notifications in JSON, as mail services send them about bounces and complaints.
//!
//! No JSON parser: such bodies come quoted inside one another and broken into lines by mail
//! lists, so strings are picked by their names. Keeps true: bounded like all texts.

use super::{Action, Bounce, Complaint, Notice, RECIPIENTS_MAX, Report};
use crate::code::EnhancedStatus;
use crate::text::squeeze;

/// How long a value may be; more is cut.
const VALUE_BYTES_MAX: usize = 2048;
/// How long an address may be; more is cut.
const ADDRESS_BYTES_MAX: usize = 320;

/// Reads a notification, if the text holds one.
pub(super) fn read(text: &str) -> Option<Report> {
    if !text.trim_start().starts_with('{') {
        return None;
    }
    // "!", a line end and a blank are how long lines are broken on their way.
    let text = text.replace("!\r\n ", "").replace("!\n ", "").replace("\\\"", "\"");
    let pairs: Vec<(&str, &str)> = pairs(&text).collect();
    let first =
        |name: &str| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    let kind = first("notificationType").or_else(|| first("eventType"))?;
    let reporting_mta = first("reportingMTA")
        .map(|mta| squeeze(mta.split_once(';').map_or(mta, |(_, host)| host), 255));
    let recipients = || {
        pairs
            .iter()
            .filter(|(name, _)| *name == "emailAddress")
            .map(|(_, value)| squeeze(value, ADDRESS_BYTES_MAX))
    };
    match kind {
        "Bounce" => Some(Report::Bounce(Bounce {
            reporting_mta,
            notices: notices(&pairs),
            ..Bounce::default()
        })),
        "Complaint" => Some(Report::Complaint(Complaint {
            feedback_type: first("complaintFeedbackType").unwrap_or("abuse").to_ascii_lowercase(),
            recipients: recipients().take(RECIPIENTS_MAX).collect(),
            reporting_mta,
        })),
        "Delivery" | "Send" | "Open" => {
            Some(Report::Answer { recipient: recipients().next(), reporting_mta })
        }
        _ => None,
    }
}

/// One notice per address; the strings of a recipient stand beside its address, before or after.
fn notices(pairs: &[(&str, &str)]) -> Vec<Notice> {
    let mut notices: Vec<Notice> = Vec::new();
    let mut current = Notice::default();
    let is_permanent =
        pairs.iter().any(|(name, value)| *name == "bounceType" && *value == "Permanent");
    for (name, value) in pairs {
        let is_next = match *name {
            "emailAddress" => current.recipient.is_some(),
            "status" => current.status.is_some(),
            "diagnosticCode" => !current.diagnostic.is_empty(),
            _ => continue,
        };
        if is_next {
            notices.push(std::mem::take(&mut current));
        }
        match *name {
            "emailAddress" => current.recipient = Some(squeeze(value, ADDRESS_BYTES_MAX)),
            "status" => current.status = EnhancedStatus::best_in(value),
            _ => current.diagnostic = squeeze(value, VALUE_BYTES_MAX),
        }
    }
    if current.diagnostic.is_empty() && is_permanent {
        "permanent".clone_into(&mut current.diagnostic);
    }
    current.action = Action::Failed;
    notices.push(current);
    notices.truncate(RECIPIENTS_MAX);
    notices
}

/// Finds the members whose value is a string.
fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let (_, tail) = rest.split_once('"')?;
            let (name, tail) = tail.split_once('"')?;
            rest = tail;
            let Some(value) = tail.trim_start().strip_prefix(':') else {
                // That was the end of a value, so its closing quote opens nothing.
                continue;
            };
            if let Some(value) = value.trim_start().strip_prefix('"') {
                let (content, after) = value.split_once('"')?;
                // The value may itself be quoted JSON: its members follow.
                if content.trim_start().starts_with('{') {
                    rest = value;
                    continue;
                }
                rest = after;
                return Some((name, content));
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_picked_from_nested_and_broken_json() {
        let text = r#"{"Message" : "{\"notificationType\":\"Bounce\",\"bounce\":{\"bounceType\":\"Permanent\",
            \"bouncedRecipients\":[{\"emailAddress\":\"a@example.com\",\"status\":\"5.1!
 .1\",\"diagnosticCode\":\"smtp; 550 5.1.1 user unknown\"}]}}"}"#;
        let Some(Report::Bounce(bounce)) = read(text) else { panic!("no bounce") };
        let notice = &bounce.notices[0];
        assert_eq!(notice.recipient.as_deref(), Some("a@example.com"));
        assert_eq!(notice.status.map(|status| status.to_string()).as_deref(), Some("5.1.1"));
        assert_eq!(notice.diagnostic, "smtp; 550 5.1.1 user unknown");
    }

    #[test]
    fn other_text_is_no_notification() {
        assert!(read("hello").is_none());
        assert!(read("{\"a\": \"b\"").is_none());
    }
}
