//! What a mail is, as the application passes it on: a class, codes, recipients.

use serde::{Deserialize, Serialize};

use crate::code::{EnhancedStatus, ReplyCode};
use crate::reason::Reason;

/// What kind of mail it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// An address does not work and should be suppressed.
    HardBounce,
    /// A delivery failed, or is late, and the address may be in order.
    SoftBounce,
    /// A reader, or a reader's provider, objects to a mail.
    Complaint,
    /// A machine answered, and nothing failed: vacation notices, receipts, reports of success.
    AutoReply,
    /// None of these.
    Unknown,
}

impl Class {
    /// All classes, in the order of reports.
    pub const ALL: [Self; 5] =
        [Self::HardBounce, Self::SoftBounce, Self::Complaint, Self::AutoReply, Self::Unknown];

    /// Names the class in one word, as JSON does.
    pub fn name(self) -> &'static str {
        match self {
            Self::HardBounce => "hard-bounce",
            Self::SoftBounce => "soft-bounce",
            Self::Complaint => "complaint",
            Self::AutoReply => "auto-reply",
            Self::Unknown => "unknown",
        }
    }
}

/// What a mail is found to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Verdict {
    /// The kind of mail; of several recipients, the worst.
    pub class: Class,
    /// Why the delivery failed, for bounces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// What the reader wants, for complaints: `abuse`, `opt-out`, `auth-failure`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feedback_type: Option<String>,
    /// What the server replied to the recipient that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smtp_reply: Option<ReplyCode>,
    /// The enhanced status code for the recipient that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enhanced_status: Option<EnhancedStatus>,
    /// The recipient that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub final_recipient: Option<String>,
    /// Which machine reports.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reporting_mta: Option<String>,
    /// What was said of that recipient, at most [`Verdict::DIAGNOSTIC_BYTES_MAX`] bytes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub diagnostic: String,
    /// All recipients, at most 64, each with its own class.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recipients: Vec<Recipient>,
}

impl Verdict {
    /// The longest diagnostic text; more is cut.
    pub const DIAGNOSTIC_BYTES_MAX: usize = 512;

    /// The addresses that should get no more mail: those that bounce hard, and readers who object.
    ///
    /// A report that a mail was not authentic objects to a forger, not to the sender.
    pub fn suppressed(&self) -> impl Iterator<Item = &str> {
        let is_forged = self.feedback_type.as_deref() == Some("auth-failure");
        let is_suppressed = move |recipient: &&Recipient| match recipient.class {
            Class::HardBounce => true,
            Class::Complaint => !is_forged,
            Class::SoftBounce | Class::AutoReply | Class::Unknown => false,
        };
        let addresses = self.recipients.iter().filter(is_suppressed);
        addresses
            .map(|recipient| recipient.address.as_str())
            .filter(|address| address.contains('@'))
    }

    /// A verdict that says nothing but the class.
    pub(crate) fn bare(class: Class) -> Self {
        Self {
            class,
            reason: None,
            feedback_type: None,
            smtp_reply: None,
            enhanced_status: None,
            final_recipient: None,
            reporting_mta: None,
            diagnostic: String::new(),
            recipients: Vec::new(),
        }
    }
}

/// What a report says of one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Recipient {
    /// The address, as the report writes it.
    pub address: String,
    /// The class for this recipient alone.
    pub class: Class,
    /// Why the delivery failed, for bounces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}
