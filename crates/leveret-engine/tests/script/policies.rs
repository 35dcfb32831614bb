//! Policies as a script writes them: `q*/max-length=l:1 x/overflow=drop-head`.

use leveret_engine::{Policies, PolicySet, PolicyTarget};
use leveret_protocol::{FieldTable, ShortStr};

use super::command::{Words, value_of};

#[derive(Debug)]
struct Rules(Vec<(String, FieldTable)>);

/// The first rule whose name, or beginning of a name before `*`, fits is the policy.
pub(crate) fn policies(words: &mut Words) -> PolicySet {
    let mut rules = Vec::new();
    loop {
        let word = words.next();
        if word.is_empty() {
            return PolicySet::new(Rules(rules));
        }
        let mut parts = word.split('/');
        let pattern = parts.next().unwrap().to_owned();
        let definition = parts.map(|part| part.split_once('=').unwrap());
        let fields =
            definition.map(|(key, value)| (ShortStr::try_from(key).unwrap(), value_of(value)));
        rules.push((pattern, fields.collect()));
    }
}

impl Policies for Rules {
    fn definition_for(&self, target: PolicyTarget, name: &ShortStr) -> Option<FieldTable> {
        let fits = |pattern: &str| match pattern.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix.as_bytes()),
            None => *name == pattern,
        };
        let kind = match target {
            PolicyTarget::ClassicQueue => "classic:",
            PolicyTarget::QuorumQueue => "quorum:",
            PolicyTarget::Exchange => "exchange:",
        };
        let found = self.0.iter().find(|(pattern, _)| match pattern.split_once(':') {
            Some((wanted, pattern)) => kind.starts_with(wanted) && fits(pattern),
            None => fits(pattern),
        });
        found.map(|(_, definition)| definition.clone())
    }
}
