//! What of a JSON value AMQP has no room for.

/// A JSON value that cannot be sent as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// A name or a short text is too long.
    #[error("{what} has {bytes} bytes, at most 255 are possible")]
    TooLong {
        /// Which text.
        what: String,
        /// How long it is.
        bytes: usize,
    },
    /// Arrays and objects within each other.
    #[error("values are nested deeper than {} levels", crate::DEPTH_MAX)]
    TooDeep,
    /// A whole number beyond 64 bits with a sign.
    #[error("the number {number} does not fit in 64 bits with a sign")]
    TooLarge {
        /// As it was written.
        number: String,
    },
    /// A property, or all of them, of another type.
    #[error("{what} is {found}, wanted {wanted}")]
    Type {
        /// Which property.
        what: String,
        /// The JSON type that came.
        found: &'static str,
        /// What it has to be.
        wanted: &'static str,
    },
    /// A property that AMQP does not have.
    #[error("`{name}` is no property of a message")]
    Unknown {
        /// Its name.
        name: String,
    },
    /// A body that is said to be base64 and is not.
    #[error("the payload is no base64: {reason}")]
    Base64 {
        /// The decoder's words.
        reason: String,
    },
}

/// What kind of JSON value it is, for people.
pub(crate) fn kind(value: &serde_json::Value) -> &'static str {
    match value {
        serde_json::Value::Null => "null",
        serde_json::Value::Bool(_) => "true or false",
        serde_json::Value::Number(_) => "a number",
        serde_json::Value::String(_) => "a string",
        serde_json::Value::Array(_) => "an array",
        serde_json::Value::Object(_) => "an object",
    }
}
