//! Random steps against the ledger.

use proptest::prelude::*;

use crate::run::{Run, Step, Stop};

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => (0..400_usize).prop_map(Step::Append),
        3 => (0..12_000_usize).prop_map(Step::Append),
        6 => Just(Step::Commit),
        3 => Just(Step::DropOldest),
        1 => Just(Step::Restart),
        1 => Just(Step::Close),
        2 => any::<u64>().prop_map(Step::Crash),
        1 => (0..2_u64).prop_map(Step::Crash),
    ]
}

fn keeps_every_promise(steps: &[Step], is_lying: bool) -> Result<(), String> {
    let mut run = Run::new();
    if is_lying {
        run.disk.lie_about_syncs();
    }
    match run.steps(steps) {
        Ok(()) => Ok(()),
        Err(Stop::Disk) => Err("the disk failed without a fault".to_owned()),
        Err(Stop::Lie(lie)) => Err(lie),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_committed_records_survive_in_order(
        steps in prop::collection::vec(step(), 1..60)
    ) {
        keeps_every_promise(&steps, false).map_err(TestCaseError::fail)?;
    }
}

#[test]
fn on_a_disk_that_lies_about_syncs_the_property_is_violated() {
    let steps = [Step::Append(100), Step::Commit, Step::Crash(0)];
    assert!(keeps_every_promise(&steps, false).is_ok());
    let lie = keeps_every_promise(&steps, true).expect_err("the checker must see it");
    assert_eq!(lie, "1 committed records are gone");
}
