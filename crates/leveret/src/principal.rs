//! The name of whom a message is handled for.

use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

/// On whose behalf a message is handled: the publisher, by its `user-id`, or else the one that
/// [`Handler::principal`](crate::Handler::principal) names.
///
/// A broker takes a message with a `user-id` only from a publisher that has logged in under that
/// name, so it can be believed. A message that comes back after a pause keeps it: the copy has the
/// application's own login as its `user-id`. A copy that does not (from the dead letters, or where
/// a certificate is the login) proves nothing: the header `x-leveret-user-id` can be written by
/// anyone. Such a message has no principal, not even the handler's.
///
/// As an argument it must be there; a message without one becomes a dead letter. Take
/// `Option<Principal>` if it need not.
///
/// ```
/// use leveret::{Handler, Principal};
///
/// async fn audit(principal: Principal) {
///     println!("on behalf of {}", principal.name());
/// }
///
/// let handler = Handler::new("audits", audit).principal("nightly");
/// # assert_eq!(handler.name(), "audit");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Principal(Arc<str>);

impl Principal {
    /// A principal of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into().into())
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl Display for Principal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
