//! Why a publish is refused.

use leveret_protocol::{FieldValue, ReplyCode, ShortStr};

use super::{erlang::type_name, resource::Resource};

#[derive(Debug, thiserror::Error)]
pub(crate) enum PublishError {
    #[error("immediate=true")]
    Immediate,
    #[error("cannot publish to internal {resource}")]
    Internal { resource: Resource },
    #[error("user_id property set to '{claimed}' but authenticated user was '{user}'")]
    UserId { claimed: ShortStr, user: ShortStr },
    #[error("invalid expiration '{text}': {fault}")]
    Expiration { text: ShortStr, fault: ExpirationFault },
    #[error("invalid message: {{delivery_mode_unknown,{mode}}}")]
    DeliveryMode { mode: u8 },
    #[error("invalid message: {{unacceptable_type_in_header,\"{header}\",{}}}", type_name(found))]
    HeaderType { header: &'static str, found: FieldValue },
    #[error(
        "invalid message: {found} routing keys in the CC and BCC headers, at most {max} are allowed"
    )]
    ExtraKeys { found: usize, max: usize },
    #[error("fast reply consumer does not exist")]
    NobodyWaits,
    #[error(
        "invalid message: of the headers x-leveret-publish-at, x-leveret-delay and \
         x-leveret-cancel only one can be given"
    )]
    ScheduleConflict,
    #[error("invalid message: {ahead} milliseconds ahead, at most {max} are allowed")]
    ScheduleTooFar { ahead: u64, max: u64 },
    #[error("invalid message: {{value_negative_in_header,\"{header}\",{number}}}")]
    ScheduleNegative { header: &'static str, number: i64 },
    #[error("invalid message: the header '{header}' has {bytes} bytes, 1 to 255 are allowed")]
    ScheduleName { header: &'static str, bytes: usize },
    #[error("{max} messages wait for their time, no more are allowed")]
    ScheduledMessages { max: usize },
    #[error("messages of {max} bytes wait for their time, no more are allowed")]
    ScheduledBytes { max: usize },
}

/// What is wrong with an expiration.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ExpirationFault {
    #[error("no_integer")]
    NoInteger,
    #[error("{{leftover_string,\"{rest}\"}}")]
    Leftover { rest: alloc::string::String },
    #[error("{{value_negative,{value}}}")]
    Negative { value: alloc::string::String },
    #[error("{{value_too_large,{value}}}")]
    TooLarge { value: alloc::string::String },
}

/// The longest expiration in milliseconds: RabbitMQ's ten years.
const EXPIRATION_MILLIS_MAX: u64 = 10 * 365 * 24 * 60 * 60 * 1000;

impl PublishError {
    pub(super) fn reply_code(&self) -> ReplyCode {
        match self {
            Self::Immediate => ReplyCode::NotImplemented,
            Self::Internal { .. } => ReplyCode::AccessRefused,
            Self::UserId { .. }
            | Self::Expiration { .. }
            | Self::DeliveryMode { .. }
            | Self::HeaderType { .. }
            | Self::ExtraKeys { .. }
            | Self::NobodyWaits
            | Self::ScheduleConflict
            | Self::ScheduleTooFar { .. }
            | Self::ScheduleNegative { .. }
            | Self::ScheduleName { .. }
            | Self::ScheduledMessages { .. }
            | Self::ScheduledBytes { .. } => ReplyCode::PreconditionFailed,
        }
    }

    /// Reads the property `expiration`: milliseconds as decimal text.
    pub(crate) fn parse_expiration(text: &ShortStr) -> Result<u64, Self> {
        expiration(&text.to_string_lossy())
            .map_err(|fault| Self::Expiration { text: text.clone(), fault })
    }
}

fn expiration(text: &str) -> Result<u64, ExpirationFault> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = unsigned.len() - unsigned.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, rest) = text.split_at(text.len() - unsigned.len() + digits);
    if digits == 0 {
        return Err(ExpirationFault::NoInteger);
    }
    if !rest.is_empty() {
        return Err(ExpirationFault::Leftover { rest: rest.into() });
    }
    let value = number.trim_start_matches('+');
    if value.starts_with('-') && !value.trim_matches(['-', '0']).is_empty() {
        return Err(ExpirationFault::Negative { value: value.into() });
    }
    match value.trim_start_matches('-').parse() {
        Ok(millis) if millis <= EXPIRATION_MILLIS_MAX => Ok(millis),
        Ok(_) | Err(_) => Err(ExpirationFault::TooLarge { value: value.into() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiration_is_a_whole_number_of_milliseconds() {
        let shown = |text| match expiration(text) {
            Ok(millis) => alloc::format!("{millis}"),
            Err(fault) => alloc::format!("{fault}"),
        };
        assert_eq!(shown("0"), "0");
        assert_eq!(shown("4294967295"), "4294967295");
        assert_eq!(shown("abc"), "no_integer");
        assert_eq!(shown(""), "no_integer");
        assert_eq!(shown("-1"), "{value_negative,-1}");
        assert_eq!(shown("1.5"), "{leftover_string,\".5\"}");
        assert_eq!(shown("18446744073709551616"), "{value_too_large,18446744073709551616}");
    }
}
