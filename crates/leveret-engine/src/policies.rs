//! Policies: what is set for all queues and exchanges whose names match.
//!
//! Which policy is whose is answered by the caller, who knows the patterns.

use alloc::sync::Arc;
use core::fmt;

use leveret_protocol::{FieldTable, ShortStr};

/// What a policy can be for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyTarget {
    /// A queue of type classic.
    ClassicQueue,
    /// A queue of type quorum.
    QuorumQueue,
    /// An exchange.
    Exchange,
}

/// The policies of one virtual host. Answers have to stay the same until they are replaced.
pub trait Policies: fmt::Debug + Send + Sync {
    /// What is set for the thing of that name, by the keys of policies such as `max-length`.
    fn definition_for(&self, target: PolicyTarget, name: &ShortStr) -> Option<FieldTable>;
}

/// The policies of a virtual host, shared with whoever made them.
#[derive(Debug, Clone, Default)]
pub struct PolicySet(Option<Arc<dyn Policies>>);

impl PolicySet {
    /// A set that answers as these policies do.
    pub fn new(policies: impl Policies + 'static) -> Self {
        Self(Some(Arc::new(policies)))
    }

    pub(crate) fn definition_for(
        &self,
        target: PolicyTarget,
        name: &ShortStr,
    ) -> Option<FieldTable> {
        self.0.as_ref()?.definition_for(target, name)
    }
}

/// The same set, not one that answers alike.
impl PartialEq for PolicySet {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (None, None) => true,
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (Some(_), None) | (None, Some(_)) => false,
        }
    }
}

impl Eq for PolicySet {}
