//! Reply codes of SMTP sessions and enhanced status codes, found in free text.
//!
//! Judges nothing: what a code means for an address is the business of `reason`.
//! Keeps true: a code here tells of a failure, so its class is 4 or 5.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An SMTP reply code of class 4 or 5. RFC 5321, 4.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16")]
pub struct ReplyCode(u16);

/// A number or text is no code of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a code of a failed delivery")]
pub struct NoFailureCode;

impl ReplyCode {
    /// The number, 400 to 579.
    pub fn as_u16(self) -> u16 {
        self.0
    }

    /// Says whether the server asked to try again later.
    pub fn is_transient(self) -> bool {
        self.0 < 500
    }

    /// Finds the first reply code of a failure in a text.
    pub fn first_in(text: &str) -> Option<Self> {
        words(text, |c| c.is_ascii_digit()).find_map(|word| {
            if word.text.len() != 3 || !word.before.is_none_or(opens_a_code) {
                return None;
            }
            // What follows tells "550 user unknown" and "550-5.1.1" from "550, 551 and" or "450.3".
            let (after, then) = word.after;
            // A code that is given as a value may be followed by anything.
            let is_value = matches!(word.before, Some(':' | '='));
            let closes = match after {
                None | Some('-' | ':' | ')' | ']' | ';' | '\n') => true,
                Some(',') => is_value,
                Some(' ') => then.is_none_or(|c| !matches!(c, ',' | '.')),
                Some(_) => false,
            };
            let code: u16 = word.text.parse().ok()?;
            if closes { Self::try_from(code).ok() } else { None }
        })
    }
}

impl TryFrom<u16> for ReplyCode {
    type Error = NoFailureCode;

    fn try_from(code: u16) -> Result<Self, NoFailureCode> {
        let is_known = matches!(code, 421..=459 | 471 | 500..=559 | 570..=579);
        if is_known { Ok(Self(code)) } else { Err(NoFailureCode) }
    }
}

/// An enhanced status code of class 4 or 5. RFC 3463, 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct EnhancedStatus {
    /// 4: persistent transient failure; 5: permanent failure.
    pub class: u8,
    /// What the code speaks of: 1 address, 2 mailbox, 3 system, 4 network, 5 protocol, 6 content, 7 policy.
    pub subject: u16,
    /// The detail within the subject.
    pub detail: u16,
}

impl EnhancedStatus {
    /// Finds the enhanced status codes of failures in a text, in order.
    pub fn all_in(text: &str) -> impl Iterator<Item = Self> {
        words(text, |c| c.is_ascii_digit() || c == '.').filter_map(|word| {
            let opens = word.before.is_none_or(opens_a_code);
            let closes = word.after.0.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '_');
            if opens && closes { Self::parse(word.text.trim_end_matches('.')) } else { None }
        })
    }

    /// Picks the most telling code of a text: the first that is not of the form `x.0.0`, else the first.
    pub fn best_in(text: &str) -> Option<Self> {
        Self::all_in(text).find(|code| !code.is_generic()).or_else(|| Self::all_in(text).next())
    }

    /// Says whether the code tells nothing beyond its class.
    pub fn is_generic(self) -> bool {
        self.subject == 0
    }

    /// Says whether the failure may pass.
    pub fn is_transient(self) -> bool {
        self.class == 4
    }

    fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split('.');
        let class = match numbers.next()? {
            "4" => 4,
            "5" => 5,
            _ => return None,
        };
        let subject = short_number(numbers.next()?)?;
        let detail = short_number(numbers.next()?)?;
        // Four groups are an IP address or a version.
        if numbers.next().is_some() || subject > 7 {
            return None;
        }
        Some(Self { class, subject, detail })
    }
}

impl fmt::Display for EnhancedStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

impl From<EnhancedStatus> for String {
    fn from(status: EnhancedStatus) -> Self {
        status.to_string()
    }
}

impl TryFrom<String> for EnhancedStatus {
    type Error = NoFailureCode;

    fn try_from(text: String) -> Result<Self, NoFailureCode> {
        Self::parse(&text).ok_or(NoFailureCode)
    }
}

/// A run of wanted characters, with its neighbours.
struct Word<'a> {
    before: Option<char>,
    text: &'a str,
    after: (Option<char>, Option<char>),
}

fn words(text: &str, wanted: fn(char) -> bool) -> impl Iterator<Item = Word<'_>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let rest = text.get(from..)?;
        let start = from + rest.find(wanted)?;
        let tail = text.get(start..)?;
        let end = start + tail.find(|c| !wanted(c)).unwrap_or(tail.len());
        from = end;
        let mut following = text.get(end..)?.chars();
        Some(Word {
            before: text.get(..start)?.chars().next_back(),
            text: text.get(start..end)?,
            after: (following.next(), following.next()),
        })
    })
}

fn opens_a_code(before: char) -> bool {
    before.is_whitespace()
        || matches!(before, '(' | '[' | '#' | '-' | ':' | ';' | '"' | '\'' | '<' | '=' | '>' | ',')
}

fn short_number(digits: &str) -> Option<u16> {
    if digits.is_empty() || digits.len() > 3 { None } else { digits.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(text: &str) -> Option<u16> {
        ReplyCode::first_in(text).map(ReplyCode::as_u16)
    }

    fn status(text: &str) -> Option<String> {
        EnhancedStatus::best_in(text).map(|code| code.to_string())
    }

    #[test]
    fn reply_codes_are_told_from_other_numbers() {
        assert_eq!(reply("said: 550 no such user"), Some(550));
        assert_eq!(reply("smtp;550-5.1.1 gone"), Some(550));
        assert_eq!(reply("421"), Some(421));
        assert_eq!(reply("250 ok"), None);
        assert_eq!(reply("host 192.0.2.550 at port 587"), None);
        assert_eq!(reply("x550 y"), None);
    }

    #[test]
    fn status_codes_are_told_from_addresses_and_versions() {
        assert_eq!(status("550 5.1.1 gone").as_deref(), Some("5.1.1"));
        assert_eq!(status("(#5.1.1)").as_deref(), Some("5.1.1"));
        assert_eq!(status("5.0.0 and then 5.7.26.").as_deref(), Some("5.7.26"));
        assert_eq!(status("4.16.55.1; Exim 4.80; v5.1.1; 2.1.5"), None);
    }
}
