//! The one function: from the bytes of a mail to its verdict.

use crate::mail::{Mail, Unparsable};
use crate::reason::{Case, Finding, judge};
use crate::report::{Action, Bounce, Complaint, Notice, Report, read};
use crate::text::squeeze;
use crate::verdict::{Class, Recipient, Verdict};

/// Classifies a mail.
///
/// Pure: the same bytes give the same verdict. Fails only on what is no e-mail at all.
///
/// ```
/// let mail = b"From: mailer-daemon@example.org\nSubject: failure notice\n\n<ann@example.com>:\n550 no such user\n";
/// let verdict = bounces::classify(mail).unwrap();
/// assert_eq!(verdict.class, bounces::Class::HardBounce);
/// assert_eq!(verdict.final_recipient.as_deref(), Some("ann@example.com"));
/// ```
pub fn classify(mail: &[u8]) -> Result<Verdict, Unparsable> {
    let mail = Mail::parse(mail)?;
    Ok(match read(&mail) {
        Report::Bounce(bounce) => of_bounce(bounce),
        Report::Complaint(complaint) => of_complaint(complaint),
        Report::Answer { recipient, reporting_mta } => {
            let recipients = recipient
                .iter()
                .map(|address| plain_recipient(address, Class::AutoReply))
                .collect();
            Verdict {
                final_recipient: recipient,
                reporting_mta,
                recipients,
                ..Verdict::bare(Class::AutoReply)
            }
        }
        Report::Nothing => Verdict::bare(Class::Unknown),
    })
}

fn of_bounce(bounce: Bounce) -> Verdict {
    let Bounce { reporting_mta, notices, addressee, context } = bounce;
    let named = |notice: Notice| {
        let recipient = notice.recipient.or_else(|| addressee.clone());
        Notice { recipient, ..notice }
    };
    let judged: Vec<(Notice, Class, Option<Finding>)> =
        notices.into_iter().map(|notice| of_notice(named(notice), &context)).collect();
    let recipients = judged.iter().filter_map(|(notice, class, finding)| {
        let address = notice.recipient.clone()?;
        Some(Recipient { address, class: *class, reason: finding.map(|finding| finding.reason) })
    });
    let recipients = recipients.collect();
    // Classes are in the order of severity; of equals the first decides.
    let Some((notice, class, finding)) = judged.into_iter().min_by_key(|(_, class, _)| *class)
    else {
        return Verdict::bare(Class::Unknown);
    };
    Verdict {
        reason: finding.map(|finding| finding.reason),
        smtp_reply: finding.and_then(|finding| finding.reply),
        enhanced_status: finding.and_then(|finding| finding.status),
        final_recipient: notice.recipient,
        reporting_mta,
        diagnostic: squeeze(&notice.diagnostic, Verdict::DIAGNOSTIC_BYTES_MAX),
        recipients,
        ..Verdict::bare(class)
    }
}

fn of_notice(notice: Notice, context: &str) -> (Notice, Class, Option<Finding>) {
    let is_delayed = match notice.action {
        Action::Done => return (notice, Class::AutoReply, None),
        Action::Delayed => true,
        Action::Failed => false,
    };
    let case = Case { diagnostic: &notice.diagnostic, status: notice.status, context, is_delayed };
    let finding = judge(&case);
    let class = if finding.reason.is_hard() { Class::HardBounce } else { Class::SoftBounce };
    (notice, class, Some(finding))
}

fn of_complaint(complaint: Complaint) -> Verdict {
    let Complaint { feedback_type, recipients, reporting_mta } = complaint;
    Verdict {
        final_recipient: recipients.first().cloned(),
        recipients: recipients
            .iter()
            .map(|address| plain_recipient(address, Class::Complaint))
            .collect(),
        feedback_type: Some(feedback_type),
        reporting_mta,
        ..Verdict::bare(Class::Complaint)
    }
}

fn plain_recipient(address: &str, class: Class) -> Recipient {
    Recipient { address: address.to_owned(), class, reason: None }
}
