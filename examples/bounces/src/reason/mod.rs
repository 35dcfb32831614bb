//! Why a delivery failed, and what that says of the address.
//!
//! Holds the one table of hard and soft. A mail operator asks one question: should this address be suppressed? **Hard** means yes:
//! the address does not work and will not. **Soft** means no: the failure may pass, or it is
//! the sender's, the message's or a server's fault, so that the address may be in order.
//!
//! | what the report says                                        | reason            | class |
//! | ----------------------------------------------------------- | ----------------- | ----- |
//! | no such user, no such mailbox, no valid recipient           | `unknown-user`    | hard  |
//! | mailbox disabled, suspended, inactive, frozen, closed       | `disabled`        | hard  |
//! | the reader has moved                                        | `moved`           | hard  |
//! | no such domain or host, no or a null MX, permanently        | `unknown-domain`  | hard  |
//! | refused for good (5.x.x), and no other row explains it      | `refused`         | hard  |
//! | mailbox or its disk full, quota                             | `mailbox-full`    | soft  |
//! | a delay warning: still trying                               | `delayed`         | soft  |
//! | any other 4.x.x; "try again later"; greylisting             | `transient`       | soft  |
//! | given up after retries                                      | `expired`         | soft  |
//! | no connection, time-out, DNS trouble, no TLS                | `network`         | soft  |
//! | rate limits, too many connections, recipients, messages     | `rate-limit`      | soft  |
//! | spam, virus, content, attachment; refused after the content | `content`         | soft  |
//! | address or network of the sender blocked or of ill repute   | `blocked`         | soft  |
//! | DMARC, SPF, DKIM, relaying, sender or permission refused    | `policy`          | soft  |
//! | the message is too large                                    | `too-large`       | soft  |
//! | loops, full disks, broken configuration, protocol errors    | `system`          | soft  |
//! | a failure is reported, without a code or a reason           | `unexplained`     | soft  |
//!
//! Beside failures: a report of success (delivered, relayed, expanded, read) is an automatic
//! answer like a vacation notice, class `auto-reply`; feedback reports and requests to
//! unsubscribe are complaints. Of several recipients the worst counts for the mail, hard over
//! soft, while the suppression list takes each recipient for itself.

mod judge;
mod phrases;

use serde::{Deserialize, Serialize};

pub(crate) use judge::{Case, Finding, judge};
pub(crate) use phrases::reason_in;

/// Why a delivery failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Reason {
    /// There is no such user or mailbox.
    UnknownUser,
    /// The mailbox exists and takes no mail any more.
    Disabled,
    /// The reader has another address now.
    Moved,
    /// The domain or host does not exist, or takes no mail.
    UnknownDomain,
    /// Refused for good, and nothing else explains it.
    Refused,
    /// The mailbox is full.
    MailboxFull,
    /// A warning: delivery is still tried.
    Delayed,
    /// A passing failure of another kind.
    Transient,
    /// Given up after trying for long.
    Expired,
    /// The server could not be reached or spoken to.
    Network,
    /// The sender sends too much or too fast.
    RateLimit,
    /// The message was taken for spam, virus or otherwise unwanted.
    Content,
    /// The sender's host or network is blocked.
    Blocked,
    /// A rule forbids the sender or the relaying.
    Policy,
    /// The message is too large.
    TooLarge,
    /// A server is at fault: loops, configuration, protocol.
    System,
    /// A failure without code or reason.
    Unexplained,
}

impl Reason {
    /// All reasons, in the order of the table.
    pub const ALL: [Self; 17] = [
        Self::UnknownUser,
        Self::Disabled,
        Self::Moved,
        Self::UnknownDomain,
        Self::Refused,
        Self::MailboxFull,
        Self::Delayed,
        Self::Transient,
        Self::Expired,
        Self::Network,
        Self::RateLimit,
        Self::Content,
        Self::Blocked,
        Self::Policy,
        Self::TooLarge,
        Self::System,
        Self::Unexplained,
    ];

    /// Names the reason as JSON and the table do.
    pub fn name(self) -> &'static str {
        match self {
            Self::UnknownUser => "unknown-user",
            Self::Disabled => "disabled",
            Self::Moved => "moved",
            Self::UnknownDomain => "unknown-domain",
            Self::Refused => "refused",
            Self::MailboxFull => "mailbox-full",
            Self::Delayed => "delayed",
            Self::Transient => "transient",
            Self::Expired => "expired",
            Self::Network => "network",
            Self::RateLimit => "rate-limit",
            Self::Content => "content",
            Self::Blocked => "blocked",
            Self::Policy => "policy",
            Self::TooLarge => "too-large",
            Self::System => "system",
            Self::Unexplained => "unexplained",
        }
    }

    /// Says whether the address should be suppressed.
    pub fn is_hard(self) -> bool {
        match self {
            Self::UnknownUser
            | Self::Disabled
            | Self::Moved
            | Self::UnknownDomain
            | Self::Refused => true,
            Self::MailboxFull
            | Self::Delayed
            | Self::Transient
            | Self::Expired
            | Self::Network
            | Self::RateLimit
            | Self::Content
            | Self::Blocked
            | Self::Policy
            | Self::TooLarge
            | Self::System
            | Self::Unexplained => false,
        }
    }
}
