//! Words of the command line as values.

use std::time::Duration;

use leveret_client::{FieldValue, ShortStr};

/// A name of AMQP.
pub(crate) fn short(text: &str) -> Result<ShortStr, String> {
    ShortStr::try_from(text)
        .map_err(|error| format!("has {} bytes, at most 255 are possible", error.bytes))
}

/// A whole number and its unit.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let wanted = || format!("`{text}` is no time, wanted a number with ms, s, m or h, such as 30s");
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).ok_or_else(wanted)?;
    let (number, unit) = text.split_at_checked(digits).ok_or_else(wanted)?;
    let millis: u64 = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(wanted()),
    };
    let number: u64 = number.parse().map_err(|_| wanted())?;
    number.checked_mul(millis).map(Duration::from_millis).ok_or_else(wanted)
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
        for wrong in ["", "s", "5", "-1s", "1.5s", "5 s", "99999999999999999999h", "5min"] {
            assert!(duration(wrong).is_err(), "{wrong}");
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
