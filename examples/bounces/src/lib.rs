//! Out-of-band analysis of bounces and feedback reports, one e-mail at a time.
//!
//! [`classify`] takes the bytes of an e-mail that came back to a sender and tells what it is:
//! a hard or soft bounce, a complaint, an automatic answer, or none of these. The table of
//! what counts as hard is in the documentation of [`Reason`]'s module, and in the README.
//!
//! Does no input or output and knows no clock: the application around it does.

mod address;
mod classify;
mod code;
mod mail;
mod reason;
mod report;
mod text;
mod verdict;

pub use classify::classify;
pub use code::{EnhancedStatus, NoFailureCode, ReplyCode};
pub use mail::Unparsable;
pub use reason::Reason;
pub use verdict::{Class, Recipient, Verdict};
