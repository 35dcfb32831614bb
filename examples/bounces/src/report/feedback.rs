//! Complaints: feedback reports of RFC 5965, and mails that say the same in words.

use super::fields;
use super::{Complaint, RECIPIENTS_MAX};
use crate::address::addresses;
use crate::mail::{Mail, PartKind};

/// A body longer than this is no bare request to unsubscribe.
const REQUEST_BYTES_MAX: usize = 400;

/// Reads a complaint, if the mail is one.
pub(super) fn read(mail: &Mail) -> Option<Complaint> {
    structured(mail).or_else(|| worded(mail)).or_else(|| request_to_unsubscribe(mail))
}

/// Says whether readers ask for something by that kind of report: `not-spam` takes a complaint back.
pub(super) fn is_objection(feedback_type: &str) -> bool {
    feedback_type != "not-spam"
}

fn structured(mail: &Mail) -> Option<Complaint> {
    let declared = mail.field("content-type").unwrap_or_default().to_ascii_lowercase();
    let is_declared = declared.contains("feedback-report");
    let part = mail.parts().iter().find(|part| {
        let lines = || fields::lines(&part.text);
        part.kind == PartKind::Feedback
            || (part.kind != PartKind::Copy
                && fields::values(&lines(), "feedback-type").next().is_some())
    });
    let text = match (part, is_declared) {
        (Some(part), _) => part.text.as_str(),
        (None, true) => "",
        (None, false) => return None,
    };
    let lines = fields::lines(text);
    let named = ["original-rcpt-to", "removal-recipient", "original-recipient"];
    let recipients = named.iter().flat_map(|name| fields::values(&lines, name));
    let kind = fields::values(&lines, "feedback-type").next().unwrap_or("abuse");
    Some(Complaint {
        feedback_type: kind.split_whitespace().next().unwrap_or("abuse").to_ascii_lowercase(),
        recipients: recipients
            .filter_map(|value| addresses(value).next().map(|(_, address)| address))
            .take(RECIPIENTS_MAX)
            .collect(),
        reporting_mta: fields::values(&lines, "reporting-mta").next().and_then(fields::host),
    })
}

/// Feedback loops older than the format send the mail back under a telling subject.
fn worded(mail: &Mail) -> Option<Complaint> {
    let subject = mail.subject().to_ascii_lowercase();
    let signs = [
        "complaint about message",
        "abuse report",
        "spam complaint",
        "feedback report for ip",
        "feedback loop report",
    ];
    if !signs.iter().any(|sign| subject.contains(sign)) {
        return None;
    }
    // The reader, if the provider left the address in.
    let recipient =
        mail.field("x-hmxmroriginalrecipient").or_else(|| mail.field("x-original-recipient"));
    Some(Complaint {
        feedback_type: "abuse".to_owned(),
        recipients: recipient
            .and_then(|value| addresses(value).next())
            .map(|(_, address)| address)
            .into_iter()
            .collect(),
        reporting_mta: None,
    })
}

/// What mail programs send to the address of a `List-Unsubscribe` field. RFC 2369, 3.2.
fn request_to_unsubscribe(mail: &Mail) -> Option<Complaint> {
    let subject = mail.subject().trim().trim_matches(['"', '\'', '“', '”']).to_lowercase();
    let is_bare =
        mail.parts().iter().map(|part| part.text.trim().len()).sum::<usize>() <= REQUEST_BYTES_MAX;
    if subject != "unsubscribe" || !is_bare {
        return None;
    }
    let from = mail.field("from").and_then(|from| addresses(from).next());
    Some(Complaint {
        feedback_type: "opt-out".to_owned(),
        recipients: from.map(|(_, address)| address).into_iter().collect(),
        reporting_mta: None,
    })
}
