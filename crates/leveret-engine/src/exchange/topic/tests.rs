//! The trie against a matcher that is too simple to be wrong.

use alloc::{string::String, vec::Vec};

use proptest::prelude::{Strategy as _, prop, prop_oneof, proptest};

use super::{Destination, TopicTrie};
use crate::identity::QueueId;

fn naive(pattern: &[&str], key: &[&str]) -> bool {
    match (pattern.split_first(), key.split_first()) {
        (None, None) => true,
        (Some((&"#", rest)), None) => naive(rest, key),
        (Some((&"#", rest)), Some((_, behind))) => naive(rest, key) || naive(pattern, behind),
        (Some((&"*", rest)), Some((_, behind))) => naive(rest, behind),
        (Some((word, rest)), Some((first, behind))) => word == first && naive(rest, behind),
        (None, Some(_)) | (Some(_), None) => false,
    }
}

fn split(key: &str) -> Vec<&str> {
    if key.is_empty() { Vec::new() } else { key.split('.').collect() }
}

fn matches(trie: &TopicTrie, key: &str) -> Vec<u64> {
    let mut found = Vec::new();
    trie.find(key.as_bytes(), &mut found);
    let mut numbers: Vec<u64> = found
        .into_iter()
        .map(|destination| match destination {
            Destination::Queue(QueueId(number)) => number,
            Destination::Exchange(_) => unreachable!("only queues are bound here"),
        })
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

fn key(words: &'static [&'static str]) -> impl proptest::strategy::Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(words), 0..6).prop_map(|words| words.join("."))
}

proptest! {
    #[test]
    fn the_trie_matches_what_the_naive_matcher_matches(
        patterns in prop::collection::vec(key(&["a", "b", "", "*", "#"]), 0..12),
        removed in prop::collection::vec(prop::bool::ANY, 12),
        keys in prop::collection::vec(prop_oneof![key(&["a", "b", "c", ""])], 1..8),
    ) {
        let mut trie = TopicTrie::new();
        for (number, pattern) in (0..).zip(&patterns) {
            trie.add(pattern.as_bytes(), Destination::Queue(QueueId(number)));
        }
        for ((number, pattern), gone) in (0..).zip(&patterns).zip(&removed) {
            if *gone {
                trie.remove(pattern.as_bytes(), Destination::Queue(QueueId(number)));
            }
        }
        for key in &keys {
            let expected: Vec<u64> = (0..)
                .zip(&patterns)
                .zip(&removed)
                .filter(|((_, pattern), gone)| !**gone && naive(&split(pattern), &split(key)))
                .map(|((number, _), _)| number)
                .collect();
            assert_eq!(matches(&trie, key), expected, "key {key:?} among {patterns:?}");
        }
        for (number, pattern) in (0..).zip(&patterns) {
            trie.remove(pattern.as_bytes(), Destination::Queue(QueueId(number)));
        }
        assert_eq!(trie.nodes.len(), trie.free.len() + 1, "only the root is left");
    }
}

#[test]
fn a_key_meets_only_the_nodes_that_share_its_words() {
    let mut trie = TopicTrie::new();
    for number in 0..1000 {
        let pattern = alloc::format!("mail.{number}.#");
        trie.add(pattern.as_bytes(), Destination::Queue(QueueId(number)));
    }
    assert_eq!(matches(&trie, "mail.17.bounce.hard"), [17]);
    assert_eq!(matches(&trie, "mail.17"), [17]);
    assert_eq!(matches(&trie, "mail"), [0_u64; 0]);
}
