//! Who may do what with which name: asked of the caller, who knows the patterns.
//!
//! The engine decides what a method needs (`turn/authorise.rs`); whether a user has it is answered
//! by what [`Input::Connect`](crate::Input::Connect) brought along.

use alloc::sync::Arc;
use core::fmt;

use leveret_protocol::ShortStr;

/// What one user may do in one virtual host. Answers have to stay the same until they are replaced.
pub trait Permissions: fmt::Debug + Send + Sync {
    /// Whether queues and exchanges of that name may be declared and deleted.
    fn may_configure(&self, name: &ShortStr) -> bool;

    /// Whether messages and bindings may be put into it; the default exchange is `amq.default`.
    fn may_write(&self, name: &ShortStr) -> bool;

    /// Whether messages and bindings may be taken from it.
    fn may_read(&self, name: &ShortStr) -> bool;

    /// Whether that topic exchange takes messages with this routing key.
    fn may_write_topic(&self, exchange: &ShortStr, routing_key: &ShortStr) -> bool;

    /// Whether that topic exchange can be bound from with this routing key.
    fn may_read_topic(&self, exchange: &ShortStr, routing_key: &ShortStr) -> bool;

    /// Whether messages may carry the name of another user.
    fn may_impersonate(&self) -> bool;
}

/// The permissions of a connection, shared with whoever made them.
#[derive(Debug, Clone)]
pub struct Authority(Arc<dyn Permissions>);

impl Authority {
    /// An authority that answers as these permissions do.
    pub fn new(permissions: impl Permissions + 'static) -> Self {
        Self(Arc::new(permissions))
    }

    /// All is allowed, but to publish in the name of another.
    pub fn full() -> Self {
        Self::new(Everything)
    }

    pub(crate) fn permissions(&self) -> &dyn Permissions {
        &*self.0
    }
}

/// The same authority, not one that answers alike.
impl PartialEq for Authority {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Authority {}

#[derive(Debug)]
struct Everything;

impl Permissions for Everything {
    fn may_configure(&self, _name: &ShortStr) -> bool {
        true
    }

    fn may_write(&self, _name: &ShortStr) -> bool {
        true
    }

    fn may_read(&self, _name: &ShortStr) -> bool {
        true
    }

    fn may_write_topic(&self, _exchange: &ShortStr, _routing_key: &ShortStr) -> bool {
        true
    }

    fn may_read_topic(&self, _exchange: &ShortStr, _routing_key: &ShortStr) -> bool {
        true
    }

    fn may_impersonate(&self) -> bool {
        false
    }
}
