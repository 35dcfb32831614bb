//! Words of the command line as values.

use std::time::Duration;

use leveret_client::{FieldValue, ShortStr};
use leveret_settings::parse_duration;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// A name of AMQP.
pub(crate) fn short(text: &str) -> Result<ShortStr, String> {
    ShortStr::try_from(text)
        .map_err(|error| format!("has {} bytes, at most 255 are possible", error.bytes))
}

/// A whole number and its unit, as the configuration files have it.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| {
        format!("`{text}` is no time, wanted a number with ms, s, m (or min), h or d, such as 30s")
    })
}

/// A point in time, in milliseconds since 1970.
pub(crate) fn instant(text: &str) -> Result<i64, String> {
    let wanted = "wanted a date, a time and a zone, such as 2026-12-24T18:00:00Z";
    let instant = OffsetDateTime::parse(text, &Rfc3339)
        .map_err(|error| format!("`{text}` is no point in time ({error}), {wanted}"))?;
    i64::try_from(instant.unix_timestamp_nanos() / 1_000_000).map_err(|error| error.to_string())
}

/// `name=text` or `name:=JSON`.
pub(crate) fn header(text: &str) -> Result<(ShortStr, FieldValue), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| format!("`{text}` is no header, wanted name=text or name:=JSON"))?;
    let Some(name) = name.strip_suffix(':') else {
        return Ok((short(name)?, FieldValue::LongString(value.to_owned().into())));
    };
    let json =
        serde_json::from_str(value).map_err(|error| format!("`{value}` is no JSON: {error}"))?;
    let value = leveret_json::to_value(&json).map_err(|error| error.to_string())?;
    Ok((short(name)?, value))
}

/// `path=value`.
pub(crate) fn path(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('=').filter(|(path, _)| !path.is_empty());
    let parts = parts.map(|(path, value)| (path.to_owned(), value.to_owned()));
    parts.ok_or_else(|| format!("`{text}` is no path=value, such as order.id=17"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(duration("1500ms"), Ok(Duration::from_millis(1500)));
        assert_eq!(duration("2h"), Ok(Duration::from_hours(2)));
        assert_eq!(duration("5m"), duration("5min"));
        for wrong in ["", "s", "5", "-1s", "1.5s", "99999999999999999999h"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn points_in_time_have_a_zone() {
        assert_eq!(instant("1970-01-01T01:00:01.5+01:00"), Ok(1500));
        for wrong in ["", "tomorrow", "2026-12-24", "2026-12-24T18:00:00", "2026-13-01T00:00:00Z"] {
            let told = instant(wrong).expect_err(wrong);
            assert!(told.contains("such as 2026-12-24T18:00:00Z"), "{told}");
        }
    }

    #[test]
    fn headers_are_text_or_json() {
        let text = FieldValue::LongString("b=c".into());
        assert_eq!(header("a=b=c"), Ok((ShortStr::from_static("a"), text)));
        assert_eq!(header("n:=-7"), Ok((ShortStr::from_static("n"), FieldValue::I64(-7))));
        assert_eq!(
            header("n:=no"),
            Err("`no` is no JSON: expected ident at line 1 column 2".to_owned())
        );
        assert!(header("none").is_err());
    }
}
