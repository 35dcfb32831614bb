//! Escapes and numbers of a URI.

use percent_encoding::percent_decode_str;

use super::error::{UriError, UriPart};

/// A part without its `%` escapes.
pub(super) fn text(escaped: &str, part: UriPart) -> Result<String, UriError> {
    let is_escape =
        |tail: &str| tail.len() >= 2 && tail.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    if !escaped.split('%').skip(1).all(is_escape) {
        return Err(UriError::Escape { part });
    }
    match percent_decode_str(escaped).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(UriError::NotText { part }),
    }
}

/// The same for what is sent to log in.
pub(super) fn login_text(escaped: &str, part: UriPart) -> Result<String, UriError> {
    let plain = text(escaped, part)?;
    if plain.contains('\0') {
        return Err(UriError::ZeroByte { part });
    }
    Ok(plain)
}

/// Digits only: the sign that `parse` takes belongs to no URI.
pub(super) fn decimal<N: TryFrom<u64>>(digits: &str) -> Option<N> {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse::<u64>().ok().and_then(|number| N::try_from(number).ok())
}

/// What stands before the first `mark`, and what after it, if it is there.
pub(super) fn split(text: &str, mark: char) -> (&str, Option<&str>) {
    text.split_once(mark).map_or((text, None), |(before, after)| (before, Some(after)))
}
