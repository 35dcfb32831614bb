//! Sizes with their unit.

/// Reads a size such as `50MB` or `2GiB`.
pub(super) fn parse_bytes(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|letter: char| !letter.is_ascii_digit());
    let unit: u64 = match text.get(digits.len()..).unwrap_or("").trim() {
        "B" => 1,
        "kB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => 0,
    };
    let bytes = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    bytes.filter(|_| unit > 0).ok_or_else(|| {
        format!("`{text}` is no size, wanted a whole number and a unit such as `50MB` or `2GiB`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_needs_its_unit() {
        assert_eq!(parse_bytes("50MB"), Ok(50_000_000));
        assert_eq!(parse_bytes("2 GiB"), Ok(2 << 30));
        for text in ["", "50", "MB", "1.5GB", "50mb", "-1MB", "99999999999999GB"] {
            assert!(parse_bytes(text).is_err(), "{text}");
        }
    }
}
