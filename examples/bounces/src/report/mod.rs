//! What a mail reports: failures, a complaint, an automatic answer, or nothing.
//!
//! Reads structure where there is some (RFC 3464, RFC 5965, RFC 8098, RFC 3834) and words
//! where there is none. Knows no vendors: each rule here fits many mail systems. Judges
//! nothing: which failures are hard is the business of `reason`.

mod answer;
mod feedback;
mod fields;
mod notification;
mod prose;
mod reading;
mod status;

pub(crate) use reading::read;

use crate::code::EnhancedStatus;

/// How many recipients of one report are looked at; more are not read.
pub(crate) const RECIPIENTS_MAX: usize = 64;

/// What a mail reports.
#[derive(Debug)]
pub(crate) enum Report {
    /// Deliveries failed, or are late.
    Bounce(Bounce),
    /// A reader, or a reader's provider, objects to a mail.
    Complaint(Complaint),
    /// A machine answered, and nothing failed.
    Answer {
        /// Whom the answer speaks of or comes from, if it says so.
        recipient: Option<String>,
        /// Which machine reports, if it says so.
        reporting_mta: Option<String>,
    },
    /// None of these.
    Nothing,
}

/// A report of failed deliveries.
#[derive(Debug, Default)]
pub(crate) struct Bounce {
    /// Which machine reports.
    pub(crate) reporting_mta: Option<String>,
    /// One per recipient; at least one, at most `RECIPIENTS_MAX`.
    pub(crate) notices: Vec<Notice>,
    /// Whom the copy of the mail was for, if the report itself names nobody.
    pub(crate) addressee: Option<String>,
    /// All that the report says in words.
    pub(crate) context: String,
}

/// What is said of one recipient.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notice {
    /// The address, if the report names it.
    pub(crate) recipient: Option<String>,
    /// What happened.
    pub(crate) action: Action,
    /// The report's own status code.
    pub(crate) status: Option<EnhancedStatus>,
    /// What the server said, or the words nearest to the recipient.
    pub(crate) diagnostic: String,
}

/// What happened to a mail for one recipient. RFC 3464, 2.3.3.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Action {
    /// Not delivered, and not tried any more.
    #[default]
    Failed,
    /// Still tried.
    Delayed,
    /// Delivered, relayed or expanded.
    Done,
}

/// A reader's objection to a mail.
#[derive(Debug, Default)]
pub(crate) struct Complaint {
    /// The kind by RFC 5965 or a registered extension: `abuse`, `opt-out`, `auth-failure`, …
    pub(crate) feedback_type: String,
    /// Who objects, if the report says so.
    pub(crate) recipients: Vec<String>,
    /// Which machine reports.
    pub(crate) reporting_mta: Option<String>,
}
