//! A few seeds for every day; many more run in CI and by hand.

use leveret_sim::{Plan, Sabotage, Statistics, run, run_twice};

/// Seeds of one test.
const SEEDS: u64 = 10;

#[test]
fn nothing_is_wrong_with_the_first_seeds_and_each_gives_the_same_trace_twice() {
    let mut statistics = Statistics::default();
    for seed in 0..SEEDS {
        let outcome = run_twice(&Plan::new(seed));
        assert_eq!(outcome.violation, None, "seed {seed}");
        statistics += outcome.statistics;
    }
    assert!(statistics.crashes > 5 && statistics.faults > 20, "{statistics:?}");
    assert!(statistics.confirmed > 100 && statistics.delivered > 100, "{statistics:?}");
}

#[test]
fn two_seeds_give_two_traces() {
    let hash = |seed| run(&Plan { steps: Some(40), ..Plan::new(seed) }).trace_hash;
    assert_ne!(hash(1), hash(2));
}

#[test]
fn a_disk_that_lies_about_syncs_is_caught() {
    check_caught(Sabotage::LyingSyncs);
}

#[test]
fn durability_that_is_told_too_early_is_caught() {
    check_caught(Sabotage::EarlyDurable);
}

fn check_caught(sabotage: Sabotage) {
    let is_caught = |seed| run(&Plan { sabotage, ..Plan::new(seed) }).violation.is_some();
    assert!((0..SEEDS).any(is_caught), "{sabotage:?} passes");
}
