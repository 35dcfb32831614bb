//! The routing keys of one message.

use leveret_protocol::ShortStr;

/// The routing keys of one message: its own, and those of its CC and BCC headers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keys<'a> {
    pub(crate) own: &'a ShortStr,
    pub(crate) extra: &'a [ShortStr],
}

impl<'a> Keys<'a> {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'a ShortStr> + use<'a> {
        core::iter::once(self.own).chain(self.extra)
    }
}
