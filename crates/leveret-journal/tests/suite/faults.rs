//! Each call of a busy run fails in turn.

use leveret_journal::{FaultKind, Repeat, SimDisk};

use crate::{
    run::{Run, Step, Stop, open},
    script::busy_script,
};

fn fail_at(call: u64, kind: FaultKind, repeat: Repeat) -> Option<Run> {
    let mut run = Run::new();
    run.disk.inject(kind, call, repeat);
    match run.steps(&busy_script()) {
        Ok(()) => {
            assert!(!run.disk.has_failed(), "call {call} failed and nobody noticed");
            None
        }
        Err(Stop::Lie(lie)) => panic!("call {call}, {kind:?} {repeat:?}: {lie}"),
        Err(Stop::Disk) => Some(run),
    }
}

fn calls() -> u64 {
    let mut run = Run::new();
    assert!(run.steps(&busy_script()).is_ok());
    run.disk.calls()
}

#[track_caller]
fn assert_survives(mut run: Run, what: &str) {
    if let Err(stop) = run.open() {
        panic!("{what}: {stop:?}");
    }
}

#[test]
fn a_failure_of_any_call_is_final_and_loses_nothing_committed() {
    for kind in [FaultKind::Broken, FaultKind::Full, FaultKind::ShortWrite] {
        for repeat in [Repeat::Once, Repeat::Forever] {
            for call in 0..calls() {
                let Some(mut run) = fail_at(call, kind, repeat) else { continue };
                run.assert_dead();
                run.disk.heal();
                for seed in [0, 1, call + 2] {
                    let lost_power = run.fork();
                    lost_power.disk.crash(seed);
                    assert_survives(lost_power, &format!("{kind:?} at {call}, crash {seed}"));
                }
            }
        }
    }
}

/// After a failed sync the system shows bytes that are not on the disk: a process that starts again reads
/// them, tells others of them, and then the power fails.
#[test]
fn what_a_restart_shows_after_a_failed_sync_survives_a_later_crash() {
    for call in 0..calls() {
        let Some(mut run) = fail_at(call, FaultKind::Broken, Repeat::Once) else { continue };
        run.disk.heal();
        if let Err(stop) = run.open() {
            panic!("call {call}: {stop:?}");
        }
        let mut went_on = run.fork();
        run.disk.crash(0);
        assert_survives(run, &format!("call {call}"));
        let more = [Step::Append(50), Step::Commit, Step::Crash(0)];
        assert!(went_on.steps(&more).is_ok(), "call {call}, and went on");
    }
}

#[test]
fn a_full_disk_is_called_full() {
    let disk = SimDisk::new();
    disk.inject(FaultKind::Full, 1, Repeat::Forever);
    let error = open(&disk).expect_err("full").to_string();
    let name = "sim:/spare-00000000000000000001.journal";
    assert_eq!(error, format!("{name}: the disk is full, the journal must create it"));
}
