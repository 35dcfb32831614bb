//! The policies of one virtual host in the form that its engine asks.

use leveret_engine::{Policies, PolicySet, PolicyTarget};
use leveret_protocol::{FieldTable, FieldValue, ShortStr};
use serde_json::{Map, Value};

use super::{
    policy::{ApplyTo, Policy},
    virtual_host::VirtualHost,
};

/// Policies in the order in which they are tried.
#[derive(Debug)]
pub(crate) struct Rules {
    user: Vec<(String, Policy)>,
    operator: Vec<(String, Policy)>,
}

/// What holds for one thing, and by whose word.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Ruling {
    pub(crate) policy: Option<String>,
    pub(crate) operator_policy: Option<String>,
    pub(crate) definition: Map<String, Value>,
}

impl Rules {
    pub(crate) fn of(host: &VirtualHost) -> Self {
        let sorted = |policies: &std::collections::BTreeMap<String, Policy>| {
            let mut list: Vec<_> =
                policies.iter().map(|(name, policy)| (name.clone(), policy.clone())).collect();
            list.sort_by_key(|(_, policy)| std::cmp::Reverse(policy.priority));
            list
        };
        Self { user: sorted(&host.policies), operator: sorted(&host.operator_policies) }
    }

    pub(crate) fn set(host: &VirtualHost) -> PolicySet {
        if host.policies.is_empty() && host.operator_policies.is_empty() {
            return PolicySet::default();
        }
        PolicySet::new(Self::of(host))
    }

    /// One policy and one operator policy hold; of two numbers the lower.
    pub(crate) fn ruling(&self, target: PolicyTarget, name: &[u8]) -> Ruling {
        let find = |list: &'_ [(String, Policy)]| {
            let fits = |(_, policy): &&(String, Policy)| {
                policy.apply_to.includes(target) && policy.pattern.matches(name)
            };
            list.iter().find(fits).cloned()
        };
        let (user, operator) = (find(&self.user), find(&self.operator));
        let mut definition =
            user.as_ref().map(|(_, policy)| policy.definition.clone()).unwrap_or_default();
        for (key, bound) in operator.iter().flat_map(|(_, policy)| &policy.definition) {
            let is_lower = definition
                .get(key)
                .and_then(Value::as_i64)
                .is_some_and(|set| set >= 0 && bound.as_i64().is_some_and(|bound| set <= bound));
            if !is_lower {
                definition.insert(key.clone(), bound.clone());
            }
        }
        let (policy, operator_policy) =
            (user.map(|(name, _)| name), operator.map(|(name, _)| name));
        Ruling { policy, operator_policy, definition }
    }
}

impl Policies for Rules {
    fn definition_for(&self, target: PolicyTarget, name: &ShortStr) -> Option<FieldTable> {
        let Ruling { definition, .. } = self.ruling(target, name);
        if definition.is_empty() {
            return None;
        }
        let field = |(key, value): (&String, &Value)| {
            let value = match value {
                Value::String(text) => FieldValue::LongString(text.clone().into()),
                Value::Number(number) => FieldValue::I64(number.as_i64()?),
                Value::Bool(flag) => FieldValue::Bool(*flag),
                Value::Null | Value::Array(_) | Value::Object(_) => return None,
            };
            Some((ShortStr::truncated(key), value))
        };
        Some(definition.iter().filter_map(field).collect())
    }
}

impl ApplyTo {
    /// Whether a policy for these is for that.
    fn includes(self, target: PolicyTarget) -> bool {
        match self {
            Self::All => true,
            Self::Queues => target != PolicyTarget::Exchange,
            Self::ClassicQueues => target == PolicyTarget::ClassicQueue,
            Self::QuorumQueues => target == PolicyTarget::QuorumQueue,
            Self::Streams => false,
            Self::Exchanges => target == PolicyTarget::Exchange,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::pattern::Pattern;

    fn policy(pattern: &str, apply_to: ApplyTo, priority: i64, definition: &str) -> Policy {
        let definition = serde_json::from_str(definition).unwrap();
        Policy { pattern: Pattern::parse(pattern).unwrap(), apply_to, priority, definition }
    }

    fn check(target: PolicyTarget, name: &str, expected: &str) {
        let mut host = VirtualHost::default();
        let policies = [
            ("low", policy("^q", ApplyTo::Queues, 0, r#"{"max-length":5}"#)),
            ("high", policy("^qq", ApplyTo::ClassicQueues, 9, r#"{"max-length":50}"#)),
            ("ae", policy("", ApplyTo::Exchanges, 0, r#"{"alternate-exchange":"x"}"#)),
            ("x", policy("^x", ApplyTo::Exchanges, 0, r#"{"alternate-exchange":"y"}"#)),
        ];
        host.policies = policies.map(|(name, policy)| (name.to_owned(), policy)).into();
        let bounds = policy(".*", ApplyTo::Queues, 0, r#"{"max-length":7,"expires":9}"#);
        host.operator_policies.insert("bounds".to_owned(), bounds);
        let Ruling { policy, operator_policy, definition } =
            Rules::of(&host).ruling(target, name.as_bytes());
        let names = [policy, operator_policy].map(Option::unwrap_or_default).join(" ");
        assert_eq!(format!("{names} {}", Value::Object(definition)), expected, "{name}");
    }

    #[test]
    fn the_highest_policy_that_fits_holds_within_the_operators_bounds() {
        check(PolicyTarget::ClassicQueue, "q1", r#"low bounds {"expires":9,"max-length":5}"#);
        check(PolicyTarget::ClassicQueue, "qq", r#"high bounds {"expires":9,"max-length":7}"#);
        check(PolicyTarget::QuorumQueue, "qq", r#"low bounds {"expires":9,"max-length":5}"#);
        check(PolicyTarget::ClassicQueue, "other", r#" bounds {"expires":9,"max-length":7}"#);
        check(PolicyTarget::Exchange, "x1", r#"x  {"alternate-exchange":"y"}"#);
        check(PolicyTarget::Exchange, "other", "  {}");
    }
}
