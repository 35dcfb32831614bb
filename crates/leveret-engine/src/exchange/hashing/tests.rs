//! Shares follow weights, and only what has to move moves.

use alloc::{collections::BTreeMap, format, vec::Vec};

use super::*;
use crate::identity::QueueId;

const KEYS: u64 = 20_000;

fn table(weights: &[(u64, u32)]) -> HashTable {
    let mut table = HashTable::new(HashOn::RoutingKey);
    for (id, weight) in weights {
        table.add(BindingId(*id), *weight, Destination::Queue(QueueId(*id)));
    }
    table
}

fn placed(table: &HashTable) -> Vec<u64> {
    (0..KEYS)
        .map(|number| {
            let key = ShortStr::new(format!("order.{number}")).unwrap();
            let keys = Keys { own: &key, extra: &[] };
            match table.find(&keys, &Properties::EMPTY) {
                Some(Destination::Queue(queue)) => queue.0,
                Some(Destination::Exchange(_)) | None => 0,
            }
        })
        .collect()
}

fn shares(table: &HashTable) -> BTreeMap<u64, u64> {
    placed(table).into_iter().fold(BTreeMap::new(), |mut shares, queue| {
        *shares.entry(queue).or_default() += 1;
        shares
    })
}

fn is_about(found: u64, wanted: u64) -> bool {
    found.abs_diff(wanted) * 20 < wanted
}

#[test]
fn shares_are_as_the_weights() {
    let shares = shares(&table(&[(1, 1), (2, 2), (3, 7)]));
    assert!(is_about(shares[&1], KEYS / 10), "{shares:?}");
    assert!(is_about(shares[&2], KEYS / 5), "{shares:?}");
    assert!(is_about(shares[&3], KEYS * 7 / 10), "{shares:?}");
}

#[test]
fn a_large_weight_leaves_a_small_one_its_share() {
    let shares = shares(&table(&[(1, 4_000_000), (2, 1_000_000)]));
    assert!(is_about(shares[&2], KEYS / 5), "{shares:?}");
}

#[test]
fn a_binding_that_comes_takes_its_share_and_moves_nothing_else() {
    let before = placed(&table(&[(1, 1), (2, 1), (3, 1)]));
    let after = placed(&table(&[(3, 1), (1, 1), (2, 1), (4, 1)]));
    let moved: Vec<u64> =
        before.iter().zip(&after).filter(|(old, new)| old != new).map(|(_, new)| *new).collect();
    assert!(moved.iter().all(|queue| *queue == 4), "what moved went to the new one");
    assert!(is_about(u64::try_from(moved.len()).unwrap(), KEYS / 4), "{}", moved.len());
}

#[test]
fn an_exponential_is_what_the_logarithm_says() {
    let near = |uniform: u64, wanted: f64| {
        let found = exponential(uniform);
        assert!((found - wanted).abs() < 1e-9, "{found} for {wanted}");
    };
    near(1 << 63, core::f64::consts::LN_2);
    near(1 << 60, 4.0 * core::f64::consts::LN_2);
    near(0xC000_0000_0000_0000, 0.287_682_072_451_780_9);
    assert!(exponential(u64::MAX) >= 0.0);
    assert!(exponential(0).is_finite());
}

#[test]
fn a_header_is_hashed_by_value_whatever_its_width() {
    assert_eq!(hash_value(&FieldValue::I32(7)), hash_value(&FieldValue::I64(7)));
    assert_ne!(hash_value(&FieldValue::I32(7)), hash_value(&FieldValue::I32(8)));
    assert_ne!(hash_value(&FieldValue::Bool(true)), hash_value(&FieldValue::Bool(false)));
}
