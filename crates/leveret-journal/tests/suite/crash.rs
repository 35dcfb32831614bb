//! The power fails at each call in turn, and again at each call of the recovery.

use leveret_journal::{FaultKind, Repeat};

use crate::{
    run::{Run, Step, Stop},
    script::busy_script,
};

fn cut_power_at(call: u64) -> Option<Run> {
    let mut run = Run::new();
    run.disk.inject(FaultKind::PowerCut, call, Repeat::Forever);
    match run.steps(&busy_script()) {
        Ok(()) => None,
        Err(Stop::Lie(lie)) => panic!("call {call}: {lie}"),
        Err(Stop::Disk) => Some(run),
    }
}

#[track_caller]
fn assert_opens(run: &mut Run, what: &str) {
    if let Err(stop) = run.open() {
        panic!("{what}: {stop:?}");
    }
}

#[test]
fn a_crash_at_any_call_loses_nothing_committed() {
    let crashes = (0..).map_while(cut_power_at).enumerate();
    for (call, run) in crashes {
        for seed in (0..2).chain((0..20).map(|seed| call as u64 * 100 + seed)) {
            let mut run = run.fork();
            run.disk.crash(seed);
            assert_opens(&mut run, &format!("call {call}, crash {seed}"));
        }
    }
}

#[test]
fn a_crash_at_any_call_of_a_recovery_loses_nothing_either() {
    for (call, run) in (0..).map_while(cut_power_at).enumerate() {
        for seed in [if call % 2 == 0 { 1 } else { 2 + call as u64 }] {
            let first = run.fork();
            first.disk.crash(seed);
            for again in 0.. {
                let mut second = first.fork();
                second.disk.inject(FaultKind::PowerCut, again, Repeat::Forever);
                match second.open() {
                    Ok(()) => break,
                    Err(Stop::Lie(lie)) => panic!("call {call}, crash {seed}, call {again}: {lie}"),
                    Err(Stop::Disk) => {}
                }
                second.disk.crash(seed + again);
                let what = format!("call {call}, crash {seed}, call {again}");
                assert_opens(&mut second, &what);
                for step in later(seed) {
                    assert!(second.steps(&[step]).is_ok(), "{what}");
                }
            }
        }
    }
}

/// Enough to use whatever the recovery has left behind.
fn later(seed: u64) -> [Step; 9] {
    [
        Step::Append(700),
        Step::Commit,
        Step::Crash(seed),
        Step::DropOldest,
        Step::Append(6000),
        Step::DropOldest,
        Step::Append(6000),
        Step::Commit,
        Step::Crash(0),
    ]
}
