//! Delivery status notifications, RFC 3464: one block of fields per recipient.

use super::fields::{self, Line};
use super::{Action, Bounce, Notice, RECIPIENTS_MAX};
use crate::address::address_of_field;
use crate::code::EnhancedStatus;

/// The fields of one recipient.
#[derive(Debug, Default)]
struct Block {
    fields: Vec<(String, String)>,
}

/// Reads the blocks of a delivery status; nothing if no block names a recipient.
pub(super) fn read(text: &str) -> Option<Bounce> {
    let lines = fields::lines(text);
    let notices: Vec<Notice> =
        blocks(&lines).iter().filter_map(Block::notice).take(RECIPIENTS_MAX).collect();
    if notices.is_empty() {
        return None;
    }
    Some(Bounce { reporting_mta: reporting_mta(&lines), notices, ..Bounce::default() })
}

/// Finds which machine reports.
pub(super) fn reporting_mta(lines: &[Line]) -> Option<String> {
    fields::values(lines, "reporting-mta")
        .chain(fields::values(lines, "dsn-gateway"))
        .find_map(fields::host)
}

/// Cuts the fields into blocks: at a blank line after a recipient, and where a field comes again.
fn blocks(lines: &[Line]) -> Vec<Block> {
    let mut blocks = vec![Block::default()];
    for line in lines {
        let Some(block) = blocks.last_mut() else { break };
        match line {
            Line::Blank if block.recipient().is_some() => blocks.push(Block::default()),
            Line::Field(name, value) if is_of_a_recipient(name) => {
                let is_next = block.value(name).is_some() && !name.starts_with("x-");
                if is_next {
                    blocks.push(Block::default());
                }
                if let Some(block) = blocks.last_mut() {
                    block.fields.push((name.clone(), value.clone()));
                }
            }
            Line::Blank | Line::Field(..) => {}
        }
    }
    blocks
}

fn is_of_a_recipient(name: &str) -> bool {
    matches!(
        name,
        "final-recipient"
            | "original-recipient"
            | "x-actual-recipient"
            | "action"
            | "status"
            | "diagnostic-code"
            | "remote-mta"
            | "will-retry-until"
    )
}

impl Block {
    fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn recipient(&self) -> Option<String> {
        let named = |name| self.value(name).and_then(address_of_field);
        let found =
            [named("final-recipient"), named("x-actual-recipient"), named("original-recipient")];
        // Some write a mailbox or a distinguished name into the first and the address into another.
        let address = found.iter().flatten().find(|address| address.contains('@')).cloned();
        address.or_else(|| found.into_iter().flatten().next())
    }

    fn notice(&self) -> Option<Notice> {
        let recipient = self.recipient()?;
        let status = self.value("status").and_then(EnhancedStatus::best_in);
        Some(Notice {
            recipient: Some(recipient),
            action: self.action(),
            status,
            diagnostic: self.diagnostic(),
        })
    }

    fn action(&self) -> Action {
        let action = self.value("action").unwrap_or_default().to_ascii_lowercase();
        match action.split_whitespace().next().unwrap_or_default() {
            "delayed" => Action::Delayed,
            "delivered" | "relayed" | "expanded" | "deliverable" => Action::Done,
            _ if self
                .value("status")
                .is_some_and(|status| status.trim_start().starts_with("2.")) =>
            {
                Action::Done
            }
            _ => Action::Failed,
        }
    }

    /// What the server said, and what the status adds in a comment.
    fn diagnostic(&self) -> String {
        let code = self.value("diagnostic-code").unwrap_or_default();
        let said = match code.split_once(';') {
            Some((kind, said)) if !kind.trim().contains(' ') => said,
            _ => code,
        };
        let comment = self.value("status").and_then(|status| status.split_once('('));
        match comment {
            Some((_, comment)) if said.trim().is_empty() => {
                comment.trim_end_matches(')').to_owned()
            }
            _ => said.trim().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(text: &str, expected: Expect) {
        let shown = read(text).map_or_else(
            || "nothing\n".to_owned(),
            |bounce| {
                let mut shown = format!("by {}\n", bounce.reporting_mta.unwrap_or_default());
                for notice in bounce.notices {
                    let status = notice.status.map(|status| status.to_string()).unwrap_or_default();
                    shown += &format!(
                        "{:?} {} [{status}] {}\n",
                        notice.action,
                        notice.recipient.unwrap_or_default(),
                        notice.diagnostic
                    );
                }
                shown
            },
        );
        expected.assert_eq(&shown);
    }

    #[test]
    fn each_recipient_has_its_own_fields() {
        check(
            "Reporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822; a@example.com\nAction: failed\nStatus: 5.1.1\n\
             Diagnostic-Code: smtp; 550 5.1.1 no such\n user\n\nAction: delayed\nFinal-Recipient: rfc822; <b@example.com>\n\
             Status: 4.4.1 (no answer)\n",
            expect![[r#"
                by mx.example.org
                Failed a@example.com [5.1.1] 550 5.1.1 no such user
                Delayed b@example.com [4.4.1] no answer
            "#]],
        );
    }

    #[test]
    fn blocks_without_blank_lines_are_cut_where_a_field_repeats() {
        check(
            "Final-Recipient: rfc822;a@example.com\nStatus: 5.1.1\nFinal-Recipient: rfc822;b@example.com\nStatus: 2.0.0\n",
            expect![[r#"
                by 
                Failed a@example.com [5.1.1] 
                Done b@example.com [] 
            "#]],
        );
        check(
            "Reporting-MTA: dns; mx.example.org\n",
            expect![[r#"
            nothing
        "#]],
        );
    }
}
