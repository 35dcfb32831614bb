//! A few seeds for every day; many more run in CI and by hand.

use leveret_sim::{Plan, Sabotage, Statistics, run, run_twice};

/// Seeds of one test.
const SEEDS: u64 = 12;

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

/// Transient messages whose time had come went out before the record that says so was on disk, and
/// came again after a crash. In 8635 direct replies of a commit came behind deliveries with higher
/// tags; in 3567 the checker counted their credit too early.
const MENDED: [u64; 6] = [27172, 54205, 54806, 69452, 8635, 3567];

#[test]
fn nothing_is_wrong_any_more_with_seeds_that_found_a_fault() {
    for seed in MENDED {
        assert_eq!(run(&Plan::new(seed)).violation, None, "seed {seed}");
    }
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

/// Each mistake with a seed that shows it and what is said of it. Where seeds come to mean other
/// worlds, `--broken` finds others.
const MISTAKES: [(Sabotage, u64, &str); 13] = [
    (Sabotage::Haste, 0, "is given out"),
    (Sabotage::Haste, 2, "is confirmed"),
    (Sabotage::LostDeaths, 41, "is lost"),
    (Sabotage::LostDeaths, 1, "was dead-lettered and is in neither"),
    (Sabotage::LostSlices, 17, "was settled and is there again"),
    (Sabotage::LostMarks, 54, "is not marked as redelivered"),
    (Sabotage::LostMarks, 62, "is not marked as redelivered"),
    (Sabotage::LostAcks, 2, "was settled and is there again"),
    (Sabotage::LostAppointments, 17, "was to come, and never did"),
    (Sabotage::LostAppointments, 2, "is confirmed"),
    (Sabotage::StrayReplies, 3, "wrongly"),
    (Sabotage::LastingRights, 4, "answers what may not be asked"),
    (Sabotage::LastingRights, 97, "is confirmed, though nothing may be published"),
];

#[test]
fn a_broker_with_a_mistake_is_caught_by_the_check_that_is_for_it() {
    for (sabotage, seed, objection) in MISTAKES {
        let honest = run(&Plan::new(seed));
        assert_eq!(honest.violation, None, "seed {seed}");
        let violation = run(&Plan { sabotage, ..Plan::new(seed) }).violation;
        let text = violation.unwrap_or_default();
        assert!(text.contains(objection), "{sabotage:?}, seed {seed}: {text}");
    }
}
