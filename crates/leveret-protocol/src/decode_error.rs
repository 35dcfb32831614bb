//! Why bytes are not a value.

/// Why bytes cannot be read as what they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// A value is longer than the bytes that are left.
    #[error("value ends {missing} bytes after its frame")]
    UnexpectedEnd {
        /// How many bytes were missing at least.
        missing: u32,
    },
    /// All values are read, and bytes are left.
    #[error("{bytes} bytes follow the last value")]
    TrailingBytes {
        /// How many bytes were left.
        bytes: u32,
    },
    /// A field's type octet is none that the protocol has.
    #[error("unknown field type {kind}")]
    UnknownFieldType {
        /// The octet found.
        kind: u8,
    },
    /// Tables and arrays are nested deeper than [`crate::NESTING_MAX`].
    #[error("tables and arrays are nested deeper than {max}")]
    TooDeep {
        /// The deepest nesting that is read.
        max: u8,
    },
    /// A property flag is set that no property has.
    #[error("property flags {flags:#06x} contain a reserved bit")]
    ReservedPropertyFlag {
        /// The flags found.
        flags: u16,
    },
    /// There is no such method.
    #[error("no method {class_id}.{method_id}")]
    UnknownMethod {
        /// The class found.
        class_id: u16,
        /// The method found.
        method_id: u16,
    },
}
