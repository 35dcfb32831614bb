//! The bytes of a mail as found on disk, made fit for a MIME parser.
//!
//! Handles what precedes the header (mbox lines, blank lines, a byte order mark), lone
//! carriage returns as line ends, and UTF-16. Keeps true: what passes has a header.

use std::borrow::Cow;

use thiserror::Error;

/// How many of the first lines are searched for a header field.
const LINES_SEARCHED: usize = 64;
/// How many bytes are looked at to tell text from junk.
const SAMPLE_BYTES: usize = 4096;

/// Why bytes are no e-mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Unparsable {
    /// There is nothing, or nothing but white space.
    #[error("the file is empty")]
    Empty,
    /// There are control characters where text should be.
    #[error(
        "the file is binary: {control_bytes} of the first {sampled_bytes} bytes are control characters"
    )]
    Binary {
        /// How many of the bytes looked at are control characters.
        control_bytes: usize,
        /// How many bytes were looked at.
        sampled_bytes: usize,
    },
    /// No line at the top is a header field of an e-mail.
    #[error("the file has no e-mail header")]
    NoHeader,
}

impl Unparsable {
    /// Names the reason in one word, for counts and headers.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Binary { .. } => "binary",
            Self::NoHeader => "no-header",
        }
    }
}

/// Brings a mail into the shape that the MIME parser takes.
pub(super) fn normalize(bytes: &[u8]) -> Result<Cow<'_, [u8]>, Unparsable> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Unparsable::Empty);
    }
    let bytes = decode_wide(bytes);
    let sample = bytes.get(..bytes.len().min(SAMPLE_BYTES)).unwrap_or_default();
    // ESC starts the shifts of ISO-2022 and belongs to text.
    let control_bytes = sample
        .iter()
        .filter(|byte| byte.is_ascii_control() && !b"\t\n\r\x0c\x1b".contains(byte))
        .count();
    if control_bytes * 50 > sample.len() {
        return Err(Unparsable::Binary { control_bytes, sampled_bytes: sample.len() });
    }
    let bytes = end_lines(bytes);
    let start = header_start(&bytes).ok_or(Unparsable::NoHeader)?;
    Ok(match bytes {
        Cow::Borrowed(bytes) => Cow::Borrowed(bytes.get(start..).unwrap_or_default()),
        Cow::Owned(mut bytes) => Cow::Owned(bytes.split_off(start)),
    })
}

/// Turns UTF-16 with a byte order mark into UTF-8, and drops the mark of UTF-8.
fn decode_wide(bytes: &[u8]) -> Cow<'_, [u8]> {
    let unit: fn([u8; 2]) -> u16 = match bytes {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        [0xef, 0xbb, 0xbf, rest @ ..] => return Cow::Borrowed(rest),
        _ => return Cow::Borrowed(bytes),
    };
    let (pairs, _) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().skip(1).map(|pair| unit(*pair)).collect();
    Cow::Owned(String::from_utf16_lossy(&units).into_bytes())
}

/// Makes line feeds of carriage returns that stand alone.
fn end_lines(bytes: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    let ends_a_line_alone =
        |at: usize| bytes.get(at) == Some(&b'\r') && bytes.get(at + 1) != Some(&b'\n');
    // Carriage returns doubled before a line feed are one line end.
    let is_doubled =
        |at: usize| bytes.get(at + 1) == Some(&b'\r') && bytes.get(at + 2) == Some(&b'\n');
    if !(0..bytes.len()).any(ends_a_line_alone) {
        return bytes;
    }
    let mut ended = Vec::with_capacity(bytes.len());
    for (at, byte) in bytes.iter().enumerate() {
        match (ends_a_line_alone(at), is_doubled(at)) {
            (true, true) => {}
            (true, false) => ended.push(b'\n'),
            (false, _) => ended.push(*byte),
        }
    }
    Cow::Owned(ended)
}

/// Finds where the header begins: at the first line that is a field.
fn header_start(bytes: &[u8]) -> Option<usize> {
    let mut start = 0;
    let mut header = None;
    for line in bytes.split_inclusive(|byte| *byte == b'\n').take(LINES_SEARCHED) {
        match (field_name(line), header) {
            // Fields in a row, one of which mails have, are a header; a sentence with a colon is none.
            (Some(name), at) => {
                let at = at.unwrap_or(start);
                if is_common(name) {
                    return Some(at);
                }
                header = Some(at);
            }
            (None, Some(_)) if line.starts_with(b" ") || line.starts_with(b"\t") => {}
            (None, _) => header = None,
        }
        start += line.len();
    }
    None
}

fn field_name(line: &[u8]) -> Option<&[u8]> {
    let end = line.iter().position(|byte| *byte == b':')?;
    let name = line.get(..end)?.trim_ascii_end();
    (!name.is_empty() && name.len() < 80 && name.iter().all(u8::is_ascii_graphic)).then_some(name)
}

fn is_common(name: &[u8]) -> bool {
    const COMMON: [&str; 14] = [
        "from",
        "to",
        "subject",
        "date",
        "received",
        "return-path",
        "message-id",
        "mime-version",
        "content-type",
        "delivered-to",
        "reply-to",
        "sender",
        "envelope-to",
        "auto-submitted",
    ];
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    COMMON.contains(&name.as_str()) || name.starts_with("x-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(bytes: &[u8]) -> Result<String, &'static str> {
        normalize(bytes)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .map_err(Unparsable::kind)
    }

    #[test]
    fn what_is_no_mail_says_why() {
        assert_eq!(normal(b""), Err("empty"));
        assert_eq!(normal(b" \r\n\t"), Err("empty"));
        assert_eq!(normal(b"\x00\x01\x02From: a\x00\n"), Err("binary"));
        assert_eq!(normal(b"just words\nand: more words\n"), Err("no-header"));
    }

    #[test]
    fn what_precedes_the_header_goes() {
        assert_eq!(
            normal(b"From ann Mon Sep 20\nSubject: a\n\nb"),
            Ok("Subject: a\n\nb".to_owned())
        );
        assert_eq!(normal(b"\n\nX-A: a\nSubject: a\n"), Ok("X-A: a\nSubject: a\n".to_owned()));
    }

    #[test]
    fn lone_carriage_returns_end_lines() {
        assert_eq!(normal(b"Subject: a\rTo: b\r\rc"), Ok("Subject: a\nTo: b\n\nc".to_owned()));
        assert_eq!(normal(b"Subject: a\r\nTo: b\r\r\n"), Ok("Subject: a\r\nTo: b\r\n".to_owned()));
    }

    #[test]
    fn wide_characters_are_narrowed() {
        let wide: Vec<u8> =
            "\u{feff}Subject: a\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(normal(&wide), Ok("Subject: a\n".to_owned()));
    }
}
