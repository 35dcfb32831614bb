//! Policies and operator policies.

use super::Admin;
use crate::registry::{AdminError, ApplyTo, Change, Pattern, Policy, PolicyKey, PolicyKind};

/// Whose policy it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PolicyOwner {
    /// Of those who use the broker.
    User,
    /// Of those who run it: of two numbers, the lower holds.
    Operator,
}

/// One policy.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PolicyInfo {
    /// Its name in the virtual host.
    pub name: String,
    /// The pattern of the names it is for.
    pub pattern: String,
    /// `all`, `queues`, `classic_queues`, `quorum_queues` or `exchanges`.
    pub apply_to: String,
    /// Of those that match, the one with the highest holds.
    pub priority: i64,
    /// What it sets, as a JSON object.
    pub definition: String,
}

impl PolicyInfo {
    /// A policy for every queue and exchange whose name matches, with priority 0.
    pub fn new(
        name: impl Into<String>,
        pattern: impl Into<String>,
        definition: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            pattern: pattern.into(),
            apply_to: "all".to_owned(),
            priority: 0,
            definition: definition.into(),
        }
    }

    /// The same policy for `queues`, `exchanges` and so on alone.
    #[must_use]
    pub fn apply_to(mut self, what: impl Into<String>) -> Self {
        self.apply_to = what.into();
        self
    }

    /// The same policy with another priority.
    #[must_use]
    pub fn priority(mut self, priority: i64) -> Self {
        self.priority = priority;
        self
    }
}

fn kind(owner: PolicyOwner) -> PolicyKind {
    match owner {
        PolicyOwner::User => PolicyKind::User,
        PolicyOwner::Operator => PolicyKind::Operator,
    }
}

impl Admin {
    /// Makes or replaces a policy; queues and exchanges that are there follow it.
    pub async fn set_policy(
        &self,
        virtual_host: &str,
        owner: PolicyOwner,
        policy: PolicyInfo,
    ) -> Result<(), AdminError> {
        let PolicyInfo { name, pattern, apply_to, priority, definition } = policy;
        let invalid = |reason: String| AdminError::Invalid(format!("policy `{name}`: {reason}"));
        let policy = Policy {
            pattern: Pattern::parse(&pattern).map_err(invalid)?,
            apply_to: ApplyTo::named(&apply_to).map_err(invalid)?,
            priority,
            definition: serde_json::from_str(&definition)
                .map_err(|error| invalid(error.to_string()))?,
        };
        let key = PolicyKey { virtual_host: virtual_host.to_owned(), kind: kind(owner), name };
        self.change(Change::PutPolicy { key, policy }).await
    }

    /// Deletes a policy.
    pub async fn clear_policy(
        &self,
        virtual_host: &str,
        owner: PolicyOwner,
        name: &str,
    ) -> Result<(), AdminError> {
        let (virtual_host, name) = (virtual_host.to_owned(), name.to_owned());
        let key = PolicyKey { virtual_host, kind: kind(owner), name };
        self.change(Change::DeletePolicy { key }).await
    }

    /// The policies of a virtual host by name.
    pub fn policies(
        &self,
        virtual_host: &str,
        owner: PolicyOwner,
    ) -> Result<Vec<PolicyInfo>, AdminError> {
        let state = self.shared.registry.state();
        let policies = state.virtual_host(virtual_host)?.policies(kind(owner));
        let info = |(name, policy): (&String, &Policy)| PolicyInfo {
            name: name.clone(),
            pattern: policy.pattern.text().to_owned(),
            apply_to: policy.apply_to.name().to_owned(),
            priority: policy.priority,
            definition: serde_json::Value::Object(policy.definition.clone()).to_string(),
        };
        Ok(policies.iter().map(info).collect())
    }
}
