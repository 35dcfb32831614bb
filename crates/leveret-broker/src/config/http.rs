//! The table `[limits.http]`.

use super::document::Section;
use crate::http::HttpLimits;

pub(super) fn read_http_limits(mut section: Section<'_, '_>) -> HttpLimits {
    let default = HttpLimits::default();
    let limits = HttpLimits {
        connections_max: section
            .number("connections_max", 1..=1_000_000)
            .unwrap_or(default.connections_max),
        // The parser wants no less.
        head_bytes_max: section
            .number("head_bytes_max", 8_192..=1_048_576)
            .unwrap_or(default.head_bytes_max),
        head_timeout: section.duration("head_timeout").unwrap_or(default.head_timeout),
        body_bytes_max: section
            .number("body_bytes_max", 1..=1 << 30)
            .unwrap_or(default.body_bytes_max),
        definitions_bytes_max: section
            .number("definitions_bytes_max", 1..=1 << 30)
            .unwrap_or(default.definitions_bytes_max),
        body_timeout: section.duration("body_timeout").unwrap_or(default.body_timeout),
        write_timeout: section.duration("write_timeout").unwrap_or(default.write_timeout),
    };
    section.finish();
    limits
}
