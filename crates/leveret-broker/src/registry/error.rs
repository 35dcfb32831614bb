//! Why the administrative state is not changed or told.

/// What an administrator did wrong, or what went wrong for them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AdminError {
    /// There is nothing of that name.
    #[error("{what} `{name}` does not exist")]
    NotFound {
        /// What kind of thing it is.
        what: &'static str,
        /// What it was called.
        name: String,
    },
    /// What was asked for makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// The broker refuses, in the words that an AMQP client is told.
    #[error("{text}")]
    Refused {
        /// The AMQP reply code.
        code: u16,
        /// The AMQP reply text.
        text: String,
    },
    /// It could not be made durable; nothing has changed.
    #[error("cannot keep the change: {0}")]
    NotKept(String),
    /// The broker is stopping.
    #[error("the broker is stopping")]
    Stopping,
}

impl AdminError {
    pub(crate) fn no_user(name: &str) -> Self {
        Self::NotFound { what: "user", name: name.to_owned() }
    }

    pub(crate) fn no_virtual_host(name: &str) -> Self {
        Self::NotFound { what: "virtual host", name: name.to_owned() }
    }
}
