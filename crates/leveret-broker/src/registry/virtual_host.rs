//! What is kept of a virtual host beside its queues.

use std::collections::BTreeMap;

use leveret_engine::DefaultQueueType;
use serde::{Deserialize, Serialize};

use super::policy::{Policy, PolicyKind};

/// One virtual host as administrators see it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct VirtualHost {
    #[serde(default)]
    pub(crate) metadata: Metadata,
    #[serde(default)]
    pub(crate) limits: HostLimits,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) policies: BTreeMap<String, Policy>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) operator_policies: BTreeMap<String, Policy>,
}

/// What people have said about a virtual host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Metadata {
    #[serde(default)]
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) tags: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) default_queue_type: Option<String>,
    #[serde(default)]
    pub(crate) tracing: bool,
}

/// How much of something a virtual host may have at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct HostLimits {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_connections: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_queues: Option<u64>,
}

impl VirtualHost {
    pub(crate) fn policies(&self, kind: PolicyKind) -> &BTreeMap<String, Policy> {
        match kind {
            PolicyKind::User => &self.policies,
            PolicyKind::Operator => &self.operator_policies,
        }
    }

    pub(crate) fn policies_mut(&mut self, kind: PolicyKind) -> &mut BTreeMap<String, Policy> {
        match kind {
            PolicyKind::User => &mut self.policies,
            PolicyKind::Operator => &mut self.operator_policies,
        }
    }
}

/// Type of queues that are declared without one, as it is written.
const QUORUM: &str = "quorum";

impl Metadata {
    /// What is wrong with it, if anything is.
    pub(super) fn check(&self) -> Result<(), String> {
        match self.default_queue_type.as_deref() {
            None | Some("classic" | QUORUM | "undefined" | "") => Ok(()),
            Some(other) => {
                Err(format!("`default_queue_type` is `{other}`, wanted `classic` or `{QUORUM}`"))
            }
        }
    }

    /// What a queue is that is declared without a type.
    pub(crate) fn default_queue_type(&self) -> DefaultQueueType {
        match self.default_queue_type.as_deref() {
            Some(QUORUM) => DefaultQueueType::Quorum,
            Some(_) | None => DefaultQueueType::Classic,
        }
    }
}
