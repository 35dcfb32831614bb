//! Bad inputs of consumers, each with the test that shows what becomes of it.
//!
//! The ids are those under which they were first written down: F1 to F25. A line may name tests of
//! other files and crates; this test fails if one of them is missing.

mod brokers;
mod messages;
mod publishers;

use std::collections::BTreeSet;

/// What goes wrong, and the tests that show what becomes of it.
struct Input {
    id: u32,
    what: &'static str,
    tests: &'static [(&'static str, &'static str)],
}

const MESSAGES: &str = include_str!("messages.rs");
const BROKERS: &str = include_str!("brokers.rs");
const PUBLISHERS: &str = include_str!("publishers.rs");
const OUTCOMES: &str = include_str!("../outcomes.rs");
const DELAYS: &str = include_str!("../delays.rs");
const OUTAGE: &str = include_str!("../outage.rs");
const CALLS: &str = include_str!("../calls.rs");
const PLAN: &str = include_str!("../../../src/app/plan.rs");
const CONFIG: &str = include_str!("../../../src/config/tests.rs");
const PROCESSES: &str = include_str!("../processes.rs");
const CLIENT_CALLS: &str = include_str!("../../../../leveret-client/tests/live/calls.rs");
const CLIENT_RECOVERY: &str =
    include_str!("../../../../leveret-client/tests/recovery/subscriptions.rs");
const CLIENT_DEADLINES: &str =
    include_str!("../../../../leveret-client/tests/scripted/deadlines.rs");
const CLIENT_ACCESS: &str = include_str!("../../../../leveret-client/tests/live/access.rs");
const SQL_EFFECTS: &str = include_str!("../../../../leveret-sql/tests/sql/effects.rs");
const SQL_OUTAGES: &str = include_str!("../../../../leveret-sql/tests/sql/outages.rs");
const SQL_RELAYS: &str = include_str!("../../../../leveret-sql/tests/sql/relays.rs");

const INPUTS: [Input; 25] = [
    Input {
        id: 1,
        what: "a body that cannot be read, of another type, or packed wrongly or too tight",
        tests: &[
            (OUTCOMES, "what_cannot_be_decoded_is_never_handled"),
            (MESSAGES, "a_body_that_is_packed_wrongly_is_never_handled"),
        ],
    },
    Input {
        id: 2,
        what: "an empty body, a huge one",
        tests: &[(MESSAGES, "an_empty_body_and_a_huge_one_are_handled")],
    },
    Input {
        id: 3,
        what: "an unknown type or version of message",
        tests: &[(MESSAGES, "an_unknown_kind_is_a_dead_letter_or_for_who_takes_the_rest")],
    },
    Input {
        id: 4,
        what: "a failure that may pass",
        tests: &[
            (OUTCOMES, "a_failing_message_is_tried_three_times_then_kept_as_it_was"),
            (DELAYS, "rounds_end_in_a_dead_letter_that_counts_all_attempts"),
            (BROKERS, "a_dead_letter_fits_a_small_frame"),
        ],
    },
    Input {
        id: 5,
        what: "a panic",
        tests: &[(OUTCOMES, "a_panic_is_a_failure_and_the_worker_goes_on")],
    },
    Input {
        id: 6,
        what: "a handler that hangs",
        tests: &[(OUTCOMES, "a_slow_attempt_is_cut_off")],
    },
    Input {
        id: 7,
        what: "a handler that blocks its thread",
        tests: &[(BROKERS, "a_handler_that_blocks_its_thread_keeps_the_connection")],
    },
    Input {
        id: 8,
        what: "a message that takes its worker down each time",
        tests: &[(BROKERS, "a_message_that_takes_its_connection_down_each_time_is_a_dead_letter")],
    },
    Input {
        id: 9,
        what: "the same message twice",
        tests: &[(SQL_EFFECTS, "an_id_has_its_effect_and_its_output_once")],
    },
    Input {
        id: 10,
        what: "no message-id, reply-to or correlation-id; a reply-to to nowhere; replies too late",
        tests: &[
            (MESSAGES, "what_a_request_leaves_out_or_invents_costs_its_reply_alone"),
            (MESSAGES, "a_forged_reply_to_costs_that_message_alone"),
            (CALLS, "a_request_that_comes_too_late_is_dropped_unhandled"),
            (CLIENT_CALLS, "late_second_and_forged_replies_reach_nobody"),
        ],
    },
    Input {
        id: 11,
        what: "an acknowledgement after its channel has ended",
        tests: &[
            (OUTAGE, "work_through_cuts"),
            (CLIENT_RECOVERY, "a_stale_ack_is_counted_and_breaks_nothing"),
        ],
    },
    Input {
        id: 12,
        what: "a message that is dropped unsettled",
        tests: &[(CLIENT_ACCESS, "what_a_dropped_guard_had_unsettled_comes_again")],
    },
    Input {
        id: 13,
        what: "a connection that is lost while handlers run",
        tests: &[
            (OUTAGE, "work_through_cuts"),
            (SQL_OUTAGES, "an_acknowledgement_that_is_lost_after_the_commit_changes_nothing"),
        ],
    },
    Input { id: 14, what: "a queue that is deleted", tests: &[(OUTAGE, "declare_again")] },
    Input {
        id: 15,
        what: "a queue declared otherwise, a wrong password, a missing virtual host",
        tests: &[(BROKERS, "what_the_broker_refuses_at_the_start_is_told_at_once")],
    },
    Input {
        id: 16,
        what: "a broker that is not up yet, or never",
        tests: &[
            (BROKERS, "a_broker_that_is_not_up_yet_is_waited_for"),
            (BROKERS, "a_broker_that_never_answers_is_told_after_ten_seconds"),
        ],
    },
    Input {
        id: 17,
        what: "a broker that takes no publishes for minutes",
        tests: &[
            (BROKERS, "while_the_broker_takes_nothing_publishers_are_told_and_consumers_go_on"),
            (CLIENT_DEADLINES, "a_broker_that_stays_blocked_fails_the_publish_unsent"),
        ],
    },
    Input {
        id: 18,
        what: "a publish that is refused, or closes the channel",
        tests: &[(PUBLISHERS, "a_refused_publish_costs_no_other_its_confirm")],
    },
    Input {
        id: 19,
        what: "headers beyond reason, nested, or no text; a traceparent that is none",
        tests: &[
            (PUBLISHERS, "headers_too_large_for_a_frame_are_told"),
            (MESSAGES, "strange_headers_arrive_as_they_are"),
        ],
    },
    Input {
        id: 20,
        what: "numbers and names that cannot be",
        tests: &[
            (PLAN, "concurrency_is_bounded"),
            (PLAN, "a_queue_has_one_handler"),
            (PLAN, "a_name_belongs_to_one_handler"),
            (CONFIG, "a_concurrency_out_of_range_is_pointed_at"),
            (CONFIG, "a_pause_that_is_none_is_pointed_at"),
        ],
    },
    Input {
        id: 21,
        what: "a signal during work, a second one, a kill",
        tests: &[
            (PROCESSES, "a_stop_under_load_hands_nothing_out_twice"),
            (PROCESSES, "a_second_signal_ends_it_at_once"),
        ],
    },
    Input {
        id: 22,
        what: "a queue much deeper than what workers can take",
        tests: &[(MESSAGES, "no_more_is_delivered_than_there_are_workers")],
    },
    Input {
        id: 23,
        what: "a database that is away, in the way, or does not say whether it has committed",
        tests: &[(SQL_OUTAGES, "a_commit_whose_answer_is_lost_is_found_in_the_inbox_on_postgres")],
    },
    Input {
        id: 24,
        what: "a relay that dies after the confirm, two at once, a row that is refused",
        tests: &[
            (SQL_RELAYS, "a_row_that_was_confirmed_and_not_deleted_goes_out_again_under_its_id"),
            (SQL_RELAYS, "two_relays_keep_the_order_of_each_key"),
            (SQL_RELAYS, "a_refused_row_is_parked_with_the_reason_and_lets_the_next_pass"),
        ],
    },
    Input {
        id: 25,
        what: "Latin-1 that calls itself UTF-8",
        tests: &[(MESSAGES, "latin_1_that_calls_itself_utf_8_is_kept_as_it_came")],
    },
];

#[test]
fn each_of_the_twenty_five_has_its_tests() {
    let ids: BTreeSet<u32> = INPUTS.iter().map(|input| input.id).collect();
    assert_eq!(ids, (1..=25).collect());
    for Input { id, what, tests } in INPUTS {
        for (file, test) in tests {
            let is_there = ["(", "<"].iter().any(|end| file.contains(&format!("fn {test}{end}")));
            assert!(is_there, "F{id}, {what}: where is {test}?");
        }
    }
}
