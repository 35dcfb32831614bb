//! Walks field values as raw bytes: where they end, whether they are sound.
//!
//! Iterative: a table nested thousands deep is an error, not a stack overflow.

use crate::decode_error::DecodeError;

/// The deepest nesting of tables and arrays that is read.
pub const NESTING_MAX: u8 = 32;

const DEPTHS: usize = NESTING_MAX as usize;

/// What the bytes of a container are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    /// Names, each with a value.
    Table,
    /// Values.
    Array,
}

/// How a value's bytes are laid out after its type octet.
enum Layout {
    Fixed(usize),
    Counted,
    Nested(Container),
}

const fn layout(kind: u8) -> Option<Layout> {
    Some(match kind {
        b'V' => Layout::Fixed(0),
        b't' | b'b' | b'B' => Layout::Fixed(1),
        b's' | b'u' => Layout::Fixed(2),
        b'I' | b'i' | b'f' => Layout::Fixed(4),
        b'D' => Layout::Fixed(5),
        b'l' | b'L' | b'd' | b'T' => Layout::Fixed(8),
        b'S' | b'x' => Layout::Counted,
        b'A' => Layout::Nested(Container::Array),
        b'F' => Layout::Nested(Container::Table),
        _ => return None,
    })
}

/// Checks all values of a container and of what is nested in it.
pub(super) fn check(bytes: &[u8], container: Container) -> Result<(), DecodeError> {
    // Each open container: what it is, and where it ends.
    let mut open = [(Container::Table, 0); DEPTHS];
    let mut depth: usize = 0;
    let mut current = (container, bytes.len());
    let mut at = 0;
    loop {
        while at == current.1 {
            let Some(outer) = depth.checked_sub(1) else { return Ok(()) };
            let Some(&container) = open.get(outer) else { return Ok(()) };
            (depth, current) = (outer, container);
        }
        let within = bytes.get(..current.1).unwrap_or_default();
        if current.0 == Container::Table {
            let len = usize::from(*within.get(at).ok_or_else(|| end(1))?);
            at = advance(within, at + 1, len)?;
        }
        let kind = *within.get(at).ok_or_else(|| end(1))?;
        at += 1;
        match layout(kind).ok_or(DecodeError::UnknownFieldType { kind })? {
            Layout::Fixed(len) => at = advance(within, at, len)?,
            Layout::Counted => at = counted(within, at)?.1,
            Layout::Nested(inner) => {
                let (start, stop) = counted(within, at)?;
                let Some(slot) = open.get_mut(depth) else {
                    return Err(DecodeError::TooDeep { max: NESTING_MAX });
                };
                *slot = current;
                depth += 1;
                current = (inner, stop);
                at = start;
            }
        }
    }
}

/// The value at `at`: its type octet, and where its bytes start and end (without a count before them).
pub(super) fn value_at(bytes: &[u8], at: usize) -> Option<(u8, usize, usize)> {
    let kind = *bytes.get(at)?;
    let start = at + 1;
    match layout(kind)? {
        Layout::Fixed(len) => Some((kind, start, advance(bytes, start, len).ok()?)),
        Layout::Counted | Layout::Nested(_) => {
            let (start, stop) = counted(bytes, start).ok()?;
            Some((kind, start, stop))
        }
    }
}

/// The name at `at`: where its bytes start and end.
pub(super) fn name_at(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let len = usize::from(*bytes.get(at)?);
    let stop = advance(bytes, at + 1, len).ok()?;
    Some((at + 1, stop))
}

fn counted(bytes: &[u8], at: usize) -> Result<(usize, usize), DecodeError> {
    let rest = bytes.get(at..).unwrap_or_default();
    let count = rest.first_chunk::<4>().ok_or_else(|| end(4_usize.saturating_sub(rest.len())))?;
    let len = usize::try_from(u32::from_be_bytes(*count)).unwrap_or(usize::MAX);
    let start = at + 4;
    Ok((start, advance(bytes, start, len)?))
}

fn advance(bytes: &[u8], at: usize, len: usize) -> Result<usize, DecodeError> {
    let left = bytes.len().saturating_sub(at);
    if len > left {
        return Err(end(len - left));
    }
    Ok(at + len)
}

fn end(missing: usize) -> DecodeError {
    DecodeError::UnexpectedEnd { missing: u32::try_from(missing).unwrap_or(u32::MAX) }
}
