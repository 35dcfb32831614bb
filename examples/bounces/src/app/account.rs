//! The account: each mail must be found again, as a result or as a dead letter.
//!
//! Looks at files only, so that it says the same in whichever run a mail was handled.

use std::collections::BTreeMap;

use super::layout::Layout;

/// Which mails are still to be found again.
#[derive(Debug)]
pub(crate) struct Account {
    layout: Layout,
    missing: Vec<String>,
    total: usize,
}

impl Account {
    /// Opens the account of these mails, by their ids.
    pub(crate) fn open(layout: Layout, mails: &BTreeMap<String, String>) -> Self {
        let mut account =
            Self { layout, missing: mails.keys().cloned().collect(), total: mails.len() };
        account.look();
        account
    }

    /// Takes a mail out of the account: it stays where it is, and that was told.
    pub(crate) fn excuse(&mut self, id: &str) {
        let before = self.missing.len();
        self.missing.retain(|missing| missing != id);
        self.total -= before - self.missing.len();
    }

    /// Looks for the files that were missing; gives how many mails are found.
    pub(crate) fn look(&mut self) -> usize {
        let layout = &self.layout;
        self.missing.retain(|id| !layout.result(id).exists() && !layout.dead_mail(id).exists());
        self.total - self.missing.len()
    }

    /// How many mails there are.
    pub(crate) fn total(&self) -> usize {
        self.total
    }

    /// Whether all mails are found.
    pub(crate) fn is_settled(&self) -> bool {
        self.missing.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_found_as_a_result_or_as_a_dead_letter() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::open(dir.path().into(), None, "test").unwrap();
        let mails = ["a", "b", "c"].map(|id| (id.to_owned(), format!("{id}.eml")));
        let mut account = Account::open(layout.clone(), &BTreeMap::from(mails));
        assert_eq!(account.look(), 0);
        std::fs::write(layout.result("a"), "").unwrap();
        std::fs::write(layout.dead_mail("b"), "").unwrap();
        assert_eq!(account.look(), 2);
        account.excuse("c");
        assert!(account.is_settled());
        assert_eq!(account.total(), 2);
    }
}
