//! Every AMQP concept as a script: what happens, and what comes of it.
//!
//! The scripts stand in `tests/scripts`, one for each concept; they are also documentation.
//! `UPDATE_EXPECT=1` writes the effects anew.

#![expect(clippy::unwrap_used, reason = "a script that cannot be read has failed")]
#![expect(clippy::wildcard_enum_match_arm, reason = "only what is shown in a special way is named")]

mod script;

use std::{env, fs, path::Path};

fn check(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts").join(name);
    let script = fs::read_to_string(&path).unwrap();
    let transcript = script::run(&script);
    if env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, &transcript).unwrap();
    }
    if script != transcript && env::var_os("UPDATE_EXPECT").is_none() {
        let differs = script.lines().zip(transcript.lines()).position(|(was, is)| was != is);
        let line =
            differs.unwrap_or_else(|| script.lines().count().min(transcript.lines().count()));
        panic!("{name} differs from line {}:\n{transcript}", line + 1);
    }
}

macro_rules! scripts {
    ($($test:ident: $file:literal;)*) => {
        $(#[test] fn $test() { check($file); })*

        #[test]
        fn every_script_is_run() {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
            let run = [$($file),*];
            for file in fs::read_dir(folder).unwrap() {
                let name = file.unwrap().file_name().into_string().unwrap();
                assert!(run.contains(&name.as_str()), "no test runs {name}");
            }
        }
    };
}

scripts! {
    exchanges_are_declared_compared_and_deleted: "exchanges.txt";
    replies_go_straight_to_who_asked: "direct_reply.txt";
    a_delayed_message_exchange_holds_back_what_asks_for_it: "delayed_exchange.txt";
    a_scheduled_message_waits_for_its_time_or_is_cancelled: "scheduled.txt";
    a_traced_host_shows_all_that_is_published_and_delivered: "trace.txt";
    a_channel_may_leave_only_so_much_unsettled: "unsettled.txt";
    a_connection_with_much_ends_in_steps: "leave_work.txt";
    a_look_into_a_queue_changes_nothing_of_it: "peek.txt";
    a_hash_exchange_gives_each_key_to_one_queue: "hash_exchanges.txt";
    a_random_exchange_gives_each_message_to_one_queue: "random_exchanges.txt";
    exchanges_pass_messages_on_and_each_queue_gets_one: "routing.txt";
    topics_match_word_by_word: "topic.txt";
    header_values_match_whatever_their_types: "header_values.txt";
    headers_match_all_or_any: "headers.txt";
    queues_are_declared_compared_and_deleted: "queues.txt";
    bindings_are_idempotent_and_go_with_their_ends: "bindings.txt";
    a_mandatory_publish_that_goes_nowhere_comes_back: "publish.txt";
    consumers_take_turns_within_their_prefetch: "consume.txt";
    of_several_consumers_one_is_active: "single_active.txt";
    the_consumer_of_the_highest_priority_is_served_first: "consumer_priority.txt";
    each_type_of_queue_has_its_own_rules: "queue_types.txt";
    an_unsettled_delivery_times_out: "consumer_timeout.txt";
    consumers_and_bindings_are_bounded: "bounds.txt";
    a_queue_without_a_type_has_the_virtual_hosts: "default_queue_type.txt";
    what_comes_back_too_often_is_given_up: "delivery_limit.txt";
    get_takes_one_message: "get.txt";
    deliveries_are_settled_once: "settle.txt";
    a_publish_is_confirmed_only_once_it_is_durable: "confirms.txt";
    a_transaction_is_whole_or_nothing: "transactions.txt";
    what_a_crash_undoes_nobody_has_seen: "undone.txt";
    what_a_page_has_had_waits_for_its_record: "undone_pages.txt";
    what_is_rejected_goes_to_the_dead_letter_exchange: "dead_letters.txt";
    an_exclusive_queue_is_its_connections_own: "exclusive.txt";
    a_queue_goes_when_it_is_not_used: "expires.txt";
    messages_grow_too_old_at_the_front: "message_ttl.txt";
    many_messages_grow_too_old_in_turns: "message_ttl_work.txt";
    higher_priorities_come_first: "priority.txt";
    a_queue_at_its_length_drops_its_oldest: "max_length.txt";
    or_it_refuses_what_is_new: "reject_publish.txt";
    dead_letters_know_where_they_died: "deaths.txt";
    dead_letters_keep_their_copies_keys: "dead_letter_copies.txt";
    what_is_in_pages_is_bounded_too: "pages_bounds.txt";
    errors_close_what_they_concern: "errors.txt";
    what_was_durable_is_there_after_a_restart: "restart.txt";
    what_lives_in_old_records_is_written_again: "relocate.txt";
    a_large_transaction_is_cut_and_still_whole: "parts.txt";
    a_look_ends_where_a_page_begins: "peek_pages.txt";
    what_waits_long_waits_in_pages: "pages.txt";
    pages_are_there_after_a_restart: "pages_restart.txt";
    a_damaged_page_is_named_and_kept: "pages_damaged.txt";
    a_page_with_little_left_is_made_smaller: "pages_thin.txt";
    a_thin_page_is_made_smaller_after_a_restart: "pages_thin_restart.txt";
    tags_go_out_in_their_order_though_a_get_waits: "pages_tags.txt";
    long_work_takes_turns: "work.txt";
    queues_and_exchanges_follow_their_policies: "policies.txt";
    each_method_needs_its_permission: "permissions.txt";
    what_one_client_may_ask_for_is_bounded: "limits.txt";
}
