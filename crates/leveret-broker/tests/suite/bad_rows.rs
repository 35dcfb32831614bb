//! Which test shows each row of bad inputs to the HTTP API, bad-H1 to bad-H17.
//!
//! The dashboard's own row, bad-H18, is shown in a browser.

use std::{fs, path::Path};

/// Row, file, test.
const ROWS: [(u8, &str, &str); 24] = [
    (1, "tests/suite/bad_http.rs", "every_request_gets_its_status_and_the_next_is_served"),
    (2, "src/http/rights.rs", "every_route_has_a_row"),
    (2, "src/http/rights.rs", "every_route_asks_for_its_tag"),
    (2, "src/http/rights.rs", "a_virtual_host_is_closed_to_those_without_permissions"),
    (3, "tests/suite/bad_http.rs", "every_request_gets_its_status_and_the_next_is_served"),
    (3, "tests/suite/admin_api.rs", "what_makes_no_sense_is_told_as_json"),
    (4, "tests/suite/bad_http.rs", "every_request_gets_its_status_and_the_next_is_served"),
    (5, "tests/suite/http_objects.rs", "declarations_and_lists_that_make_no_sense_are_refused"),
    (6, "tests/suite/http_objects.rs", "declarations_and_lists_that_make_no_sense_are_refused"),
    (7, "tests/suite/bad_http.rs", "every_request_gets_its_status_and_the_next_is_served"),
    (8, "tests/suite/bad_settings.rs", "a_pattern_that_is_none_is_refused_wherever_it_stands"),
    (9, "tests/suite/bad_settings.rs", "a_policy_that_means_nothing_is_refused_by_its_key"),
    (10, "tests/suite/http_objects.rs", "a_publish_or_get_that_makes_no_sense_is_refused"),
    (11, "tests/suite/http_objects.rs", "a_publish_or_get_that_makes_no_sense_is_refused"),
    (12, "tests/suite/http_objects.rs", "declarations_and_lists_that_make_no_sense_are_refused"),
    (13, "tests/suite/definitions.rs", "a_file_with_one_mistake_changes_nothing"),
    (13, "tests/suite/definitions.rs", "files_come_as_old_brokers_and_browsers_send_them"),
    (14, "tests/suite/http_limits.rs", "a_request_that_does_not_come_in_time_is_answered_with_408"),
    (14, "tests/suite/http_limits.rs", "one_connection_too_many_is_answered_with_503"),
    (14, "tests/suite/http_limits.rs", "what_is_odd_but_right_is_served"),
    (14, "tests/suite/bad_http.rs", "what_is_no_http_is_closed"),
    (15, "tests/suite/bad_http.rs", "every_request_gets_its_status_and_the_next_is_served"),
    (16, "tests/suite/bad_http.rs", "a_page_of_another_site_can_change_nothing_here"),
    (17, "tests/suite/operations.rs", "the_page_takes_nothing_from_elsewhere"),
];

#[test]
fn every_row_has_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (row, file, test) in ROWS {
        let source = fs::read_to_string(root.join(file)).unwrap();
        assert!(source.contains(&format!("async fn {test}()")), "bad-H{row}: no {test} in {file}");
    }
    for row in 1..=17 {
        assert!(ROWS.iter().any(|(shown, ..)| *shown == row), "no test shows bad-H{row}");
    }
}
