//! The routing keys of a message beside its own: those in CC and BCC.
//!
//! They count again when the message is dead-lettered, so those that nobody may see are kept
//! with it.

use alloc::{boxed::Box, vec::Vec};

use leveret_protocol::{FieldArray, FieldTable, FieldValue, ShortStr};

/// Which of them a message has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Copies {
    /// Those of its CC header.
    #[default]
    Shown,
    /// Those, and these of the BCC header it came with.
    ShownAndHidden(Box<[ShortStr]>),
    /// None: its key was replaced by that of a queue, and its CC header is history.
    Replaced,
}

/// The keys themselves.
#[derive(Debug, Default)]
pub(crate) struct CopiedKeys {
    pub(crate) shown: Vec<ShortStr>,
    hidden: Vec<ShortStr>,
}

impl Copies {
    /// With these from the BCC header, in buffers of their own.
    pub(crate) fn with_hidden(keys: Box<[ShortStr]>) -> Self {
        if keys.is_empty() { Self::Shown } else { Self::ShownAndHidden(keys) }
    }

    pub(crate) fn keys(&self, headers: Option<FieldTable>) -> CopiedKeys {
        let hidden = match self {
            Self::Replaced => return CopiedKeys::default(),
            Self::Shown => Vec::new(),
            Self::ShownAndHidden(keys) => keys.to_vec(),
        };
        CopiedKeys { shown: shown(headers), hidden }
    }
}

impl CopiedKeys {
    pub(crate) fn all(mut self) -> Vec<ShortStr> {
        self.shown.append(&mut self.hidden);
        self.shown
    }
}

fn shown(headers: Option<FieldTable>) -> Vec<ShortStr> {
    match headers.and_then(|headers| headers.get("CC")) {
        Some(FieldValue::Array(keys)) => keys_in(&keys).collect(),
        Some(_) | None => Vec::new(),
    }
}

/// The keys in a header; what is no string of a key's length is passed over.
pub(crate) fn keys_in(header: &FieldArray) -> impl Iterator<Item = ShortStr> {
    header.iter().filter_map(|key| {
        if let FieldValue::LongString(key) = key { ShortStr::new(key).ok() } else { None }
    })
}
