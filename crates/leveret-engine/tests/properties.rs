//! The engine under random clients and a disk that is behind, against a model.

#![expect(clippy::expect_used, reason = "what cannot be expected has failed")]
#![expect(clippy::indexing_slicing, reason = "a seat or queue that is not there has failed")]
#![expect(clippy::wildcard_enum_match_arm, reason = "only what the model watches is named")]

mod simulation;

use proptest::prelude::{ProptestConfig, prop, proptest};

use self::simulation::{Simulation, op, recovered, replay_as_far_as_possible};

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_or_given_twice_and_confirms_wait_for_the_disk(
        ops in prop::collection::vec(op(), 0..80),
    ) {
        let mut simulation = Simulation::run(&ops);
        simulation.settle_disk();
        simulation.drain();
    }

    #[test]
    fn after_a_crash_at_any_record_the_queues_hold_what_that_record_says(
        ops in prop::collection::vec(op(), 0..60),
    ) {
        let simulation = Simulation::run(&ops);
        for (lsn, (_, kept)) in simulation.log.range(simulation.floor..) {
            let Some(kept) = kept.as_ref().filter(|kept| !kept.is_empty()) else { continue };
            assert_eq!(&recovered(&simulation, *lsn), kept, "after a crash at record {lsn}");
        }
    }

    #[test]
    fn a_damaged_record_is_refused_or_read_but_never_a_panic(
        ops in prop::collection::vec(op(), 0..30),
        damage in prop::collection::vec((0..10_000_usize, 0..400_usize, 0..=255_u8), 1..4),
        cut in 0..400_usize,
    ) {
        let simulation = Simulation::run(&ops);
        let mut records: Vec<_> = simulation.log.iter().map(|(lsn, (record, _))| (*lsn, record.to_vec())).collect();
        for (record, byte, value) in damage {
            let record = record % records.len();
            if let Some(byte) = records[record].1.get_mut(byte) {
                *byte = value;
            }
            records[record].1.truncate(cut.max(1));
        }
        replay_as_far_as_possible(&records);
    }

    #[test]
    fn the_same_seed_gives_the_same_effects(ops in prop::collection::vec(op(), 0..60)) {
        let runs = [Simulation::run(&ops), Simulation::run(&ops)];
        let [one, other] = runs.each_ref().map(|run| &run.transcript);
        assert_eq!(one, other);
    }
}
