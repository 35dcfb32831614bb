//! The state a broker starts with: what was kept, what is configured.
//!
//! A user of the configuration is set from it at each start, whatever was changed meanwhile, and
//! never written to disk. Without any, the first start makes `guest`.

use std::{
    collections::BTreeMap,
    hash::{BuildHasher, RandomState},
};

use leveret_engine::PolicySet;
use leveret_protocol::ShortStr;

use super::{
    account::{Account, Password, Permission},
    rules::Rules,
    state::State,
};
use crate::users::User;

/// The policies of each virtual host, as they were kept.
pub(crate) fn kept_policies(kept: Option<&State>) -> BTreeMap<ShortStr, PolicySet> {
    let hosts = kept.into_iter().flat_map(|state| &state.virtual_hosts);
    hosts.map(|(name, host)| (ShortStr::truncated(name), Rules::set(host))).collect()
}

/// The state after a start with these virtual hosts and configured users.
///
/// `others` are there: somebody else than `guest` is about to be made, so that `guest` is not.
pub(crate) fn opening_state(
    kept: Option<State>,
    hosts: &[String],
    (users, others): (&[User], bool),
) -> State {
    let is_first = kept.is_none();
    let mut state = kept.unwrap_or_default();
    if state.cluster_id.is_empty() {
        state.cluster_id = new_cluster_id();
    }
    // One that is not in the roster was being deleted.
    state.virtual_hosts.retain(|name, _| hosts.contains(name));
    for name in hosts {
        state.virtual_hosts.entry(name.clone()).or_default();
    }
    for account in state.users.values_mut() {
        account.permissions.retain(|name, _| hosts.contains(name));
        account.topic_permissions.retain(|name, _| hosts.contains(name));
    }
    if !users.is_empty() {
        state.users.retain(|_, account| !matches!(account.password, Password::WellKnown));
    } else if is_first && !others {
        let mut guest = Account::new("guest", Password::WellKnown);
        guest.tags.insert("administrator".to_owned());
        grant(&mut guest, hosts);
        state.users.insert("guest".to_owned(), guest);
    }
    for user in users {
        let mut account = Account::new(&user.name, Password::Configured(user.password.clone()));
        account.loopback_only = user.loopback_only;
        account.tags.clone_from(&user.tags);
        grant(&mut account, user.virtual_hosts.as_deref().unwrap_or(hosts));
        state.users.insert(user.name.clone(), account);
    }
    state
}

fn new_cluster_id() -> String {
    let mut bytes = [0; 16];
    // Without randomness from the system, the maps' seed is as good: it is to differ, not to be secret.
    if getrandom::fill(&mut bytes).is_err() {
        let seed = RandomState::new().hash_one(0_u8).to_le_bytes();
        bytes.iter_mut().zip(seed.iter().cycle()).for_each(|(byte, seed)| *byte = *seed);
    }
    format!("leveret-cluster-id-{:032x}", u128::from_be_bytes(bytes))
}

fn grant(account: &mut Account, hosts: &[String]) {
    account.permissions.extend(hosts.iter().map(|name| (name.clone(), Permission::everything())));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn names(state: &State) -> Vec<&str> {
        state.users.keys().map(String::as_str).collect()
    }

    #[test]
    fn guest_is_there_from_the_first_start_until_others_are_configured() {
        let hosts = ["/".to_owned()];
        let first = opening_state(None, &hosts, (&[], false));
        assert_eq!(names(&first), ["guest"]);
        assert!(first.users["guest"].loopback_only);
        assert!(names(&opening_state(None, &hosts, (&[], true))).is_empty(), "others are coming");
        let hazel = User::new("hazel", Secret::new("down"));
        let second = opening_state(Some(first), &hosts, (&[hazel], false));
        assert_eq!(names(&second), ["hazel"]);
        let mut emptied = opening_state(None, &hosts, (&[], false));
        emptied.users.clear();
        assert!(
            names(&opening_state(Some(emptied), &hosts, (&[], false))).is_empty(),
            "deleted is deleted"
        );
    }

    #[test]
    fn what_belongs_to_a_virtual_host_that_is_gone_goes_with_it() {
        let kept = opening_state(None, &["/".to_owned(), "burrow".to_owned()], (&[], false));
        let next = opening_state(Some(kept), &["/".to_owned()], (&[], false));
        assert_eq!(next.virtual_hosts.len(), 1);
        assert_eq!(next.users["guest"].permissions.len(), 1);
    }
}
