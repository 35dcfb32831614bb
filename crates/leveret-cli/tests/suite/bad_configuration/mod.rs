//! Bad configuration of the real command: run files and the broker's file.
//!
//! The ids are those under which they were first written down: C1 to C12. A line may name tests of
//! other files and crates; a test here fails if one of them is missing.

mod files;
mod reloads;
mod values;

use std::{fs, path::Path};

use expect_test::Expect;
use tempfile::TempDir;

use crate::process::{ended, leveret};

/// What is wrong, and the tests that show what becomes of it.
struct Input {
    id: u32,
    what: &'static str,
    tests: &'static [(&'static str, &'static str)],
}

const VALUES: &str = include_str!("values.rs");
const FILES: &str = include_str!("files.rs");
const CERTIFICATES: &str = include_str!("../certificates.rs");
const COMMAND: &str = include_str!("../command.rs");
const SERVICE: &str = include_str!("../service.rs");
const RELOADS: &str = include_str!("reloads.rs");
const RELOAD: &str = include_str!("../../run/reload.rs");
const BAD_FILES: &str = include_str!("../../../../leveret-runner/tests/run_files/bad_files.rs");
const GOOD_FILES: &str = include_str!("../../../../leveret-runner/tests/run_files/good_files.rs");
const POLICIES: &str = include_str!("../../../../leveret-runner/tests/run_files/policies.rs");
const BROKER_TLS: &str = include_str!("../../../../leveret-broker/tests/suite/tls.rs");
const DEFINITIONS: &str = include_str!("../../../../leveret-broker/tests/suite/definitions.rs");

const INPUTS: [Input; 9] = [
    Input {
        id: 1,
        what: "an unknown or misspelt key",
        tests: &[
            (VALUES, "every_wrong_value_of_a_run_file_is_told_at_once"),
            (VALUES, "every_wrong_value_of_the_broker_is_told_at_once"),
            (BAD_FILES, "every_unknown_key_is_told_at_once"),
        ],
    },
    Input {
        id: 2,
        what: "wrong types, ranges, units; files that are none",
        tests: &[
            (VALUES, "every_wrong_value_of_a_run_file_is_told_at_once"),
            (VALUES, "every_wrong_value_of_the_broker_is_told_at_once"),
            (FILES, "bytes_of_a_run_file_that_are_no_toml_are_told"),
            (FILES, "bytes_of_the_broker_that_are_no_toml_are_told"),
            (FILES, "a_file_that_cannot_be_read_has_its_own_code"),
            (FILES, "a_file_without_permission_is_77"),
        ],
    },
    Input {
        id: 3,
        what: "values that contradict each other",
        tests: &[
            (VALUES, "contradictions_are_told_with_both_sides"),
            (POLICIES, "orders_and_bounds_that_contradict_themselves_are_told"),
            (BAD_FILES, "what_contradicts_itself_is_told"),
        ],
    },
    Input {
        id: 4,
        what: "a wrong file at a reload",
        tests: &[
            (RELOAD, "a_wrong_file_changes_nothing_and_is_counted"),
            (RELOADS, "the_broker_counts_files_that_it_read_again"),
            (SERVICE, "a_supervisor_hears_of_start_reload_and_stop"),
            (BROKER_TLS, "new_files_are_taken_at_a_reload_and_bad_ones_change_nothing"),
        ],
    },
    Input {
        id: 5,
        what: "certificates and keys that cannot serve",
        tests: &[
            (CERTIFICATES, "a_broker_without_a_good_certificate_does_not_start"),
            (CERTIFICATES, "a_key_that_everybody_can_read_is_told_and_served"),
            (CERTIFICATES, "a_run_file_names_authorities_that_are_there"),
            (CERTIFICATES, "an_address_of_a_run_file_names_certificates_that_serve"),
            (BROKER_TLS, "files_that_cannot_serve_are_named_with_what_is_in_them"),
        ],
    },
    Input {
        id: 6,
        what: "an address in use, a directory in use",
        tests: &[
            (COMMAND, "an_address_in_use_is_75"),
            (COMMAND, "a_second_instance_names_the_first_and_a_clean_stop_makes_room"),
        ],
    },
    Input {
        id: 9,
        what: "definitions at the start that are wrong",
        tests: &[
            (VALUES, "wrong_definitions_stop_the_start_and_change_nothing"),
            (DEFINITIONS, "a_start_takes_definitions_or_fails_and_changes_nothing"),
        ],
    },
    Input {
        id: 10,
        what: "addresses of brokers that are none",
        tests: &[(BAD_FILES, "an_address_is_refused_without_its_password")],
    },
    Input {
        id: 12,
        what: "an empty variable; a variable and a flag",
        tests: &[
            (VALUES, "an_empty_variable_is_unset_and_a_flag_wins"),
            (GOOD_FILES, "a_flag_wins_over_the_environment_over_the_file_over_the_default"),
            (SERVICE, "every_setting_is_shown_with_its_source"),
        ],
    },
];

#[test]
fn every_bad_configuration_has_its_test_and_its_line_in_the_docs() {
    let page = include_str!("../../../../../docs/faults.md");
    for Input { id, what, tests } in INPUTS {
        for (source, name) in tests {
            assert!(source.contains(&format!("fn {name}(")), "C{id}, {what}: no `{name}`");
            assert!(page.contains(&format!("`{name}`")), "C{id}: `{name}` is not in the docs");
        }
        assert!(page.contains(&format!("| C{id} |")), "C{id} is not in the docs");
    }
}

/// A folder with a file of this content.
fn folder(content: &[u8]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("leveret.toml"), content).unwrap();
    folder
}

/// What a command that reads `leveret.toml` says and ends with.
fn said(folder: &Path, words: &[&str]) -> String {
    let mut command = leveret(words);
    command.current_dir(folder);
    let (code, said) = ended(command);
    format!("{said}{}\n", code.unwrap())
}

const RUN: [&str; 2] = ["run", "leveret.toml"];
const BROKER: [&str; 3] = ["broker", "--config", "leveret.toml"];

fn check(words: &[&str], content: impl AsRef<[u8]>, expected: Expect) {
    expected.assert_eq(&said(folder(content.as_ref()).path(), words));
}
