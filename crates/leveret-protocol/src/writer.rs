//! Writes strings and tables with their lengths before them.

use bytes::{BufMut as _, BytesMut};

use crate::short_str::ShortStr;

pub(crate) fn put_short_str(out: &mut BytesMut, text: &ShortStr) {
    // A short string has at most 255 bytes by its type.
    out.put_u8(u8::try_from(text.len()).unwrap_or(u8::MAX));
    out.put_slice(text);
}

pub(crate) fn put_long_str(out: &mut BytesMut, bytes: &[u8]) {
    out.put_u32(long_len(bytes));
    out.put_slice(bytes);
}

/// The length of a value that was built here.
///
/// # Panics
///
/// Beyond 4 GiB: no frame could carry it, and a wrong length would corrupt the stream.
fn long_len(bytes: &[u8]) -> u32 {
    let Ok(len) = u32::try_from(bytes.len()) else {
        panic!("a long string of {} bytes does not fit a frame", bytes.len());
    };
    len
}
