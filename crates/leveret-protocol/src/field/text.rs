//! Values that are texts.

use alloc::{borrow::Cow, string::String};

use super::FieldValue;

impl FieldValue {
    /// The text of a string or of bytes, with U+FFFD in place of what is no UTF-8; nothing of other values.
    ///
    /// ```
    /// use leveret_protocol::FieldValue;
    ///
    /// let name = FieldValue::LongString("hazel".into());
    /// assert_eq!(name.to_text_lossy().as_deref(), Some("hazel"));
    /// assert_eq!(FieldValue::U8(7).to_text_lossy(), None);
    /// ```
    pub fn to_text_lossy(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::LongString(bytes) | Self::Bytes(bytes) => Some(String::from_utf8_lossy(bytes)),
            Self::Bool(_)
            | Self::I8(_)
            | Self::U8(_)
            | Self::I16(_)
            | Self::U16(_)
            | Self::I32(_)
            | Self::U32(_)
            | Self::I64(_)
            | Self::F32(_)
            | Self::F64(_)
            | Self::Decimal { .. }
            | Self::Array(_)
            | Self::Timestamp(_)
            | Self::Table(_)
            | Self::Void => None,
        }
    }
}
