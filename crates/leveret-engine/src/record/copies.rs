//! Which routing keys a message has beside its own, as flags and keys.

use bytes::BytesMut;

use super::{
    Unreadable,
    coding::{Reader, put_bytes, put_number},
};
use crate::{copies::Copies, message::detached_name};

const HIDDEN: u8 = 2;
const NONE: u8 = 4;

/// All flags of these.
pub(super) const FLAGS: u8 = HIDDEN | NONE;

pub(super) const fn flags_of(copies: &Copies) -> u8 {
    match copies {
        Copies::Shown => 0,
        Copies::Replaced => NONE,
        Copies::ShownAndHidden(_) => HIDDEN,
    }
}

/// Writes what follows the flags.
pub(super) fn put(out: &mut BytesMut, copies: &Copies) {
    if let Copies::ShownAndHidden(keys) = copies {
        put_number(out, u64::try_from(keys.len()).unwrap_or(u64::MAX));
        keys.iter().for_each(|key| put_bytes(out, key));
    }
}

pub(super) fn read(input: &mut Reader, flags: u8) -> Result<Copies, Unreadable> {
    if flags & NONE != 0 {
        return Ok(Copies::Replaced);
    }
    if flags & HIDDEN == 0 {
        return Ok(Copies::Shown);
    }
    let count = input.number()?;
    let keys =
        (0..count).map(|_| Ok(detached_name(&input.short_str()?))).collect::<Result<_, _>>()?;
    Ok(Copies::ShownAndHidden(keys))
}
