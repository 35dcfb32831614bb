//! From a mail to what it reports: structure first, words next, marks last.

use super::answer::{self, Likeness};
use super::fields;
use super::prose;
use super::{Action, Bounce, Notice, RECIPIENTS_MAX, Report, feedback, notification, status};
use crate::address::{addresses, is_daemon};
use crate::code::{EnhancedStatus, ReplyCode};
use crate::mail::{Mail, PartKind};
use crate::reason::reason_in;
use crate::text::{clip, has_sign, squeeze};

/// How deep reports inside forwarded mails are looked for.
const FORWARDS_MAX: usize = 2;
/// How much is kept of a report's words.
const CONTEXT_BYTES_MAX: usize = 16 * 1024;

/// What the people's parts of a mail say, without the copy that came back.
struct Words {
    text: String,
    addressee: Option<String>,
}

/// Reads what a mail reports.
pub(crate) fn read(mail: &Mail) -> Report {
    let report = read_outer(mail);
    let says_little = match &report {
        Report::Nothing => true,
        Report::Bounce(bounce) => names_nobody(bounce) || gives_no_reason(bounce),
        Report::Complaint(_) | Report::Answer { .. } => false,
    };
    if says_little { inner(mail).unwrap_or(report) } else { report }
}

/// Reads the report that a forwarded mail holds; a mere answer inside says nothing of the outer mail.
fn inner(mail: &Mail) -> Option<Report> {
    let mut forwarded = copy(mail);
    for _ in 0..FORWARDS_MAX {
        let mail = forwarded?;
        let report = read_outer(&mail);
        match report {
            Report::Bounce(_) | Report::Complaint(_) => return Some(report),
            Report::Answer { .. } | Report::Nothing => forwarded = copy(&mail),
        }
    }
    None
}

/// Takes the other mail apart that this one holds, as a part or after its words.
fn copy(mail: &Mail) -> Option<Mail> {
    let mut texts = mail.parts().iter().filter_map(|part| match part.kind {
        PartKind::Copy => Some(part.text.as_str()),
        PartKind::Text => Some(prose::cut(&part.text).copy),
        PartKind::DeliveryStatus | PartKind::Feedback | PartKind::Disposition | PartKind::Other => {
            None
        }
    });
    texts.find_map(|text| Mail::parse(text.as_bytes()).ok())
}

fn names_nobody(bounce: &Bounce) -> bool {
    bounce.notices.iter().all(|notice| notice.recipient.is_none())
}

fn gives_no_reason(bounce: &Bounce) -> bool {
    let is_bare = |text: &str| {
        let text = squeeze(text, CONTEXT_BYTES_MAX).to_lowercase();
        ReplyCode::first_in(&text).is_none()
            && EnhancedStatus::best_in(&text).is_none()
            && reason_in(&text).is_none()
    };
    bounce.notices.iter().all(|notice| notice.status.is_none() && is_bare(&notice.diagnostic))
        && is_bare(&bounce.context)
}

fn read_outer(mail: &Mail) -> Report {
    if let Some(complaint) = feedback::read(mail) {
        if feedback::is_objection(&complaint.feedback_type) {
            return Report::Complaint(complaint);
        }
        return answered(complaint.recipients.into_iter().next(), complaint.reporting_mta);
    }
    if answer::is_receipt(mail) {
        return answered(sender(mail), None);
    }
    let words = words(mail);
    if let Some(report) = notification::read(&words.text) {
        return report;
    }
    if let Some(mut bounce) = structured(mail, &words) {
        if bounce.notices.iter().all(|notice| notice.action == Action::Done) {
            let first = bounce.notices.into_iter().next();
            return answered(first.and_then(|notice| notice.recipient), bounce.reporting_mta);
        }
        bounce.context = context(mail, &words);
        return Report::Bounce(bounce);
    }
    let likeness = answer::likeness(mail);
    if is_bounce(mail, &words, likeness) {
        return Report::Bounce(worded(mail, &words));
    }
    match likeness {
        Likeness::Automatic | Likeness::Answer => answered(sender(mail), None),
        Likeness::None => Report::Nothing,
    }
}

fn answered(recipient: Option<String>, reporting_mta: Option<String>) -> Report {
    Report::Answer { recipient, reporting_mta }
}

fn sender(mail: &Mail) -> Option<String> {
    mail.field("from").and_then(|from| addresses(from).next()).map(|(_, address)| address)
}

fn words(mail: &Mail) -> Words {
    let mut words = Words { text: String::new(), addressee: None };
    for part in mail.parts() {
        match part.kind {
            PartKind::Text => {
                let prose = prose::cut(&part.text);
                words.text.push_str(prose.words);
                words.text.push('\n');
                words.addressee = words.addressee.or_else(|| prose::addressee(prose.copy));
            }
            PartKind::Copy => {
                words.addressee = words.addressee.or_else(|| prose::addressee(&part.text));
            }
            PartKind::DeliveryStatus
            | PartKind::Feedback
            | PartKind::Disposition
            | PartKind::Other => {}
        }
    }
    words
}

fn structured(mail: &Mail, words: &Words) -> Option<Bounce> {
    let parts = mail.parts().iter().filter(|part| part.kind == PartKind::DeliveryStatus);
    // The blank line keeps the fields of two parts apart.
    let text = parts.map(|part| part.text.as_str()).collect::<Vec<_>>().join("\n\n");
    let mut bounce = status::read(&text).or_else(|| status::read(&words.text))?;
    // Files and programs are recipients too; the address that led to them is in the header.
    if let ([notice], [failed]) =
        (bounce.notices.as_mut_slice(), failed_recipients(mail).as_slice())
        && notice
            .recipient
            .as_ref()
            .is_some_and(|recipient| !recipient.contains('@') || recipient.contains('/'))
    {
        notice.recipient = Some(failed.clone());
    }
    Some(bounce)
}

/// The addresses in the field that Exim invented and others took over.
fn failed_recipients(mail: &Mail) -> Vec<String> {
    let values = mail.fields_named("x-failed-recipients");
    values
        .flat_map(|value| addresses(value).map(|(_, address)| address).collect::<Vec<_>>())
        .collect()
}

/// What a report says beside the lines for one recipient: its words, and its subject.
fn context(mail: &Mail, words: &Words) -> String {
    let text = clip(&words.text, CONTEXT_BYTES_MAX);
    format!("{text}\n{}", mail.subject())
}

/// Weighs whether a mail without structure is a bounce.
fn is_bounce(mail: &Mail, words: &Words, likeness: Likeness) -> bool {
    let from = mail.field("from").unwrap_or_default();
    let from_daemon = addresses(from).any(|(_, address)| is_daemon(&address))
        || ["mail delivery", "mailer-daemon", "postmaster", "administrator", "mail daemon"]
            .iter()
            .any(|name| from.to_ascii_lowercase().contains(name));
    let is_null =
        |name| mail.fields_named(name).any(|path| path.trim().is_empty() || path.contains("<>"));
    let subject = mail.subject().to_lowercase();
    let declared = mail.field("content-type").unwrap_or_default().to_ascii_lowercase();
    let text = squeeze(&words.text, CONTEXT_BYTES_MAX).to_lowercase();
    let has_code = ReplyCode::first_in(&text).is_some() || EnhancedStatus::best_in(&text).is_some();
    let signs = [
        (from_daemon, 2),
        (is_null("return-path"), 1),
        (is_null("from"), 1),
        (declared.contains("delivery-status"), 3),
        (mail.field("x-failed-recipients").is_some(), 3),
        (has_sign(include_str!("signs/failure-subjects.txt"), |sign| subject.contains(sign)), 2),
        (has_sign(include_str!("signs/failure-phrases.txt"), |sign| text.contains(sign)), 2),
        (has_code, 1),
        (reason_in(&text).is_some(), 1),
    ];
    let weight: u32 = signs.iter().filter(|(holds, _)| *holds).map(|(_, weight)| weight).sum();
    match likeness {
        Likeness::None | Likeness::Automatic => weight >= 3,
        // Answers too mention mail that did not come through.
        Likeness::Answer => from_daemon && weight >= 5,
    }
}

/// Reads a bounce in words.
fn worded(mail: &Mail, words: &Words) -> Bounce {
    let context = context(mail, words);
    let action = if is_delay(&context) { Action::Delayed } else { Action::Failed };
    let notice = |(recipient, diagnostic)| Notice {
        recipient: Some(recipient),
        action,
        diagnostic,
        status: None,
    };
    let mut notices: Vec<Notice> =
        named(mail, words).into_iter().take(RECIPIENTS_MAX).map(notice).collect();
    if notices.is_empty() {
        notices.push(Notice { action, ..Notice::default() });
    }
    let reporting_mta = status::reporting_mta(&fields::lines(&words.text));
    Bounce { reporting_mta, notices, addressee: words.addressee.clone(), context }
}

/// The recipients that the words name, each with what is said of it.
fn named(mail: &Mail, words: &Words) -> Vec<(String, String)> {
    let failed = failed_recipients(mail);
    if !failed.is_empty() {
        let mut named =
            prose::recipients(&words.text, |address| !failed.iter().any(|known| known == address));
        let missing =
            failed.iter().filter(|address| !named.iter().any(|(known, _)| known == *address));
        let missing: Vec<_> = missing.map(|address| (address.clone(), String::new())).collect();
        named.extend(missing);
        return named;
    }
    let to: Vec<String> =
        mail.fields_named("to").flat_map(|to| addresses(to).map(|(_, address)| address)).collect();
    let from = sender(mail);
    // Who gets the bounce has sent the mail, mostly to somebody else.
    let found = prose::recipients(&words.text, |address| {
        is_daemon(address)
            || to.iter().any(|known| known == address)
            || from.as_deref() == Some(address)
    });
    if found.is_empty() { prose::recipients(&words.text, is_daemon) } else { found }
}

fn is_delay(context: &str) -> bool {
    let context = squeeze(context, CONTEXT_BYTES_MAX).to_lowercase();
    [
        "warning message only",
        "warning only",
        "will keep trying",
        "not yet been delivered",
        "do not need to resend",
        "will continue to be attempted",
        "will be retried",
    ]
    .iter()
    .any(|phrase| context.contains(phrase))
}
