//! Reads values off shared bytes, without copying strings.

use bytes::Bytes;

use crate::{decode_error::DecodeError, field::FieldTable, secret::Secret, short_str::ShortStr};

/// A place in a frame's payload.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a Bytes,
    at: usize,
    /// Never beyond the bytes, never before `at`.
    end: usize,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a Bytes) -> Self {
        Self { bytes, at: 0, end: bytes.len() }
    }

    /// Reads only what lies between two places; nothing if there is no such part.
    pub(crate) fn part(bytes: &'a Bytes, start: usize, end: usize) -> Self {
        let end = end.min(bytes.len());
        Self { bytes, at: start.min(end), end }
    }

    /// What is left to read.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..self.end).unwrap_or_default()
    }

    /// What is left to read, shared.
    pub(crate) fn shared_rest(&self) -> Bytes {
        self.bytes.slice(self.at..self.end)
    }

    /// Where it stands.
    pub(crate) const fn position(&self) -> usize {
        self.at
    }

    /// What was read since it stood there, shared.
    pub(crate) fn shared_since(&self, start: usize) -> Bytes {
        self.bytes.slice(start.min(self.at)..self.at)
    }

    /// How much is left to read.
    pub(crate) const fn len(&self) -> usize {
        self.end - self.at
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let rest = self.rest();
        let Some(array) = rest.first_chunk::<N>() else {
            return Err(unexpected_end(N - rest.len()));
        };
        self.at += N;
        Ok(*array)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, DecodeError> {
        self.array().map(u8::from_be_bytes)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, DecodeError> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, DecodeError> {
        self.array().map(u64::from_be_bytes)
    }

    fn slice(&mut self, len: usize) -> Result<Bytes, DecodeError> {
        let start = self.at;
        self.skip(len)?;
        Ok(self.bytes.slice(start..self.at))
    }

    pub(crate) fn short_str(&mut self) -> Result<ShortStr, DecodeError> {
        let len = usize::from(self.u8()?);
        self.slice(len).map(ShortStr::from_octet_counted)
    }

    pub(crate) fn long_str(&mut self) -> Result<Bytes, DecodeError> {
        let len = self.u32()?;
        self.slice(usize::try_from(len).unwrap_or(usize::MAX))
    }

    pub(crate) fn secret(&mut self) -> Result<Secret, DecodeError> {
        Ok(self.long_str()?.into())
    }

    pub(crate) fn table(&mut self) -> Result<FieldTable, DecodeError> {
        FieldTable::from_bytes(self.long_str()?)
    }

    pub(crate) fn skip_short_str(&mut self) -> Result<(), DecodeError> {
        let len = usize::from(self.u8()?);
        self.skip(len)
    }

    pub(crate) fn skip_long_str(&mut self) -> Result<(), DecodeError> {
        let len = self.u32()?;
        self.skip(usize::try_from(len).unwrap_or(usize::MAX))
    }

    fn skip(&mut self, len: usize) -> Result<(), DecodeError> {
        let left = self.len();
        if len > left {
            return Err(unexpected_end(len - left));
        }
        self.at += len;
        Ok(())
    }

    pub(crate) fn finish(&self) -> Result<(), DecodeError> {
        match self.len() {
            0 => Ok(()),
            left => Err(DecodeError::TrailingBytes { bytes: saturate(left) }),
        }
    }
}

fn unexpected_end(missing: usize) -> DecodeError {
    DecodeError::UnexpectedEnd { missing: saturate(missing) }
}

fn saturate(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
