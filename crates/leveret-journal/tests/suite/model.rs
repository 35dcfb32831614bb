//! Random steps against the ledger.

use leveret_journal::{FaultKind, Repeat};
use proptest::prelude::*;

use crate::run::{Run, Step, Stop};

/// What happens next, and what follows if the disk fails meanwhile.
#[derive(Clone, Debug)]
enum Event {
    Step(Step),
    /// A coming call fails; then the process starts again, after a crash if there is a seed.
    Fault(FaultKind, u64, Option<u64>),
}

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

fn event() -> impl Strategy<Value = Event> {
    let fault = (0..3_usize, 0..12_u64, any::<Option<u64>>());
    let kinds = [FaultKind::Broken, FaultKind::Full, FaultKind::ShortWrite];
    prop_oneof![
        12 => step().prop_map(Event::Step),
        1 => fault.prop_map(move |(kind, nth, crash)| Event::Fault(kinds[kind], nth, crash)),
    ]
}

fn keeps_every_promise(events: &[Event], is_lying: bool) -> Result<(), String> {
    let mut run = Run::new();
    if is_lying {
        run.disk.lie_about_syncs();
    }
    let mut crash = None;
    for event in events {
        let outcome = match event {
            Event::Step(step) => run.steps(std::slice::from_ref(step)),
            Event::Fault(kind, nth, seed) => {
                run.disk.inject(*kind, *nth, Repeat::Once);
                crash = *seed;
                continue;
            }
        };
        match outcome {
            Ok(()) => {}
            Err(Stop::Lie(lie)) => return Err(lie),
            Err(Stop::Disk) if !run.disk.has_failed() => return Err("no fault, but failed".into()),
            Err(Stop::Disk) => {
                run.disk.heal();
                let again = crash.map_or(Step::Restart, Step::Crash);
                run.again(&again).map_err(|stop| format!("after a fault: {stop:?}"))?;
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 800, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_committed_records_survive_in_order(
        events in prop::collection::vec(event(), 1..60)
    ) {
        keeps_every_promise(&events, false).map_err(TestCaseError::fail)?;
    }
}

#[test]
fn on_a_disk_that_lies_about_syncs_the_property_is_violated() {
    let steps = [Step::Append(100), Step::Commit, Step::Crash(0)].map(Event::Step);
    assert!(keeps_every_promise(&steps, false).is_ok());
    let lie = keeps_every_promise(&steps, true).expect_err("the checker must see it");
    assert_eq!(lie, "1 committed records are gone");
}
