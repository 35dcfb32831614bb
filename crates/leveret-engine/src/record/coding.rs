//! Numbers, strings and tables as bytes.
//!
//! Numbers that are mostly small take seven bits a byte, lowest first.

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use leveret_protocol::{FieldTable, Properties, ShortStr};

/// Why bytes are no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    Version(u8),
    Damaged(&'static str),
}

pub(super) fn put_number(out: &mut BytesMut, mut value: u64) {
    while value >= 0x80 {
        out.put_u8(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.put_u8(value.to_le_bytes()[0]);
}

pub(super) fn put_bytes(out: &mut BytesMut, bytes: &[u8]) {
    put_number(out, u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    out.put_slice(bytes);
}

/// Reads what the functions above wrote; everything may be missing or wrong.
pub(super) struct Reader {
    left: Bytes,
}

type Read<T> = Result<T, Unreadable>;

const ENDS_EARLY: Unreadable = Unreadable::Damaged("it ends early");

impl Reader {
    pub(super) const fn new(bytes: Bytes) -> Self {
        Self { left: bytes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    pub(super) fn rest(self) -> Bytes {
        self.left
    }

    pub(super) fn finish(&self) -> Read<()> {
        if self.left.is_empty() { Ok(()) } else { Err(Unreadable::Damaged("bytes follow its end")) }
    }

    pub(super) fn u8(&mut self) -> Read<u8> {
        self.left.try_get_u8().map_err(|_| ENDS_EARLY)
    }

    pub(super) fn u32(&mut self) -> Read<u32> {
        self.left.try_get_u32().map_err(|_| ENDS_EARLY)
    }

    pub(super) fn u64(&mut self) -> Read<u64> {
        self.left.try_get_u64().map_err(|_| ENDS_EARLY)
    }

    pub(super) fn number(&mut self) -> Read<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Unreadable::Damaged("a number is too large"))
    }

    pub(super) fn bytes(&mut self) -> Read<Bytes> {
        let length = usize::try_from(self.number()?).map_err(|_| ENDS_EARLY)?;
        if length > self.left.len() {
            return Err(ENDS_EARLY);
        }
        Ok(self.left.split_to(length))
    }

    pub(super) fn short_str(&mut self) -> Read<ShortStr> {
        ShortStr::new(self.bytes()?).map_err(|_| Unreadable::Damaged("a name is too long"))
    }

    pub(super) fn table(&mut self) -> Read<FieldTable> {
        let damaged = Unreadable::Damaged("a table cannot be read");
        FieldTable::from_bytes(self.bytes()?).map_err(|_| damaged)
    }

    pub(super) fn properties(&mut self) -> Read<Properties> {
        let damaged = Unreadable::Damaged("properties cannot be read");
        Properties::from_bytes(self.bytes()?).map_err(|_| damaged)
    }

    /// Flags, of which only those in `known` may be set.
    pub(super) fn flags(&mut self, known: u8) -> Read<u8> {
        let flags = self.u8()?;
        if flags & !known != 0 {
            return Err(Unreadable::Damaged("a flag is unknown"));
        }
        Ok(flags)
    }
}
