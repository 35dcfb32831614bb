//! Words that do not stand in the tree, each with what to write instead.

use super::source::{Finding, Source};

struct Banned {
    word: &'static str,
    only: Only,
    rule: &'static str,
}

#[derive(PartialEq)]
enum Only {
    Everywhere,
    Tests,
}

// Written in two halves, so that this file does not find itself.
const BANNED: [Banned; 7] = [
    Banned {
        word: concat!("TO", "DO"),
        only: Only::Everywhere,
        rule: "rule 31: do it or file an issue",
    },
    Banned {
        word: concat!("FIX", "ME"),
        only: Only::Everywhere,
        rule: "rule 31: do it or file an issue",
    },
    Banned {
        word: concat!("#[al", "low("),
        only: Only::Everywhere,
        rule: "write #[expect(…, reason = …)]",
    },
    Banned {
        word: concat!("#![al", "low("),
        only: Only::Everywhere,
        rule: "write #![expect(…, reason = …)]",
    },
    Banned {
        word: concat!("```ig", "nore"),
        only: Only::Everywhere,
        rule: "rule 32: examples run",
    },
    Banned {
        word: concat!("thread::sl", "eep("),
        only: Only::Tests,
        rule: "rule 35: wait on a condition",
    },
    Banned {
        word: concat!("time::sl", "eep("),
        only: Only::Tests,
        rule: "rule 35: wait on a condition or use virtual time",
    },
];

pub(super) fn check(file: &Source, findings: &mut Vec<Finding>) {
    for (number, line) in file.text.lines().enumerate() {
        for banned in &BANNED {
            if banned.only == Only::Tests && !file.is_test() {
                continue;
            }
            if line.contains(banned.word) {
                let text = format!("`{}` stands here; {}", banned.word, banned.rule);
                findings.push(file.finding(number + 1, text));
            }
        }
    }
}
